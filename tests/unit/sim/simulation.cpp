#include "lbconverge/sim/simulation.hpp"

#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lbconverge::sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* pair = R"(
role = "director"
interface = "eth0"
vips = ["10.0.0.20"]
[nodes]
a = { address = "10.0.0.1", priority = 150 }
b = { address = "10.0.0.2" }
[[vrrp]]
vrid = 51
[[service]]
vip = "10.0.0.20"
port = 80
real_servers = ["10.0.0.8"]
)";

std::set<FaultKind> all_kinds() {
    std::set<FaultKind> kinds;
    for (std::size_t i = 0; i < fault_kinds; ++i) kinds.insert(static_cast<FaultKind>(i));
    return kinds;
}

Scenario scenario(std::uint64_t seed, std::set<FaultKind> kinds = {}, const std::string& file = pair) {
    Scenario made{.seed = seed, .kinds = std::move(kinds)};
    for (const char* node : {"a", "b"}) {
        made.configs.push_back(std::make_shared<config::Config>(test::world(file, {}, node).config));
    }
    return made;
}

bool has(const Run& run, const std::string& check, const std::string& what = "") {
    return std::any_of(run.violations.begin(), run.violations.end(), [&](const Violation& each) {
        return each.check == check && each.what.find(what) != std::string::npos;
    });
}

/// The first of the seeds with a violation of that check.
std::optional<std::pair<Scenario, Run>> find(const std::string& check, std::set<FaultKind> kinds,
                                             const std::function<void(std::size_t, node::Effects&)>& doctor) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Scenario made = scenario(seed, kinds);
        made.doctor = doctor;
        Run run = simulate(made);
        if (has(run, check)) return std::pair(made, std::move(run));
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("the same scenario gives the same run") {
    const Scenario made = scenario(7, all_kinds());
    CHECK(timeline_text(simulate(made)) == timeline_text(simulate(made)));
    CHECK(timeline_text(simulate(made)) != timeline_text(simulate(scenario(8, all_kinds()))));
}

TEST_CASE("a node has the interfaces that its tracks watch") {
    std::string file = pair;
    file.insert(file.find("vrid = 51"), "track = [\"uplink\"]\n");
    CHECK(simulate(scenario(3, {}, file + "[[track]]\nname = \"uplink\"\ninterface = \"eth7\"\n")).violations.empty());
}

TEST_CASE("without faults the best node becomes master, once, and has the VIP") {
    const Run run = simulate(scenario(3));
    CHECK(run.violations.empty());
    const std::string text = timeline_text(run);
    CHECK(text.find("backup -> master") != std::string::npos);
    CHECK(text.find("has VIP 10.0.0.20") != std::string::npos);
    CHECK(run.counts.dark == Duration{0});
}

TEST_CASE("a schedule comes from the seed alone, and all of it is over in time") {
    const ScheduleRules rules{.nodes = 3, .kinds = all_kinds()};
    std::set<FaultKind> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto schedule = make_schedule(Random(seed), rules);
        for (const Fault& each : schedule) {
            seen.insert(each.kind);
            CHECK(each.end() <= Instant(rules.window));
            CHECK((each.nodes != 0 && each.nodes < 8));
        }
        CHECK(make_schedule(Random(seed), rules).size() == schedule.size());
    }
    CHECK(seen.size() == fault_kinds);
}

TEST_CASE("which faults are kept is text that can be read back") {
    const auto kept = parse_kept("3,7:1500ms");
    REQUIRE(kept.has_value());
    CHECK(*kept == std::vector<Kept>{{3, Duration{0}}, {7, milliseconds(1500)}});
    CHECK(to_text(*kept) == "3,7:1500ms");
    CHECK(parse_kept(to_text(std::vector<Kept>{})).value().empty());
    for (const char* wrong : {"x", "3,", "3:5", "3:ms", "-1"}) CHECK_FALSE(parse_kept(wrong).has_value());
}

TEST_CASE("a run with only some of its faults is that run otherwise") {
    Scenario made = scenario(5, all_kinds());
    const auto schedule = faults_of(made);
    REQUIRE(schedule.size() > 1);
    made.kept = {{schedule[1].id, Duration{0}}};
    const auto kept = faults_of(made);
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].start == schedule[1].start);
    CHECK(kept[0].duration == schedule[1].duration);
}

TEST_CASE("every kind of fault alone is survived") {
    for (const FaultKind kind : all_kinds()) {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            const Run run = simulate(scenario(seed, {kind}));
            CHECK_MESSAGE(run.violations.empty(), std::string(to_text(kind)), " ", seed);
            CHECK(std::all_of(run.faults.begin(), run.faults.end(), [&](const Fault& f) { return f.kind == kind; }));
        }
    }
}

TEST_CASE("a track that is gone is a fault of the cluster that has one, and heals") {
    const std::string tracked = std::string(pair) + R"(
        [[track]]
        name = "t"
        process = "haproxy"
    )"_text;
    std::size_t faults = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Scenario made{.seed = seed, .kinds = {FaultKind::track}};
        for (const char* node : {"a", "b"}) {
            config::Config config = test::world(tracked, {}, node).config;
            config.vrrp.front().track = {"t"};
            made.configs.push_back(std::make_shared<config::Config>(std::move(config)));
        }
        const Run run = simulate(made);
        CHECK(run.violations.empty());
        for (const Moment& each : run.moments) {
            const bool fault = each.kind == MomentKind::transition && each.to == vrrp::State::fault;
            if (fault) CHECK(each.text == "track t: gone");
            faults += fault ? 1U : 0U;
        }
    }
    CHECK(faults > 10);
}

