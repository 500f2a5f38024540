// A picture of a node, and the bulletin about it.
#include "lbconverge/metrics/picture.hpp"

#include "unit/node/bench.hpp"

using namespace lbconverge;
using namespace lbconverge::test;

namespace {

metrics::MetricsPicture picture_of(const Bench& bench) {
    metrics::Look look;
    while (look.go_on(bench.node, bench.now, bench.wall())) {
    }
    look.picture().finish();
    return look.picture();
}

std::string bulletin(const Bench& bench) { return metrics::bulletin_of(bench.node).line; }

const std::string with_service = R"(
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
check = { type = "tcp", fall = 1 }
)";

/// Time passes, and every question is answered so.
void answer(Bench& bench, bool good, Duration took = Duration{0}) {
    const Instant end = bench.now + seconds(10);
    for (auto at = bench.node.wake_at(); at && *at <= end; at = bench.node.wake_at()) {
        bench.now = std::max(bench.now, *at);
        Probed probed;
        for (const health::ProbeRequest& each : bench.turn(Tick{}).probe) {
            probed.answers.push_back({.id = each.id, .run = each.run, .good = good, .what = good ? "" : "refused"});
            probed.answers.back().took = took;
        }
        if (!probed.answers.empty()) bench.turn(probed);
        bench.settle();
        bench.arrive();
    }
}

/// A master with two servers, of which nothing is known yet.
Bench with_servers() {
    Bench bench(director() + with_service);
    bench.links();
    bench.done(Lane::network);
    std::vector<health::Found> found;
    for (const char* id : {"tcp 192.0.2.20:80 192.0.2.3:80", "tcp 192.0.2.20:80 192.0.2.4:80"}) {
        found.push_back({key<kinds::RealServer>(id), {}});
    }
    bench.turn(Converged{.lane = Lane::tables, .found = found});
    bench.settle();
    return bench;
}

}  // namespace

TEST_CASE("a picture has the instances, with their VIPs and why they changed") {
    Bench bench = master(director());
    bench.hear(50);
    const metrics::MetricsPicture picture = picture_of(bench);
    REQUIRE(picture.instances.size() == 1);
    const metrics::InstanceFigures& one = picture.instances.front();
    CHECK(one.name == "one");
    CHECK(one.interface == "eth0");
    CHECK(one.state == vrrp::State::master);
    CHECK(one.vips.size() == 1);
    CHECK(one.wanted == 1);
    CHECK(picture.bound_of(one) == 1);
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
    const metrics::MetricsPicture later = picture_of(bench);
    CHECK(later.instances.front().state == vrrp::State::backup);
    CHECK(later.instances.front().wanted == 0);
    CHECK(later.bound_of(later.instances.front()) == 0);
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
    const metrics::MetricsPicture picture = picture_of(bench);
    REQUIRE(picture.lanes.size() == 2);
    CHECK(picture.lanes[0].name == "network");
    CHECK(picture.lanes[0].repaired == 2);
    CHECK(picture.lanes[0].failures == 1);
    CHECK(picture.lanes[0].failed);
    CHECK_FALSE(picture.lanes[0].in_sync);
    CHECK(picture.lanes[1].in_sync);
    CHECK(picture.fights == 2U);
    CHECK(bulletin(bench) == "CRITICAL: network: no memory");
}

TEST_CASE("a picture that is taken while the configuration changes begins anew") {
    Bench bench = with_servers();
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
    CHECK(bulletin(bench) == "UNKNOWN: one has not started (and 2 more)");
    CHECK_FALSE(metrics::bulletin_of(bench.node).serves());
    bench.run();
    CHECK(bulletin(bench) == "OK: director, one backup");
    bench.turn(Stop{});
    CHECK(bulletin(bench) == "UNKNOWN: stopping");
}

TEST_CASE("a fault is critical, and a master is good") {
    Bench bench = master(director());
    CHECK(bulletin(bench) == "OK: director, one master");
    CHECK(metrics::bulletin_of(bench.node).serves());
    bench.link_goes(false);
    bench.settle();
    const std::string line = bulletin(bench);
    CHECK(line.starts_with("CRITICAL: one is in fault: "));
}

TEST_CASE("a line is one line, whatever the words in it, and has no bar") {
    Bench bench("role = \"director\"\ninterface = \"eth0\"\n");
    bench.run();
    bench.turn(node::Disturbed{});
    bench.done(Lane::network, "a|b\nc");
    CHECK(bulletin(bench) == "CRITICAL: network: a/b c");
}

TEST_CASE("servers that are down are a warning, and below the quorum it is critical") {
    Bench bench = with_servers();
    answer(bench, true, microseconds(1500));
    CHECK(bulletin(bench) == "OK: director, one master; 2 of 2 checks up");
    CHECK(picture_of(bench).checks.probes == 2);
    CHECK(picture_of(bench).board.servers.at(0).took == microseconds(1500));
    answer(bench, false);
    CHECK(picture_of(bench).checks.down == 2);
    CHECK(bulletin(bench).starts_with("CRITICAL: 1 service has fewer servers up than the quorum"));
}
