// What stays for its connections when it leaves the file.
#include "planning.hpp"

#include <doctest/doctest.h>

#include <ctime>

namespace lbconverge::plan {

namespace {

using kinds::Address;
using kinds::RealServer;
using kinds::Service;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::backup;
using test::converged;
using test::key;
using test::master;
using test::Node;
using test::steps_text;
using test::World;
using test::world;

constexpr const char* draining = "tcp 192.0.2.20:80 192.0.2.3:80";
constexpr const char* vip = "192.0.2.20/32 eth0";

const std::string two_instances = R"(
role = "director"
interface = "eth0"
vrrp = [{ name = "LB", vrid = 51 }, { name = "other", vrid = 52 }]
)";
const std::string other_vip = R"(
[[vip]]
address = "192.0.2.30"
vrrp = "LB"
)";
const std::string leaving_vip = R"(
[[vip]]
address = "192.0.2.20"
vrrp = "LB"
)";
const std::string short_drain = R"(
[[service]]
vip = "192.0.2.20"
port = 80
drain_timeout = "2s"
real_servers = ["192.0.2.3"]
)";

World file_with(const std::string& more, ElectionState state = master) {
    return world(two_instances + other_vip + more, {{"LB", state}, {"other", backup}});
}

/// Has served with one connection, and then another file comes.
Node serving(const std::string& more, World next) {
    Node node = converged(file_with(more));
    node.put<RealServer>(draining, {}, {.active = 1});
    node.world = std::move(next);
    return node;
}

bool stays(const Plan& plan, const char* id) {
    return plan.desired->get<Address>().rows.find(key<Address>(id)) != Step::none;
}

}  // namespace

TEST_CASE("a service that has left the file drains for as long as the file said, and no longer") {
    Node node = serving(leaving_vip + short_drain, file_with(leaving_vip));
    const Plan first = node.plan();
    REQUIRE(first.deferred.size() == 1);
    CHECK(first.deferred[0].left == seconds(2));
    CHECK(first.ledger.drains[0].timeout == milliseconds(2000));
    node.converge();  // the file that is remembered now does not name it any more
    node.put<RealServer>(draining, {.weight = 0}, {.active = 1});
    node.now += seconds(1);
    CHECK(node.plan().steps.empty());
    REQUIRE(node.plan().deferred.size() == 1);
    CHECK(node.plan().deferred[0].left == seconds(1));
    node.now += seconds(1);
    CHECK(node.plan().deferred.empty());
    CHECK(steps_text(node.plan()).find("delete service tcp 192.0.2.20:80") != std::string::npos);
}

TEST_CASE("of a service that is in the file its own time counts, also when it is changed meanwhile") {
    Node node = serving(leaving_vip + short_drain, file_with(leaving_vip + short_drain));
    node.world.config.services[0].real_servers.clear();
    node.ledger = node.plan().ledger;
    node.world.config.services[0].drain_timeout = seconds(30);
    REQUIRE(node.plan().deferred.size() == 1);
    CHECK(node.plan().deferred[0].left == seconds(30));
}