TEST_CASE("plans on what was seen last lead to the same") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Scenario made = scenario(seed, all_kinds());
        made.doctor = [](std::size_t, node::Effects& effects) {
            for (node::Converge& each : effects.converge) each.urgent = true;
        };
        CHECK_MESSAGE(simulate(made).violations.empty(), seed);
    }
}

namespace {

/// Three nodes without preemption, on three links with priorities of all sorts.
std::vector<node::ConfigPtr> without_preemption() {
    constexpr const char* priorities[3][3] = {{"150", "50", "100"}, {"1", "1", "1"}, {"254", "254", "90"}};
    std::string toml = "role = \"director\"\n";
    for (const char* link : {"0", "1", "2"}) {
        toml += R"(
            [[vip]]
            address = "10.0.$.20"
            interface = "eth$"
            vrrp = "V$"
        )"_with(link, link, link);
    }
    for (const int node : {0, 1, 2}) {
        const std::string name = std::to_string(node + 1);
        toml += "[nodes.lb" + name + "]\naddress = \"10.0.0." + name + "\"\n";
        for (const int link : {0, 1, 2}) {
            const std::string number = std::to_string(link);
            toml += R"(
                [[nodes.lb$.vrrp]]
                name = "V$"
                vrid = 5$
                interface = "eth$"
                priority = $
                advert_interval = "200ms"
                preempt = false
                garp = { repeat = "0s" }
            )"_with(name, number, number, number, priorities[node][link]);
        }
    }
    std::vector<node::ConfigPtr> configs;
    for (const char* node : {"lb1", "lb2", "lb3"}) {
        configs.push_back(std::make_shared<config::Config>(test::world(toml, {}, node).config));
    }
    return configs;
}

}  // namespace

TEST_CASE("nodes without preemption that pause leave a living master alone, and no neighbour at the wrong node") {
    const auto configs = without_preemption();
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const Run run =
            simulate({.configs = configs, .seed = seed, .window = seconds(20), .kinds = {FaultKind::pause}});
        CHECK_MESSAGE(run.violations.empty(), seed, ": ", run.violations.front().what);
    }
}

TEST_CASE("a node that does not withdraw is found: S2") {
    // Once it has been master, its kernel work as a backup never happens.
    bool was_master = false;
    const auto found = find("S2", {FaultKind::partition}, [&](std::size_t node, node::Effects& effects) {
        std::erase_if(effects.converge, [&](const node::Converge& each) {
            const ElectionState state = each.election.begin()->second;
            was_master = was_master || (node == 1 && state == ElectionState::master);
            return node == 1 && was_master && state == ElectionState::backup;
        });
    });
    CHECK(found.has_value());
}

TEST_CASE("a node that does not tell its neighbours is found: S3") {
    const auto found = find("S3", {FaultKind::pause, FaultKind::partition, FaultKind::loss},
                            [](std::size_t, node::Effects& effects) { effects.announce.clear(); });
    REQUIRE(found.has_value());
    CHECK(has(found->second, "S3", "the neighbours send to"));
}

TEST_CASE("a node that sends nothing is found: S3") {
    const auto found = find("S3", {}, [](std::size_t, node::Effects& effects) { effects.send.clear(); });
    REQUIRE(found.has_value());
    CHECK(has(found->second, "S3", "2 masters"));
}

TEST_CASE("a node that never converges is found: S5") {
    const auto found = find("S5", {}, [](std::size_t node, node::Effects& effects) {
        if (node == 0) effects.converge.clear();
    });
    CHECK(found.has_value());
}

TEST_CASE("a stop that says nothing to its peer is found: S6") {
    // Without the advertisement of priority 0, the third byte, nobody takes over in time.
    const auto found = find("S6", {FaultKind::stop}, [](std::size_t, node::Effects& effects) {
        std::erase_if(effects.send,
                      [](const node::Packet& each) { return std::to_integer<int>(each.message[2]) == 0; });
    });
    CHECK(found.has_value());
}

TEST_CASE("a failing run is reduced to the faults that it takes") {
    const auto found = find("S3", all_kinds(), [](std::size_t, node::Effects& effects) { effects.announce.clear(); });
    REQUIRE(found.has_value());
    const auto& [failing, run] = *found;
    const Shrunk shrunk = shrink(failing, run);
    CHECK(shrunk.kept.size() <= 3);
    CHECK(shrunk.tries > 0);
    CHECK(has(shrunk.run, "S3"));
    Scenario again = failing;
    again.kept = parse_kept(to_text(shrunk.kept)).value();
    CHECK(timeline_text(simulate(again)) == timeline_text(shrunk.run));
}

TEST_CASE("a drawing is plain SVG: closed elements, escaped names, no scripts") {
    Run run = simulate(scenario(4, all_kinds()));
    run.nodes[0] = "<a&b>";
    const std::string svg = timeline_svg(run);
    CHECK(svg.starts_with(R"(<svg xmlns="http://www.w3.org/2000/svg")"));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.find("&lt;a&amp;b&gt;") != std::string::npos);
    CHECK(svg.find("<a&b>") == std::string::npos);
    CHECK(svg.find("script") == std::string::npos);
}

TEST_CASE("random numbers are the same on every machine") {
    Random random(42);
    CHECK(random.next() == 13679457532755275413ULL);
    CHECK(random.between(seconds(1), seconds(2)) >= seconds(1));
    CHECK(Random(42).stream(1).next() != Random(42).stream(2).next());
}

}  // namespace lbconverge::sim
