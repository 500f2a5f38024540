// The node and health: whom it has asked, and what it has done about the answers.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

constexpr const char* a80 = "tcp 192.0.2.20:80 10.0.0.3:80";
constexpr const char* b80 = "tcp 192.0.2.20:80 10.0.0.4:80";

const std::string service = R"(
    [[service]]
    vip = "192.0.2.20"
    port = 80
    real_servers = ["10.0.0.3", "10.0.0.4"]
    check = { type = "tcp", interval = "1s", fall = 2, rise = 2 }
)"_text;

kinds::RealServer::Key server(const char* id) { return key<kinds::RealServer>(id); }

/// The lane that has the tables has looked, and found this.
Effects looked(Bench& bench, std::vector<health::Found> found, Lane lane = Lane::tables) {
    REQUIRE(bench.node.lane(lane).busy);
    return bench.turn(Converged{.lane = lane, .found = std::move(found)});
}

/// Time passes and every question is answered so; what the lanes are asked for is done at once.
Effects answered(Bench& bench, Duration time, bool good, std::string_view who = "") {
    const Instant end = bench.now + time;
    Effects all;
    for (auto at = bench.node.wake_at(); at && *at <= end; at = bench.node.wake_at()) {
        bench.now = std::max(bench.now, *at);
        Effects effects = bench.turn(Tick{});
        Probed probed;
        for (const health::ProbeRequest& each : effects.probe) {
            const bool this_one = who.empty() || to_text(each.address) == who;
            probed.answers.push_back({each.id, each.run, this_one ? good : true, "connect refused"});
        }
        append(all, std::move(effects));
        if (!probed.answers.empty()) append(all, bench.turn(probed));
        append(all, bench.settle());
    }
    bench.now = end;
    return all;
}

/// A backup whose servers are both up.
Bench healthy() {
    Bench bench(director() + service);
    bench.links();
    bench.done(Lane::network);
    looked(bench, {{server(a80), 1}, {server(b80), 1}});
    bench.settle();
    answered(bench, seconds(1), true);
    return bench;
}

}  // namespace

TEST_CASE("nobody is asked before the table has been looked at, and everything is held until then") {
    Bench bench(director() + service);
    const Effects first = bench.links();
    REQUIRE(first.converge.size() == 2);
    CHECK(first.converge[0].health == nullptr);  // the network lane has nothing to do with it
    REQUIRE(first.converge[1].health != nullptr);
    CHECK(first.converge[1].health->servers.size() == 2);
    bench.done(Lane::network);
    CHECK(bench.node.board().probes()[0].run == 0);
    looked(bench, {{server(a80), {}}, {server(b80), {}}});
    bench.pass(seconds(1));
    CHECK(bench.node.board().probes()[0].run == 1);
}

TEST_CASE("a director stands for election once it knows its servers, not with an empty pool") {
    Bench bench(director() + service);
    bench.links();
    bench.done(Lane::network);
    looked(bench, {{server(a80), {}}, {server(b80), {}}});
    bench.settle();
    CHECK_FALSE(bench.first().started);
    answered(bench, milliseconds(1100), false);  // also when all of them are down
    CHECK(bench.first().started);
}

TEST_CASE("with servers that were in use it does not wait") {
    Bench bench(director() + service);
    bench.links();
    bench.done(Lane::network);
    looked(bench, {{server(a80), 1}, {server(b80), 1}});
    CHECK(bench.first().started);
}

TEST_CASE("a server that goes down asks for its lane at once, is told once, and is written down") {
    Bench bench = healthy();
    const Effects all = answered(bench, seconds(4), false, "10.0.0.3");
    const std::string said = told(all);
    const std::string line = "server 10.0.0.3:80: down: connect refused\n";
    REQUIRE(said.find(line) != std::string::npos);
    CHECK(said.find(line, said.find(line) + 1) == std::string::npos);
    REQUIRE_FALSE(all.converge.empty());
    CHECK(all.converge[0].lane == Lane::tables);
    REQUIRE(all.converge[0].health != nullptr);
    REQUIRE(all.converge[0].health->of(server(a80)) != nullptr);
    CHECK(all.converge[0].health->of(server(a80))->is == kinds::Liveness::down);
}

TEST_CASE("what changes while the lane is busy is done in one go after it") {
    Bench bench = healthy();
    bench.turn(DrainAsked{{ip("10.0.0.3")}});
    REQUIRE(bench.node.lane(Lane::tables).busy);
    CHECK(bench.turn(DrainAsked{{ip("10.0.0.4")}}).converge.empty());
    const Effects after = bench.done(Lane::tables);
    REQUIRE(after.converge.size() == 1);
    CHECK(after.converge[0].health->drains.size() == 2);
    CHECK(bench.done(Lane::tables).converge.empty());
}

TEST_CASE("an operator's word is written down, and who repeats it gets an answer, too") {
    Bench bench = healthy();
    const Effects first = bench.turn(DrainAsked{{ip("10.0.0.3")}});
    REQUIRE(first.remember != nullptr);
    CHECK(first.remember->drains.size() == 1);
    bench.settle();
    const Effects again = bench.turn(DrainAsked{{ip("10.0.0.3")}});
    CHECK(again.remember == nullptr);
    CHECK(again.converge.size() == 1);
    bench.settle();
    CHECK(bench.turn(DrainAsked{{ip("10.0.0.3")}, true}).remember->drains.empty());
}

TEST_CASE("what the daemon before knew is true from the beginning") {
    Bench bench(director() + service);
    kinds::Health before;
    before.servers.push_back({server(a80), kinds::Liveness::down, {}, "connect refused", seconds(100)});
    before.drains.push_back({ip("10.0.0.4")});
    bench.turn(Remembered{before});
    const Effects first = bench.links();
    REQUIRE(first.converge.size() == 2);
    CHECK(first.converge[1].health->of(server(a80))->age == seconds(100));
    CHECK(first.converge[1].health->drains.size() == 1);
}

TEST_CASE("role both has one lane, and health goes with it") {
    Bench bench(director("", "both") + service);
    const Effects first = bench.links();
    REQUIRE(first.converge.size() == 1);
    CHECK(first.converge[0].health != nullptr);
    looked(bench, {{server(a80), {}}, {server(b80), {}}}, Lane::network);
    bench.settle();
    answered(bench, milliseconds(1100), true);
    CHECK(bench.first().started);
}

TEST_CASE("a track of a service follows its quorum") {
    Bench bench(director(R"(
        track = ["web"]
        [[track]]
        name = "web"
        service = "tcp 192.0.2.20:80"
    )"_text) + service);
    bench.links();
    bench.done(Lane::network);
    CHECK(bench.node.tracks()[0].opinion() == TrackOpinion::unknown);
    looked(bench, {{server(a80), 1}, {server(b80), 1}});
    CHECK(bench.node.tracks()[0].opinion() == TrackOpinion::good);
    answered(bench, seconds(6), false);
    CHECK(bench.node.tracks()[0].opinion() == TrackOpinion::bad);
    CHECK(bench.state() == State::fault);
    answered(bench, seconds(6), true);
    CHECK(bench.state() != State::fault);
}

TEST_CASE("who stops asks nobody any more, and does not wake up for it") {
    Bench bench = healthy();
    bench.turn(Stop{});
    Effects all = bench.pass(seconds(10));  // with a time-out of a probe in it, if there were one
    append(all, bench.settle());
    CHECK(all.exit);
    CHECK(all.probe.empty());
}

}  // namespace lbconverge::node
