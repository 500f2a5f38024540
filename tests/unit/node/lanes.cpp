// Kernel work: when a lane is asked, what happens after an error, and what when somebody else works against it.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

/// Converged, and until the next look nothing is due but the election, which a master elsewhere keeps quiet.
Bench at_rest(const std::string& toml) {
    Bench bench(toml);
    bench.run();
    REQUIRE_FALSE(bench.node.lane(Lane::network).busy);
    REQUIRE_FALSE(bench.node.lane(Lane::tables).busy);
    return bench;
}

/// No election, so that nothing but the lanes wants anything.
std::string quiet(const std::string& role = "director", const std::string& more = "") {
    return R"(
        role = "$"
        interface = "eth0"
    )"_with(role) +
           more;
}

const std::string vip = "address 192.0.2.20/32 dev eth0";

/// Somebody has removed the VIP, and the node has put it back.
Effects repair(Bench& bench, const std::string& id = vip) {
    Effects all = bench.turn(Disturbed{});
    if (bench.node.lane(Lane::network).busy) append(all, bench.done(Lane::network, "", {id}));
    return all;
}

}  // namespace

TEST_CASE("a disturbance asks for the network lane at once, and only for it") {
    Bench bench = at_rest(quiet());
    CHECK(asked(bench.turn(Disturbed{})) == "network network\n");
}

