// Three owners of a weight: what becomes of the pool when health and the operator have a say.
#include "lbconverge/kinds/health.hpp"

#include "unit/world.hpp"

#include <doctest/doctest.h>

namespace lbconverge::kinds {

namespace {

using std::chrono::seconds;
using namespace test;

std::string file(const std::string& more = "") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = [{ address = "10.0.0.3", weight = 3 }, { address = "10.0.0.4", weight = 4 }]
    )"_text +
           more;
}

ServerOpinion opinion(const char* address, Liveness is, std::optional<std::uint32_t> weight = {}) {
    return {key<RealServer>("tcp 192.0.2.20:80 " + std::string(address) + ":80"), is, weight, "connect refused",
            seconds(12)};
}

Wanted<RealServer> wanted(const std::string& toml, const Health& health) {
    const World node = world(toml);
    const Inputs inputs{node.config, node.election, node.facts, &health};
    return desire(inputs).get<RealServer>();
}

std::string overruled(const Wanted<RealServer>& wanted) {
    std::string text;
    for (const auto& each : wanted.overruled) text += RealServer::display(each.key) + ": " + each.why + "\n";
    return text;
}

std::string rows(const Wanted<RealServer>& wanted) {
    std::string text;
    for (const auto& row : wanted.rows.rows())
        text += RealServer::display(row.key) + " " + std::to_string(row.value.weight) + "\n";
    return text;
}

}  // namespace

TEST_CASE("without exceptions everything is as configured") {
    CHECK(rows(wanted(file(), {})) == "10.0.0.3:80 3\n10.0.0.4:80 4\n");
    CHECK(rows(wanted(file(R"(fallback = "10.0.0.9")"), {})) == "10.0.0.3:80 3\n10.0.0.4:80 4\n");
}

TEST_CASE("with on_down = drain a server that is down has weight 0, and the reason stands beside it") {
    const auto pool = wanted(file(R"(on_down = "drain")"), {{opinion("10.0.0.3", Liveness::down)}, {}, {}});
    CHECK(rows(pool) == "10.0.0.3:80 0\n10.0.0.4:80 4\n");
    CHECK(overruled(pool) == "10.0.0.3:80: down: connect refused, 12 s\n");
    CHECK(pool.rows.note(0).cause == Cause::health);
}

TEST_CASE("a server that is down is not there") {
    const auto pool = wanted(file(), {{opinion("10.0.0.3", Liveness::down)}, {}, {}});
    CHECK(rows(pool) == "10.0.0.4:80 4\n");
    CHECK(overruled(pool) == "10.0.0.3:80: down: connect refused, 12 s\n");
    CHECK(pool.unwanted.size() == 1);
}

TEST_CASE("it has weight 0 for a moment first, but for dh, which would refuse its clients") {
    ServerOpinion down = opinion("10.0.0.3", Liveness::down);
    down.gone = false;
    CHECK(rows(wanted(file(), {{down}, {}, {}})) == "10.0.0.3:80 0\n10.0.0.4:80 4\n");
    CHECK(rows(wanted(file(R"(scheduler = "dh")"), {{down}, {}, {}})) == "10.0.0.4:80 4\n");
}

TEST_CASE("a server that is kept stays with its weight, and the reason stands beside it") {
    ServerOpinion kept = opinion("10.0.0.3", Liveness::down);
    kept.kept = true;
    const auto pool = wanted(file(R"(on_down = "drain")"), {{kept}, {}, {}});
    CHECK(rows(pool) == "10.0.0.3:80 3\n10.0.0.4:80 4\n");
    CHECK(overruled(pool) == "10.0.0.3:80: down: connect refused, 12 s; kept, since at least 50 % stay\n");
    CHECK(pool.rows.note(0).cause == Cause::health);
}

TEST_CASE("what was said about a server that is kept, or was never up, is read again") {
    ServerOpinion kept = opinion("10.0.0.3", Liveness::down), never = opinion("10.0.0.4", Liveness::down);
    kept.kept = true;
    never.was_up = false;
    const BootTime now{seconds(1000)};
    const Health again = parse_health(to_text(Health{{kept, never}, {}, {}}, now), now).health;
    REQUIRE(again.servers.size() == 2);
    CHECK(again.servers[0].kept);
    CHECK(again.servers[0].was_up);
    CHECK_FALSE(again.servers[1].kept);
    CHECK_FALSE(again.servers[1].was_up);
}

TEST_CASE("a server of which nothing is known is held as it is") {
    const auto pool = wanted(file(), {{opinion("10.0.0.3", Liveness::unknown)}, {}, {}});
    CHECK(rows(pool) == "10.0.0.4:80 4\n");
    CHECK(held_text(pool) == "tcp 192.0.2.20:80 10.0.0.3:80: not checked yet\n");
}

TEST_CASE("a check may give the weight itself") {
    const auto pool = wanted(file(), {{opinion("10.0.0.3", Liveness::up, 9)}, {}, {}});
    CHECK(rows(pool) == "10.0.0.3:80 9\n10.0.0.4:80 4\n");
}

TEST_CASE("the operator counts more than health, whatever it says") {
    Health health{
        {opinion("10.0.0.3", Liveness::up, 9)}, {}, {{IpAddress::parse("10.0.0.3").value(), 0, {}, seconds(200)}}};
    CHECK(rows(wanted(file(), health)) == "10.0.0.3:80 0\n10.0.0.4:80 4\n");
    CHECK(overruled(wanted(file(), health)) == "10.0.0.3:80: drained by the operator, 3 min\n");
    health.servers = {opinion("10.0.0.3", Liveness::unknown)};
    CHECK(rows(wanted(file(), health)) == "10.0.0.3:80 0\n10.0.0.4:80 4\n");
    health.servers = {opinion("10.0.0.3", Liveness::down)};
    CHECK(rows(wanted(file(), health)) == "10.0.0.3:80 0\n10.0.0.4:80 4\n");
}

