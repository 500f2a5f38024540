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
