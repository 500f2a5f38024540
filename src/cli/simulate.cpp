#include "simulate.hpp"

#include "json.hpp"
#include "lbconverge/sim/simulation.hpp"
#include "load.hpp"
#include "print.hpp"

#include <fstream>

namespace lbconverge::cli {

namespace {

using namespace sim;

/// Reads "all", "none", or the names of kinds of faults with commas between them.
Result<std::set<FaultKind>> kinds_of(std::string_view text) {
    std::set<FaultKind> kinds;
    if (text == "none") return kinds;
    std::string known;
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        known.append(known.empty() ? "" : ", ").append(sim::to_text(kind));
        if (text == "all") kinds.insert(kind);
    }
    if (text == "all") return kinds;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        FaultKind kind{};
        if (!sim::from_text(word, kind)) {
            return fail(ErrorKind::usage, "there is no fault \"" + std::string(word) + "\"",
                        "all, none, or of: " + known);
        }
        kinds.insert(kind);
    }
    return kinds;
}

std::string file_of(const Options& options) {
    return options.arguments.empty() ? options.config : options.arguments.front();
}

Result<Scenario> scenario_of(const Options& options) {
    Scenario scenario{.seed = options.seed, .window = options.duration};
    auto kinds = kinds_of(options.faults);
    RETURN_IF_ERROR(kinds);
    scenario.kinds = std::move(*kinds);
    if (options.only) {
        auto kept = parse_kept(*options.only);
        RETURN_IF_ERROR(kept);
        scenario.kept = std::move(*kept);
    }
    const std::string file = file_of(options);
    auto cluster = load_cluster(file);
    RETURN_IF_ERROR(cluster);
    for (config::Config& each : *cluster) {
        if (each.role == Role::real_server || each.vrrp.empty()) continue;
        scenario.configs.push_back(std::make_shared<config::Config>(std::move(each)));
    }
    if (scenario.configs.size() < 2) {
        return fail(ErrorKind::invalid_input, file + ": there are no two nodes that stand for election",
                    "simulate wants [nodes] with directors, or nodes of role both, and a [[vrrp]]");
    }
    return scenario;
}

/// Quotes a word of a command line for a shell.
std::string shell_word(const std::string& word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-,:";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

std::string replay(const Options& options, std::uint64_t seed, std::span<const Kept> kept) {
    return "lbconverge simulate " + shell_word(file_of(options)) + " --seed " + std::to_string(seed) + " --duration " +
           std::to_string(options.duration.count()) + "ms --faults " + options.faults + " --only " + sim::to_text(kept);
}

std::string counts_text(const Counts& counts) {
    return seconds_text(counts.simulated) + " simulated, " + std::to_string(counts.events) + " events, " +
           std::to_string(counts.packets) + " packets (" + std::to_string(counts.lost) + " lost), " +
           std::to_string(counts.plans) + " plans, " + std::to_string(counts.steps) + " changes (" +
           std::to_string(counts.failed_steps) + " failed), " + std::to_string(counts.became_master) +
           " times master; VIPs on no node for " + seconds_text(counts.dark) + "\n";
}

Json counts_json(const Counts& counts) {
    return {{"simulated_ms", counts.simulated.count() / 1000},
            {"events", counts.events},
            {"packets", counts.packets},
            {"packets_lost", counts.lost},
            {"plans", counts.plans},
            {"changes", counts.steps},
            {"changes_failed", counts.failed_steps},
            {"transitions", counts.transitions},
            {"became_master", counts.became_master},
            {"announcements", counts.announcements},
            {"vip_on_no_node_ms", counts.dark.count() / 1000}};
}

Json lines_json(const std::string& text) {
    Json lines = Json::array();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

/// A run that failed: with as few faults as are needed for that, and the command that shows it again.
struct FailedRun {
    std::uint64_t seed;
    Shrunk shrunk;
};

Json failure_json(const Options& options, const FailedRun& failure) {
    Json faults = Json::array();
    for (const Fault& each : failure.shrunk.run.faults) faults.push_back(sim::to_text(each, failure.shrunk.run.nodes));
    Json violations = Json::array();
    for (const Violation& each : failure.shrunk.run.violations) {
        violations.push_back(
            {{"check", each.check}, {"at_us", each.at.time_since_epoch().count()}, {"what", each.what}});
    }
    return {{"seed", failure.seed},
            {"faults", faults},
            {"violations", violations},
            {"replay", replay(options, failure.seed, failure.shrunk.kept)}};
}

std::string failure_text(const Options& options, const FailedRun& failure) {
    std::string text = "seed " + std::to_string(failure.seed) + ", with the faults that it takes:\n";
    for (const Fault& each : failure.shrunk.run.faults) {
        text += "  " + sim::to_text(each, failure.shrunk.run.nodes) + "\n";
    }
    for (const Violation& each : failure.shrunk.run.violations) {
        text += "violation of " + each.check + " at " + seconds_text(each.at) + ": " + each.what + "\n";
    }
    return text + "again: " + replay(options, failure.seed, failure.shrunk.kept) + "\n";
}

Result<void> write_svg(const std::string& path, const Run& run) {
    std::ofstream out(path, std::ios::binary);
    out << timeline_svg(run);
    out.close();
    if (!out) return fail(ErrorKind::failed, path + ": cannot be written");
    return {};
}

/// The result of all runs.
struct Played {
    std::uint64_t runs = 0;
    Counts counts;
    std::vector<FailedRun> failures;
    std::optional<Run> shown;  ///< the first run, or the last one with a violation
};

Played play(Scenario scenario, std::uint64_t runs) {
    constexpr std::size_t most_failures = 10;
    Played played;
    for (; played.runs < runs && played.failures.size() < most_failures; ++played.runs) {
        Run run = simulate(scenario);
        played.counts += run.counts;
        if (!run.violations.empty()) played.failures.push_back({scenario.seed, shrink(scenario, run)});
        if (played.runs == 0 || !run.violations.empty()) played.shown = std::move(run);
        ++scenario.seed;
    }
    return played;
}

std::string played_json(const Options& options, const Played& played) {
    Json json{{"format_version", 1},
              {"runs", played.runs},
              {"counts", counts_json(played.counts)},
              {"failures", Json::array()}};
    for (const FailedRun& each : played.failures) json["failures"].push_back(failure_json(options, each));
    if (options.runs == 1) json["timeline"] = lines_json(timeline_text(*played.shown));
    return json_text(json, 2) + "\n";
}

std::string played_text(const Options& options, const Played& played) {
    std::string text;
    if (options.runs == 1) text += timeline_text(*played.shown);
    for (const FailedRun& each : played.failures) text += failure_text(options, each);
    return text + std::to_string(played.runs) + (played.runs == 1 ? " run, " : " runs, ") +
           std::to_string(played.failures.size()) + " with a violation: " + counts_text(played.counts);
}

}  // namespace

Result<Simulated> simulated(const Options& options) {
    auto scenario = scenario_of(options);
    RETURN_IF_ERROR(scenario);
    const Played played = play(std::move(*scenario), options.runs);
    if (!options.svg.empty() && played.shown) {
        RETURN_IF_ERROR(write_svg(options.svg, *played.shown));
    }
    return Simulated{options.json ? played_json(options, played) : played_text(options, played),
                     played.failures.empty()};
}

int simulate_command(const Options& options) {
    const Result<Simulated> done = simulated(options);
    if (!done) return report(done.error());
    print(done->text);
    return done->good ? exit_good : exit_failed;
}

}  // namespace lbconverge::cli
