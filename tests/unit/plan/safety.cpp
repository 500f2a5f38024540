#include "lbconverge/plan/safety.hpp"

#include "planning.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lbconverge::plan {

namespace {

using kinds::Address;
using kinds::RealServer;
using kinds::Service;
using kinds::Sysctl;
using test::backup;
using test::converged;
using test::master;
using test::Node;
using test::World;
using test::world;

const std::string web_cluster = R"(
interface = "eth0"
vips = ["192.0.2.20"]
vrrp = [{ name = "LB", vrid = 51 }]
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
)";

World as(const std::string& name, ElectionState state, const std::string& more = "") {
    return world(R"(role = "$")"_with(name) + web_cluster + more, {{"LB", state}});
}

/// As if all of it were carried out.
Plan unblocked(Plan plan) {
    for (Step& each : plan.steps) each.blocked = false;
    plan.blocked.clear();
    return plan;
}

/// "I2 after step 1: what", or "safe".
std::string verdict(const Plan& plan, const World& world) {
    const auto violation = first_unsafe_step(unblocked(plan), world.inputs());
    if (!violation) return "safe";
    return violation->invariant + " after step " + std::to_string(violation->step + 1) + ": " + violation->what;
}
std::string verdict(const Node& node) { return verdict(node.plan(), node.world); }

/// The plan with its last step of that phase done first of all.
Plan hasty(Plan plan, Phase phase) {
    const auto last =
        std::find_if(plan.steps.rbegin(), plan.steps.rend(), [&](const Step& step) { return step.phase == phase; });
    REQUIRE(last != plan.steps.rend());
    std::rotate(plan.steps.begin(), last.base() - 1, last.base());
    return plan;
}

/// Its settings as an interface without any quiet has them.
void make_loud(Node& node) {
    for (const char* name : {"eth0", "eth1", "default"}) {
        const std::string start = "net.ipv4.conf." + std::string(name);
        node.put<Sysctl>(start + ".arp_ignore", {"0"});
        node.put<Sysctl>(start + ".arp_announce", {"0"});
    }
}

Node real_server(const std::string& more = "") {
    Node node(as("real-server", backup, more));
    make_loud(node);
    return node;
}

}  // namespace

TEST_CASE("plans as they are made are safe") {
    CHECK(verdict(Node(as("director", master))) == "safe");
    CHECK(verdict(Node(as("director", backup))) == "safe");
    CHECK(verdict(real_server()) == "safe");
    for (const char* name : {"director", "both"}) {
        for (const ElectionState before : {master, backup}) {
            Node node(as(name, before));
            make_loud(node);
            node.converge();
            node.world = as(name, before == master ? backup : master);
            CHECK(verdict(node) == "safe");
        }
    }
}

TEST_CASE("I1: a VIP on lo before its interfaces are quiet is refused") {
    const Node node = real_server();
    CHECK(verdict(hasty(node.plan(), Phase::bind), node.world) ==
          "I1 after step 1: VIP 192.0.2.20 on lo would be answered for or announced on eth0");
}

TEST_CASE("I1: a VIP on lo after its interfaces became loud again is refused") {
    Node node = real_server();
    node.converge();
    node.world = world(R"(
        role = "real-server"
        vips = ["192.0.2.20"]
    )"_text);
    const World without = world(R"(role = "real-server")");
    Node given_up = node;
    given_up.world = without;
    const Plan plan = given_up.plan();
    REQUIRE(plan.steps.size() == 7);
    CHECK(verdict(plan, node.world) == "safe");
    CHECK(verdict(hasty(plan, Phase::relax), node.world).starts_with("I1 after step 1: "));
}

TEST_CASE("I1: an interface that is not in the list of [arp] makes itself heard") {
    const Node node = real_server(R"(
        [arp]
        interfaces = ["eth0"]
    )"_text);
    const Plan plan = node.plan();
    REQUIRE(plan.blocked.size() == 1);
    CHECK(plan.blocked.front().waits);
    const auto violation = first_unsafe_step(unblocked(plan), node.world.inputs());
    REQUIRE(violation.has_value());
    CHECK(violation->invariant == "I1");
    CHECK(violation->what.ends_with("on eth1"));
    CHECK(violation->hint == R"(add "eth1" to interfaces of [arp], or leave that at "auto")");
}

TEST_CASE("I1: all counts for every interface, and a loud all for none") {
    Node node = real_server(R"(
        [arp]
        interfaces = ["all"]
    )"_text);
    node.put<Sysctl>("net.ipv4.conf.all.arp_ignore", {"0"});
    node.put<Sysctl>("net.ipv4.conf.all.arp_announce", {"0"});
    CHECK(verdict(node) == "safe");
    node.world = as("real-server", backup, R"(
        [arp]
        interfaces = ["eth0", "eth1"]
    )"_text);
    CHECK(verdict(node) == "safe");
    node.world.facts.all_arp_ignore = 5;  // more than what the interfaces say, and 4 to 7 answer for everything
    node.observed.get<Sysctl>().erase(test::key<Sysctl>("net.ipv4.conf.all.arp_ignore"));
    CHECK(verdict(node).starts_with("I1 "));
    node.world.facts.all_arp_ignore = 0;
    node.observed.get<Sysctl>().erase(test::key<Sysctl>("net.ipv4.conf.all.arp_announce"));
    CHECK(verdict(node) == "safe");
    node.world.facts.all_arp_announce = 3;  // above 2 it counts as 0
    CHECK(verdict(node).starts_with("I1 "));
}

