// Runs seeds over all clusters of clusters.cpp, or with "drawn" over clusters that are drawn from the same seeds, and
// shrinks what goes wrong: simulation_tests [SEEDS [FIRST [CLUSTER]]].
#include "draw.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

namespace {

using namespace lbconverge;
using namespace lbconverge::sim;
using std::chrono::seconds;

constexpr std::uint64_t default_seeds = 1000;
/// Later failures are rarely of another kind, and shrinking takes time.
constexpr int most_failures = 5;
/// Each seed has its own cluster, so a short time serves for faults. Planned stops, one after the other, need a longer
/// one: every fourth seed has it.
constexpr Duration short_window = seconds(20);
constexpr Duration long_window = seconds(45);
constexpr std::uint64_t long_share = 4;

std::set<FaultKind> all_kinds() {
    std::set<FaultKind> kinds;
    for (std::size_t i = 0; i < fault_kinds; ++i) kinds.insert(static_cast<FaultKind>(i));
    return kinds;
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

/// Where the seeds find their clusters.
class Clusters {
public:
    explicit Clusters(std::string wanted) : wanted_(std::move(wanted)) {
        if (drawn()) return;
        for (test::Cluster& each : test::clusters(LBCONVERGE_SOURCE_DIR)) {
            configs_.push_back(test::electors(each));
            clusters_.push_back(std::move(each));
        }
    }
    [[nodiscard]] bool drawn() const { return wanted_ == "drawn"; }
    /// nullopt: the seed has another cluster than the wanted one.
    [[nodiscard]] std::optional<Scenario> scenario(std::uint64_t seed) const {
        Scenario scenario{.seed = seed, .kinds = all_kinds()};
        if (drawn()) {
            scenario.window = seed % long_share == 0 ? long_window : short_window;
            scenario.configs = test::electors(test::draw_cluster(seed));
            return scenario;
        }
        const std::size_t which = seed % clusters_.size();
        if (!wanted_.empty() && clusters_[which].name != wanted_) return std::nullopt;
        scenario.configs = configs_[which];
        return scenario;
    }
    [[nodiscard]] test::Cluster of(std::uint64_t seed) const {
        return drawn() ? test::draw_cluster(seed) : clusters_[seed % clusters_.size()];
    }

private:
    std::string wanted_;
    std::vector<test::Cluster> clusters_;
    std::vector<std::vector<node::ConfigPtr>> configs_;
};

/// The file of the cluster beside the program, and the command that runs it once more.
void explain_replay(const Scenario& scenario, const test::Cluster& cluster, std::span<const Kept> kept) {
    const std::string file = "failed-" + std::to_string(scenario.seed) + ".toml";
    std::ofstream(file) << cluster.toml;
    print("--- " + file + "\n" + cluster.toml + "---\nagain: lbconverge simulate " + file + " --seed " +
          std::to_string(scenario.seed) + " --duration " +
          std::to_string(scenario.window / std::chrono::milliseconds(1)) + "ms --only " + to_text(kept) + "\n");
}

void explain(const Scenario& scenario, const Run& failed, const test::Cluster& cluster) {
    const Shrunk shrunk = shrink(scenario, failed);
    print("\nseed " + std::to_string(scenario.seed) + " of cluster \"" + cluster.name + "\", with --only \"" +
          to_text(shrunk.kept) + "\" left:\n");
    for (const Fault& each : shrunk.run.faults) print("  " + to_text(each, shrunk.run.nodes) + "\n");
    for (const Violation& each : shrunk.run.violations) {
        print("  " + seconds_text(each.at) + " " + each.check + " " + each.what + "\n");
    }
    print(timeline_text(shrunk.run));
    explain_replay(scenario, cluster, shrunk.kept);
}

int run(std::uint64_t seeds, std::uint64_t first, const std::string& wanted) {
    const Clusters clusters(wanted);
    Counts counts;
    int failures = 0;
    for (std::uint64_t seed = first; seed < first + seeds && failures < most_failures; ++seed) {
        const auto scenario = clusters.scenario(seed);
        if (!scenario) continue;
        const Run run = simulate(*scenario);
        counts += run.counts;
        if (run.violations.empty()) continue;
        ++failures;
        explain(*scenario, run, clusters.of(seed));
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
