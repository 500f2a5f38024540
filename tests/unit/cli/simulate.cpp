#include "simulate.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace lbconverge::cli {

namespace {

Options one_second(bool json) {
    Options options;
    options.arguments = {LBCONVERGE_SOURCE_DIR "/examples/s1-director-pair.toml"};
    options.duration = std::chrono::seconds(1);
    options.json = json;
    return options;
}

}  // namespace

TEST_CASE("simulate --json says in one object what the text says") {
    const auto text = simulated(one_second(false));
    const auto done = simulated(one_second(true));
    REQUIRE((text && done));
    CHECK(done->good);
    const auto json = nlohmann::json::parse(done->text);
    CHECK(json.at("format_version") == 1);
    CHECK(json.at("runs") == 1);
    CHECK(json.at("failures").empty());
    for (const char* count : {"simulated_ms", "events", "packets", "packets_lost", "plans", "changes", "changes_failed",
                              "transitions", "became_master", "announcements", "vip_on_no_node_ms"}) {
        CHECK_MESSAGE(json.at("counts").at(count).is_number_unsigned(), std::string(count));
    }
    CHECK(json.at("counts").at("became_master") > 0);
    for (const auto& line : json.at("timeline"))
        CHECK(text->text.find(line.get<std::string>() + "\n") != text->text.npos);
    CHECK(text->text.find("\n1 run, 0 with a violation: ") != text->text.npos);
}

TEST_CASE("the timeline is of one run only") {
    Options options = one_second(true);
    options.runs = 2;
    const auto done = simulated(options);
    REQUIRE(done);
    const auto json = nlohmann::json::parse(done->text);
    CHECK(json.at("runs") == 2);
    CHECK_FALSE(json.contains("timeline"));
}

TEST_CASE("what cannot be simulated is an error") {
    Options options = one_second(true);
    options.faults = "nonsense";
    CHECK(simulated(options).error().kind == ErrorKind::usage);
    options = one_second(true);
    options.arguments = {LBCONVERGE_SOURCE_DIR "/examples/s4a-real-server.toml"};
    CHECK(simulated(options).error().kind == ErrorKind::invalid_input);
}

}  // namespace lbconverge::cli
