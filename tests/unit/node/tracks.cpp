// Tracks: opinions, priorities, faults.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

config::Track settings(config::TrackType type, std::int32_t weight = 0) {
    config::Track track;
    track.name = "t";
    track.type = type;
    track.weight = weight;
    return track;
}

const TrackReading good{.opinion = TrackOpinion::good, .why = "fine"};
const TrackReading bad{.opinion = TrackOpinion::bad, .why = "gone"};

std::string tracked(const std::string& track, const std::string& more = "") {
    return director(R"(
        track = ["t"]
    )"_text + more + R"(
        [[track]]
        name = "t"
    )"_text + track);
}

Effects probe(Bench& bench, const TrackReading& reading) { return bench.turn(Tracked{"t", reading}); }
int priority(const Bench& bench) { return bench.first().machine.settings().priority; }

}  // namespace

// ---- one track -----------------------------------------------------------------------------------------------------

TEST_CASE("a command is bad after fall readings in a row, and good again after rise") {
    config::Track is = settings(config::TrackType::command);
    is.fall = 3;
    is.rise = 2;
    Track track(is);
    const Instant now{hours(1)};
    CHECK(track.opinion() == TrackOpinion::unknown);
    track.take(bad, now);
    track.take(bad, now);
    CHECK_FALSE(track.faults());
    track.take(good, now);  // what was unknown is good at once, and the count begins anew
    CHECK(track.opinion() == TrackOpinion::good);
    track.take(bad, now);
    track.take(bad, now);
    CHECK(track.opinion() == TrackOpinion::good);
    track.take(bad, now);
    CHECK(track.faults());
    CHECK(track.why() == "gone");
    track.take(good, now);
    CHECK(track.faults());
    track.take(bad, now);
    track.take(good, now);
    CHECK(track.faults());
    track.take(good, now);
    CHECK(track.opinion() == TrackOpinion::good);
    CHECK_FALSE(track.wake_at());
}

TEST_CASE("of a process only changes are told, and time counts") {
    config::Track is = settings(config::TrackType::process);
    is.fall = 3;
    is.interval = milliseconds(100);
    Track track(is);
    Instant now{hours(1)};
    track.take(good, now);
    track.take(bad, now);
    track.take(bad, now);
    track.take(bad, now);
    CHECK(track.opinion() == TrackOpinion::good);  // the same news three times is one reading
    CHECK(track.wake_at() == now + milliseconds(100));
    now += milliseconds(100);
    track.tick(now);
    CHECK(track.opinion() == TrackOpinion::good);
    track.take(good, now);  // a quick restart
    CHECK_FALSE(track.wake_at());
    track.take(bad, now);
    for (int i = 0; i < 2; ++i) track.tick(now += milliseconds(100));
    CHECK(track.opinion() == TrackOpinion::bad);
    CHECK(track.since() == now);
}

TEST_CASE("a weight adds while good, or subtracts while bad, and unknown counts as good") {
    Track adds(settings(config::TrackType::process, 10));
    Track subtracts(settings(config::TrackType::process, -10));
    CHECK(adds.share() == 10);
    CHECK(subtracts.share() == 0);
    for (Track* each : {&adds, &subtracts}) each->take(bad, Instant{});
    CHECK(adds.share() == 0);
    CHECK(subtracts.share() == -10);
    CHECK_FALSE(adds.faults());
    CHECK_FALSE(subtracts.faults());
}

TEST_CASE("a file's number is multiplied by the weight; without one any number but 0 is a fault") {
    const auto file = [](std::int32_t number) {
        return TrackReading{TrackOpinion::good, "reads " + std::to_string(number), number};
    };
    Track weighted(settings(config::TrackType::file, -2));
    weighted.take(file(15), Instant{});
    CHECK(weighted.share() == -30);
    CHECK(weighted.opinion() == TrackOpinion::good);  // it is a factor, and says nothing of a fault
    weighted.take(file(-3), Instant{});
    CHECK(weighted.share() == 6);
    Track plain(settings(config::TrackType::file));
    plain.take(file(0), Instant{});
    CHECK_FALSE(plain.faults());
    plain.take(file(1), Instant{});
    CHECK(plain.faults());
    plain.take({TrackOpinion::unknown, "not a number"}, Instant{});
    CHECK(plain.faults());
    CHECK(plain.why() == "not a number");
}

// ---- in an election ------------------------------------------------------------------------------------------------

