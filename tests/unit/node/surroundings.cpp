// Sockets that send nothing, and link addresses that change.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;

namespace {

Unsent refused(const char* why = "Operation not permitted", std::uint8_t vrid = 51) {
    return {"eth0", Family::ipv4, vrid, why};
}

/// The log, where the kernel sends none of the packets, nor those that follow from that; `only`: of this VRID.
std::string refuse(Bench& bench, const Effects& effects, std::uint8_t only = 0) {
    std::string text = told(effects);
    for (const Packet& each : effects.send) {
        const std::uint8_t vrid = std::to_integer<std::uint8_t>(each.message[1]);
        if (only != 0 && vrid != only) continue;
        text += refuse(bench, bench.turn(refused("Operation not permitted", vrid)), only);
    }
    return text;
}

/// The log of so long; `refused`: none of its packets is sent.
std::string log_of(Bench& bench, Duration time, bool refused, std::uint8_t only = 0) {
    std::string text;
    for (const Instant end = bench.now + time; bench.now < end;) {
        const Instant next = std::min(end, bench.node.wake_at().value_or(end));
        const Effects effects = bench.pass(std::max<Duration>(next - bench.now, microseconds(1)));
        text += refused ? refuse(bench, effects, only) : told(effects);
    }
    return text;
}

constexpr const char* gives_up =
    "advertisements on eth0 are not sent: Operation not permitted\n"
    "one: master -> fault: advertisements on eth0 are not sent: Operation not permitted\n";

}  // namespace

TEST_CASE("that advertisements are not sent is said once a minute, and once that they are again") {
    Bench bench = master(director());
    CHECK(log_of(bench, seconds(59), true) == gives_up);
    CHECK(log_of(bench, seconds(20), true) ==
          "advertisements on eth0 are not sent (12 until now): Operation not permitted\n");
    CHECK(bench.first().unsent == 12);
    CHECK(log_of(bench, seconds(60), false) ==
          "one: fault -> backup: recovered\n"
          "advertisements on eth0 are sent again; 12 were not\n"
          "one: backup -> master: no master was heard\n");
    CHECK(log_of(bench, seconds(2), true) == "advertisements on eth0 are not sent: Operation not permitted\n");
}

TEST_CASE("a master that nobody hears is none for longer than its peers wait for it") {
    Bench bench = master(director());
    log_of(bench, milliseconds(3999), true);
    CHECK(bench.state() == vrrp::State::master);
    log_of(bench, milliseconds(1), true);
    CHECK(bench.state() == vrrp::State::fault);
    CHECK(bench.first().machine.why() == "advertisements on eth0 are not sent: Operation not permitted");
}

TEST_CASE("beside a living master nobody is master unheard") {
    Bench bench = backup(director());
    for (int i = 0; i < 5; ++i) {
        bench.hear(90);
        log_of(bench, milliseconds(900), true);
    }
    CHECK(bench.state() == vrrp::State::fault);
    CHECK(bench.first().unsent == 2);  // also that it gives up
    bench.hear(90);
    const Effects tries = bench.pass(seconds(1));
    CHECK(sent(tries) == "89 to 224.0.0.18\n");  // nobody gives way to that
    CHECK(bench.state() == vrrp::State::backup);
}

TEST_CASE("a try to send waits until what has come before it is heard") {
    Bench bench = backup(director());
    for (int i = 0; i < 5; ++i) {
        bench.hear(90);
        log_of(bench, milliseconds(900), true);
    }
    REQUIRE(bench.state() == vrrp::State::fault);
    bench.now += seconds(1);
    CHECK(bench.turn(Arrived{bench.packet(80)}).send.empty());
    CHECK(sent(bench.turn(Tick{})) == "79 to 224.0.0.18\n");
}

TEST_CASE("by unicast a master is heard as long as one of its peers gets something") {
    Bench bench = master(director("peers = [\"192.0.2.6\", \"192.0.2.7\"]\n"));
    for (int i = 0; i < 20; ++i) {
        if (bench.pass(seconds(1)).send.empty()) continue;
        bench.turn(refused());
    }
    CHECK(bench.state() == vrrp::State::master);
    log_of(bench, seconds(5), true);
    CHECK(bench.state() == vrrp::State::fault);
}

TEST_CASE("a node that cannot send stops in good order") {
    Bench bench = master(director());
    log_of(bench, seconds(5), true);
    bench.turn(Stop{});
    Effects effects = bench.pass(seconds(30));
    append(effects, bench.settle());
    CHECK(effects.exit);
}

TEST_CASE("two advertisements in one turn are one round") {
    Bench bench = master(director());
    CHECK(log_of(bench, seconds(2), true) == "advertisements on eth0 are not sent: Operation not permitted\n");
    const Effects effects = bench.hear(200);  // its last word
    CHECK(effects.send.size() == 1);
    CHECK(told(effects).find("sent again") == std::string::npos);
}

