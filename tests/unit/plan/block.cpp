// What cannot be done is blocked, and with it only what needs it.
#include "lbconverge/plan/convergence.hpp"
#include "planning.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>

namespace lbconverge::plan {

namespace {

using namespace kinds;
using test::backup;
using test::converged;
using test::master;
using test::Node;
using test::steps_text;
using test::world;

const std::string two_services = R"(
interface = "eth0"
vips = ["192.0.2.20", "192.0.2.30"]
vrrp = [{ name = "LB", vrid = 51 }]
service = [
  { vip = "192.0.2.20", port = 80, real_servers = ["192.0.2.3"] },
  { vip = "192.0.2.20", port = 81, real_servers = ["192.0.2.3"] },
  { vip = "192.0.2.30", port = 80, real_servers = ["192.0.2.4"] },
]
)";

Node director(ElectionState state, const std::string& more = "") {
    return Node(world("role = \"director\"\n" + two_services + more, {{"LB", state}}));
}

/// "kind id: why", a line per blocked step; one that only waits has ", " instead of ": ".
std::string blocked_text(const Plan& plan) {
    std::string text;
    for (const Blocked& each : plan.blocked) {
        plan.visit(plan.steps[each.step], [&]<class Kind>(const Change<Kind>& change) {
            text.append(Kind::name).append(" ").append(Kind::id(change.key));
        });
        text.append(each.waits ? ", " : ": ").append(each.why->what).append("\n");
    }
    return text;
}

/// The step of that kind and id fails.
template <class Kind>
void refuse(Plan& plan, const Node& node, std::string_view id, int error) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        plan.visit(plan.steps[i], [&]<class Other>(const Change<Other>& change) {
            if constexpr (std::is_same_v<Other, Kind>) {
                if (Kind::id(change.key) == id) block(plan, {{i, error}}, 0, node.world.inputs(), node.ledger);
            }
        });
    }
    REQUIRE(plan.broken_invariant().value_or("") == "");
}

/// A guard says no.
void refuse_the_file(Plan& plan, const Node& node) {
    const Task task{.config = node.world.config, .election = node.world.election};
    block_what_the_file_changes(plan, {ErrorKind::refused, "no", {}}, task, node.ledger);
}

}  // namespace

TEST_CASE("an interface that is not there blocks its own rows, and no others") {
    Node node = director(master,
                         "[[vip]]\naddress = \"192.0.2.40\"\ninterface = \"eth7\"\nvrrp = \"LB\"\n"
                         "[sysctl]\n\"net.ipv4.conf.eth7.rp_filter\" = 2\n"
                         "[[route]]\nto = \"10.0.0.0/8\"\ninterface = \"eth7\"\n");
    const Plan plan = node.plan();
    CHECK(blocked_text(plan) ==
          "sysctl net.ipv4.conf.eth7.rp_filter: net.ipv4.conf.eth7.rp_filter: there is no interface eth7\n"
          "address 192.0.2.40/32 eth7: address 192.0.2.40/32 dev eth7: there is no interface eth7\n"
          "route 10.0.0.0/8: route 10.0.0.0/8: there is no interface eth7\n");
    CHECK(plan.to_do() == plan.steps.size() - 3);
    CHECK(plan.first_obstacle()->kind == ErrorKind::kernel_lacks);
    CHECK(plan.announcements.size() == 2);
}

TEST_CASE("a setting that this kernel does not have is blocked before anything is tried") {
    Node node = director(backup, "[sysctl]\n\"net.ipv4.nonesuch\" = 1\n");
    CHECK(blocked_text(node.plan()) == "");  // nobody has looked
    node.observed.absent = {"net/ipv4/nonesuch"};
    CHECK(blocked_text(node.plan()) == "sysctl net.ipv4.nonesuch: the kernel has no setting net.ipv4.nonesuch\n");
}

TEST_CASE("a service that cannot be made keeps its real servers out, and not its VIP while another one is there") {
    Node node = director(master);
    Plan plan = node.plan();
    refuse<Service>(plan, node, "tcp 192.0.2.20:81", ENOMEM);
    CHECK(blocked_text(plan) ==
          "service tcp 192.0.2.20:81: service tcp 192.0.2.20:81: Cannot allocate memory\n"
          "real_server tcp 192.0.2.20:81 192.0.2.3:81, waits for tcp 192.0.2.20:81: service tcp 192.0.2.20:81: Cannot "
          "allocate memory\n");
}

