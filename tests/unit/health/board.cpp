// The board: when it asks whom, and what it makes of the answers.
#include "bench.hpp"

namespace lbconverge::health {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::HealthBench;
using test::key;
using test::world;

constexpr const char* a80 = "tcp 192.0.2.20:80 10.0.0.3:80";
constexpr const char* b80 = "tcp 192.0.2.20:80 10.0.0.4:80";

std::string file(const std::string& more = R"(
    check = { type = "tcp", interval = "1s", fall = 3, rise = 2 }
)"_text) {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        name = "web"
        vip = "192.0.2.20"
        port = 80
        real_servers = ["10.0.0.3", "10.0.0.4"]
    )"_text +
           more;
}

}  // namespace

TEST_CASE("nobody is asked before the kernel was looked at, and everybody is unknown") {
    HealthBench bench(file());
    CHECK_FALSE(bench.board.wake_at());
    CHECK(bench.is("10.0.0.3") == Liveness::unknown);
    CHECK(bench.board.health(bench.now).servers.size() == 2);
    CHECK_FALSE(bench.board.knows_all());
}

TEST_CASE("where the kernel has no row the first answer decides") {
    HealthBench bench(file());
    bench.empty_kernel().breaks("10.0.0.4");
    bench.pass(seconds(1));
    CHECK(bench.is("10.0.0.3") == Liveness::up);
    CHECK(bench.is("10.0.0.4") == Liveness::down);
    CHECK(bench.board.knows_all());
    const kinds::Health health = bench.board.health(bench.now);
    REQUIRE(health.servers.size() == 1);  // only the exception
    CHECK(health.servers[0].why == "connect refused");
}

TEST_CASE("a server that is in use at the start goes down only after fall failures") {
    HealthBench bench(file());
    bench.board.found({HealthBench::row(a80, 5), HealthBench::row(b80, 1)}, bench.now);
    CHECK(bench.board.knows_all());
    bench.breaks("10.0.0.3");
    bench.pass(milliseconds(2050));  // two questions at least, three at most
    bench.asked = 0;
    CHECK(bench.is("10.0.0.4") == Liveness::up);
    bench.pass(seconds(2));
    CHECK(bench.is("10.0.0.3") == Liveness::down);
}

TEST_CASE("fall is counted in a row: one good answer in between and it begins anew") {
    HealthBench bench(file());
    bench.board.found({HealthBench::row(a80, 1), HealthBench::row(b80, 1)}, bench.now);
    for (int round = 0; round < 6; ++round) {
        for (int question = 0; question < 3; ++question) {
            while (bench.board.probes()[0].run % 3 != (static_cast<unsigned>(question) + 1U) % 3) {
                bench.now = *bench.board.wake_at();
                for (const ProbeRequest& each : bench.board.tick(bench.now)) {
                    const bool good = each.id != bench.board.probes()[0].id || each.run % 3 == 0;
                    bench.board.answered({each.id, each.run, good, "x"}, bench.now);
                }
            }
        }
    }
    CHECK(bench.board.probes()[0].run >= 15);
    CHECK(bench.is("10.0.0.3") == Liveness::up);
}

TEST_CASE("a server with weight 0 at the start comes up only after rise answers") {
    HealthBench bench(file());
    bench.board.found({HealthBench::row(a80, 0), HealthBench::row(b80, 1)}, bench.now);
    CHECK(bench.is("10.0.0.3") == Liveness::down);
    CHECK(bench.board.health(bench.now).of(key<kinds::RealServer>(a80))->why == "it had weight 0 at the start");
    bench.pass(milliseconds(900));
    bench.pass(seconds(3));
    CHECK(bench.is("10.0.0.3") == Liveness::up);
}

TEST_CASE("a weight 0 that is the file's or the operator's says nothing about health") {
    HealthBench bench(file(R"(check = "tcp")"));
    bench.board.drain({IpAddress::parse("10.0.0.3").value()}, bench.now);
    bench.board.found({HealthBench::row(a80, 0), HealthBench::row(b80, 1)}, bench.now);
    CHECK(bench.is("10.0.0.3") == Liveness::unknown);
    bench.pass(seconds(1));
    CHECK(bench.is("10.0.0.3") == Liveness::up);
}

