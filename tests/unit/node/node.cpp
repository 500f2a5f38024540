// When a node takes part in the election, with which address, and what a change of state leads to.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

// ---- the beginning -------------------------------------------------------------------------------------------------

TEST_CASE("nothing happens before the links are known") {
    Bench bench(director());
    CHECK(nothing(bench.turn(Tick{})));
    CHECK(nothing(bench.turn(Disturbed{})));
    CHECK(nothing(bench.turn(Asked{})));
    CHECK(nothing(bench.hear(200)));
    CHECK(nothing(bench.reload(director("priority = 90\n"))));
    CHECK_FALSE(bench.node.wake_at());
    bench.now += hours(1);
    CHECK(nothing(bench.turn(Tick{})));
    CHECK(bench.state() == State::init);
}

TEST_CASE("with the links a director asks for both lanes, each with its part") {
    Bench bench(director());
    CHECK(asked(bench.links()) == "network network one=undecided\ntables tables one=undecided\n");
}

TEST_CASE("a node of role both has one lane, which does everything") {
    Bench bench(director("", "both"));
    CHECK(asked(bench.links()) == "network all one=undecided\n");
}

TEST_CASE("a real server has one lane and no election, also where the file has one") {
    Bench bench(director("", "real-server"));
    CHECK(asked(bench.links()) == "network all\n");
    CHECK(bench.node.instances().empty());
    bench.settle();
    CHECK(bench.pass(seconds(5)).send.empty());
}

TEST_CASE("a director stands for election once its tables are loaded, whatever its network lane does") {
    Bench bench(director());
    bench.links();
    bench.done(Lane::network);
    CHECK(bench.state() == State::init);
    CHECK(told(bench.done(Lane::tables)) == "one: init -> backup: started\n");
    CHECK(bench.state() == State::backup);
    Bench other(director());
    other.links();
    other.done(Lane::tables);
    CHECK(other.state() == State::backup);
}

TEST_CASE("tables that could not be loaded are no reason to stand for election") {
    Bench bench(director());
    bench.links();
    bench.done(Lane::network);
    bench.done(Lane::tables, "no such scheduler");
    CHECK(bench.state() == State::init);
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    bench.pass(seconds(1));
    bench.done(Lane::tables);
    CHECK(bench.state() == State::backup);
}

TEST_CASE("a node of role both stands for election once everything is in place") {
    Bench bench(director("", "both"));
    bench.links();
    CHECK(bench.state() == State::init);
    bench.done(Lane::network, "no such device");
    CHECK(bench.state() == State::init);
    bench.pass(seconds(1));
    bench.done(Lane::network);
    CHECK(bench.state() == State::backup);
}

TEST_CASE("a start delay counts from when the node could take part, without an opinion meanwhile") {
    Bench bench(director(R"(start_delay = "5s")"));
    bench.run();
    bench.settle();
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    CHECK(bench.pass(seconds(4)).say.empty());
    CHECK(told(bench.pass(seconds(1))) == "one: init -> backup: started\n");
}

TEST_CASE("who holds a VIP at the start of the daemon has no opinion until it has listened") {
    Bench bench(director());
    bench.run({ip("192.0.2.20")});
    CHECK(bench.state() == State::backup);
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    const Effects effects = bench.pass(seconds(2));
    CHECK(bench.state() == State::master);
    CHECK(sent(effects) == "100 to 224.0.0.18\n");
    CHECK(asked(effects) == "network network one=master\n");
}

TEST_CASE("who holds a VIP and hears a master gives it up once that has it") {
    Bench bench(director());
    bench.run({ip("192.0.2.20")});
    bench.settle();
    CHECK(asked(bench.hear(90)) == "network network one=undecided\n");
    bench.settle();
    CHECK(asked(bench.pass(vrrp::hand_over_grace)) == "network network one=backup\n");
}

TEST_CASE("who holds a VIP listens at once, whether or not its tables are loaded: its peers are counting") {
    for (const char* role : {"director", "both"}) {
        Bench bench(director("", role));
        bench.links({ip("192.0.2.20")});
        CHECK(bench.state() == State::backup);
        CHECK(bench.node.election().at("one") == ElectionState::undecided);
        bench.hear(0);  // nobody's
        CHECK(bench.node.election().at("one") == ElectionState::undecided);
        bench.hear(150);
        const Instant heard = bench.now;
        bench.pass(vrrp::hand_over_grace);
        CHECK(bench.node.election().at("one") == ElectionState::backup);
        CHECK(asked(bench.done(Lane::network)).find("one=backup") != std::string::npos);
        CHECK(*bench.first().machine.wake_at() - heard == bench.first().machine.down_interval());
    }
}

TEST_CASE("only a tick fires timers: what they wait for may lie in a queue behind another packet") {
    Bench bench = backup(director());
    bench.settle();
    bench.until_due();
    CHECK(bench.turn(Disturbed{}).send.empty());
    Packet packet = bench.packet(200);
    packet.message[1] = std::byte{99};
    CHECK(bench.turn(Arrived{packet}).send.empty());
    CHECK(bench.turn(Links{bench.up, {}}).send.empty());
    CHECK(bench.turn(Arrived{bench.packet(200)}).send.empty());
    CHECK(bench.turn(Tick{}).send.empty());
    CHECK(bench.state() == State::backup);
    bench.until_due();
    CHECK(sent(bench.turn(Tick{})) == "100 to 224.0.0.18\n");
}

