// A picture of a node, and the verdict about it.
#include "lbconverge/metrics/picture.hpp"

#include "unit/node/bench.hpp"

using namespace lbconverge;
using namespace lbconverge::test;

namespace {

metrics::Picture picture_of(const Bench& bench) {
    metrics::Look look;
    while (look.go_on(bench.node, bench.now, bench.wall())) {
    }
    return look.picture();
}

std::string verdict(const Bench& bench) { return metrics::verdict_of(bench.node).line; }

const std::string with_service = R"(
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
check = { type = "tcp", fall = 1 }
)";

/// All questions that are open are answered.
void answer(Bench& bench, bool good, microseconds took = microseconds(0)) {
    for (int i = 0; i < 3; ++i) {
        std::vector<health::ProbeAnswer> answers;
        for (const auto& each : bench.pass(seconds(3)).probe) {
            answers.push_back({.id = each.id, .run = each.run, .good = good, .what = good ? "" : "refused"});
            answers.back().took = took;
        }
        bench.turn(Probed{answers});
        bench.settle();
    }
}

}  // namespace

TEST_CASE("a picture has the instances, with their VIPs and why they changed") {
    Bench bench = master(director());
    bench.hear(50);
    const metrics::Picture picture = picture_of(bench);
    REQUIRE(picture.instances.size() == 1);
    const metrics::InstanceFigures& one = picture.instances.front();
    CHECK(one.name == "one");
    CHECK(one.interface == "eth0");
    CHECK(one.state == vrrp::State::master);
    CHECK(one.vips == 1);
    CHECK(one.wanted == 1);
    CHECK(one.bound == 1);
    CHECK(one.counters.sent > 0);
    CHECK(one.counters.heard == 1);
    CHECK(one.counters.transitions[static_cast<std::size_t>(vrrp::TransitionReason::silence)] == 1);
    CHECK(one.counters.transitions[static_cast<std::size_t>(vrrp::TransitionReason::started)] == 1);
    CHECK(picture.at - one.since ==
          doctest::Approx(std::chrono::duration<double>(bench.now - bench.first().machine.since()).count()));

    bench.hear(200);
    bench.pass(seconds(1));
    bench.settle();
    bench.links();
    const metrics::Picture later = picture_of(bench);
    CHECK(later.instances.front().state == vrrp::State::backup);
    CHECK(later.instances.front().wanted == 0);
    CHECK(later.instances.front().bound == 0);
    CHECK(later.instances.front().counters.transitions[static_cast<std::size_t>(vrrp::TransitionReason::outranked)] ==
          1);
}

TEST_CASE("a picture has the lanes, with what was put back and what failed") {
    Bench bench("role = \"director\"\ninterface = \"eth0\"\n");
    bench.run();
    bench.turn(node::Disturbed{});
    bench.done(Lane::network, "", {"address 192.0.2.1/32 eth0", "address 192.0.2.2/32 eth0"});
    bench.turn(node::Disturbed{});
    bench.done(Lane::network, "no memory");
    const metrics::Picture picture = picture_of(bench);
    REQUIRE(picture.lanes.size() == 2);
    CHECK(picture.lanes[0].name == "network");
    CHECK(picture.lanes[0].repaired == 2);
    CHECK(picture.lanes[0].failures == 1);
    CHECK(picture.lanes[0].failed);
    CHECK_FALSE(picture.lanes[0].in_sync);
    CHECK(picture.lanes[1].in_sync);
    CHECK(picture.fights == 2U);
    CHECK(verdict(bench) == "CRITICAL: network: no memory");
}

TEST_CASE("a picture that is taken while the configuration changes begins anew") {
    Bench bench = backup(director() + with_service);
    metrics::Look look;
    look.go_on(bench.node, bench.now, bench.wall());
    bench.reload(director());
    while (look.go_on(bench.node, bench.now, bench.wall())) {
    }
    CHECK(look.picture().board.servers.empty());
    CHECK(look.picture().config == bench.node.shared_config());
}

TEST_CASE("a node that has not looked yet is unknown, and one that ends as well") {
    Bench bench(director());
    CHECK(verdict(bench) == "UNKNOWN: one has not started (and 2 more)");
    CHECK_FALSE(metrics::verdict_of(bench.node).serves());
    bench.run();
    CHECK(verdict(bench) == "OK: director, one backup");
    bench.turn(Stop{});
    CHECK(verdict(bench) == "UNKNOWN: stopping");
}

TEST_CASE("a fault is critical, and a master is good") {
    Bench bench = master(director());
    CHECK(verdict(bench) == "OK: director, one master");
    CHECK(metrics::verdict_of(bench.node).serves());
    bench.link_goes(false);
    bench.settle();
    const std::string line = verdict(bench);
    CHECK(line.starts_with("CRITICAL: one is in fault: "));
}

TEST_CASE("a line is one line, whatever the words in it, and has no bar") {
    Bench bench("role = \"director\"\ninterface = \"eth0\"\n");
    bench.run();
    bench.turn(node::Disturbed{});
    bench.done(Lane::network, "a|b\nc");
    CHECK(verdict(bench) == "CRITICAL: network: a/b c");
}

TEST_CASE("servers that are down are a warning, and below the quorum it is critical") {
    Bench bench = master(director() + with_service);
    answer(bench, true, microseconds(1500));
    CHECK(verdict(bench) == "OK: director, one master; 2 of 2 checks up");
    CHECK(picture_of(bench).checks.probes == 2);
    CHECK(picture_of(bench).board.servers.at(0).took == microseconds(1500));
    answer(bench, false);
    CHECK(picture_of(bench).checks.down == 2);
    CHECK(verdict(bench).starts_with("CRITICAL: 1 service has fewer servers up than the quorum"));
}