TEST_CASE("what an earlier daemon knew counts, and its reason and time stay") {
    HealthBench bench(file());
    kinds::Health before;
    before.servers.push_back({key<kinds::RealServer>(a80), Liveness::down, {}, "connect refused", seconds(100)});
    bench.board.remember(before, bench.now);
    CHECK(bench.is("10.0.0.3") == Liveness::down);
    bench.board.found({HealthBench::row(b80, 1)}, bench.now);
    CHECK(bench.text() == "down\ttcp 192.0.2.20:80 10.0.0.3:80\t4900\tconnect refused\n");
    bench.pass(seconds(4));
    CHECK(bench.is("10.0.0.3") == Liveness::up);
    CHECK(bench.text().empty());
}

TEST_CASE("one probe asks for all services that share a server and a check") {
    HealthBench bench(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = [80, 443]
        real_servers = ["10.0.0.3"]
        check = { type = "tcp", port = 9000 }
        [[service]]
        vip = "192.0.2.20"
        port = 81
        real_servers = ["10.0.0.3"]
        check = { type = "tcp", port = 9000 }
    )"_text);
    CHECK(bench.board.probes().size() == 1);
    CHECK(bench.board.probes()[0].places.size() == 3);
    CHECK(bench.board.health(bench.now).servers.size() == 3);
}

TEST_CASE("another check of the same server is another probe") {
    HealthBench bench(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = [80, 443]
        real_servers = ["10.0.0.3"]
        check = "tcp"
    )"_text);
    CHECK(bench.board.probes().size() == 2);
}

TEST_CASE("who never answers has failed, and a late answer counts no more") {
    HealthBench bench(file());
    bench.empty_kernel();
    bench.now += seconds(1);
    const auto requests = bench.board.tick(bench.now);
    REQUIRE(requests.size() == 2);
    CHECK(*bench.board.wake_at() == bench.now + seconds(2));  // the time-out of 1 s, and as much for the news
    bench.now = *bench.board.wake_at();
    bench.board.tick(bench.now);
    CHECK(bench.is("10.0.0.3") == Liveness::down);
    CHECK(bench.board.probes()[0].why == "no answer");
    bench.board.answered({requests[0].id, requests[0].run, true, "answered"}, bench.now);
    CHECK(bench.is("10.0.0.3") == Liveness::down);
}

TEST_CASE("questions are an interval apart, a twentieth more or less, and not all at once") {
    HealthBench bench(file());
    bench.empty_kernel();
    bench.pass(seconds(1001));
    CHECK(bench.asked >= 2 * 950);
    CHECK(bench.asked <= 2 * 1053);
    CHECK(bench.board.probes()[0].next != bench.board.probes()[1].next);
}

TEST_CASE("the same board does the same twice") {
    HealthBench one(file()), two(file());
    one.empty_kernel().pass(seconds(100));
    two.empty_kernel().pass(seconds(100));
    CHECK(one.board.probes()[0].next == two.board.probes()[0].next);
    CHECK(one.board.probes()[1].next == two.board.probes()[1].next);
}

