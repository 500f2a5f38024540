// A new configuration, and the end.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

std::string exits(const Effects& effects) { return effects.exit ? "exit" : "stays"; }

}  // namespace

// ---- reload --------------------------------------------------------------------------------------------------------

TEST_CASE("a reload that changes nothing is not noticed by the protocol") {
    for (Bench bench : {backup(director()), master(director())}) {
        const auto wake = bench.first().machine.wake_at();
        const auto counters = bench.first().machine.counters();
        const Instant since = bench.first().machine.since();
        bench.now += milliseconds(100);
        const Effects effects = bench.reload(director());
        CHECK(effects.send.empty());
        CHECK(effects.announce.empty());
        CHECK(effects.say.empty());
        CHECK(bench.first().machine.wake_at() == wake);
        CHECK(bench.first().machine.counters() == counters);
        CHECK(bench.first().machine.since() == since);
        CHECK_FALSE(bench.first().history.empty());
    }
}

TEST_CASE("a reload asks for all lanes with the new configuration") {
    Bench bench = master(director());
    const ConfigPtr config = config_of(director("priority = 100\n"));
    const Effects effects = bench.turn(Reload{config});
    CHECK(asked(effects) == "network network one=master\ntables tables one=master\n");
    for (const Converge& each : effects.converge) CHECK(each.config == config);
    CHECK(&bench.node.config() == config.get());
}

TEST_CASE("a reload does not wait after an error, but for a lane that is busy") {
    Bench bench = master(director());
    bench.turn(Disturbed{});
    bench.done(Lane::network, "no such device");
    CHECK(asked(bench.reload(director())).find("network network") == 0);
    const ConfigPtr config = config_of(director());
    CHECK(bench.turn(Reload{config}).converge.empty());
    const Effects effects = bench.done(Lane::network);
    REQUIRE(effects.converge.size() == 1);
    CHECK(effects.converge.front().config == config);
}

TEST_CASE("a reload changes the priority of a master, who stays master and says it at once") {
    Bench bench = master(director());
    const Effects effects = bench.reload(director("priority = 90\n"));
    CHECK(sent(effects) == "90 to 224.0.0.18\n");
    CHECK(effects.say.empty());
    CHECK(bench.state() == State::master);
}

TEST_CASE("a reload that renames an instance keeps its state") {
    Bench bench = master(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        name = "old"
        vrid = 51
    )"_text);
    const Effects effects = bench.reload(director());
    CHECK(effects.say.empty());
    CHECK(asked(effects) == "network network one=master\ntables tables one=master\n");
}

TEST_CASE("an instance that is gone gives up, and its addresses are nobody's") {
    Bench bench = master(pair());
    const Effects effects = bench.reload(director("", "director"));
    CHECK(sent(effects) == "0 to 224.0.0.18\n");
    CHECK(read(effects.send.front()).vrid == 52);
    CHECK(told(effects) == "two: master -> leaving: stopped: waiting for a successor\n");
    CHECK(bench.node.instances().size() == 1);
    CHECK(bench.state() == State::master);
    CHECK(asked(effects) == "network network one=master\ntables tables one=master\n");
}

TEST_CASE("an instance that is new starts, and does not disturb the others") {
    Bench bench = master(director());
    const auto wake = bench.first().machine.wake_at();
    bench.now += milliseconds(100);
    const Effects effects = bench.reload(pair());
    CHECK(told(effects) == "two: init -> backup: started\n");
    CHECK(effects.send.empty());
    CHECK(bench.first().machine.wake_at() == wake);
    CHECK(bench.node.election().at("one") == ElectionState::master);
    CHECK(bench.node.election().at("two") == ElectionState::backup);
}