TEST_CASE("where nothing is to be repaired a disturbance is nobody's business, and nobody looks") {
    Bench bench = at_rest(quiet("director", R"(
        [daemon]
        repair = false
    )"_text));
    CHECK(nothing(bench.turn(Disturbed{})));
    CHECK(nothing(bench.pass(hours(1))));
    CHECK_FALSE(bench.node.wake_at());
}

TEST_CASE("where something changes all the time, a lane rests as long as it has looked in vain") {
    Bench bench = at_rest(quiet());
    const auto looked_for = [&](Duration time) {
        bench.turn(Disturbed{});
        bench.now += time;
        return bench.done(Lane::network);
    };
    bench.turn(Disturbed{});
    CHECK(nothing(looked_for(milliseconds(200))));
    CHECK(nothing(bench.pass(milliseconds(199))));
    CHECK(asked(bench.pass(milliseconds(1))) == "network network\n");
    CHECK(nothing(looked_for(seconds(5))));
    CHECK(nothing(bench.pass(milliseconds(499))));
    CHECK(asked(bench.pass(milliseconds(1))) == "network network\n");
    bench.turn(Disturbed{});
    bench.now += milliseconds(200);
    CHECK(asked(bench.turn(Converged{.lane = Lane::network, .done = 1})) == "network network\n");  // there may be more
    bench.now += milliseconds(200);
    bench.done(Lane::network);
    CHECK(asked(bench.turn(Disturbed{})) == "network network\n");  // nothing had changed meanwhile
}

TEST_CASE("while a lane is busy further wishes wait, and are carried out afterwards once") {
    Bench bench = at_rest(quiet());
    bench.turn(Disturbed{});
    CHECK(nothing(bench.turn(Disturbed{})));
    CHECK(nothing(bench.turn(Disturbed{})));
    CHECK(asked(bench.done(Lane::network)) == "network network\n");
    CHECK(nothing(bench.done(Lane::network)));
}

TEST_CASE("one lane does not wait for the other") {
    Bench bench(quiet());
    bench.links();
    bench.done(Lane::network);
    CHECK(asked(bench.turn(Disturbed{})) == "network network\n");
    CHECK(bench.node.lane(Lane::tables).busy);
}

TEST_CASE("who asks gets all lanes, also while one waits after an error") {
    Bench bench = at_rest(quiet());
    CHECK(asked(bench.turn(Asked{})) == "network network\ntables tables\n");
    bench.done(Lane::network, "no such device");
    bench.done(Lane::tables);
    CHECK(asked(bench.turn(Asked{})) == "network network\ntables tables\n");
    Bench both = at_rest(quiet("both"));
    CHECK(asked(both.turn(Asked{})) == "network all\n");
}

TEST_CASE("an error is said once, and the lane tries again, later each time up to half a minute") {
    Bench bench = at_rest(quiet());
    bench.turn(Disturbed{});
    for (const int wait : {1, 2, 4, 8, 16, 30, 30}) {
        CAPTURE(wait);
        const Effects effects = bench.done(Lane::network, "no such device");
        CHECK(told(effects) == (wait == 1 ? "network: no such device\n" : ""));
        CHECK((wait != 1 || effects.say.front().level == Level::error));
        CHECK(effects.converge.empty());
        CHECK(asked(bench.pass(seconds(wait) - microseconds(1))).find("network") == std::string::npos);
        if (bench.node.lane(Lane::tables).busy) bench.done(Lane::tables);
        CHECK(asked(bench.pass(microseconds(1))) == "network network\n");
    }
}

TEST_CASE("after a success an error is met with patience of its own again") {
    Bench bench = at_rest(quiet());
    bench.turn(Disturbed{});
    bench.done(Lane::network, "no such device");
    bench.pass(seconds(1));
    bench.done(Lane::network, "no such device");
    bench.pass(seconds(2));
    bench.done(Lane::network);
    bench.turn(Disturbed{});
    bench.done(Lane::network, "no such device");
    CHECK(asked(bench.pass(seconds(1))) == "network network\n");
}

TEST_CASE("a disturbance does not hasten what waits after an error") {
    Bench bench = at_rest(quiet());
    bench.turn(Disturbed{});
    bench.done(Lane::network, "no such device");
    CHECK(nothing(bench.turn(Disturbed{})));
    CHECK(asked(bench.pass(seconds(1))) == "network network\n");
}

TEST_CASE("an error in one lane does not hold up the other") {
    Bench bench(quiet());
    bench.links();
    bench.done(Lane::tables, "no such scheduler");
    bench.done(Lane::network);
    CHECK(asked(bench.turn(Disturbed{})) == "network network\n");
    CHECK(bench.node.lane(Lane::tables).retry_at.has_value());
}

TEST_CASE("what sends no notification is looked at every ten seconds") {
    Bench bench = at_rest(quiet());
    for (int i = 0; i < 3; ++i) {
        CHECK(nothing(bench.pass(seconds(10) - microseconds(1))));
        CHECK(asked(bench.pass(microseconds(1))) == "network network\ntables tables\n");
        bench.settle();
    }
}

TEST_CASE("looking takes no more than a twentieth of the time") {
    Bench bench(quiet());
    bench.links();
    bench.now += seconds(3);
    bench.done(Lane::tables);
    bench.done(Lane::network);
    CHECK(bench.node.lane(Lane::tables).took == seconds(3));
    CHECK(nothing(bench.pass(seconds(60) - microseconds(1))));
    CHECK(asked(bench.pass(microseconds(1))) == "network network\ntables tables\n");
}

TEST_CASE("a lane remembers what it did") {
    Bench bench(quiet());
    bench.links();
    bench.now += milliseconds(20);
    bench.turn(Converged{.lane = Lane::network, .done = 3, .held = 1, .foreign = 2, .deferred = 4});
    bench.turn(Disturbed{});
    bench.turn(Converged{.lane = Lane::network, .done = 2});
    const LaneState& lane = bench.node.lane(Lane::network);
    CHECK(lane.runs == 2);
    CHECK(lane.changes == 5);
    CHECK(lane.converged);
    CHECK(lane.last.done == 2);
    CHECK(lane.finished == bench.now);
}

// ---- fights --------------------------------------------------------------------------------------------------------

TEST_CASE("what somebody else had changed is put back, and said once") {
    Bench bench = at_rest(quiet());
    const Effects first = repair(bench);
    CHECK(told(first) == "put back " + vip + ": somebody else had changed it\n");
    CHECK(first.say.front().level == Level::warning);
    CHECK(told(repair(bench)) == "");
}

TEST_CASE("a row that had to be put back five times in ten seconds is fought over: it is named, and the pace slows") {
    Bench bench = at_rest(quiet());
    for (int i = 1; i <= 4; ++i) {
        CHECK(asked(repair(bench)) == "network network\n");
        bench.pass(seconds(2));
    }
    const Effects fifth = repair(bench);
    CHECK(told(fifth) == "another program keeps changing " + vip + "; it is put back once per 10 s now\n");
    CHECK(fifth.say.front().level == Level::error);
    const Effects next = bench.turn(Disturbed{});
    CHECK(asked(next) == "network network\n");  // for everything else
    CHECK(left_alone(next) == vip + ": another program keeps changing it\n");
    CHECK(bench.node.fights().at(vip).times == 5);
}

TEST_CASE("a fight that goes on is met once per ten seconds, and not named again") {
    Bench bench = at_rest(quiet());
    for (int i = 0; i < 5; ++i) repair(bench);
    for (int round = 0; round < 6; ++round) {
        CHECK(left_alone(bench.turn(Disturbed{})) == vip + ": another program keeps changing it\n");
        bench.done(Lane::network);
        const Effects next = bench.pass(seconds(10));
        CHECK(asked(next).find("network n") == 0);
        CHECK(left_alone(next) == "");
        bench.now += milliseconds(20);  // what a run takes
        CHECK(told(bench.done(Lane::network, "", {vip})) == "");
        if (bench.node.lane(Lane::tables).busy) bench.done(Lane::tables);
    }
}

TEST_CASE("a fight that is over is forgotten") {
    Bench bench = at_rest(quiet());
    for (int i = 0; i < 5; ++i) repair(bench);
    bench.pass(seconds(10));
    bench.settle();
    bench.pass(seconds(11));
    bench.settle();
    CHECK(bench.node.fights().empty());
    CHECK(told(repair(bench)) == "put back " + vip + ": somebody else had changed it\n");
    CHECK(asked(repair(bench)) == "network network\n");
}

TEST_CASE("what is put back now and then is no fight") {
    Bench bench = at_rest(quiet());
    for (int i = 0; i < 20; ++i) {
        CHECK(asked(repair(bench)).find("network network\n") == 0);
        bench.settle();
        bench.pass(milliseconds(2600));
        bench.settle();
    }
}

TEST_CASE("many rows that are put back at once are no fight") {
    Bench bench = at_rest(quiet());
    bench.turn(Disturbed{});
    std::vector<std::string> rows;
    rows.reserve(50);
    for (int i = 0; i < 50; ++i) rows.push_back(vip + " #" + std::to_string(i));
    const Effects effects = bench.done(Lane::network, "", rows);
    REQUIRE(effects.say.size() == 11);  // the first ten, and how many more
    CHECK(effects.say.front().text == "put back " + vip + " #0: somebody else had changed it");
    CHECK(effects.say.back().text == "put back 40 more rows: somebody else had changed them");
    CHECK(asked(bench.turn(Disturbed{})) == "network network\n");
}

TEST_CASE("a fight over many rows is told in a few lines, and all of them are left alone") {
    Bench bench = at_rest(quiet());
    std::vector<std::string> rows;
    rows.reserve(50);
    for (int i = 0; i < 50; ++i) rows.push_back(vip + " #" + std::to_string(i));
    Effects effects;
    for (int i = 0; i < 5; ++i) {
        bench.turn(Disturbed{});
        effects = bench.done(Lane::network, "", rows);
    }
    CHECK(effects.say.size() == 11);
    CHECK(effects.say.back().text ==
          "another program keeps changing 40 more rows; they are put back once per 10 s now");
    CHECK(bench.node.avoided().size() == 50);
    CHECK(bench.node.fights_count() == 50);
}

TEST_CASE("however many rows somebody changes, a bounded number is followed, and the others are counted for a while") {
    Bench bench = at_rest(quiet());
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < rows_followed + 5; ++i) rows.push_back("real_server " + std::to_string(i));
    for (const std::size_t lines : std::initializer_list<std::size_t>{11, 0}) {
        bench.turn(Disturbed{});
        CHECK(bench.done(Lane::network, "", rows).say.size() == lines);
        CHECK(bench.node.fights().size() == rows_followed);
        CHECK(bench.node.fights_count() == rows_followed + 5);
    }
    bench.settle();
    bench.pass(seconds(11));
    bench.settle();
    CHECK(bench.node.fights_count() == 0);
}