TEST_CASE("ten thousand checks a second are a hundred turns a second") {
    std::string toml = R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text;
    for (int service = 0; service < 100; ++service) {
        toml += R"(
            [[service]]
            vip = "192.0.2.20"
            port = $
            check = { type = "tcp", interval = "1s" }
            real_servers = [)"_with(std::to_string(1000 + service));
        for (int server = 1; server <= 100; ++server) toml += R"("10.0.0.$", )"_with(std::to_string(server));
        toml += "]\n";
    }
    HealthBench bench(toml);
    REQUIRE(bench.board.probes().size() == 10'000);
    bench.board.found(found_in(kinds::Observed{}, bench.board.health(bench.now)), bench.now);
    bench.pass(seconds(2));
    bench.asked = 0;
    std::size_t turns = 0;
    const Instant end = bench.now + seconds(10);
    while (*bench.board.wake_at() <= end) {
        ++turns;
        bench.now = *bench.board.wake_at();
        for (const ProbeRequest& each : bench.board.tick(bench.now)) {
            ++bench.asked;
            bench.board.answered({each.id, each.run, true, "answered"}, bench.now);
        }
    }
    CHECK(turns <= 1001);
    CHECK(bench.asked > 98'000);
    CHECK(bench.asked < 102'000);
}

TEST_CASE("a reload leaves checks that are the same alone, forgets others, and begins new ones") {
    HealthBench bench(file());
    bench.board.found({HealthBench::row(a80, 1), HealthBench::row(b80, 1)}, bench.now);
    bench.pass(seconds(5));
    const Probe before = bench.board.probes()[0];
    bench.configure(file() + R"(
        [[service]]
        vip = "192.0.2.20"
        port = 81
        real_servers = ["10.0.0.9"]
        check = "tcp"
    )"_text);
    CHECK(bench.board.probes()[0].id == before.id);
    CHECK(bench.board.probes()[0].next == before.next);
    CHECK(bench.is("10.0.0.3") == Liveness::up);
    CHECK(bench.is("10.0.0.9") == Liveness::unknown);
    bench.configure(file(R"(check = { type = "tcp", interval = "3s" })"));
    CHECK(bench.is("10.0.0.3") == Liveness::unknown);  // asks otherwise: what it knew was another answer
    CHECK(bench.board.probes().size() == 2);
}

TEST_CASE("an answer to a probe that a reload took away is nobody's") {
    HealthBench bench(file());
    bench.empty_kernel();
    bench.now += seconds(1);
    const auto requests = bench.board.tick(bench.now);
    bench.configure(file(""));
    for (const ProbeRequest& each : requests) bench.board.answered({each.id, each.run, true, ""}, bench.now);
    CHECK(bench.board.probes().empty());
    CHECK_FALSE(bench.board.wake_at());
}

TEST_CASE("a check's own weight counts while it is up") {
    HealthBench bench(file());
    bench.empty_kernel();
    bench.now += seconds(1);
    for (const ProbeRequest& each : bench.board.tick(bench.now))
        bench.board.answered({each.id, each.run, true, "exit 9", 7}, bench.now);
    CHECK(bench.board.health(bench.now).of(key<kinds::RealServer>(a80))->weight == 7U);
    bench.pass(seconds(2));  // it answers without a weight from now on
    CHECK(bench.board.health(bench.now).servers.empty());
}

TEST_CASE("the fallback is asked for below the quorum, and until quorum and hysteresis are up again") {
    HealthBench bench(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        name = "web"
        vip = "192.0.2.20"
        port = 80
        real_servers = ["10.0.0.3", "10.0.0.4", "10.0.0.5"]
        quorum = 2
        hysteresis = 1
        fallback = "10.0.0.9"
        check = { type = "tcp", interval = "1s", fall = 1, rise = 1 }
    )"_text);
    const auto service = kinds::Service::parse_id("tcp 192.0.2.20:80").value();
    const auto shortage = [&] { return bench.board.health(bench.now).of(service) != nullptr; };
    REQUIRE(bench.board.health(bench.now).of(service) != nullptr);
    CHECK_FALSE(bench.board.health(bench.now).of(service)->known);
    CHECK_FALSE(bench.board.service_is_up("web"));
    bench.board.found(found_in({}, bench.board.health(bench.now)), bench.now);
    bench.pass(seconds(2));
    CHECK_FALSE(shortage());
    CHECK(bench.board.service_is_up("web") == true);
    bench.breaks("10.0.0.3");
    bench.pass(seconds(2));
    CHECK_FALSE(shortage());  // two of three
    bench.breaks("10.0.0.4");
    bench.pass(seconds(2));
    CHECK(shortage());
    CHECK(bench.board.service_is_up("tcp 192.0.2.20:80") == false);
    bench.broken.pop_back();
    bench.pass(seconds(2));
    CHECK(shortage());  // two are not enough to come back
    bench.broken.clear();
    bench.pass(seconds(2));
    CHECK_FALSE(shortage());
    CHECK_FALSE(bench.board.service_is_up("mail"));
}

TEST_CASE("what the operator drains does not count for the quorum") {
    HealthBench bench(file(R"(fallback = "10.0.0.9")"));
    const auto all = [](const char* address) { return kinds::Drained{IpAddress::parse(address).value()}; };
    CHECK(bench.board.knows_all());
    CHECK(bench.board.drain(all("10.0.0.3"), bench.now));
    CHECK_FALSE(bench.board.drain(all("10.0.0.3"), bench.now));
    CHECK(bench.board.service_is_up("web") == true);
    CHECK(bench.board.drain(all("10.0.0.4"), bench.now));
    CHECK(bench.board.service_is_up("web") == false);
    CHECK(bench.board.undrain(all("10.0.0.3"), bench.now));
    CHECK(bench.board.service_is_up("web") == true);
    CHECK_FALSE(bench.board.undrain(all("10.0.0.3"), bench.now));
}

TEST_CASE("undrain of a server takes back the drains of its services") {
    HealthBench bench(file());
    kinds::Drained one{IpAddress::parse("10.0.0.3").value(), 80};
    one.service = kinds::Service::parse_id("tcp 192.0.2.20:80");
    bench.board.drain(one, bench.now);
    CHECK(bench.board.undrain({IpAddress::parse("10.0.0.3").value()}, bench.now));
    CHECK(bench.board.health(bench.now).drains.empty());
}

TEST_CASE("undrain of less, or of another, takes nothing back") {
    HealthBench bench(file());
    const auto one = [](const char* address, std::uint16_t port, const char* service) {
        kinds::Drained drained{IpAddress::parse(address).value(), port};
        if (service != nullptr) drained.service = kinds::Service::parse_id(service);
        return drained;
    };
    const auto left = [&] { return bench.board.health(bench.now).drains.size(); };
    bench.board.drain(one("10.0.0.3", 80, nullptr), bench.now);
    CHECK_FALSE(bench.board.undrain(one("10.0.0.4", 0, nullptr), bench.now));
    CHECK_FALSE(bench.board.undrain(one("10.0.0.4", 80, nullptr), bench.now));
    CHECK_FALSE(bench.board.undrain(one("10.0.0.3", 81, nullptr), bench.now));
    CHECK_FALSE(bench.board.undrain(one("10.0.0.3", 80, "tcp 192.0.2.20:80"), bench.now));
    CHECK(left() == 1);
    bench.board.drain(one("10.0.0.4", 80, "tcp 192.0.2.20:80"), bench.now);
    CHECK_FALSE(bench.board.undrain(one("10.0.0.4", 80, "tcp 192.0.2.20:443"), bench.now));
    CHECK(bench.board.undrain(one("10.0.0.4", 80, "tcp 192.0.2.20:80"), bench.now));
    CHECK(left() == 1);
}

TEST_CASE("without a daemon nobody is unknown") {
    HealthBench bench(file());
    bench.board.assume_up(bench.now);
    CHECK(bench.board.health(bench.now).empty());
    CHECK(bench.board.service_is_up("web") == true);
}

TEST_CASE("a real server checks nobody") {
    HealthBench bench(R"(
        role = "real-server"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["10.0.0.3"]
        check = "tcp"
    )"_text);
    CHECK(bench.board.probes().empty());
}

TEST_CASE("a check via the VIP is asked with its mark, and has time for the server itself as well") {
    HealthBench bench(file(R"(check = { type = "tcp", via = "vip" })"));
    bench.empty_kernel();
    bench.now += seconds(1);
    const auto requests = bench.board.tick(bench.now);
    REQUIRE(requests.size() == 2);
    CHECK(to_text(requests[0].vip) == "192.0.2.20");
    CHECK(requests[0].mark != 0);
    CHECK(requests[0].mark != requests[1].mark);
    CHECK(*bench.board.wake_at() == bench.now + seconds(3));
}

TEST_CASE("what this host could not ask says nothing of the server") {
    HealthBench bench(file());
    bench.board.found({HealthBench::row(a80, 1), HealthBench::row(b80, 1)}, bench.now);
    for (int i = 0; i < 20; ++i) {
        bench.now = *bench.board.wake_at();
        for (const ProbeRequest& each : bench.board.tick(bench.now)) {
            bench.board.answered({each.id, each.run, false, "too many open files", {}, false}, bench.now);
        }
    }
    CHECK(bench.is("10.0.0.3") == Liveness::up);
    CHECK(bench.board.probes()[0].why == "too many open files");
    CHECK(bench.board.probes()[0].run > 5);
}

TEST_CASE("only changes are news") {
    HealthBench bench(file());
    bench.empty_kernel();
    bench.pass(seconds(10));
    CHECK(bench.board.take_news().size() == 2);
    CHECK(bench.take_changed());
    bench.pass(seconds(10));
    CHECK(bench.board.take_news().empty());
    CHECK_FALSE(bench.take_changed());
    bench.breaks("10.0.0.3");
    bench.pass(seconds(10));
    const auto news = bench.board.take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].to == Liveness::down);
    CHECK(news[0].why == "connect refused");
    CHECK(bench.take_changed());
}

}  // namespace lbconverge::health