TEST_CASE("a drain of an older version, by the clock on the wall, begins now") {
    Node node = serving(leaving_vip + short_drain, file_with(leaving_vip));
    node.ledger.drains = {{key<RealServer>(draining), BootTime(seconds(1'700'000'000))}};
    REQUIRE(node.plan().deferred.size() == 1);
    CHECK(node.plan().deferred[0].left == seconds(2));
}

TEST_CASE("a VIP that leaves the file together with its service stays until that has drained") {
    Node node = serving(leaving_vip + short_drain, file_with(""));
    const Plan first = node.plan();
    CHECK(steps_text(first) == "quiesce update real_server tcp 192.0.2.20:80 192.0.2.3:80 (drain)\n");
    REQUIRE(first.held.size() == 1);
    CHECK(first.held[0].id == vip);
    node.converge();
    node.put<RealServer>(draining, {.weight = 0}, {.active = 1});
    CHECK(node.plan().steps.empty());
    CHECK(node.ledger.claim<Address>(key<Address>(vip)) != nullptr);

    Node over = node;
    over.now += seconds(2);
    CHECK(steps_text(over.plan()).starts_with("withdraw delete address 192.0.2.20/32 eth0 (unclaimed)\n"));
    Node idle = node;
    idle.put<RealServer>(draining, {.weight = 0}, {});
    CHECK_FALSE(stays(idle.plan(), vip));
    Node released = node;
    released.world.release = true;
    CHECK_FALSE(stays(released.plan(), vip));
}

TEST_CASE("it goes at once when the instance that it hung on has another master, also after a while") {
    Node node = serving(leaving_vip + short_drain, file_with("", backup));
    CHECK_FALSE(stays(node.plan(), vip));
    node.world = file_with("");
    node.converge();
    node.put<RealServer>(draining, {.weight = 0}, {.active = 1});
    CHECK(stays(node.plan(), vip));
    node.world.election["LB"] = backup;
    CHECK_FALSE(stays(node.plan(), vip));
    node.world.election["LB"] = ElectionState::undecided;  // no opinion is no reason
    CHECK(stays(node.plan(), vip));
    node.world = world("role = \"director\"");  // the instance has left the file as well
    CHECK(stays(node.plan(), vip));
}

TEST_CASE("where its instance has another name now, the state of the others says who is master") {
    const auto renamed = [](ElectionState first, ElectionState second) {
        const std::string names = "vrrp = [{ name = \"new\", vrid = 51 }, { name = \"other\", vrid = 52 }]\n";
        return world("role = \"director\"\ninterface = \"eth0\"\n" + names, {{"new", first}, {"other", second}});
    };
    CHECK_FALSE(stays(serving(leaving_vip + short_drain, renamed(backup, backup)).plan(), vip));
    CHECK(stays(serving(leaving_vip + short_drain, renamed(master, backup)).plan(), vip));
    CHECK(stays(serving(leaving_vip + short_drain, renamed(ElectionState::undecided, backup)).plan(), vip));
    // One that was always active is lost to nobody.
    Node node = serving(leaving_vip + short_drain, renamed(backup, backup));
    for (kinds::RememberedVip& each : node.ledger.file.vips) each.instance.clear();
    CHECK(stays(node.plan(), vip));
}

TEST_CASE("a VIP without anything that drains, or that the file names a service on, leaves at once") {
    Node idle = converged(file_with(leaving_vip + short_drain));
    idle.world = file_with("");
    CHECK_FALSE(stays(idle.plan(), vip));
    Node node = serving(leaving_vip + short_drain, file_with(leaving_vip + short_drain));
    node.world.config.vips.pop_back();
    CHECK_FALSE(stays(node.plan(), vip));
    Node others = serving(leaving_vip + short_drain, file_with(""));
    others.world.config.vips.clear();
    CHECK(stays(others.plan(), vip));
    CHECK_FALSE(stays(others.plan(), "192.0.2.30/32 eth0"));
}

TEST_CASE("a service of a firewall mark keeps every VIP of its family that leaves with it") {
    const std::string marked = "[[service]]\nfwmark = 7\nreal_servers = [\"192.0.2.3\"]\n";
    Node node = converged(file_with(leaving_vip + marked));
    node.put<RealServer>("fwmark 7 ipv4 192.0.2.3:0", {}, {.active = 1});
    node.world = file_with("");
    CHECK(stays(node.plan(), vip));
}

TEST_CASE("a plan about the network alone goes by the services that are claimed still") {
    Node node = serving(leaving_vip + short_drain, file_with(""));
    const auto network = [&] {
        kinds::Desired desired = kinds::desire(node.world.inputs(), kinds::Part::network);
        return node.plan_for(std::move(desired));
    };
    CHECK(stays(network(), vip));
    node.ledger.get<Service>().clear();
    CHECK_FALSE(stays(network(), vip));
}

/// The processor time of two plans with so many servers that drain, of services in the file and of others.
std::clock_t cost_of_draining(std::uint16_t services_count) {
    Node node = converged(file_with(""));
    std::vector<config::Service> services;
    for (std::uint16_t port = 1; port <= services_count; ++port) {
        config::Service each{.vip = *IpAddress::parse("192.0.2.20"), .port = port};
        services.push_back(each);
        const Service::Key parent = Service::key_of(each);
        node.observed.get<Service>().add(parent, {.scheduler = "wlc"});
        node.ledger.get<Service>().push_back({parent});
        for (std::uint8_t host = 1; host <= 10; ++host) {
            const RealServer::Key each_server{parent, {Family::ipv4, {10, 0, 0, host}}, port};
            node.observed.get<RealServer>().add(each_server, {.weight = 0}, {.active = 1});
            node.ledger.drains.push_back({each_server, node.now, seconds(60)});
        }
    }
    node.observed.get<Service>().finish();
    node.observed.get<RealServer>().finish();
    const std::clock_t begin = std::clock();
    CHECK(node.plan().deferred.size() == 10U * services_count);
    node.world.config.services = services;
    CHECK(node.plan().deferred.size() == 10U * services_count);
    return std::clock() - begin;
}

TEST_CASE("tens of thousands of servers that drain cost no more than a look at each") {
    const std::clock_t few = cost_of_draining(1000);
    CHECK(cost_of_draining(4000) < 8 * few);  // with the square it is 16 times as much
}

}  // namespace lbconverge::plan