TEST_CASE("a VIP without any service that could be loaded is not bound; others are") {
    Node node = director(master);
    Plan plan = node.plan();
    refuse<RealServer>(plan, node, "tcp 192.0.2.30:80 192.0.2.4:80", EINVAL);
    CHECK(blocked_text(plan).find("address 192.0.2.30/32 eth0, VIP 192.0.2.30 would attract traffic for a service "
                                  "without a live real server: real server 192.0.2.4:80") != std::string::npos);
    CHECK(blocked_text(plan).find("address 192.0.2.20") == std::string::npos);
    CHECK(plan.announcements.size() == 1);
}

TEST_CASE("the last server of a service stays when the one that replaces it cannot be made") {
    Node node = converged(director(master).world);
    node.world = director(master).world;
    for (config::Service& each : node.world.config.services) {
        each.real_servers.front().address = *IpAddress::parse("192.0.2.9");
    }
    Plan plan = node.plan();
    refuse<RealServer>(plan, node, "tcp 192.0.2.30:80 192.0.2.9:80", EINVAL);
    CHECK(blocked_text(plan).find("real_server tcp 192.0.2.30:80 192.0.2.4:80, VIP 192.0.2.30 would attract") !=
          std::string::npos);
    CHECK(plan.to_do() == 4);  // the other two services have theirs replaced
}

TEST_CASE("a guard, and a table that cannot be read, do not keep a VIP here") {
    const Node before = converged(director(master).world);
    Node node = before;
    node.world.election["LB"] = backup;
    Plan plan = node.plan();
    REQUIRE(plan.to_do() == 2);
    refuse_the_file(plan, node);
    CHECK(plan.to_do() == 2);

    node.observed.get<Service>() = {};
    node.observed.get<RealServer>() = {};
    node.observed.unread = {{kind_id<Service>, {ErrorKind::kernel_lacks, "no IPVS", {}}},
                            {kind_id<RealServer>, {ErrorKind::kernel_lacks, "no IPVS", {}}}};
    plan = node.plan();
    CHECK(
        steps_text(plan).starts_with("withdraw delete address 192.0.2.20/32 eth0 (election)\n"
                                     "withdraw delete address 192.0.2.30/32 eth0 (election)\n"));
    CHECK(plan.to_do() == 2);
    CHECK(blocked_text(plan).find("service tcp 192.0.2.20:80: no IPVS\n") != std::string::npos);
    // What was ours there still is.
    CHECK(plan.ledger.get<Service>().size() == 3);
}

TEST_CASE("what leaves the file is not given up where a guard says no") {
    Node node = converged(director(master).world);
    node.world.config.vips.clear();
    Plan plan = node.plan();
    refuse_the_file(plan, node);
    CHECK(plan.to_do() == 0);
    CHECK(plan.ledger.claim<Address>(test::key<Address>("192.0.2.20/32 eth0")) != nullptr);
}

TEST_CASE("a guard keeps the VIP of a director that a file makes a real server of; the election does not") {
    const auto after_the_file = [](const std::string& instance, std::optional<ElectionState> others) {
        const std::string rest = "interface = \"eth0\"\nvips = [\"192.0.2.20\"]\n" + instance +
                                 "service = [{ vip = \"192.0.2.20\", port = 80, real_servers = [\"192.0.2.3\"] }]\n"
                                 "limits = { max_service_deletes = 0 }\n";
        Node node = converged(world("role = \"director\"\n" + rest, {{"LB", master}}));
        node.world = world("role = \"real-server\"\n" + rest);
        const Task task{.config = node.world.config, .election = {}, .others = others};
        const Plan plan = plan_for(task, desired_for(task, node.world.facts),
                                   std::make_shared<const Observed>(node.observed), node.ledger, node.now);
        REQUIRE(steps_text(plan).find("withdraw delete service") != std::string::npos);
        return test::done_text(plan);
    };
    const std::string instance = "vrrp = [{ name = \"LB\", vrid = 51 }]\n";
    CHECK(after_the_file("", backup) == "");
    CHECK(after_the_file(instance, std::nullopt) == "");
    CHECK(after_the_file(instance, master) == "");
    CHECK(after_the_file(instance, backup) == "withdraw delete address 192.0.2.20/32 eth0 (misplaced)\n");
}

