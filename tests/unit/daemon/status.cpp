#include "status.hpp"

#include "lbconverge/wire/json.hpp"
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace lbconverge;

TEST_CASE("of a hundred thousand rows that were put back status has the first few, and their number") {
    test::Bench bench("role = \"director\"\ninterface = \"eth0\"\n");
    bench.run();
    std::vector<std::string> rows;
    rows.reserve(100'000);
    for (int i = 0; i < 100'000; ++i) rows.push_back("real_server " + std::to_string(1'000'000 + i) + "\xff");
    for (int i = 0; i < 5; ++i) {
        bench.turn(node::Disturbed{});
        bench.done(node::Lane::network, "", rows);
    }
    const std::string text = daemon::status_of(bench.node, bench.now, {})();
    CHECK(text.size() < 20'000);
    const auto status = wire::parse_json(text).value();
    const auto few = [](const wire::Json& list, const char* name) {
        CHECK(list.at(name).size() == 20);
        CHECK(list.at(std::string(name) + "_count") == 100'000);
    };
    few(status.at("kernel").at("network").at("last"), "repaired");
    few(status, "fights");
    few(status, "left_alone");
    CHECK(status.at("fights").at(1).at("id") == "real_server 1000001\uFFFD");
    CHECK(status.at("fights").at(1).at("times") == 5);
}

TEST_CASE("status says how advertisements are signed, and nothing of the keys") {
    config::Config config = *test::config_of(test::director());
    config.vrrp.front().auth_active_key = 2;
    for (const std::uint8_t id : {std::uint8_t{1}, std::uint8_t{2}}) {
        config.vrrp.front().auth_keys.push_back({id, std::vector<std::uint8_t>(32, 0x53)});
    }
    test::Bench bench(std::make_shared<const config::Config>(std::move(config)));
    bench.run();
    bench.hear(200);
    const std::string text = daemon::status_of(bench.node, bench.now, {})();
    CHECK(text.find("SSSS") == std::string::npos);
    CHECK(text.find("5353") == std::string::npos);
    CHECK(text.find("83,83") == std::string::npos);
    const wire::Json instance = wire::parse_json(text).value().at("vrrp").at(0);
    CHECK(wire::json_text(instance.at("authentication")) == R"({"mode":"enforce","active_key":2,"keys":[1,2]})");
    CHECK(instance.at("counters").at("dropped").at("not signed") == 1);
    CHECK(instance.at("counters").at("signed") == 0);
    CHECK(instance.at("heard").is_null());

    test::Bench without(test::director());
    without.run();
    without.hear(200);
    const wire::Json other =
        wire::parse_json(daemon::status_of(without.node, without.now, {})()).value().at("vrrp").at(0);
    CHECK(other.at("authentication").is_null());
    CHECK(other.at("heard").at("key").is_null());
}
