// Sockets that send nothing, and link addresses that change.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;

namespace {

Unsent refused(const char* why = "Operation not permitted", std::uint8_t vrid = 51) {
    return {"eth0", Family::ipv4, vrid, why};
}

/// A master for so long; `refuse`: none of its packets is sent.
std::string log_of(Bench& bench, Duration time, bool refuse) {
    std::string text;
    for (const Instant end = bench.now + time; bench.now < end;) {
        Effects effects = bench.pass(std::min<Duration>(milliseconds(100), end - bench.now));
        text += told(effects);
        for (const Packet& each : effects.send) {
            if (refuse)
                text += told(
                    bench.turn(refused("Operation not permitted", std::to_integer<std::uint8_t>(each.message[1]))));
        }
    }
    return text;
}

}  // namespace

TEST_CASE("that advertisements are not sent is said once a minute, and once that they are again") {
    Bench bench = master(director());
    CHECK(log_of(bench, seconds(30), true) == "advertisements on eth0 are not sent: Operation not permitted\n");
    CHECK(log_of(bench, seconds(35), true) ==
          "advertisements on eth0 are not sent (61 until now): Operation not permitted\n");
    CHECK(bench.first().unsent == 65);
    CHECK(log_of(bench, seconds(60), false) == "advertisements on eth0 are sent again; 65 were not\n");
    CHECK(log_of(bench, seconds(2), true) == "advertisements on eth0 are not sent: Operation not permitted\n");
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
    std::string text;
    for (int i = 0; i < 3; ++i) {  // a firewall that knows the VRID
        text += told(bench.pass(seconds(1)));
        text += told(bench.turn(refused("Operation not permitted", 52)));
    }
    CHECK(text == "");
    CHECK(log_of(bench, seconds(2), false) == "advertisements on eth0 are sent again; 9 were not\n");
    CHECK(bench.node.instances().back().unsent == 6);
}

TEST_CASE("a socket that cannot be opened is said once a minute, by the instances that need it") {
    Bench bench = backup(director());
    const NoSocket none{"eth0", Family::ipv4, "No such device"};
    CHECK(told(bench.turn(none)) == "one: VRRP socket on eth0: No such device\n");
    CHECK(told(bench.turn(none)) == "");
    CHECK(told(bench.turn(NoSocket{"eth1", Family::ipv4, "No such device"})) == "");
    CHECK(told(bench.turn(NoSocket{"eth0", Family::ipv6, "No such device"})) == "");
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