TEST_CASE("a VIP that the file only moves to another interface is not given up where a guard says no") {
    Node node = converged(director(master).world);
    for (config::Vip& each : node.world.config.vips) each.interface = "eth1";
    Plan plan = node.plan();
    REQUIRE(steps_text(plan).find("withdraw delete address 192.0.2.20/32 eth0") != std::string::npos);
    SUBCASE("or where the ledger cannot be written") {
        block_all_but_giving_up(plan, {ErrorKind::failed, "no", {}}, node.ledger);
        CHECK(test::done_text(plan) == "");
    }
    SUBCASE("by the file") {
        refuse_the_file(plan, node);
        CHECK(test::done_text(plan) == "");
    }
    SUBCASE("nor is anything prepared for it") {
        node.erase<Address>("192.0.2.20/32 eth0");
        node.put<Address>("192.0.2.20/24 eth0", {}, {.protocol = Address::protocol_tag});
        node.put<Address>("192.0.2.1/24 eth0", {}, {.flags = 1});
        node.put<Sysctl>("net.ipv4.conf.eth0.promote_secondaries", {"0"});
        plan = node.plan();
        REQUIRE(steps_text(plan).find("promote_secondaries (keep)") != std::string::npos);
        block_all_but_giving_up(plan, {ErrorKind::failed, "no", {}}, node.ledger);
        CHECK(test::done_text(plan) == "");
    }
}

TEST_CASE("what a VIP needs in order to go alone is done with it where the ledger cannot be written") {
    Node node = director(backup);
    node.put<Address>("192.0.2.20/24 eth0", {}, {.protocol = Address::protocol_tag});
    node.put<Address>("192.0.2.1/24 eth0", {}, {.flags = 1});
    node.put<Sysctl>("net.ipv4.conf.eth0.promote_secondaries", {"0"});
    Plan plan = node.plan();
    block_all_but_giving_up(plan, {ErrorKind::failed, "no", {}}, node.ledger);
    CHECK(test::done_text(plan) ==
          "withdraw update sysctl net.ipv4.conf.eth0.promote_secondaries (keep)\n"
          "withdraw delete address 192.0.2.20/24 eth0 (misplaced)\n");
}

TEST_CASE("what was refused is not tried again, but a removal is") {
    Node node = director(master);
    Refusals refused;
    refused.add(kind_id<Address>, "192.0.2.20/32 eth0", {ErrorKind::failed, "no", {}}, false);
    const auto plan_with = [&](const Node& each) {
        return make_plan(each.world.desired(), std::make_shared<const Observed>(each.observed), each.ledger,
                         each.world.inputs(), each.now, refused);
    };
    CHECK(blocked_text(plan_with(node)) == "address 192.0.2.20/32 eth0: no\n");
    Node lost = converged(node.world);
    lost.world.election["LB"] = backup;
    CHECK(plan_with(lost).blocked.empty());
}

TEST_CASE("a blocked row is not claimed, and a row that stays keeps its claim") {
    Node node = director(master, "[[route]]\nto = \"10.0.0.0/8\"\nvia = \"192.0.2.1\"\n");
    node.put<Route>("10.0.0.0/8", {.via = IpAddress::parse("192.0.2.9")}, {.protocol = 3});
    const Plan plan = node.plan();
    REQUIRE(plan.blocked.size() == 1);
    CHECK(plan.ledger.claim<Route>(test::key<Route>("10.0.0.0/8")) == nullptr);
    CHECK(plan.ledger.claim<Address>(test::key<Address>("192.0.2.20/32 eth0")) != nullptr);
}

TEST_CASE("the first obstacle is one that stands for itself, if there is any") {
    const auto why = [](const char* what) { return std::make_shared<const Error>(Error{ErrorKind::failed, what, {}}); };
    Plan plan;
    CHECK(plan.first_obstacle() == nullptr);
    plan.blocked = {{0, why("waits"), true}};
    CHECK(plan.first_obstacle()->what == "waits");
    plan.blocked.push_back({1, why("refused"), false});
    CHECK(plan.first_obstacle()->what == "refused");
}

