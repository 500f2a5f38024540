// Which servers stay in a pool although they are down.
#include "bench.hpp"
#include "lbconverge/health/drain.hpp"

namespace lbconverge::health {

namespace {

using kinds::Service;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::HealthBench;

std::string four(const std::string& more = "",
                 const std::string& servers = R"("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        name = "web"
        vip = "192.0.2.20"
        port = 80
        check = { type = "tcp", interval = "1s", fall = 1, rise = 1 }
    )"_text +
           more + "real_servers = [" + servers + "]\n";
}

HealthBench all_up(const std::string& more = "") {
    HealthBench bench(four(more));
    bench.empty_kernel();
    bench.pass(seconds(5));
    bench.board.take_keep_news();
    return bench;
}

/// "1 3": the last octets of the servers that are kept.
std::string kept(const HealthBench& bench) {
    std::string text;
    for (const kinds::ServerOpinion& each : bench.board.health(bench.now).servers) {
        if (each.kept) text += (text.empty() ? "" : " ") + std::to_string(each.key.address.bytes[3]);
    }
    return text;
}

bool gone(const HealthBench& bench, int last) {
    const auto health = bench.board.health(bench.now);
    for (const kinds::ServerOpinion& each : health.servers) {
        if (each.key.address.bytes[3] == last) return each.gone && !each.kept;
    }
    return false;
}

bool incomplete(const HealthBench& bench) {
    return bench.board.health(bench.now).is_incomplete(Service::parse_id("tcp 192.0.2.20:80").value());
}

std::vector<kinds::Drained> drains(const std::string& toml, const std::string& server) {
    return parse_drain(server, test::world(toml).config, false).value();
}

}  // namespace

TEST_CASE("servers that fail one after the other leave until half are left, and those that were up last stay") {
    HealthBench bench = all_up();
    for (const char* each : {"10.0.0.4", "10.0.0.1"}) {
        bench.breaks(each);
        bench.pass(seconds(3));
        CHECK(kept(bench).empty());
    }
    CHECK(gone(bench, 4));
    CHECK(gone(bench, 1));
    bench.breaks("10.0.0.2");
    bench.pass(seconds(3));
    CHECK(kept(bench) == "2");
    bench.breaks("10.0.0.3");
    bench.pass(seconds(3));
    CHECK(kept(bench) == "2 3");
}

TEST_CASE("who is kept leaves when enough others are back, after a moment") {
    HealthBench bench = all_up();
    for (const char* each : {"10.0.0.4", "10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
        bench.breaks(each);
        bench.pass(seconds(3));
    }
    bench.mends("10.0.0.1");
    bench.pass(seconds(3));
    CHECK(kept(bench) == "3");
    CHECK(gone(bench, 2));
    bench.mends("10.0.0.4");
    while (!kept(bench).empty()) bench.pass(milliseconds(10));
    CHECK_FALSE(gone(bench, 3));
    bench.pass(milliseconds(600));
    CHECK(gone(bench, 3));
}

TEST_CASE("a server that is down keeps its row for a moment, and the board wakes for its end") {
    HealthBench bench = all_up();
    bench.breaks("10.0.0.1");
    while (bench.is("10.0.0.1") != kinds::Liveness::down) bench.pass(milliseconds(10));
    CHECK_FALSE(gone(bench, 1));
    bench.take_changed();
    bench.pass(milliseconds(490));
    CHECK_FALSE(gone(bench, 1));
    bench.pass(milliseconds(20));
    CHECK(gone(bench, 1));
    CHECK(bench.take_changed());
}

TEST_CASE("the share is rounded up, and counts only servers that have a weight in the file") {
    HealthBench three(four("", R"("10.0.0.1", "10.0.0.2", "10.0.0.3", { address = "10.0.0.4", weight = 0 })"));
    three.empty_kernel().pass(seconds(3));
    for (const char* each : {"10.0.0.1", "10.0.0.2"}) {
        three.breaks(each);
        three.pass(seconds(3));
    }
    CHECK(kept(three) == "2");
}

TEST_CASE("the file says the share, for a service or for all") {
    for (const auto& [keep, stay] : {std::pair("0%", ""), std::pair("75%", "2 3 4"), std::pair("100%", "1 2 3 4")}) {
        HealthBench bench = all_up("keep = \"" + std::string(keep) + "\"\n");
        for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
            bench.breaks(each);
            bench.pass(seconds(3));
        }
        CHECK(kept(bench) == stay);
    }
    CHECK(test::world(four() + "[ipvs]\nkeep = \"20%\"\n").config.services[0].keep == 20);
}

TEST_CASE("with a fallback below its quorum nobody is kept, since the fallback serves") {
    HealthBench bench = all_up(R"(
        fallback = "10.0.0.9"
        quorum = 2
    )"_text);
    for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
        bench.breaks(each);
        bench.pass(seconds(3));
        CHECK(kept(bench).empty());
    }
    CHECK_FALSE(incomplete(bench));
}

