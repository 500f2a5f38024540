#include "options.hpp"

#include "lbconverge/model/fields.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

namespace lbconverge::cli {

namespace po = boost::program_options;

namespace {

struct Listed {
    std::string_view name;
    std::string_view does;
    std::size_t arguments;
};
constexpr std::array commands = {
    Listed{"check", "read the configuration and say everything that is wrong with it", 0},
    Listed{"diff", "show what apply would do (exit code 2: something)", 0},
    Listed{"apply", "do it, read the kernel again and prove that nothing is left to do", 0},
    Listed{"run", "the daemon: election, repair, and a socket that answers status and apply", 0},
    Listed{"status", "what the daemon says: elections and why, kernel work, services", 0},
    Listed{"show", "print the kernel's state as TOML, or as a snapshot", 0},
    Listed{"explain", "say why the rows of an address are as they are", 1},
    Listed{"drain", "take a real server out of use, until undrain: no new connections, the old ones go on", 1},
    Listed{"undrain", "give it back", 1},
    Listed{"doctor", "check this host against the known mistakes (exit code 2: something found)", 0},
    Listed{"simulate", "let all nodes of FILE play against each other on a virtual clock", 1},
    Listed{"release", "remove what is ours and put settings back", 0},
};

/// Of the options that are not for every command: where they belong. One that would do nothing is an error, since
/// whoever gives it expects something of it.
struct Belonging {
    const char* option;
    std::vector<std::string_view> commands;
};
const std::vector<Belonging>& belongings() {
    static const std::vector<Belonging> all = {
        {"json", {"diff", "apply", "release", "drain", "undrain", "status", "doctor"}},
        {"dry-run", {"apply", "release", "drain", "undrain"}},
        {"as", {"diff", "apply", "explain", "drain", "undrain", "doctor"}},
        {"against", {"diff"}},
        {"from", {"diff"}},
        {"prune-foreign", {"diff", "apply"}},
        {"arp", {"doctor"}},
        {"vrrp", {"doctor"}},
        {"watch", {"status"}},
        {"format", {"show"}},
        {"seed", {"simulate"}},
        {"runs", {"simulate"}},
        {"duration", {"simulate"}},
        {"faults", {"simulate"}},
        {"only", {"simulate"}},
        {"svg", {"simulate"}},
    };
    return all;
}

po::options_description simulate_options() {
    po::options_description options("Options of simulate");
    options.add_options()("seed", po::value<std::uint64_t>()->value_name("N"), "the first seed (1)")(
        "runs", po::value<std::uint64_t>()->value_name("N"), "how many seeds (1)")(
        "duration", po::value<std::string>()->value_name("TIME"), "in which things go wrong (60s); more for settling")(
        "faults", po::value<std::string>()->value_name("all|none|LIST"), "what goes wrong, such as loss,crash,stop")(
        "only", po::value<std::string>()->value_name("LIST"), "of the faults of a seed only these, such as 3,7:1500ms")(
        "svg", po::value<std::string>()->value_name("FILE"), "draw the first run, or the last one with a violation");
    return options;
}

po::options_description visible_options() {
    po::options_description global("Options");
    global.add_options()("config,c", po::value<std::string>()->value_name("FILE"),
                         "configuration (/etc/lbconverge/lbconverge.toml), with conf.d/*.toml beside it")(
        "node", po::value<std::string>()->value_name("NAME"), "which of [nodes] this is (the host name)")(
        "netns", po::value<std::string>()->value_name("NAME"), "network namespace to work in, as ip netns names it")(
        "log-level", po::value<std::string>()->value_name("L"), "error, warning, info or debug, on stderr")(
        "json", "diff, apply, release, drain, undrain, status, doctor: print JSON")(
        "dry-run", "apply, release, drain, undrain: show only, as diff does")(
        "as", po::value<std::string>()->value_name("master|backup"), "count every VRRP instance as that")(
        "against", po::value<std::string>()->value_name("SNAPSHOT"),
        "diff: compare with a snapshot, not with the kernel")(
        "from", po::value<std::string>()->value_name("OLD.toml"),
        "diff: what this change of the file does to a node that has converged")(
        "prune-foreign", "apply, diff: remove services that nobody configured")(
        "arp", "doctor: ask the wire who answers for each VIP")("vrrp", "doctor: listen for VRRP advertisements")(
        "watch", "status: again every second")("format", po::value<std::string>()->value_name("toml|snapshot"),
                                               "show: what to print")("help,h", "this text")("version", "the version");
    global.add(simulate_options());
    return global;
}

std::string help_text() {
    std::ostringstream text;
    text << "Usage: lbconverge [options] COMMAND\n\nCommands\n";
    for (const Listed& command : commands) {
        text << "  " << command.name << std::string(10 - command.name.size(), ' ') << command.does << "\n";
    }
    text << "\n" << visible_options() << "\nSee lbconverge(8), and lbconverge.toml(5) for the configuration.\n";
    return text.str();
}

tl::unexpected<Error> usage(std::string what) {
    return fail(ErrorKind::usage, std::move(what), "lbconverge --help lists commands and options");
}

Result<void> read_as(const po::variables_map& given, Options& options) {
    if (!given.contains("as")) return {};
    ElectionState state{};
    const std::string word = given["as"].as<std::string>();
    const bool known = from_text(word, state);
    if (!known || (state != ElectionState::master && state != ElectionState::backup)) {
        return usage("--as takes master or backup, not \"" + word + "\"");
    }
    options.as = state;
    return {};
}

/// "500ms", "60s", "5m" or "1h".
std::optional<std::chrono::milliseconds> time_of(std::string_view text) {
    constexpr std::pair<std::string_view, std::uint32_t> units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
    for (const auto& [unit, factor] : units) {
        std::uint32_t number = 0;
        if (!text.ends_with(unit) || !from_text(text.substr(0, text.size() - unit.size()), number)) continue;
        return std::chrono::milliseconds(std::uint64_t{number} * factor);
    }
    return std::nullopt;
}

Result<void> read_simulate(const po::variables_map& given, Options& options) {
    if (given.contains("seed")) options.seed = given["seed"].as<std::uint64_t>();
    if (given.contains("runs")) options.runs = given["runs"].as<std::uint64_t>();
    if (given.contains("only")) options.only = given["only"].as<std::string>();
    if (options.runs == 0) return usage("--runs takes 1 and more");
    if (!given.contains("duration")) return {};
    const std::string word = given["duration"].as<std::string>();
    const auto duration = time_of(word);
    if (!duration || *duration < std::chrono::seconds(1) || *duration > std::chrono::hours(24)) {
        return usage("--duration takes 1s to 24h, not \"" + word + "\"");
    }
    options.duration = *duration;
    return {};
}

Result<void> check_belonging(const po::variables_map& given, const std::string& command) {
    for (const Belonging& each : belongings()) {
        if (!given.contains(each.option)) continue;
        if (std::find(each.commands.begin(), each.commands.end(), command) != each.commands.end()) continue;
        std::string where;
        for (const std::string_view one : each.commands) where.append(where.empty() ? "" : ", ").append(one);
        return fail(ErrorKind::usage, std::string("--") + each.option + " does not go with " + command,
                    "it belongs to: " + where);
    }
    return {};
}

Result<void> check_command(const Options& options) {
    const auto* const command = std::find_if(commands.begin(), commands.end(),
                                             [&](const Listed& each) { return each.name == options.command; });
    if (command == commands.end()) return usage("there is no command \"" + options.command + "\"");
    const bool may_lack = command->name == "simulate" && options.arguments.empty();  // -c names the file as well
    if (options.arguments.size() != command->arguments && !may_lack) {
        return usage("\"" + options.command + "\" takes " +
                     (command->arguments == 0       ? "no argument"
                      : command->name == "simulate" ? "one file"
                      : command->name == "explain"  ? "one argument, an address"
                                                    : "one argument, a real server"));
    }
    if (!options.against.empty() && !options.from.empty()) return usage("--against and --from exclude each other");
    constexpr std::array levels = {"error", "warning", "info", "debug"};
    if (std::find(levels.begin(), levels.end(), options.log_level) == levels.end()) {
        return usage("--log-level takes error, warning, info or debug, not \"" + options.log_level + "\"");
    }
    if (options.format != "toml" && options.format != "snapshot") return usage("--format takes toml or snapshot");
    return {};
}

}  // namespace

int report(const Error& error) {
    std::fprintf(stderr, "lbconverge: %s\n", error.what.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "  hint: %s\n", error.hint.c_str());
    return exit_code(error.kind);
}

Result<Options> parse_options(int argc, char** argv) {
    po::options_description all = visible_options();
    all.add_options()("command", po::value<std::vector<std::string>>());
    po::positional_options_description positional;
    positional.add("command", -1);
    po::variables_map given;
    try {
        // No guessing: an abbreviation that is unique today may not be tomorrow.
        const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(argc, argv).options(all).positional(positional).style(style).run(), given);
    } catch (const po::error& error) {
        return usage(error.what());
    }
    Options options;
    if (given.contains("help")) {
        options.help = help_text();
        return options;
    }
    if (given.contains("version")) {
        options.help = "lbconverge " LBCONVERGE_VERSION "\n";
        return options;
    }
    if (!given.contains("command")) return usage("no command given");
    options.arguments = given["command"].as<std::vector<std::string>>();
    options.command = options.arguments.front();
    options.arguments.erase(options.arguments.begin());
    const auto text = [&](const char* name, std::string& to) {
        if (given.contains(name)) to = given[name].as<std::string>();
    };
    text("config", options.config);
    text("node", options.node);
    text("netns", options.netns);
    text("log-level", options.log_level);
    text("against", options.against);
    text("from", options.from);
    text("format", options.format);
    text("faults", options.faults);
    text("svg", options.svg);
    options.log_level_given = given.contains("log-level");
    options.config_given = given.contains("config");
    options.arp = given.contains("arp");
    options.vrrp = given.contains("vrrp");
    options.watch = given.contains("watch");
    options.json = given.contains("json");
    options.dry_run = given.contains("dry-run");
    options.prune_foreign = given.contains("prune-foreign");
    if (auto good = read_simulate(given, options); !good) return tl::unexpected(good.error());
    if (auto good = read_as(given, options); !good) return tl::unexpected(good.error());
    if (auto good = check_command(options); !good) return tl::unexpected(good.error());
    if (auto good = check_belonging(given, options.command); !good) return tl::unexpected(good.error());
    return options;
}

}  // namespace lbconverge::cli
