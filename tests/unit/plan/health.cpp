// Plans of a director whose servers go down, come back and are drained.
#include "unit/plan/planning.hpp"

#include "lbconverge/plan/safety.hpp"

#include <doctest/doctest.h>

namespace lbconverge::plan {

namespace {

using kinds::Health;
using kinds::Liveness;
using kinds::RealServer;
using kinds::Service;
using std::chrono::seconds;
using test::Node;
using test::steps_text;
using test::world;

constexpr const char* a = "tcp 192.0.2.20:80 192.0.2.3:80";
constexpr const char* b = "tcp 192.0.2.20:80 192.0.2.4:80";
constexpr const char* sorry = "tcp 192.0.2.20:80 192.0.2.9:80";

/// A director that has converged with all servers up.
Node director(const std::string& more = "") {
    Node node(world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.3", "192.0.2.4"]
    )"_text + more));
    node.converge();
    return node;
}

Health says(const char* id, Liveness is) {
    return {{{test::key<RealServer>(id), is, {}, "connect refused", seconds(12)}}, {}, {}};
}

std::string held_text(const Plan& plan) {
    std::string text;
    for (const HeldRow& each : plan.held)
        text += each.id + ": " + each.reason + (each.absent ? " (absent)" : "") + "\n";
    return text;
}

}  // namespace

TEST_CASE("with on_down = drain a server that goes down is quiesced, one that comes back is loaded") {
    Node node = director(R"(on_down = "drain")");
    node.world.health = says(a, Liveness::down);
    CHECK(steps_text(node.plan()) == "quiesce update real_server " + std::string(a) + " (health)\n");
    CHECK(held_text(node.plan()) == std::string(a) + ": down: connect refused, 12 s\n");
    node.converge();
    CHECK(node.plan().steps.empty());
    CHECK(node.plan().held.size() == 1);
    node.world.health = Health{};
    CHECK(steps_text(node.plan()) == "load update real_server " + std::string(a) + " (config)\n");
}

TEST_CASE("what somebody lifts is put back, as drift") {
    Node node = director(R"(on_down = "drain")");
    node.world.health = says(a, Liveness::down);
    node.converge();
    node.put<RealServer>(a, {.weight = 7});
    CHECK(steps_text(node.plan()) == "quiesce update real_server " + std::string(a) + " (drift)\n");
}

TEST_CASE("a server of which nothing is known stays as it is, whatever that is") {
    Node node = director();
    node.world.health = says(a, Liveness::unknown);
    CHECK(node.plan().steps.empty());
    node.put<RealServer>(a, {.weight = 7}, {.active = 3});
    CHECK(node.plan().steps.empty());
    CHECK(node.plan().deferred.empty());
    node.erase<RealServer>(a);
    CHECK(node.plan().steps.empty());
}

TEST_CASE("a server that is down goes with its connections, after a moment with weight 0") {
    Node node = director();
    node.put<RealServer>(a, {.weight = 1}, {.active = 3});
    node.world.health = says(a, Liveness::down);
    node.world.health->servers[0].gone = false;
    CHECK(steps_text(node.plan()) == "quiesce update real_server " + std::string(a) + " (health)\n");
    node.converge();
    node.put<RealServer>(a, {.weight = 0}, {.active = 3});
    CHECK(node.plan().steps.empty());
    node.world.health->servers[0].gone = true;
    CHECK(steps_text(node.plan()) == "unload delete real_server " + std::string(a) + " (health)\n");
    CHECK(held_text(node.plan()) == std::string(a) + ": down: connect refused, 12 s (absent)\n");
    CHECK(node.plan().deferred.empty());
    REQUIRE(node.plan().cuts.size() == 1);
    CHECK(node.plan().connections_cut(0) == 3);
    CHECK(node.plan().connections_cut(1) == 0);
}

TEST_CASE("a server that has left the file stays while those in the file are not enough") {
    Node node = director();
    const auto left = std::string("tcp 192.0.2.20:80 192.0.2.5:80");
    node.put<RealServer>(left, {.weight = 3}, {.active = 1});
    node.world.health = Health{};
    node.world.health->incomplete = {test::key<Service>("tcp 192.0.2.20:80")};
    CHECK(node.plan().steps.empty());
    CHECK(node.plan().deferred.empty());
    CHECK(held_text(node.plan()) == left + ": stays until enough servers of the file are known to be up\n");
    node.put<RealServer>(left, {.weight = 0});
    CHECK(steps_text(node.plan()) == "unload delete real_server " + left + " (drift)\n");
    node.put<RealServer>(left, {.weight = 3}, {.active = 1});
    node.world.health->incomplete.clear();
    CHECK(steps_text(node.plan()) == "quiesce update real_server " + left + " (drain)\n");
}

TEST_CASE("the fallback is in before the last server is out, and goes after the first one is back") {
    Node node = director(R"(
        fallback = "192.0.2.9"
        on_down = "drain"
    )"_text);
    CHECK(node.observed.get<RealServer>().size() == 2);
    Health none = says(a, Liveness::down);
    none.servers.push_back({test::key<RealServer>(b), Liveness::down, {}, "connect refused", seconds(1)});
    none.shortages.push_back({test::key<Service>("tcp 192.0.2.20:80")});
    node.world.health = none;
    CHECK(steps_text(node.plan()) == R"(
        load create real_server $ (health)
        quiesce update real_server $ (health)
        quiesce update real_server $ (health)
    )"_with(sorry, a, b));
    CHECK_FALSE(first_unsafe_step(node.plan(), node.world.inputs()));
    node.converge();
    node.world.health = says(b, Liveness::down);
    CHECK(steps_text(node.plan()) == R"(
        load update real_server $ (config)
        unload delete real_server $ (health)
    )"_with(a, sorry));
    node.put<RealServer>(sorry, {}, {.active = 2});  // its clients may finish
    CHECK(node.plan().deferred.size() == 1);
}

TEST_CASE("while it is not known whether there are enough servers the fallback stays") {
    Node node = director(R"(fallback = "192.0.2.9")");
    Health unknown = says(a, Liveness::unknown);
    unknown.servers.push_back({test::key<RealServer>(b), Liveness::unknown, {}, "", seconds(0)});
    unknown.shortages.push_back({test::key<Service>("tcp 192.0.2.20:80"), false});
    node.world.health = unknown;
    node.put<RealServer>(sorry);
    node.put<RealServer>(a, {.weight = 0});
    CHECK(node.plan().steps.empty());
}

TEST_CASE("the guard against files that take too much away does not stand in the way of health") {
    Node node = director(R"(
        fallback = "192.0.2.9"
        on_down = "remove"
        [limits]
        max_weight_loss = 10
    )"_text);
    Health none = says(a, Liveness::down);
    none.drains.push_back({IpAddress::parse("192.0.2.4").value()});
    none.shortages.push_back({test::key<Service>("tcp 192.0.2.20:80")});
    node.world.health = none;
    CHECK(within_limits(node.plan(), node.world.config));
    node.converge();
    node.world.health = Health{};
    CHECK(within_limits(node.plan(), node.world.config));
    node.world.config.services[0].real_servers.pop_back();
    node.converge();
    CHECK(node.plan().steps.empty());
}

TEST_CASE("a drain of the operator is a weight of 0, before everything else") {
    Node node = director();
    node.world.health = says(a, Liveness::unknown);
    node.world.health->drains.push_back({IpAddress::parse("192.0.2.3").value()});
    CHECK(steps_text(node.plan()) == "quiesce update real_server " + std::string(a) + " (health)\n");
    CHECK(held_text(node.plan()) == std::string(a) + ": drained by the operator, 0 s\n");
}

TEST_CASE("what is removed while it has connections is counted") {
    Node node = director(R"(drain_timeout = "0s")");
    node.put<RealServer>(b, {}, {.active = 5});
    node.world.config.services[0].real_servers.pop_back();
    REQUIRE(node.plan().cuts.size() == 1);
    CHECK(node.plan().cuts[0].connections == 5);
}

}  // namespace lbconverge::plan