TEST_CASE("a server that was never up is kept only if there is no other") {
    HealthBench bench(four());
    bench.empty_kernel();
    for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) bench.breaks(each);
    bench.pass(seconds(3));
    CHECK(kept(bench).empty());
    CHECK(incomplete(bench));
    bench.breaks("10.0.0.4");
    bench.pass(seconds(3));
    CHECK(kept(bench) == "4");
    HealthBench none(four());
    none.empty_kernel();
    for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}) none.breaks(each);
    none.pass(seconds(3));
    CHECK(kept(none).size() == 3);
}

TEST_CASE("a service is incomplete until each server was asked, and servers that left the file stay as long") {
    HealthBench bench = all_up();
    CHECK_FALSE(incomplete(bench));
    bench.configure(four("", R"("10.0.0.1", "10.0.0.2", "10.0.0.7")"));
    CHECK(incomplete(bench));
    bench.pass(seconds(3));
    // Nobody has told it that the kernel was looked at, so the new one is not asked yet.
    CHECK(incomplete(bench));
    bench.empty_kernel();
    bench.pass(seconds(3));
    CHECK_FALSE(incomplete(bench));
}

TEST_CASE("who stays is remembered by a reload and by the next daemon") {
    HealthBench bench = all_up();
    for (const char* each : {"10.0.0.4", "10.0.0.1", "10.0.0.2", "10.0.0.3"}) bench.breaks(each);
    bench.pass(seconds(3));
    const std::string before = kept(bench);
    CHECK(before.size() == 3);
    bench.configure(four("quorum = 2\n"));
    CHECK(kept(bench) == before);
    HealthBench next(four());
    next.board.remember(bench.board.health(bench.now), next.now);
    next.sound();
    CHECK(kept(next) == before);
}

TEST_CASE("the moment of a server that is down is remembered, and its end") {
    HealthBench bench = all_up();
    bench.breaks("10.0.0.1");
    while (bench.is("10.0.0.1") != kinds::Liveness::down) bench.pass(milliseconds(10));
    for (const bool end : {false, true}) {
        if (end) bench.pass(milliseconds(600));
        HealthBench next(four());
        const std::string saved = kinds::to_text(bench.board.health(bench.now), BootTime(seconds(5000)));
        next.board.remember(kinds::parse_health(saved, BootTime(seconds(5000))).health, next.now);
        next.sound();
        CHECK(gone(next, 1) == end);
    }
}

TEST_CASE("a weight of 0 that a check says counts as taken out") {
    HealthBench bench = all_up();
    for (const auto& each : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) bench.breaks(each);
    bench.pass(seconds(3));
    CHECK(kept(bench).size() == 1);
    Instant& now = bench.now;
    for (const ProbeRequest& each : bench.board.tick(now + seconds(2))) {
        const bool last = to_text(each.address) == "10.0.0.4";
        bench.board.answered({each.id, each.run, last, "busy", last ? std::optional(0U) : std::nullopt}, now);
    }
    bench.board.take_changed(now);
    bench.sound();
    CHECK(kept(bench).size() == 3);
}

TEST_CASE("it is news when servers stay, and when there are enough again") {
    HealthBench bench = all_up();
    for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) bench.breaks(each);
    bench.pass(seconds(3));
    auto news = bench.board.take_keep_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].kept == 1);
    CHECK(news[0].live == 1);
    CHECK(news[0].all == 4);
    bench.mends("10.0.0.1");
    bench.pass(seconds(3));
    news = bench.board.take_keep_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].kept == 0);
}

TEST_CASE("an operator's drain leaves a service what it keeps") {
    HealthBench bench = all_up();
    const auto ask = [&](const std::string& server) { return bench.board.can_drain(drains(four(), server)); };
    CHECK(ask("10.0.0.1"));
    bench.board.drain(drains(four(), "10.0.0.1").front(), bench.now);
    CHECK(ask("10.0.0.1"));
    CHECK(ask("10.0.0.2"));
    bench.breaks("10.0.0.2");
    bench.pass(seconds(3));
    const auto refused = ask("10.0.0.3");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK(refused.error().what == "service tcp 192.0.2.20:80 would have 1 of 4 servers, and it keeps 2");
    CHECK(ask("10.0.0.2"));  // it is out already
}

TEST_CASE("a server that is drained is not kept") {
    HealthBench bench = all_up();
    bench.board.drain(drains(four(), "10.0.0.4").front(), bench.now);
    for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
        bench.breaks(each);
        bench.pass(seconds(3));
    }
    CHECK(kept(bench) == "2 3");
    bench.sound();
}

}  // namespace lbconverge::health