TEST_CASE("an address that is no VIP of the instance is not held") {
    Bench bench(director());
    bench.run({ip("192.0.2.21")});
    CHECK(bench.node.election().at("one") == ElectionState::backup);
}

TEST_CASE("only what was here with the first links is held") {
    Bench bench(director());
    bench.links();
    bench.links({ip("192.0.2.20")});
    bench.settle();
    CHECK(bench.node.election().at("one") == ElectionState::backup);
}

// ---- transitions ---------------------------------------------------------------------------------------------------

TEST_CASE("a transition sends, and asks for the network lane, in the turn in which it happens") {
    Bench bench = backup(director());
    bench.settle();
    bench.until_due();
    const Effects effects = bench.turn(Tick{});
    CHECK(sent(effects) == "100 to 224.0.0.18\n");
    CHECK(asked(effects) == "network network one=master\n");
    CHECK(told(effects) == "one: backup -> master: no master was heard\n");
    bench.settle();
    CHECK(asked(bench.hear(101)) == "network network one=undecided\n");  // it serves on until the other one is ready
    bench.settle();
    CHECK(asked(bench.pass(vrrp::hand_over_grace)) == "network network one=backup\n");
}

TEST_CASE("a transition does not wait for what the network lane waits for after an error") {
    Bench bench = backup(director());
    const LaneState& lane = bench.node.lane(Lane::network);
    bench.settle();
    bench.turn(Disturbed{});
    while (bench.done(Lane::network, "read-only file system"), *lane.retry_at - bench.now < seconds(30)) {
        for (; !lane.busy; bench.pass(seconds(1))) bench.hear(200);
    }
    bench.hear(200);
    CHECK(asked(bench.pass(bench.first().machine.down_interval())) == "network network one=master\n");
}

TEST_CASE("a transition that comes while the network lane is busy follows at its end, once") {
    Bench bench = backup(director());
    bench.settle();
    CHECK(asked(bench.turn(Disturbed{})) == "network network one=backup\n");
    bench.pass(bench.first().machine.down_interval());
    bench.hear(101);
    CHECK(bench.state() == State::backup);
    bench.pass(bench.first().machine.down_interval());
    CHECK(bench.state() == State::master);
    CHECK(asked(bench.done(Lane::network)) == "network network one=master\n");
    CHECK(bench.done(Lane::network).converge.empty());
}

TEST_CASE("a transition that comes while the network lane is busy does not wait either when that run fails") {
    Bench bench = backup(director());
    bench.settle();
    bench.turn(Disturbed{});
    bench.pass(bench.first().machine.down_interval());
    const Effects effects = bench.done(Lane::network, "no such device");
    CHECK(asked(effects) == "network network one=master\n");
    CHECK(told(effects) == "network: no such device\n");
    CHECK(asked(bench.done(Lane::network, "no such device")) == "network network one=undecided\n");  // it makes room
    CHECK(bench.done(Lane::network, "no such device").converge.empty());
    CHECK(*bench.node.lane(Lane::network).retry_at == bench.now + seconds(2));
}

TEST_CASE("what the network lane is at when the election changes is overtaken, and nothing else is") {
    Bench bench = backup(director());
    bench.settle();
    CHECK(bench.turn(Asked{}).overtaken.empty());
    bench.done(Lane::network);
    REQUIRE(bench.node.lane(Lane::tables).busy);
    Effects effects = bench.pass(bench.first().machine.down_interval());
    CHECK(effects.overtaken.empty());  // nothing of it was there to overtake
    CHECK(asked(effects) == "network network one=master\n");
    CHECK(bench.hear(101).overtaken == std::vector<Lane>{Lane::network});
    effects = bench.pass(vrrp::hand_over_grace);
    CHECK(effects.overtaken == std::vector<Lane>{Lane::network});  // it must not keep the addresses either
    CHECK(asked(bench.cut_off(Lane::network)) == "network network one=backup\n");
}

TEST_CASE("a run that was overtaken is not the first that converged, nor an error") {
    Bench bench(director("", "both"));
    bench.links();
    bench.link_goes(false);  // something to look at again
    const Effects effects = bench.cut_off(Lane::network);
    CHECK(effects.say.empty());
    CHECK(asked(effects) == "network all one=undecided\n");
    CHECK_FALSE(bench.node.lane(Lane::network).converged);
    CHECK(bench.state() == State::init);
    bench.done(Lane::network);
    CHECK(bench.node.lane(Lane::network).converged);
    CHECK(bench.state() == State::fault);
}

