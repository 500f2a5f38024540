#include "lbconverge/plan/safety.hpp"

#include "planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::plan {

namespace {

using kinds::file_memory_of;
using kinds::RealServer;
using kinds::Service;
using test::backup;
using test::master;
using test::Node;
using test::world;

config::Config config_of(const std::string& text) { return world(text).config; }

std::string with_servers(const std::string& servers, const std::string& more = "") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = [$]
    )"_with(servers) +
           more;
}

const std::string three = R"("10.0.0.3", "10.0.0.4", "10.0.0.5")";
const std::string weight_20 = "[limits]\nmax_weight_loss = 20\n";
const std::string deletes_0 = "[limits]\nmax_service_deletes = 0\n";
const std::string service_81 = "[[service]]\nvip = \"192.0.2.20\"\nport = 81\n";

/// What the guards say of one file after another; "": nothing.
std::string verdict(const config::Config& last, const config::Config& next) {
    const Result<void> good = within_limits(file_memory_of(last), next);
    if (good) return {};
    CHECK(good.error().kind == ErrorKind::refused);
    return good.error().what;
}
std::string verdict(const std::string& last, const std::string& next) {
    return verdict(config_of(last), config_of(next));
}

/// What they say of the plan of a node that remembers no file.
std::string verdict_by_kernel(Node node) {
    node.ledger.file = {};
    const Result<void> good = within_limits(node.plan(), node.world.config);
    return good ? "" : good.error().what;
}

}  // namespace

TEST_CASE("services that leave the file count against max_service_deletes") {
    const std::string before = with_servers(three, service_81 + "[limits]\nmax_service_deletes = 1\n");
    CHECK(verdict(before, before) == "");
    CHECK(verdict(before, with_servers(three)) == "");
    config::Config none = config_of(before);
    none.services.clear();
    CHECK(verdict(config_of(before), none) == "2 services would be removed, and max_service_deletes is 1");
    // A node that balances no longer loses them all.
    none = config_of(before);
    none.role = Role::real_server;
    CHECK(verdict(config_of(before), none) == "2 services would be removed, and max_service_deletes is 1");
}

TEST_CASE("a service whose VIP leaves the file counts as one that is removed") {
    config::Config last = config_of(with_servers(three, deletes_0));
    config::Config next = last;
    next.vips.clear();
    CHECK(verdict(last, next) == "1 services would be removed, and max_service_deletes is 0");
    last = config_of(with_servers(three, weight_20));
    next = last;
    next.vips.clear();
    CHECK(verdict(last, next) == "all VIPs would be removed, and [limits] guards the services on them");
    last.limits = next.limits = {};
    CHECK(verdict(last, next) == "");
}

TEST_CASE("weight is counted server by server: others make up for nothing") {
    const std::string last = with_servers(three, weight_20);
    const auto loses = [](const std::string& what) {
        return "tcp 192.0.2.20:80 would lose " + what + ", and max_weight_loss is 20";
    };
    CHECK(verdict(last, with_servers(R"("10.0.1.3", "10.0.1.4", "10.0.1.5")", weight_20)) ==
          loses("100 % of its weight (3 of 3)"));
    CHECK(verdict(last, with_servers(R"({ address = "10.0.0.3", weight = 3 })", weight_20)) ==
          loses("66 % of its weight (2 of 3)"));
    CHECK(verdict(last, with_servers(R"({ address = "10.0.0.3", port = 81, forward = "masquerade" }, "10.0.0.4",
                                        "10.0.0.5")",
                                     weight_20)) == loses("33 % of its weight (1 of 3)"));
    CHECK(verdict(last, with_servers(three + R"(, "10.0.0.6")", weight_20)) == "");
    CHECK(verdict(with_servers("", weight_20), last) == "");
}

TEST_CASE("the weight of a service that leaves the file is no loss of weight: another limit counts services") {
    const config::Config last = config_of(with_servers(three, weight_20));
    config::Config next = last;
    next.services.clear();
    CHECK(verdict(last, next) == "");
}

TEST_CASE("of two limits the stricter one holds, so that to loosen one is a change of its own") {
    const std::string strict = with_servers(three, weight_20);
    const std::string loose = with_servers(three, "[limits]\nmax_weight_loss = 100\n");
    const std::string nobody = with_servers("", "[limits]\nmax_weight_loss = 100\n");
    CHECK(verdict(strict, nobody) != "");
    CHECK(verdict(strict, with_servers("")) != "");
    CHECK(verdict(with_servers(three), with_servers("", weight_20)) != "");
    CHECK(verdict(strict, loose) == "");
    CHECK(verdict(loose, nobody) == "");
    CHECK(verdict(strict, with_servers(three)) == "");
    CHECK(verdict(with_servers(three), with_servers("")) == "");
}

TEST_CASE("no election, no health and no release comes into it") {
    const std::string text = R"(
        role = "both"
        interface = "eth0"
        vips = ["192.0.2.20"]
        vrrp = [{ name = "LB", vrid = 51 }]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.3", "192.0.2.4"]
        [limits]
        max_service_deletes = 0
        max_weight_loss = 0
    )"_text;
    Node node = test::converged(world(text, {{"LB", master}}));
    node.world.election["LB"] = backup;
    REQUIRE_FALSE(node.plan().steps.empty());
    CHECK(within_limits(node.plan(), node.world.config).has_value());
    CHECK(verdict_by_kernel(node) == "");
    node.world.election["LB"] = master;
    node.world.health = kinds::Health{};
    node.world.health->drains.push_back({*IpAddress::parse("192.0.2.3")});
    CHECK(within_limits(node.plan(), node.world.config).has_value());
    CHECK(verdict_by_kernel(node) == "");
}

TEST_CASE("a table that is to be cleared of others' services loses them by the file") {
    Node node = test::converged(world(with_servers(three, deletes_0)));
    node.put<Service>("tcp 198.51.100.1:25");
    CHECK(within_limits(node.plan(), node.world.config).has_value());
    node.world.config.ipvs.exclusive = true;
    const Result<void> refused = within_limits(node.plan(), node.world.config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == "1 services would be removed, and max_service_deletes is 0");
    node.ledger.file.exclusive = true;  // the last file wanted it, too: somebody has put it there since
    CHECK(within_limits(node.plan(), node.world.config).has_value());
}

TEST_CASE("where no file is remembered the kernel says what is lost") {
    Node node = test::converged(world(with_servers(R"("192.0.2.3", "192.0.2.4")")));
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.3:80", {.weight = 3});  // 4 in all, 2 wanted
    node.world.config.limits.max_weight_loss = 50;
    CHECK(verdict_by_kernel(node) == "");
    node.world.config.limits.max_weight_loss = 49;
    CHECK(verdict_by_kernel(node) ==
          "tcp 192.0.2.20:80 would lose 50 % of its weight (2 of 4), and max_weight_loss is 49");
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.9:80", {.weight = 1});
    node.erase<RealServer>("tcp 192.0.2.20:80 192.0.2.3:80");
    CHECK(verdict_by_kernel(node) ==
          "tcp 192.0.2.20:80 would lose 50 % of its weight (1 of 2), and max_weight_loss is 49");

    node.world = world("role = \"director\"\n" + deletes_0);
    CHECK(verdict_by_kernel(node) == "1 services would be removed, and max_service_deletes is 0");
    CHECK(verdict_by_kernel(Node(world(with_servers(three, weight_20)))) == "");
}

}  // namespace lbconverge::plan