TEST_CASE("what was removed because somebody else had made it was not put back") {
    Bench bench = at_rest(quiet());
    bench.turn(Disturbed{});
    const Effects effects = bench.turn(Converged{.lane = Lane::network, .cleared = {"real_server x"}});
    CHECK(told(effects) == "removed real_server x: somebody else had made it\n");
    CHECK(bench.node.fights().at("real_server x").times == 1);
}

TEST_CASE("a fight in one lane does not slow the other, nor a transition") {
    Bench bench(director());
    bench.run();
    bench.settle();
    for (int i = 0; i < 5; ++i) repair(bench);
    REQUIRE(bench.node.avoided().contains(vip));
    CHECK(asked(bench.turn(Asked{})).find("tables tables") != std::string::npos);
    bench.settle();
    for (int i = 0; i < 5; ++i) repair(bench);
    CHECK(asked(bench.pass(bench.first().machine.down_interval())) == "network network one=master\n");
}

TEST_CASE("a lane that waits for the end of a fight does not keep the node awake") {
    Bench bench = at_rest(quiet());
    for (int i = 0; i < 5; ++i) repair(bench);
    bench.turn(Disturbed{});
    std::size_t ticks = 0;
    const Instant end = bench.now + seconds(9);
    while (bench.node.wake_at() && *bench.node.wake_at() <= end && ticks < 100) {
        bench.now = std::max(bench.now, *bench.node.wake_at());
        bench.turn(Tick{});
        ++ticks;
    }
    CHECK(ticks == 0);
}

}  // namespace lbconverge::node