TEST_CASE("what the network lane is asked for because of the election is urgent, and what is looked at is not") {
    Bench bench = backup(director());
    bench.settle();
    const auto urgent = [](const Effects& effects) {
        REQUIRE(effects.converge.size() == 1);
        return effects.converge.front().urgent;
    };
    CHECK_FALSE(urgent(bench.turn(Disturbed{})));
    bench.settle();
    CHECK(urgent(bench.pass(bench.first().machine.down_interval())));
    bench.done(Lane::network);
    CHECK_FALSE(urgent(bench.turn(Disturbed{})));
}

TEST_CASE("addresses that come and go are told by a disturbance, not by the list of the links") {
    Bench bench = master(director());
    bench.up.front().addresses.push_back(ip("198.51.100.1"));
    CHECK(nothing(bench.links({ip("192.0.2.20")})));
    bench.up.clear();
    CHECK(asked(bench.links()).find("network network") == 0);
}

TEST_CASE("the last twenty transitions are remembered, oldest first") {
    Bench bench = backup(director());
    for (int i = 0; i < 30; ++i) {
        bench.pass(bench.first().machine.down_interval());
        bench.hear(101);
    }
    const auto& history = bench.first().history;
    REQUIRE(history.size() == 20);
    CHECK(history.front().from == State::backup);
    CHECK(history.back().from == State::master);
    CHECK(history.back().to == State::backup);
    CHECK(history.back().why == "heard 192.0.2.6 with priority 101");
    CHECK(history.front().at < history.back().at);
}

TEST_CASE("several instances are several elections") {
    Bench bench(pair());
    bench.run();
    REQUIRE(bench.node.instances().size() == 2);
    bench.settle();
    bench.pass(bench.first().machine.down_interval() - milliseconds(1));
    bench.hear(200);
    CHECK(asked(bench.pass(milliseconds(1))) == "network network one=backup two=master\n");
}

// ---- links ---------------------------------------------------------------------------------------------------------

TEST_CASE("a lost link is a fault: priority 0 for whoever still hears, and the address goes") {
    Bench bench = master(director());
    const Effects effects = bench.link_goes(false);
    CHECK(sent(effects) == "0 to 224.0.0.18\n");
    CHECK(asked(effects) == "network network one=backup\n");
    CHECK(told(effects) == "one: master -> fault: interface eth0 has no link\n");
    CHECK(effects.say.front().level == Level::warning);
    CHECK(bench.state() == State::fault);
}

TEST_CASE("a link that returns is a new start, with the same patience") {
    Bench bench = master(director());
    bench.link_goes(false);
    bench.settle();
    const Effects effects = bench.link_goes(true);
    CHECK(told(effects) == "one: fault -> backup: recovered\n");
    CHECK(asked(effects) == "network network one=backup\n");
    bench.settle();
    CHECK(bench.pass(bench.first().machine.down_interval() - microseconds(1)).send.empty());
    CHECK(sent(bench.pass(microseconds(1))) == "100 to 224.0.0.18\n");
}

TEST_CASE("a fault that has another reason by now says the new one") {
    Bench bench = backup(director());
    bench.link_goes(false);
    CHECK(bench.first().machine.why() == "interface eth0 has no link");
    bench.up.clear();
    bench.links();
    CHECK(bench.first().machine.why() == "there is no interface eth0");
}

TEST_CASE("a link that stays away is one fault") {
    Bench bench = master(director());
    bench.link_goes(false);
    bench.settle();
    const Effects effects = bench.link_goes(false);
    CHECK(effects.send.empty());
    CHECK(effects.say.empty());
    CHECK(bench.state() == State::fault);
    CHECK(bench.first().history.size() == 3);
}

TEST_CASE("what is missing is named") {
    const auto fault = [](std::vector<InterfaceState> links, const std::string& toml = director()) {
        Bench bench = backup(toml);
        bench.up = std::move(links);
        bench.links();
        CHECK(bench.state() == State::fault);
        return bench.first().machine.why();
    };
    CHECK(fault({}) == "there is no interface eth0");
    CHECK(fault({{"eth1", true, {ip("192.0.2.5")}}}) == "there is no interface eth0");
    CHECK(fault({{"eth0", false, {ip("192.0.2.5")}}}) == "interface eth0 has no link");
    CHECK(fault({{"eth0", true, {ip("fe80::5")}}}) == "interface eth0 has no IPv4 address to send from");
}

TEST_CASE("a link that is down at the start is a fault once the node could take part, and not before") {
    Bench bench(director());
    bench.up.front().up = false;
    bench.links();
    CHECK(bench.state() == State::init);
    CHECK(told(bench.settle()) == "one: init -> fault: interface eth0 has no link\n");
    CHECK(bench.node.election().at("one") == ElectionState::backup);
    bench.link_goes(true);
    CHECK(bench.state() == State::backup);
}

TEST_CASE("links that have not changed for an instance do not disturb it") {
    Bench bench = master(director());
    const auto wake = bench.first().machine.wake_at();
    bench.up.push_back({"eth1", true, {}});
    const Effects effects = bench.links();
    CHECK(effects.send.empty());
    CHECK(effects.say.empty());
    CHECK(asked(effects) == "network network one=master\n");  // a new interface wants its settings
    CHECK(bench.first().machine.wake_at() == wake);
}

}  // namespace lbconverge::node
