// What of its VIPs a node can serve, and what its election makes of it.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

const std::string vip_row = "address 192.0.2.20/32 eth0";

std::string two_interfaces(const std::string& more = "") {
    return R"(
        role = "director"
        interface = "eth0"
        [[vip]]
        address = "192.0.2.20"
        vrrp = "one"
        [[vip]]
        address = "10.0.0.20"
        interface = "eth1"
        vrrp = "one"
        [[vrrp]]
        name = "one"
        vrid = 51
        priority = 160
    )"_text +
           more;
}

Bench master_of_both() { return master(two_interfaces(), "", {{"eth1", true, {}}}); }

Effects eth1(Bench& bench, bool up) {
    bench.up.back().up = up;
    return bench.links(bench.node.instances().front().machine.state() == State::master
                           ? std::vector{ip("192.0.2.20"), ip("10.0.0.20")}
                           : std::vector<IpAddress>{});
}

/// The network lane ends, and could not do this.
Effects unbound(Bench& bench, const std::string& vip, const std::string& why) {
    REQUIRE(bench.node.lane(Lane::network).busy);
    return bench.turn(Converged{.lane = Lane::network,
                                .obstacle = why,
                                .blocked = 1,
                                .refused = {{"address " + vip + "/32 eth0", why}},
                                .unbound = {{ip(vip), why}}});
}

}  // namespace

TEST_CASE("a master one of whose VIPs loses its link gives up in words, and serves on until somebody takes over") {
    Bench bench = master_of_both();
    const Effects effects = eth1(bench, false);
    CHECK(told(effects) ==
          "one: cannot serve 10.0.0.20: interface eth1 has no link\n"
          "one: master -> backup: cannot serve 10.0.0.20: makes room for who can\n");
    CHECK(sent(effects) == "0 to 224.0.0.18\n");
    CHECK(bench.first().machine.settings().priority == 10);
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    bench.hear(100);
    bench.pass(vrrp::hand_over_grace);
    CHECK(bench.node.election().at("one") == ElectionState::backup);
}

TEST_CASE("where nobody takes over it goes on without a gap, and gives up no second time") {
    Bench bench = master_of_both();
    eth1(bench, false);
    const Effects effects = bench.pass(seconds(3));
    CHECK(bench.state() == State::master);
    CHECK(told(effects).find("one: backup -> master") != std::string::npos);
    CHECK(asked(effects).find("one=backup") == std::string::npos);
    bench.settle();
    bench.pass(seconds(60));
    CHECK(bench.state() == State::master);
}

TEST_CASE("it asks again and again for a node that came later, and does not cease to be master for that") {
    Bench bench = master_of_both();
    eth1(bench, false);
    bench.pass(seconds(3));
    bench.settle();
    REQUIRE(bench.state() == State::master);
    const Effects effects = bench.pass(seconds(5));
    CHECK(sent(effects).find("0 to 224.0.0.18\n10 to 224.0.0.18\n") != std::string::npos);
    CHECK(told(effects) == "");
    bench.hear(100);
    CHECK(bench.state() == State::backup);
}

TEST_CASE("a master that can serve all its VIPs asks for nobody") {
    Bench bench = master_of_both();
    eth1(bench, false);
    bench.pass(seconds(3));
    bench.settle();
    eth1(bench, true);
    CHECK(sent(bench.pass(seconds(60))).find("0 to 224.0.0.18\n0 to") == std::string::npos);
    CHECK_FALSE(bench.first().offer_at);
}

TEST_CASE("an owner that cannot serve all its VIPs makes room as well") {
    std::string toml = two_interfaces();
    toml.replace(toml.find("160"), 3, "255");
    Bench bench(toml);
    bench.up.push_back({"eth1", true, {}});
    bench.run();
    REQUIRE(bench.state() == State::master);
    CHECK(sent(eth1(bench, false)) == "0 to 224.0.0.18\n");
    CHECK(bench.first().machine.settings().priority == 15);
}

TEST_CASE("a member that cannot serve all its VIPs makes room with its whole group") {
    const std::string toml = two_interfaces(R"(
        [[vip]]
        address = "192.0.2.30"
        vrrp = "two"
        [[vrrp]]
        name = "two"
        vrid = 52
        priority = 160
        [[sync_group]]
        name = "g"
        members = ["one", "two"]
    )"_text);
    Bench bench = master(toml, "", {{"eth1", true, {}}});
    const Effects effects = eth1(bench, false);
    CHECK(sent(effects) == "0 to 224.0.0.18\n0 to 224.0.0.18\n");
    for (const Instance& each : bench.node.instances()) CHECK(each.machine.settings().priority == 10);
    bench.pass(seconds(3));
    bench.settle();
    for (const Instance& each : bench.node.instances()) REQUIRE(each.machine.state() == State::master);
    // It asks for another node on both links at the same moment, because that node takes all or nothing.
    CHECK(sent(bench.pass(seconds(5))).find("0 to 224.0.0.18\n0 to 224.0.0.18\n") != std::string::npos);
}

