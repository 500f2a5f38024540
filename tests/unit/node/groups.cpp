// Sync groups, one node of them; two nodes in every order of faults: tests/simulation/orders.cpp.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

const std::string group = R"(
    [[sync_group]]
    name = "g"
    members = ["one", "two"]
)"_text;

std::string states(const Bench& bench) {
    std::string text;
    for (const Instance& each : bench.node.instances()) text += std::string(vrrp::to_text(each.machine.state())) + " ";
    return text;
}

/// An advertisement for the second instance.
Effects hear_two(Bench& bench, std::uint8_t priority) {
    const vrrp::Machine& two = bench.node.instances()[1].machine;
    const IpAddress to = wire::vrrp_group(Family::ipv4);
    const IpAddress from = ip("192.0.2.6");
    return bench.ticked(bench.turn(Arrived{
        {.interface = "eth0",
         .source = from,
         .destination = to,
         .message = wire::encode(two.advertisement(priority), from, to, wire::ChecksumDialect::pseudo_header)}}));
}

}  // namespace

TEST_CASE("a group is master of all members at one moment, when the last one would be") {
    Bench bench = backup(pair(R"(
        advert_interval = "2s"
    )"_text + group));
    Effects effects = bench.pass(seconds(5));
    CHECK(states(bench) == "backup backup ");
    CHECK(effects.send.empty());
    effects = bench.pass(seconds(3));
    CHECK(states(bench) == "master master ");
    CHECK(bench.node.instances()[0].machine.since() == bench.node.instances()[1].machine.since());
}

TEST_CASE("a member that hears nobody does not become master while another one does") {
    Bench bench = backup(pair(group));
    for (int i = 0; i < 10; ++i) {
        bench.pass(seconds(1));
        hear_two(bench, 200);
    }
    CHECK(states(bench) == "backup backup ");
    CHECK(bench.node.instances()[0].machine.ready());
    bench.pass(seconds(4));
    CHECK(states(bench) == "master master ");
}

TEST_CASE("a master of one member elsewhere takes the others as well, with a moment to get ready") {
    Bench bench = master(pair(group));
    const Effects effects = hear_two(bench, 200);
    CHECK(states(bench) == "backup backup ");
    CHECK(bench.first().machine.why() == "sync group g: two heard 192.0.2.6 with priority 200");
    CHECK(sent(effects) == "100 to 224.0.0.18\n100 to 224.0.0.18\n");  // the last word, on either link
    CHECK(asked(effects) == "network network one=undecided two=undecided\n");
    bench.settle();
    CHECK(asked(bench.pass(vrrp::hand_over_grace)) == "network network one=backup two=backup\n");
}

TEST_CASE("a lesser master of one member has told the neighbours of the others as well: they are told again of all") {
    Bench bench = master(pair(group + R"(
        [[vip]]
        address = "192.0.2.40"
        vrrp = "one"
    )"_text));
    bench.settle();
    bench.links({ip("192.0.2.20"), ip("192.0.2.30")});
    CHECK(announced(hear_two(bench, 90)) == "192.0.2.20 on eth0 x5\n192.0.2.30 on eth0 x5\n");
}

TEST_CASE("a group of one member is none") {
    const Bench bench = backup(director(R"(
        [[sync_group]]
        name = "g"
        members = ["one"]
    )"_text));
    CHECK(bench.first().group.empty());
    CHECK_FALSE(bench.first().machine.grouped());
}

TEST_CASE("with equal priorities the first member on which the other node is heard decides for all") {
    const auto beside = [](std::uint8_t priority, Duration since) {
        Bench bench = master(pair(group));
        bench.hear(priority, "192.0.2.4");  // the lesser address there, and the greater one on the other link
        bench.pass(since);
        hear_two(bench, 100);
        return states(bench);
    };
    CHECK(beside(100, seconds(1)) == "master master ");
    CHECK(beside(100, seconds(10)) == "backup backup ");  // it is not heard there any more
    CHECK(beside(0, seconds(1)) == "backup backup ");     // nor master there
}

TEST_CASE("when the master of one member gives up, the group does not wait for the others' time") {
    Bench bench = backup(pair(group));
    bench.hear(200);
    hear_two(bench, 200);
    bench.hear(0);
    bench.pass(milliseconds(700));  // the skew time of priority 100 is 609 ms
    CHECK(states(bench) == "master master ");
}

TEST_CASE("one member in fault puts all in fault, and the last one that recovers brings them back") {
    const std::string toml = pair(R"(
        track = ["t"]
    )"_text + group + R"(
        [[track]]
        name = "t"
        process = "p"
    )"_text);
    Bench bench = master(toml);
    const Effects effects = bench.turn(Tracked{"t", {TrackOpinion::bad, "gone"}});
    CHECK(states(bench) == "fault fault ");
    CHECK(bench.first().machine.why() == "sync group g: two: track t: gone");
    CHECK(sent(effects) == "0 to 224.0.0.18\n0 to 224.0.0.18\n");
    bench.link_goes(false);
    bench.turn(Tracked{"t", {TrackOpinion::good, "back"}});
    CHECK(states(bench) == "fault fault ");
    bench.link_goes(true);
    CHECK(states(bench) == "backup backup ");
}

TEST_CASE("a group has one priority: the lowest of its members' with the tracks of all") {
    Bench bench = backup(pair(R"(
        priority = 90
        track = ["t"]
    )"_text + group + R"(
        [[track]]
        name = "t"
        process = "p"
        weight = 30
    )"_text));
    const auto priorities = [&] {
        std::string text;
        for (const Instance& each : bench.node.instances())
            text += std::to_string(each.machine.settings().priority) + " ";
        return text;
    };
    CHECK(priorities() == "120 120 ");
    bench.turn(Tracked{"t", {TrackOpinion::bad, "gone"}});
    CHECK(priorities() == "90 90 ");
    bench.reload(pair("priority = 90\n"));
    CHECK(priorities() == "100 90 ");
}

TEST_CASE("a restart over the addresses of one member listens on all, and a master elsewhere ends that for all") {
    Bench bench(pair(group));
    bench.links({ip("192.0.2.20")});
    CHECK(states(bench) == "backup backup ");
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    hear_two(bench, 200);
    bench.settle();
    bench.pass(vrrp::hand_over_grace);
    CHECK(bench.node.election().at("one") == ElectionState::backup);
}

TEST_CASE("an owner in a group waits for the others, too, but no longer than they need") {
    Bench bench(pair(R"(
        priority = 255
    )"_text + group));
    bench.run();
    CHECK(states(bench) == "backup backup ");
    bench.pass(seconds(4));
    CHECK(states(bench) == "master master ");
}

TEST_CASE("members that a reload sets free go on alone") {
    Bench bench = backup(pair(group));
    for (int i = 0; i < 5; ++i) {
        bench.pass(seconds(1));
        hear_two(bench, 200);
    }
    CHECK(states(bench) == "backup backup ");
    bench.reload(pair());
    bench.pass(milliseconds(1));
    CHECK(states(bench) == "master backup ");
}

TEST_CASE("all members stop together") {
    Bench bench = master(pair(group));
    CHECK(sent(bench.turn(Stop{})) == "0 to 224.0.0.18\n0 to 224.0.0.18\n");
    CHECK(states(bench) == "leaving leaving ");
}

TEST_CASE("a member that leaves serves until the slowest of its group has a successor") {
    Bench bench = backup(pair(R"(
        advert_interval = "2s"
    )"_text + group));
    bench.pass(seconds(8));
    bench.settle();
    CHECK(states(bench) == "master master ");
    bench.turn(Stop{});
    bench.pass(milliseconds(1500));  // by then the first member alone, with 1 s, would have gone
    CHECK(states(bench) == "leaving leaving ");
    bench.pass(milliseconds(700));
    CHECK(states(bench) == "init init ");
}

TEST_CASE("a reload that removes the member for which the others were waiting makes these masters") {
    const std::string three = "[[vrrp]]\nname = \"three\"\nvrid = 53\nadvert_interval = \"10s\"\n";
    const std::string daemon = "[daemon]\nrepair = false\n";
    Bench bench =
        backup(pair(three + "[[sync_group]]\nname = \"g\"\nmembers = [\"one\", \"two\", \"three\"]\n" + daemon));
    bench.pass(seconds(5));
    CHECK(bench.node.instances()[0].machine.ready());
    CHECK(bench.node.instances()[1].machine.ready());
    bench.reload(pair(group + daemon));
    bench.settle();
    bench.pass(milliseconds(1));
    CHECK(states(bench) == "master master ");
}

TEST_CASE("a reload that makes a group of crossed instances hands over what is here, and serves it until then") {
    Bench bench = backup(pair());
    const auto others = [&](std::uint8_t priority) {
        bench.pass(milliseconds(500));
        return hear_two(bench, priority);
    };
    for (int i = 0; i < 10; ++i) others(200);
    bench.settle();
    bench.arrive();
    REQUIRE(states(bench) == "master backup ");
    bench.reload(pair(group));
    bench.settle();
    CHECK(sent(others(200)).find("0 to 224.0.0.18\n") != std::string::npos);
    CHECK(states(bench) == "backup backup ");
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    others(200);  // not yet there
    CHECK(bench.node.election().at("one") == ElectionState::undecided);
    bench.hear(200);
    bench.settle();
    bench.pass(vrrp::hand_over_grace);
    CHECK(bench.node.election().at("one") == ElectionState::backup);
}

TEST_CASE("a reload that makes a group of crossed instances takes the rest where this node is the better one") {
    Bench bench = backup(pair());
    for (int i = 0; i < 10; ++i) {
        bench.pass(milliseconds(500));
        hear_two(bench, 200);
    }
    REQUIRE(states(bench) == "master backup ");
    bench.reload(pair(group));
    hear_two(bench, 0);  // the other one makes room
    bench.pass(milliseconds(700));
    CHECK(states(bench) == "master master ");
}

}  // namespace lbconverge::node