TEST_CASE("a route waits for its source") {
    Node node = director(master,
                         "[[route]]\nto = \"10.0.0.0/8\"\nvia = \"192.0.2.1\"\nsource = \"192.0.2.30\"\n"
                         "vrrp = \"LB\"\n");
    Plan plan = node.plan();
    CHECK(plan.blocked.empty());
    refuse<Address>(plan, node, "192.0.2.30/32 eth0", EACCES);
    CHECK(
        blocked_text(plan).ends_with("route 10.0.0.0/8, waits for its source 192.0.2.30, which is not on this node\n"));
}

TEST_CASE("an IPv6 VIP waits for its old prefix to go") {
    Node node(world(R"(
        role = "director"
        interface = "eth0"
        vips = ["2001:db8::20"]
    )"_text));
    node.put<Address>("2001:db8::20/64 eth0", {.deprecated = true}, {.protocol = Address::protocol_tag});
    Plan plan = node.plan();
    REQUIRE(plan.blocked.empty());
    refuse<Address>(plan, node, "2001:db8::20/64 eth0", EPERM);
    CHECK(blocked_text(plan).find("address 2001:db8::20/128 eth0, waits for 2001:db8::20 with another prefix to go") !=
          std::string::npos);
}

TEST_CASE("a primary address that goes takes nothing along: its interface promotes the next one, for as long") {
    Node node = director(backup);
    constexpr std::uint32_t secondary = 1;
    node.put<Address>("192.0.2.20/24 eth0", {}, {.protocol = Address::protocol_tag});
    node.put<Address>("192.0.2.1/24 eth0", {}, {.flags = secondary});  // the node's own, which came later
    node.put<Sysctl>("net.ipv4.conf.eth0.promote_secondaries", {"0"});
    const Plan plan = node.plan();
    CHECK(
        steps_text(plan).starts_with("withdraw update sysctl net.ipv4.conf.eth0.promote_secondaries (keep)\n"
                                     "withdraw delete address 192.0.2.20/24 eth0"));
    CHECK(plan.blocked.empty());
    // Done: the setting gets its old value back.
    node.ledger = plan.ledger;
    node.erase<Address>("192.0.2.20/24 eth0");
    node.put<Address>("192.0.2.1/24 eth0");
    node.put<Sysctl>("net.ipv4.conf.eth0.promote_secondaries", {"1"});
    CHECK(steps_text(node.plan()).find("relax update sysctl net.ipv4.conf.eth0.promote_secondaries (restore)\n") !=
          std::string::npos);
}

TEST_CASE("no address is removed that would take another one along after all") {
    Node node = director(backup);
    node.put<Address>("192.0.2.20/24 eth0", {}, {.protocol = Address::protocol_tag});
    node.put<Address>("192.0.2.1/24 eth0", {}, {.flags = 1});
    node.put<Sysctl>("net.ipv4.conf.eth0.promote_secondaries", {"0"});
    Plan plan = node.plan();
    refuse<Sysctl>(plan, node, "net.ipv4.conf.eth0.promote_secondaries", EROFS);
    CHECK(blocked_text(plan).find("address 192.0.2.20/24 eth0, 192.0.2.1/24 dev eth0 would go with") !=
          std::string::npos);
}

TEST_CASE("a node that serves for another one does not take the VIP on lo while its own table of it cannot go") {
    Node node(world("role = \"both\"\n" + two_services, {{"LB", backup}}));
    node.put<Service>("tcp 192.0.2.20:80", {.scheduler = "wlc", .netmask = {0xffffffff}});
    Plan plan = node.plan();
    REQUIRE(plan.blocked.empty());
    refuse<Service>(plan, node, "tcp 192.0.2.20:80", ENODEV);
    CHECK(blocked_text(plan).find("address 192.0.2.20/32 lo, services of VIP 192.0.2.20 would balance") !=
          std::string::npos);
    CHECK(blocked_text(plan).find("address 192.0.2.30") == std::string::npos);
}

}  // namespace lbconverge::plan