TEST_CASE("I1: with another method than settings, settings decide nothing") {
    CHECK(verdict(real_server(R"(
        [arp]
        method = "none"
    )"_text)) == "safe");
}

TEST_CASE("I2: a VIP before its services is refused") {
    const Node node(as("director", master));
    CHECK(verdict(hasty(node.plan(), Phase::bind), node.world) ==
          "I2 after step 1: VIP 192.0.2.20 would attract traffic for a service without a live real server");
}

TEST_CASE("I2: a service without a server that takes traffic is no better") {
    Plan plan = Node(as("director", master)).plan();
    REQUIRE(plan.steps.size() == 4);
    std::swap(plan.steps[1], plan.steps[3]);  // service, address, servers
    CHECK(verdict(plan, as("director", master)).starts_with("I2 after step 2: "));
}

TEST_CASE("I2: the last server does not go before the new one is there") {
    Node node = converged(as("director", master));
    node.world = world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        name = "LB"
        vrid = 51
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.5"]
    )"_text,
                       {{"LB", master}});
    const Plan plan = node.plan();
    REQUIRE(plan.steps.size() == 3);
    CHECK(verdict(plan, node.world) == "safe");
    Plan removals_first = plan;
    std::rotate(removals_first.steps.begin(), removals_first.steps.begin() + 1, removals_first.steps.end());
    CHECK(verdict(removals_first, node.world).starts_with("I2 after step 2: "));
}

TEST_CASE("I2: a VIP that goes keeps its services until it is gone") {
    Node node = converged(as("director", master));
    node.world = world(R"(role = "director")");
    Node before = node;
    before.world.config.vips = as("director", master).config.vips;  // the VIP is known, and wanted nowhere
    before.world.config.vips[0].vrrp = "LB";
    before.world.election = {{"LB", ElectionState::undecided}};
    const Plan plan = node.plan();
    CHECK(verdict(plan, before.world) == "safe");
    CHECK(verdict(hasty(plan, Phase::unload), before.world).starts_with("I2 after step 1: "));
}

TEST_CASE("I3: role both does not balance for a VIP of another master") {
    const Plan plan = Node(as("both", master)).plan();
    Plan table_only = plan;
    std::erase_if(table_only.steps, [](const Step& step) { return step.phase != Phase::load; });
    CHECK(verdict(table_only, as("both", master)) == "safe");
    CHECK(verdict(table_only, as("both", backup)) ==
          "I3 after step 1: services of VIP 192.0.2.20 would balance on a node that is not its master");
    CHECK(verdict(table_only, as("both", ElectionState::yielding)).starts_with("I3 after step 1: "));
}

TEST_CASE("I4: a VIP answers on the master alone") {
    const Plan plan = Node(as("director", master)).plan();
    CHECK(verdict(plan, as("director", backup)) ==
          "I4 after step 4: VIP 192.0.2.20 would be answered for by a node that is not its master");
    CHECK(verdict(plan, as("director", ElectionState::undecided)) == "safe");
    CHECK(verdict(plan, as("real-server", master)).starts_with("I4 after step 4: "));
}

TEST_CASE("what was wrong before is not the plan's fault") {
    Node node(as("director", backup));
    node.put<Address>("192.0.2.20/32 eth0");
    CHECK(verdict(node) == "safe");
}

TEST_CASE("an IPv6 VIP on lo needs no quiet: Linux answers for it there only") {
    const Node node(world(R"(
        role = "real-server"
        vips = ["2001:db8::20"]
    )"_text));
    CHECK(node.plan().steps.size() == 1);
    CHECK(verdict(node) == "safe");
}

TEST_CASE("I1: behind an ARP filter a VIP may be anywhere on a real server, as long as the filter stands") {
    const auto filtered = [](const std::string& accept) {
        return Node(world(R"(
            role = "real-server"
            interface = "eth0"
            arp = { method = "filter", source = "192.0.2.3" }
            [[vip]]
            address = "192.0.2.20"
            accept = "$"
        )"_with(accept)));
    };
    for (const char* accept : {"interface", "loopback"}) {
        Node node = filtered(accept);
        CHECK(test::steps_text(node.plan()).starts_with("tighten create arp_filter 192.0.2.20 (config)\n"));
        CHECK(verdict(node) == "safe");
        CHECK(verdict(hasty(node.plan(), Phase::bind), node.world) ==
              "I1 after step 1: VIP 192.0.2.20 would be answered for and announced: the ARP filter does not stand");
        node.converge();
        node.world.release = true;
        CHECK(verdict(node) == "safe");
    }
    Node damaged = filtered("interface");
    damaged.put<kinds::ArpFilter>("192.0.2.20", {.source = IpAddress::parse("192.0.2.3"), .enforced = false});
    CHECK(verdict(hasty(damaged.plan(), Phase::bind), damaged.world).starts_with("I1 after step 1"));
}

TEST_CASE("I1: without an address to say instead of the VIP there is no filter, and then no VIP") {
    const Node node(world(R"(
        role = "real-server"
        interface = "eth0"
        arp = { method = "filter" }
        vip = [{ address = "192.0.2.20", accept = "interface" }]
    )"_text));
    CHECK(verdict(node).starts_with("I1 after step 1: VIP 192.0.2.20 would be answered for"));
}

}  // namespace lbconverge::plan