TEST_CASE("a link that is back gives the priority back") {
    Bench bench = master_of_both();
    eth1(bench, false);
    const Effects effects = eth1(bench, true);
    CHECK(told(effects).find("one: can serve all its VIPs again\n") != std::string::npos);
    CHECK(bench.first().machine.settings().priority == 160);
}

TEST_CASE("without an interface for any of its VIPs an instance is in fault") {
    Bench bench(R"(
        role = "director"
        interface = "eth0"
        [[vip]]
        address = "10.0.0.20"
        interface = "eth1"
        [[vrrp]]
        name = "one"
        vrid = 51
    )"_text);
    bench.links();
    bench.settle();
    CHECK(bench.state() == State::fault);
    CHECK(bench.first().machine.why() == "no VIP can be here: there is no interface eth1");
    bench.up.push_back({"eth1", true, {}});
    bench.links();
    CHECK(bench.state() == State::backup);
}

TEST_CASE("a VIP that the kernel refuses is dark: it is tried every second while this node is master") {
    Bench bench = master(director());
    bench.turn(Disturbed{});
    const Effects effects = unbound(bench, "192.0.2.20", "no IPv4 today");
    CHECK(told(effects).find("one: cannot serve 192.0.2.20: no IPv4 today\n") != std::string::npos);
    CHECK(bench.state() == State::backup);
    bench.pass(seconds(3));
    REQUIRE(bench.state() == State::master);
    // The next run tries; what somebody else disturbs meanwhile is put right, and this row is left alone.
    Effects meanwhile = unbound(bench, "192.0.2.20", "no IPv4 today");
    append(meanwhile, bench.turn(Disturbed{}));
    CHECK(left_alone(meanwhile) == vip_row + ": no IPv4 today\n");
    while (bench.node.lane(Lane::network).busy) {
        bench.turn(
            Converged{.lane = Lane::network, .obstacle = "x", .blocked = 1, .unbound = {{ip("192.0.2.20"), "x"}}});
    }
    const Effects next = bench.pass(seconds(1));
    CHECK(asked(next).find("network network one=master\n") != std::string::npos);
    CHECK(left_alone(next) == "");
    // It works again.
    bench.settle();
    CHECK(bench.first().dark.empty());
}

TEST_CASE("a master whose kernel work fails once tries again after a second, and makes room when it fails again") {
    Bench bench = backup(director());
    bench.settle();
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == State::master);
    CHECK(told(bench.done(Lane::network, "out of memory")) == "network: out of memory\n");
    CHECK(bench.state() == State::master);
    CHECK(*bench.node.lane(Lane::network).retry_at == bench.now + seconds(1));
    CHECK(asked(bench.pass(seconds(1))) == "network network one=master\n");
    CHECK(told(bench.done(Lane::network, "out of memory")) ==
          "one: cannot serve 192.0.2.20: out of memory\n"
          "one: master -> backup: cannot serve 192.0.2.20: makes room for who can\n");
}

TEST_CASE("a master that has its VIPs does not make room, whatever its kernel work ends with") {
    Bench bench = master(director());
    bench.settle();
    for (int i = 0; i < 5; ++i) {
        bench.turn(Disturbed{});
        if (bench.node.lane(Lane::network).busy) bench.done(Lane::network, "out of memory");
        bench.pass(seconds(1));
    }
    CHECK(bench.state() == State::master);
}

TEST_CASE("what was refused before a transition is tried with it, in both lanes") {
    Bench bench = backup(director());
    bench.settle();
    bench.pass(bench.first().machine.down_interval() - milliseconds(500));
    bench.settle();
    bench.turn(Asked{});
    bench.done(Lane::network);
    bench.turn(Converged{.lane = Lane::tables, .obstacle = "no", .blocked = 1, .refused = {{"service tcp x", "no"}}});
    REQUIRE(bench.node.avoided().contains("service tcp x"));
    bench.settle();
    CHECK(asked(bench.pass(milliseconds(500))) ==
          "network network one=master\n"
          "tables tables one=master\n");
}