TEST_CASE("a drain may be of one port or one service only") {
    Drained drain{IpAddress::parse("10.0.0.3").value(), 81};
    const auto key = test::key<RealServer>("tcp 192.0.2.20:80 10.0.0.3:80");
    CHECK_FALSE(drain.covers(key));
    drain.port = 80;
    CHECK(drain.covers(key));
    drain.service = Service::parse_id("tcp 192.0.2.20:81");
    CHECK_FALSE(drain.covers(key));
}

TEST_CASE("below the quorum the fallback serves alone") {
    const std::string toml = file(R"(
        fallback = "10.0.0.9"
        quorum = 2
        on_down = "drain"
    )"_text);
    Health health{{opinion("10.0.0.3", Liveness::down)}, {{Service::parse_id("tcp 192.0.2.20:80").value()}}, {}};
    const auto pool = wanted(toml, health);
    CHECK(rows(pool) == R"(
        10.0.0.3:80 0
        10.0.0.4:80 0
        10.0.0.9:80 1
    )"_text);
    CHECK(overruled(pool) == R"(
        10.0.0.3:80: down: connect refused, 12 s
        10.0.0.4:80: the fallback serves
        10.0.0.9:80: fallback: fewer than 2 of 2 are up, 0 s
    )"_text);
    health.shortages[0].known = false;
    CHECK(rows(wanted(toml, health)) == "10.0.0.3:80 0\n10.0.0.4:80 4\n");
    CHECK(held_text(wanted(toml, health)).starts_with("tcp 192.0.2.20:80 10.0.0.9:80: "));
}

TEST_CASE("without a fallback a lost quorum changes nothing") {
    const Health health{{}, {{Service::parse_id("tcp 192.0.2.20:80").value()}}, {}};
    CHECK(rows(wanted(file("quorum = 2\n"), health)) == "10.0.0.3:80 3\n10.0.0.4:80 4\n");
}

TEST_CASE("what is written down is read again") {
    const BootTime now(seconds(10'000));
    Health health{{opinion("10.0.0.3", Liveness::down), opinion("10.0.0.4", Liveness::up, 9)},
                  {{Service::parse_id("tcp 192.0.2.20:80").value(), true, seconds(5)}},
                  {{IpAddress::parse("10.0.0.3").value(), 80, Service::parse_id("tcp 192.0.2.20:80"), seconds(7)}}};
    const std::string text = to_text(health, now);
    CHECK(text ==
          "down\ttcp 192.0.2.20:80 10.0.0.3:80\t9988\tconnect refused\n"
          "weight\ttcp 192.0.2.20:80 10.0.0.4:80\t9988\t9\tconnect refused\n"
          "short\ttcp 192.0.2.20:80\t9995\ndrain\t10.0.0.3\t80\ttcp 192.0.2.20:80\t9993\n");
    const ReadHealth again = parse_health(text, now + seconds(3));
    REQUIRE(again.damaged.count == 0);
    CHECK(again.health.servers[0].age == seconds(15));
    CHECK(again.health.servers[1].weight == 9U);
    CHECK(again.health.drains[0].same_as(health.drains[0]));
    CHECK(to_text(again.health, now + seconds(3)) == text);
}

TEST_CASE("opinions without knowledge are not written down, and a reason stays in its line") {
    const BootTime now(seconds(10'000));
    Health health{
        {opinion("10.0.0.3", Liveness::unknown)}, {{Service::parse_id("tcp 192.0.2.20:80").value(), false}}, {}};
    CHECK(to_text(health, now).empty());
    health.servers = {opinion("10.0.0.3", Liveness::down)};
    health.servers[0].why = "a\nb\tc";
    CHECK(to_text(health, now) == "down\ttcp 192.0.2.20:80 10.0.0.3:80\t9988\ta b c\n");
}

TEST_CASE("a line that is none costs what it said, and no more") {
    const BootTime now(seconds(10'000));
    for (const char* bad :
         {"x", "down\tnobody\t1\t", "down\ttcp 192.0.2.20:80 10.0.0.3:80\tx\t", "drain\t10.0.0.3\t80\tweb\t5",
          "drain\t10.0.0.3\t99999\t-\t5", "weight\ttcp 192.0.2.20:80 10.0.0.3:80\t5\t-1\t", "short\t\t1"}) {
        const ReadHealth read = parse_health("drain\t10.0.0.3\t80\t-\t5\n" + std::string(bad) + "\n", now);
        CHECK(read.damaged.text() == "line 2 cannot be read");
        CHECK(to_text(read.health, now) == "drain\t10.0.0.3\t80\t-\t5\n");
    }
}

TEST_CASE("what an older version wrote by the clock on the wall is of now") {
    const BootTime now(seconds(10'000));
    const ReadHealth read = parse_health("down\ttcp 192.0.2.20:80 10.0.0.3:80\t1700000000\twhy\n", now);
    REQUIRE(read.health.servers.size() == 1);
    CHECK(read.health.servers[0].age == seconds(0));
}

TEST_CASE("what is older than the boot began with it") {
    const BootTime now(seconds(5));
    const Health health{{opinion("10.0.0.3", Liveness::down)}, {}, {}};
    CHECK(to_text(health, now) == "down\ttcp 192.0.2.20:80 10.0.0.3:80\t0\tconnect refused\n");
}

}  // namespace lbconverge::kinds