TEST_CASE("another VRID, version, family or interface is another router") {
    for (const std::string& toml : {R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        name = "one"
        vrid = 99
    )"_text,
                                    director("version = 2\n"), director(R"(interface = "eth1")")}) {
        Bench bench = master(director());
        bench.up.push_back({"eth1", true, {ip("198.51.100.5")}});
        bench.links();
        const Effects effects = bench.reload(toml);
        CHECK(sent(effects) == "0 to 224.0.0.18\n");
        CHECK(read(effects.send.front()).vrid == 51);
        CHECK(read(effects.send.front()).version == 3);
        CHECK(bench.state() == State::backup);
        CHECK(bench.node.election().at("one") == ElectionState::backup);
    }
}

TEST_CASE("a reload takes over what the node adds to the protocol: addresses, repetition, refresh") {
    Bench bench = master(director(R"(garp = { repeat = "5s", refresh = "0s" })"));
    bench.pass(seconds(10));
    bench.settle();
    bench.reload(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20", "192.0.2.21"]
        [[vrrp]]
        name = "one"
        vrid = 51
        garp = { count = 2, repeat = "5s", refresh = "20s" }
    )"_text);
    bench.settle();
    bench.arrive();
    for (int i = 0; i < 2; ++i) {  // what is new is repeated once before its refreshes
        CHECK(announced(bench.pass(seconds(5))) == "192.0.2.21 on eth0 x2\n");
        CHECK(announced(bench.pass(seconds(15))) == "192.0.2.20 on eth0 x2\n");
    }
    bench.reload(director(R"(garp = { repeat = "5s", refresh = "0s" })"));
    bench.pass(seconds(20));
    CHECK(announced(bench.pass(seconds(60))) == "");
}

TEST_CASE("a reload takes over the source address, and is a fault where that is not here") {
    Bench bench = master(director());
    bench.up.front().addresses = {ip("192.0.2.5"), ip("192.0.2.9")};
    bench.links();
    bench.reload(director(R"(source = "192.0.2.9")"));
    CHECK(bench.first().machine.source() == ip("192.0.2.9"));
    CHECK(bench.state() == State::master);
    bench.reload(director(R"(source = "192.0.2.8")"));
    CHECK(bench.state() == State::fault);
    bench.reload(director());
    CHECK(bench.state() == State::backup);
}

TEST_CASE("a reload forgets fights: the new configuration may be the peace") {
    Bench bench = master(director());
    for (int i = 0; i < 5; ++i) {
        bench.turn(Disturbed{});
        bench.done(Lane::network, "", {"address 192.0.2.20/32 dev eth0"});
    }
    CHECK(asked(bench.reload(director())).find("network network") == 0);
    CHECK(bench.node.fights().empty());
}

TEST_CASE("a director that becomes both has one lane, also when its tables had not been loaded") {
    Bench bench(director());
    bench.links();
    bench.done(Lane::network);
    bench.done(Lane::tables, "no such scheduler");
    CHECK(asked(bench.reload(director("", "both"))) == "network all one=backup\n");
    CHECK(asked(bench.done(Lane::network)).find("tables") == std::string::npos);
    CHECK(asked(bench.pass(seconds(60))).find("tables") == std::string::npos);
}

TEST_CASE("a director that becomes both does not work on its tables in two lanes at once") {
    Bench bench(director());
    bench.links();
    bench.done(Lane::network);
    CHECK(bench.reload(director("", "both")).converge.empty());
    CHECK(asked(bench.done(Lane::tables)) == "network all one=backup\n");
    CHECK(bench.done(Lane::network).converge.empty());
}

TEST_CASE("a node of role both that becomes a director does not work on its tables in two lanes at once") {
    Bench bench(director("", "both"));
    bench.links();
    CHECK(bench.reload(director()).converge.empty());
    bench.pass(seconds(60));  // no busy loop meanwhile
    CHECK(asked(bench.done(Lane::network)) == "network network one=undecided\ntables tables one=undecided\n");
}

// ---- the end -------------------------------------------------------------------------------------------------------

