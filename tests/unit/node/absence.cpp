// A node that did not run for a while: stopped, suspended, starved.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

const std::vector<IpAddress> vip_here{ip("192.0.2.20")};

/// A master that refreshes once a second, and that has not run for ten.
Bench away(const std::string& preempt) {
    Bench bench = master(director(R"(
        garp = { repeat = "0s", refresh = "1s" }
        preempt = $
    )"_with(preempt)));
    bench.pass(seconds(5));
    bench.now += seconds(10);
    return bench;
}

/// A backup that has just heard its master.
Bench hearing(const std::string& more) {
    Bench bench = backup(director(more));
    bench.settle();
    bench.hear(200);
    return bench;
}

}  // namespace

TEST_CASE("a backup that did not run does not take over from a master that lives, whatever it missed") {
    for (const char* more : {"preempt = false\n", "", "peers = [\"192.0.2.6\"]\n", "advert_interval = \"100ms\"\n"}) {
        CAPTURE(more);
        Bench bench = hearing(more);
        bench.now += seconds(60);
        const Effects effects = bench.turn(Tick{});
        CHECK(effects.send.empty());
        CHECK(bench.pass(bench.first().machine.settings().interval).send.empty());
        bench.hear(200);
        CHECK(bench.state() == State::backup);
    }
}

TEST_CASE("a backup that did not run takes over when it has listened and heard nobody") {
    Bench bench = hearing("preempt = false\n");
    bench.now += seconds(60);
    bench.turn(Tick{});
    CHECK(sent(bench.pass(bench.first().machine.first_listening())) == "100 to 224.0.0.18\n");
    CHECK(bench.state() == State::master);
}

TEST_CASE("a backup wakes up often enough to know that it ran") {
    Bench bench = hearing("");
    const Instant heard = bench.now;
    CHECK(bench.node.wake_at() <= heard + milliseconds(1250));
    CHECK(bench.pass(bench.first().machine.down_interval() - microseconds(1)).send.empty());
    CHECK(sent(bench.pass(microseconds(1))) == "100 to 224.0.0.18\n");
    CHECK(bench.first().machine.counters().late == 0);
}

TEST_CASE("a master that did not run announces nothing before it has listened, whatever comes first") {
    Bench bench = away("true");
    bench.up.front().link_address = {2, 0, 0, 0, 0, 7};
    CHECK(announced(bench.turn(Links{bench.up, vip_here})) == "");
    bench.turn(Disturbed{});
    CHECK(announced(bench.settle()) == "");
    CHECK(announced(bench.turn(Tick{})) == "");
    CHECK(announced(bench.pass(milliseconds(1124))) == "");
    SUBCASE("nobody is heard") { CHECK(announced(bench.pass(milliseconds(1))) == "192.0.2.20 on eth0 x5\n"); }
    SUBCASE("the new master is heard") {
        CHECK(announced(bench.hear(200)) == "");
        CHECK(announced(bench.pass(seconds(3))) == "");
    }
}

TEST_CASE(
    "a master that did not run and does not preempt says a last word below its successor's, and announces nothing") {
    Bench bench = away("false");
    const Effects effects = bench.hear(90);
    CHECK(sent(effects) == "89 to 224.0.0.18\n");
    CHECK(announced(effects) == "");
    CHECK(bench.state() == State::backup);
    CHECK(announced(bench.pass(seconds(3))) == "");
}

TEST_CASE("what lies in the queue behind a master of lower priority is heard before the neighbours are told") {
    for (Bench bench : {away("true"), master(director())}) {
        CHECK(announced(bench.turn(Arrived{bench.packet(99, "192.0.2.7")})) == "");
        CHECK(announced(bench.turn(Arrived{bench.packet(200)})) == "");
        CHECK(announced(bench.turn(Tick{})) == "");
        CHECK(bench.state() == State::backup);
    }
}

TEST_CASE("the members of a group say the same last word: their successor gives way to none") {
    Bench bench = master(R"(
        role = "director"
        interface = "eth0"
        [[vip]]
        address = "192.0.2.20"
        vrrp = "one"
        [[vrrp]]
        name = "one"
        vrid = 51
        preempt = false
        [[vrrp]]
        name = "two"
        vrid = 52
        preempt = false
        [[sync_group]]
        name = "both"
        members = ["one", "two"]
    )"_text);
    bench.now += seconds(10);
    CHECK(sent(bench.hear(90)) == "89 to 224.0.0.18\n89 to 224.0.0.18\n");
}

}  // namespace lbconverge::node
