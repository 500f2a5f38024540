// What the board says for metrics.
#include "bench.hpp"

using namespace lbconverge;
using namespace lbconverge::test;
using std::chrono::seconds;

namespace {

const std::string two_services = R"(
role = "director"
interface = "eth0"
vips = ["192.0.2.20"]
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
quorum = 2
check = { type = "tcp", interval = "1s", fall = 1, rise = 1 }
[[service]]
vip = "192.0.2.20"
port = 81
real_servers = ["192.0.2.5"]
)";

health::BoardView view_of(const health::Board& board, std::size_t piece = 1000) {
    health::BoardView view;
    while (board.add_to(view, piece)) {
    }
    return view;
}

}  // namespace

TEST_CASE("a view has each server of the file, in its order, with what its check says") {
    HealthBench bench(two_services);
    bench.empty_kernel();
    bench.breaks("192.0.2.4");
    bench.pass(seconds(3));
    bench.board.drain({.address = *IpAddress::parse("192.0.2.5")}, bench.now);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
        const health::BoardView view = view_of(bench.board, piece);
        REQUIRE(view.services.size() == 2);
        REQUIRE(view.servers.size() == 3);
        CHECK(view.services[0].live == 1);
        CHECK(view.services[0].quorum == 2);
        CHECK(view.services[0].lacks_quorum);
        CHECK_FALSE(view.services[0].fallback_serves);
        CHECK(view.services[1].first_server == 2);
        CHECK(view.servers[0].is == health::Liveness::up);
        CHECK(view.servers[0].answered);
        CHECK(view.servers[1].is == health::Liveness::down);
        CHECK_FALSE(view.servers[2].checked);
        CHECK(view.servers[2].drained);
        CHECK_FALSE(view.servers[0].drained);
    }
}

TEST_CASE("a piece ends after so many servers") {
    const HealthBench bench(two_services);
    health::BoardView view;
    CHECK(bench.board.add_to(view, 1));
    CHECK(view.services.size() == 1);
    CHECK_FALSE(bench.board.add_to(view, 1));
    CHECK_FALSE(bench.board.add_to(view, 1));
    CHECK(view.services.size() == 2);
}

TEST_CASE("the summary counts what is down, what is not known, and the services that suffer") {
    HealthBench bench(two_services);
    CHECK(bench.board.summary().probes == 2);
    CHECK(bench.board.summary().unknown == 2);
    bench.empty_kernel();
    bench.breaks("192.0.2.4");
    bench.pass(seconds(3));
    const health::BoardSummary sum = bench.board.summary();
    CHECK(sum.unknown == 0);
    CHECK(sum.down == 1);
    CHECK(sum.services_short == 1);
    CHECK(sum.services_keeping == 0);
}

TEST_CASE("a probe remembers what its last answer took, but not one that this host did not ask") {
    HealthBench bench(two_services);
    bench.empty_kernel();
    bench.now += seconds(1);
    for (const auto& each : bench.board.tick(bench.now)) {
        health::ProbeAnswer answer{.id = each.id, .run = each.run, .good = true};
        answer.took = std::chrono::milliseconds(7);
        answer.asked = to_text(each.address) == "192.0.2.3";
        bench.board.answered(answer, bench.now);
    }
    const health::BoardView view = view_of(bench.board);
    CHECK(view.servers[0].took == std::chrono::milliseconds(7));
    CHECK(view.servers[0].answered);
    CHECK_FALSE(view.servers[1].answered);
}

TEST_CASE("drains are listed with their ages") {
    HealthBench bench(two_services);
    bench.board.drain({.address = *IpAddress::parse("192.0.2.3"), .port = 80}, bench.now);
    const auto drains = bench.board.drains(bench.now + seconds(90));
    REQUIRE(drains.size() == 1);
    CHECK(drains[0].port == 80);
    CHECK(drains[0].age == seconds(90));
}