TEST_CASE("a changed priority is in the next advertisement, and nothing else happens") {
    Bench bench = master(tracked(R"(
        process = "haproxy"
        weight = 20
    )"_text));
    CHECK(priority(bench) == 120);
    const auto wake = bench.node.wake_at();
    const Instant since = bench.first().machine.since();
    const Effects effects = probe(bench, bad);
    CHECK(effects.send.empty());
    CHECK(effects.converge.empty());
    CHECK(told(effects) == "track t: bad: gone\n");
    CHECK(bench.node.wake_at() == wake);
    CHECK(sent(bench.pass(seconds(1))) == "100 to 224.0.0.18\n");
    CHECK(bench.first().machine.since() == since);
    probe(bench, good);
    CHECK(sent(bench.pass(seconds(1))) == "120 to 224.0.0.18\n");
}

TEST_CASE("a backup that has become better waits for less") {
    Bench bench = backup(tracked(R"(
        process = "haproxy"
        weight = 64
    )"_text));
    probe(bench, bad);
    bench.hear(200);
    const Instant heard = bench.now;
    CHECK(bench.first().machine.wake_at() == heard + bench.first().machine.down_interval());
    const Duration before = bench.first().machine.down_interval();
    probe(bench, good);
    CHECK(before - bench.first().machine.down_interval() == milliseconds(250));
    CHECK(bench.first().machine.wake_at() == heard + bench.first().machine.down_interval());
}

TEST_CASE("priorities stay between 1 and 254, and the owner's stays what it is") {
    const std::string down = R"(
        process = "haproxy"
        weight = -253
    )"_text;
    Bench bench = backup(tracked(down));
    probe(bench, bad);
    CHECK(priority(bench) == 1);
    Bench up = backup(tracked(R"(
        process = "haproxy"
        weight = 253
    )"_text));
    CHECK(priority(up) == 254);
    Bench owner(tracked(R"(process = "haproxy")", "priority = 255\n"));
    owner.run();
    probe(owner, bad);
    CHECK(priority(owner) == 255);
    CHECK(owner.state() == State::master);
}

TEST_CASE("without a weight what is bad is a fault, with its reason, until it is good again") {
    Bench bench = master(tracked(R"(process = "haproxy")"));
    const Effects effects = probe(bench, bad);
    CHECK(bench.state() == State::fault);
    CHECK(bench.first().machine.why() == "track t: gone");
    CHECK(sent(effects) == "0 to 224.0.0.18\n");
    CHECK(asked(effects) == "network network one=backup\n");
    bench.settle();
    bench.links();
    CHECK(bench.state() == State::fault);  // the link is not the only reason
    probe(bench, good);
    CHECK(bench.state() == State::backup);
    bench.pass(seconds(4));
    CHECK(bench.state() == State::master);
}

TEST_CASE("a node that starts over its addresses gives up nothing while nobody has answered") {
    Bench bench(tracked(R"(command = ["/bin/true"])"));
    bench.run({ip("192.0.2.20")});
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    bench.pass(seconds(2));
    CHECK(bench.state() == State::master);
    CHECK(bench.node.tracks().front().opinion() == TrackOpinion::unknown);
    probe(bench, bad);
    CHECK(bench.state() == State::fault);
}

TEST_CASE("an interface is tracked as its link goes and comes") {
    Bench missing(tracked(R"(interface = "eth1")"));
    missing.run();
    CHECK(missing.state() == State::fault);
    CHECK(missing.node.tracks().front().why() == "there is no interface eth1");
    Bench bench = backup(director());
    bench.up.push_back({"eth1", true, {}});
    bench.links();
    bench.reload(tracked(R"(interface = "eth1")"));
    CHECK(bench.state() == State::backup);
    CHECK(bench.node.tracks().front().opinion() == TrackOpinion::good);
    bench.up.back().up = false;
    bench.links();
    CHECK(bench.state() == State::fault);
    CHECK(bench.first().machine.why() == "track t: interface eth1 has no link");
    bench.up.back().up = true;
    bench.links();
    CHECK(bench.state() == State::backup);
}

TEST_CASE("a reload keeps what is known of a track, and forgets that of another one of the same name") {
    Bench bench = backup(tracked(R"(
        process = "haproxy"
        weight = 20
    )"_text));
    probe(bench, bad);
    CHECK(priority(bench) == 100);
    bench.reload(tracked(R"(
        process = "haproxy"
        weight = 30
        fall = 2
    )"_text));
    CHECK(priority(bench) == 100);
    bench.reload(tracked(R"(process = "haproxy")"));
    CHECK(bench.state() == State::fault);
    bench.reload(tracked(R"(
        process = "nginx"
        weight = 20
    )"_text));
    CHECK(bench.state() == State::backup);
    CHECK(priority(bench) == 120);
}

TEST_CASE("a master whose priority a reload and a track change together says the sum at once") {
    Bench bench = master(tracked(R"(
        process = "haproxy"
        weight = 20
    )"_text));
    CHECK(sent(bench.reload(tracked(R"(
        process = "haproxy"
        weight = 40
    )"_text,
                                    "priority = 50\n"))) == "90 to 224.0.0.18\n");
    CHECK(bench.first().base_priority == 50);
}

}  // namespace lbconverge::node