TEST_CASE("a backup that had to make room tries again after a minute, later each time") {
    Bench bench = master(director("priority = 160\n"));
    bench.turn(Disturbed{});
    unbound(bench, "192.0.2.20", "no");
    bench.hear(100);
    const auto priority = [&] { return bench.first().machine.settings().priority; };
    REQUIRE(priority() == 10);
    for (int i = 0; i < 59; ++i) {
        bench.pass(seconds(1));
        bench.settle();
        bench.hear(100);
    }
    CHECK(priority() == 10);
    bench.pass(seconds(2));
    CHECK(priority() == 160);
    bench.settle();
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == State::master);
    unbound(bench, "192.0.2.20", "no");
    for (int i = 0; i < 119; ++i) {
        bench.hear(100);
        bench.settle();
        bench.pass(seconds(1));
    }
    CHECK(priority() == 10);
    bench.pass(seconds(2));
    CHECK(priority() == 160);
}

TEST_CASE("a VIP that another program fights over is no reason to make room: another node would do no better") {
    Bench bench = master(director());
    for (int i = 0; i < 5; ++i) {
        bench.turn(Disturbed{});
        bench.done(Lane::network, "", {vip_row});
    }
    REQUIRE(bench.node.avoided().at(vip_row).fought);
    bench.turn(Disturbed{});
    const IpAddress vip = ip("192.0.2.20");
    bench.turn(Converged{.lane = Lane::network, .obstacle = "x", .blocked = 1, .unbound = {{vip, "x"}}});
    CHECK(bench.state() == State::master);
    CHECK(bench.first().dark.empty());
}

TEST_CASE("a VIP that a reload brings waits for its services") {
    const std::string service =
        "[[service]]\nvip = \"192.0.2.20\"\nport = 80\ncheck = \"none\"\nreal_servers = [\"192.0.2.3\"]\n";
    Bench bench(R"(
        role = "director"
        interface = "eth0"
    )"_text);
    bench.links();
    bench.settle();
    const Effects effects =
        bench.reload("role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.20\"]\n" + service);
    CHECK(left_alone(effects) == vip_row + ": waits for its services to be loaded\n");
    bench.done(Lane::network);
    const Effects loaded = bench.done(Lane::tables);
    CHECK(asked(loaded) == "network network\n");
    CHECK(left_alone(loaded) == "");
}

TEST_CASE("a master does not make room for a VIP that only waits for its services") {
    const std::string service =
        "[[service]]\nvip = \"192.0.2.21\"\nport = 80\ncheck = \"none\"\nreal_servers = [\"192.0.2.3\"]\n";
    std::string toml = director() + service;
    toml.replace(toml.find("[\"192.0.2.20\"]"), 14, "[\"192.0.2.20\", \"192.0.2.21\"]");
    Bench bench = master(director());
    const Effects effects = bench.reload(toml);
    const std::string why = "waits for its services to be loaded";
    CHECK(left_alone(effects) == "address 192.0.2.21/32 eth0: " + why + "\n");
    const IpAddress vip = ip("192.0.2.21");
    bench.turn(Converged{.lane = Lane::network, .obstacle = why, .blocked = 1, .unbound = {{vip, why}}});
    CHECK(bench.state() == State::master);
    CHECK(bench.first().dark.empty());
}

TEST_CASE("a VIP none of whose services could be loaded is not bound, and its instance makes room") {
    Bench bench =
        master(director() +
               "[[service]]\nvip = \"192.0.2.20\"\nport = 80\ncheck = \"none\"\nreal_servers = [\"192.0.2.3\"]\n");
    bench.turn(Asked{});
    const Effects effects = bench.turn(
        Converged{.lane = Lane::tables, .obstacle = "no rr", .blocked = 2, .unserved = {{ip("192.0.2.20"), "no rr"}}});
    CHECK(told(effects).find("one: cannot serve 192.0.2.20: no rr\n") != std::string::npos);
    CHECK(bench.state() == State::backup);
}

TEST_CASE("tables that follow the election are asked for with the transition, and when a hand-over has ended") {
    Bench bench = backup(director() + "[ipvs.sync]\ninterface = \"eth0\"\nfollow = \"one\"\n");
    bench.settle();
    CHECK(asked(bench.pass(bench.first().machine.down_interval())).find("tables tables one=master\n") !=
          std::string::npos);
    bench.settle();
    bench.hear(200);
    bench.settle();
    CHECK(asked(bench.pass(vrrp::hand_over_grace)).find("tables tables one=backup\n") != std::string::npos);
}

}  // namespace lbconverge::node