TEST_CASE("what is sent now and then does not fill the log either") {
    Bench bench = master(director());
    std::string text;
    for (int i = 0; i < 10; ++i) {
        text += log_of(bench, seconds(2), true);
        text += log_of(bench, seconds(2), false);
    }
    CHECK(text ==
          "advertisements on eth0 are not sent: Operation not permitted\n"
          "advertisements on eth0 are sent again; 2 were not\n");
}

TEST_CASE("of many instances on an interface one line tells, and the last one that is sent again") {
    Bench bench = master(pair());
    CHECK(log_of(bench, seconds(3), true) == "advertisements on eth0 are not sent: Operation not permitted\n");
    CHECK(log_of(bench, seconds(3), true, 52) ==  // a firewall that knows the VRID
          "two: master -> fault: advertisements on eth0 are not sent: Operation not permitted\n");
    CHECK(log_of(bench, seconds(6), false) ==
          "two: fault -> backup: recovered\n"
          "advertisements on eth0 are sent again; 9 were not\n"
          "two: backup -> master: no master was heard\n");
    CHECK(bench.node.instances().back().unsent == 6);
}

TEST_CASE("a socket that cannot be opened is said once a minute, by the instances that need it") {
    Bench bench = backup(director());
    const NoSocket none{"eth0", Family::ipv4, "No such device"};
    CHECK(told(bench.turn(none)) ==
          "one: VRRP socket on eth0: No such device\n"
          "one: backup -> fault: VRRP socket on eth0: No such device\n");
    CHECK(told(bench.turn(none)) == "");
    CHECK(told(bench.turn(NoSocket{"eth1", Family::ipv4, "No such device"})) == "");
    CHECK(told(bench.turn(NoSocket{"eth0", Family::ipv6, "No such device"})) == "");
}

TEST_CASE("an instance without a socket is in fault until it has one, also one that starts or is new") {
    const NoSocket none{"eth0", Family::ipv4, "No buffer space available"};
    Bench bench(director());
    bench.turn(none);
    bench.run();
    CHECK(bench.state() == vrrp::State::fault);
    CHECK(bench.first().machine.why() == "VRRP socket on eth0: No buffer space available");
    bench.reload(pair());
    bench.settle();
    for (const Instance& each : bench.node.instances()) CHECK(each.machine.state() == vrrp::State::fault);
    CHECK(bench.pass(seconds(30)).send.empty());
    bench.turn(NoSocket{"eth0", Family::ipv4, ""});
    for (const Instance& each : bench.node.instances()) CHECK(each.machine.state() == vrrp::State::backup);
}

TEST_CASE("other trouble is said once a minute, and never too much of it") {
    Bench bench = backup(director());
    CHECK(told(bench.turn(Trouble{"reading interfaces: no"})) == "reading interfaces: no\n");
    CHECK(told(bench.turn(Trouble{"reading interfaces: no"})) == "");
    CHECK(told(bench.turn(Trouble{"reading interfaces: not yet"})) == "reading interfaces: not yet\n");
    bench.now += seconds(60);
    std::size_t lines = 0;
    for (int i = 0; i < 100; ++i)
        lines += told(bench.turn(Trouble{std::to_string(i)})).find(std::to_string(i)) == 0 ? 1U : 0U;
    CHECK(lines == 20);
}

// ---- link addresses ------------------------------------------------------------------------------------------------

TEST_CASE("a master whose interface has a new link address tells the neighbours, at once and once more") {
    Bench bench = master(director());
    bench.pass(seconds(6));
    bench.up.front().link_address = {2, 0, 0, 0, 0, 7};
    const std::vector<IpAddress> holding{ip("192.0.2.20")};
    CHECK(announced(bench.links(holding)) == "192.0.2.20 on eth0 x5\n");
    CHECK(announced(bench.links(holding)) == "");
    CHECK(announced(bench.pass(seconds(1))) == "192.0.2.20 on eth0 x5\n");
    CHECK(announced(bench.pass(seconds(9))) == "");
}

TEST_CASE("a VIP without an instance is told of as well when its interface has a new link address") {
    Bench bench(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text);
    bench.links({ip("192.0.2.20")});
    bench.up.front().link_address = {2, 0, 0, 0, 0, 7};
    CHECK(announced(bench.links({ip("192.0.2.20")})) == "192.0.2.20 on eth0 x5\n");
}

TEST_CASE("a new link address is nobody's news but a master's with VIPs on that interface") {
    Bench other = master(director());
    other.up.push_back({"eth1", true, {}});
    other.links({ip("192.0.2.20")});
    other.pass(seconds(6));
    other.up.back().link_address = {2, 0, 0, 0, 0, 7};
    CHECK(announced(other.links({ip("192.0.2.20")})) == "");
    other.up.front().link_address = {2, 0, 0, 0, 0, 8};
    CHECK(announced(other.links()) == "");  // it is not here
    Bench server(director("", "real-server"));
    server.links({ip("192.0.2.20")});
    server.up.front().link_address = {2, 0, 0, 0, 0, 7};
    CHECK(announced(server.links({ip("192.0.2.20")})) == "");
    Bench idle = backup(director());
    idle.up.front().link_address = {2, 0, 0, 0, 0, 7};
    CHECK(announced(idle.links()) == "");
}

}  // namespace lbconverge::node
