// Runs seeds over all clusters of clusters.cpp and shrinks what goes wrong: simulation_tests [SEEDS [FIRST [CLUSTER]]].
#include "clusters.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

using namespace lbconverge;
using namespace lbconverge::sim;

constexpr std::uint64_t default_seeds = 1000;
/// Later failures are rarely of another kind, and shrinking takes time.
constexpr int most_failures = 5;

std::set<FaultKind> all_kinds() {
    std::set<FaultKind> kinds;
    for (std::size_t i = 0; i < fault_kinds; ++i) kinds.insert(static_cast<FaultKind>(i));
    return kinds;
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void explain(const Scenario& scenario, const Run& failed, const std::string& cluster) {
    const Shrunk shrunk = shrink(scenario, failed);
    print("\nseed " + std::to_string(scenario.seed) + " of cluster \"" + cluster + "\", with --only \"" +
          to_text(shrunk.kept) + "\" left:\n");
    for (const Fault& each : shrunk.run.faults) print("  " + to_text(each, shrunk.run.nodes) + "\n");
    for (const Violation& each : shrunk.run.violations) {
        print("  " + seconds_text(each.at) + " " + each.check + " " + each.what + "\n");
    }
    print(timeline_text(shrunk.run));
}

int run(std::uint64_t seeds, std::uint64_t first, const std::string& wanted) {
    const auto clusters = test::clusters(LBCONVERGE_SOURCE_DIR);
    std::vector<std::vector<node::ConfigPtr>> configs;
    for (const test::Cluster& each : clusters) configs.push_back(test::electors(each));
    Counts counts;
    int failures = 0;
    for (std::uint64_t seed = first; seed < first + seeds && failures < most_failures; ++seed) {
        const std::size_t which = seed % clusters.size();
        if (!wanted.empty() && clusters[which].name != wanted) continue;
        const Scenario scenario{.configs = configs[which], .seed = seed, .kinds = all_kinds()};
        const Run run = simulate(scenario);
        counts += run.counts;
        if (run.violations.empty()) continue;
        ++failures;
        explain(scenario, run, clusters[which].name);
    }
    print(std::to_string(seeds) + " seeds from " + std::to_string(first) + ": " + std::to_string(failures) +
          " with a violation; " + seconds_text(counts.simulated) + " simulated, " + std::to_string(counts.events) +
          " events, " + std::to_string(counts.packets) + " packets, " + std::to_string(counts.plans) + " plans, " +
          std::to_string(counts.became_master) + " times master, " + seconds_text(counts.dark) + " dark\n");
    return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
    const auto number = [&](int at, std::uint64_t otherwise) {
        return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
    };
    return run(number(1, default_seeds), number(2, 1), argc > 3 ? argv[3] : "");
} catch (const std::exception& error) {
    std::fprintf(stderr, "simulation_tests: %s\n", error.what());
    return 1;
}