TEST_CASE("a master that is stopped serves until its successor does, withdraws, and exits") {
    Bench bench = master(director());
    const Effects stop = bench.turn(Stop{});
    CHECK(sent(stop) == "0 to 224.0.0.18\n");
    CHECK(exits(stop) == "stays");
    CHECK(bench.node.stopping());
    CHECK(bench.node.election().at("one") == ElectionState::undecided);  // keeps what it has, and takes nothing more
    for (const Converge& each : stop.converge) CHECK(each.election.at("one") == ElectionState::undecided);
    bench.settle();

    bench.now += milliseconds(300);
    CHECK(nothing(bench.hear(90)));
    const Effects grace = bench.pass(vrrp::hand_over_grace - microseconds(1));
    CHECK(nothing(grace));
    CHECK(bench.node.election().at("one") == ElectionState::undecided);

    const Effects withdraw = bench.pass(microseconds(1));
    CHECK(asked(withdraw) == "network network one=backup\n");
    CHECK(withdraw.send.empty());
    CHECK(exits(withdraw) == "stays");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("a master that is stopped and hears no successor withdraws all the same, in bounded time") {
    Bench bench = master(director());
    bench.turn(Stop{});
    bench.settle();
    const Effects effects = bench.pass(seconds(1) + vrrp::hand_over_margin);
    CHECK(asked(effects) == "network network one=backup\n");
    CHECK(effects.send.empty());
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("role both gives its table up before anybody else loads one, and its addresses later") {
    Bench gives_way = master(director("", "both"));
    gives_way.settle();
    CHECK(asked(gives_way.hear(101)) == "network all one=yielding\n");
    gives_way.done(Lane::network);
    CHECK(asked(gives_way.pass(vrrp::hand_over_grace)) == "network all one=backup\n");

    Bench leaves = master(director("", "both"));
    leaves.settle();
    CHECK(asked(leaves.turn(Stop{})) == "network all one=yielding\n");
}

TEST_CASE("role both that takes over from a living master gives that time to give up its table") {
    Bench bench = backup(director("", "both"));
    bench.settle();
    bench.pass(bench.first().machine.down_interval() - milliseconds(10));
    bench.hear(90);
    const Effects effects = bench.pass(milliseconds(10));
    REQUIRE(bench.state() == State::master);
    CHECK(sent(effects) == "100 to 224.0.0.18\n");
    CHECK(effects.converge.empty());
    CHECK(bench.pass(milliseconds(20) - microseconds(1)).converge.empty());
    CHECK(asked(bench.pass(microseconds(1))) == "network all one=master\n");

    Bench alone = backup(director("", "both"));
    alone.settle();
    CHECK(asked(alone.pass(alone.first().machine.down_interval())) == "network all one=master\n");
}

TEST_CASE("the slowest of several hand-overs decides when the daemon exits, not when the others withdraw") {
    Bench bench = master(pair());
    bench.pass(seconds(1));
    bench.settle();
    bench.turn(Stop{});
    bench.settle();
    bench.hear(90);
    CHECK(asked(bench.pass(vrrp::hand_over_grace)) == "network network one=backup two=undecided\n");
    CHECK(exits(bench.done(Lane::network)) == "stays");
    CHECK(asked(bench.pass(seconds(2))) == "network network one=backup two=backup\n");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("a backup that is stopped says nothing, looks once more that it has no address, and exits") {
    Bench bench = backup(director());
    bench.settle();
    const Effects effects = bench.turn(Stop{});
    CHECK(effects.send.empty());
    CHECK(asked(effects) == "network network one=backup\n");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("who was not ready to stand for election gives its addresses up when it is stopped") {
    Bench bench(director());
    bench.links();
    bench.done(Lane::network);
    CHECK(asked(bench.turn(Stop{})) == "network network one=backup\n");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("a stop before the links are known is the end at once") {
    Bench bench(director());
    CHECK(exits(bench.turn(Stop{})) == "exit");
}

TEST_CASE("a real server that is stopped looks once more, and exits") {
    Bench bench(director("", "real-server"));
    bench.run();
    CHECK(asked(bench.turn(Stop{})) == "network all\n");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("the withdrawal waits for a run that was planned while the addresses were wanted") {
    Bench bench = master(director());
    bench.turn(Stop{});
    REQUIRE(bench.node.lane(Lane::network).busy);
    CHECK(bench.pass(seconds(2)).converge.empty());
    const Effects effects = bench.done(Lane::network);
    CHECK(asked(effects) == "network network one=backup\n");
    CHECK(exits(effects) == "stays");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("the withdrawal does not wait for the tables, nor after an error") {
    Bench bench = master(director());
    bench.turn(Asked{});
    bench.done(Lane::network, "no such device");
    REQUIRE(bench.node.lane(Lane::tables).busy);
    bench.turn(Stop{});
    if (bench.node.lane(Lane::network).busy) bench.done(Lane::network, "no such device");
    CHECK(asked(bench.pass(seconds(2))).find("network network one=backup\n") != std::string::npos);
    const Effects effects = bench.done(Lane::network, "no such device");
    CHECK(exits(effects) == "exit");  // there is nothing better to wait for
}

TEST_CASE("the withdrawal waits for a lane that is at work on the same in an earlier role") {
    Bench bench(director());
    bench.links();
    bench.done(Lane::network);
    bench.reload(director("", "both"));
    CHECK(exits(bench.turn(Stop{})) == "stays");
    CHECK(exits(bench.turn(Tick{})) == "stays");
    CHECK(asked(bench.done(Lane::tables)) == "network all one=backup\n");
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("a turn that ends the daemon asks for nothing more") {
    Bench bench = backup(director());
    bench.settle();
    bench.turn(Stop{});
    bench.turn(Disturbed{});
    const Effects effects = bench.done(Lane::network);
    CHECK(exits(effects) == "exit");
    CHECK(effects.converge.empty());
}

TEST_CASE("to stop and keep everything is to exit at once, without a word") {
    for (const std::string& more : {std::string(), R"(
        [daemon]
        on_exit = "keep"
    )"_text}) {
        const Stop stop{.keep = more.empty()};
        for (Bench bench : {backup(director(more)), master(director(more))}) {
            bench.now = *bench.first().machine.wake_at();  // something would be due
            const Effects effects = bench.turn(stop);
            CHECK(exits(effects) == "exit");
            CHECK(effects.send.empty());
            CHECK(effects.converge.empty());
            CHECK(effects.announce.empty());
        }
    }
}

TEST_CASE("after the end nothing happens and nothing is waited for") {
    Bench bench = master(director());
    bench.turn(Stop{.keep = true});
    CHECK_FALSE(bench.node.wake_at());
    bench.now += hours(1);
    CHECK(nothing(bench.turn(Tick{})));
    CHECK(nothing(bench.hear(200)));
    CHECK(nothing(bench.turn(Stop{})));
}

TEST_CASE("to be told twice to stop changes nothing, unless the second time everything shall be kept") {
    Bench bench = master(director());
    bench.turn(Stop{});
    bench.settle();
    const auto wake = bench.node.wake_at();
    CHECK(nothing(bench.turn(Stop{})));
    CHECK(bench.node.wake_at() == wake);
    CHECK(exits(bench.turn(Stop{.keep = true})) == "exit");
}

TEST_CASE("links that come and go while the daemon stops start nothing anew") {
    Bench bench = master(director());
    bench.turn(Stop{});
    bench.settle();
    bench.link_goes(false);
    bench.settle();
    CHECK(bench.state() == State::leaving);
    const Effects effects = bench.link_goes(true);
    CHECK(effects.send.empty());
    bench.settle();
    CHECK(bench.state() == State::leaving);
    bench.pass(seconds(2));
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

TEST_CASE("a reload while the daemon stops starts nothing anew") {
    Bench bench = master(director());
    bench.turn(Stop{});
    bench.settle();
    const Effects effects = bench.reload(pair());
    CHECK(effects.send.empty());
    CHECK(effects.say.empty());
    bench.settle();
    CHECK(bench.state() == State::leaving);
    CHECK(bench.node.election().at("two") == ElectionState::backup);
    bench.pass(seconds(2));
    CHECK(exits(bench.done(Lane::network)) == "exit");
}

}  // namespace lbconverge::node
