#include "options.hpp"

#include "commands.hpp"
#include "help.hpp"
#include "lbconverge/model/fields.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <array>

namespace lbconverge::cli {

namespace po = boost::program_options;

namespace {

constexpr std::array every_option = {
    KnownOption{.name = "config",
                .letter = 'c',
                .takes = Takes::file,
                .value = "FILE",
                .does = "configuration (/etc/lbconverge/lbconverge.toml), with conf.d/*.toml beside it"},
    KnownOption{
        .name = "node", .takes = Takes::text, .value = "NAME", .does = "which of [nodes] this is (the host name)"},
    KnownOption{.name = "netns",
                .takes = Takes::text,
                .value = "NAME",
                .does = "network namespace to work in, as ip netns names it"},
    KnownOption{.name = "log-level",
                .takes = Takes::text,
                .value = "LEVEL",
                .words = "error|warning|info|debug",
                .does = "error, warning, info or debug, on stderr"},
    KnownOption{.name = "json", .does = "print JSON"},
    KnownOption{.name = "dry-run", .does = "show only, as diff does"},
    KnownOption{.name = "force", .does = "also if too few servers would be left, or more than settings changed"},
    KnownOption{.name = "as",
                .takes = Takes::text,
                .value = "master|backup",
                .words = "master|backup",
                .does = "count every VRRP instance as that"},
    KnownOption{.name = "against",
                .takes = Takes::file,
                .value = "SNAPSHOT",
                .does = "compare with a snapshot, not with the kernel"},
    KnownOption{.name = "from",
                .takes = Takes::file,
                .value = "OLD.toml",
                .does = "what this change of the file does to a node that has converged"},
    KnownOption{.name = "prune-foreign", .does = "remove services that nobody configured"},
    KnownOption{.name = "compare", .does = "what would change on this host, instead of the file"},
    KnownOption{.name = "arp", .does = "ask the wire who answers for each VIP"},
    KnownOption{.name = "vrrp", .does = "listen for VRRP advertisements"},
    KnownOption{.name = "watch", .does = "again every second"},
    KnownOption{.name = "format",
                .takes = Takes::text,
                .value = "toml|snapshot",
                .words = "toml|snapshot",
                .does = "what to print"},
    KnownOption{.name = "textfile",
                .takes = Takes::file,
                .value = "FILE",
                .does = "write metrics of the run, for node_exporter"},
    KnownOption{.name = "seed", .takes = Takes::number, .value = "N", .does = "the first seed (1)"},
    KnownOption{.name = "runs", .takes = Takes::number, .value = "N", .does = "how many seeds (1)"},
    KnownOption{.name = "duration",
                .takes = Takes::text,
                .value = "TIME",
                .does = "in which things go wrong (60s); more for settling"},
    KnownOption{.name = "faults",
                .takes = Takes::text,
                .value = "all|none|LIST",
                .words = "all|none",
                .does = "what goes wrong, such as loss,crash,stop"},
    KnownOption{.name = "only",
                .takes = Takes::text,
                .value = "LIST",
                .does = "of the faults of a seed only these, such as 3,7:1500ms"},
    KnownOption{.name = "svg",
                .takes = Takes::file,
                .value = "FILE",
                .does = "draw the first run, or the last one with a violation"},
    KnownOption{.name = "help", .letter = 'h', .does = "this text; after a command, its options and an example"},
    KnownOption{.name = "version", .does = "the version"},
};

po::options_description readable_options() {
    po::options_description all;
    for (const KnownOption& each : every_option) {
        std::string name(each.name);
        if (each.letter != '\0') name.append({',', each.letter});
        switch (each.takes) {
            case Takes::nothing:
                all.add_options()(name.c_str(), "");
                break;
            case Takes::number:
                all.add_options()(name.c_str(), po::value<std::uint64_t>());
                break;
            case Takes::text:
            case Takes::file:
                all.add_options()(name.c_str(), po::value<std::string>());
                break;
        }
    }
    all.add_options()("command", po::value<std::vector<std::string>>());
    return all;
}

tl::unexpected<Error> usage(std::string what) {
    return fail(ErrorKind::usage, std::move(what),
                "lbconverge --help lists the commands, lbconverge COMMAND --help the options of one");
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

/// An option that the command does not have is an error: the user expects that it does something.
Result<void> check_belonging(const po::variables_map& given, const Command& command) {
    for (const KnownOption& each : every_option) {
        const std::string option(each.name);
        if (!given.contains(option) || command.takes(option)) continue;
        const std::string where = commands_with(option);
        if (where.empty()) continue;
        return fail(ErrorKind::usage, "--" + option + " does not go with " + std::string(command.name),
                    "it belongs to: " + where);
    }
    return {};
}

Result<void> check_words(const Options& options) {
    const Command* const command = command_named(options.command);
    if (command == nullptr) return usage("there is no command \"" + options.command + "\"");
    const std::size_t words = command->argument.name.empty() ? 0 : command->argument.words;
    const bool lacks = options.arguments.empty() && command->argument.may_lack;
    const bool more = options.arguments.size() > words && command->argument.more;
    if (options.arguments.size() != words && !lacks && !more) {
        return usage("\"" + options.command + "\" takes " + std::string(command->argument.wanted));
    }
    if (!options.against.empty() && !options.from.empty()) return usage("--against and --from exclude each other");
    if (!options.textfile.empty() && options.dry_run) return usage("--textfile and --dry-run exclude each other");
    constexpr std::array levels = {"error", "warning", "info", "debug"};
    if (std::find(levels.begin(), levels.end(), options.log_level) == levels.end()) {
        return usage("--log-level takes error, warning, info or debug, not \"" + options.log_level + "\"");
    }
    if (options.format != "toml" && options.format != "snapshot") return usage("--format takes toml or snapshot");
    return {};
}

/// The help of the command that is named beside --help, if there is such a one.
std::string help_beside(const po::variables_map& given) {
    if (!given.contains("command")) return help_text();
    const Command* const command = command_named(given["command"].as<std::vector<std::string>>().front());
    return command == nullptr ? help_text() : help_text(*command);
}

}  // namespace

std::span<const KnownOption> option_table() { return every_option; }

Result<Options> parse_options(int argc, char** argv) {
    const po::options_description all = readable_options();
    po::positional_options_description positional;
    positional.add("command", -1);
    po::variables_map given;
    try {
        // No abbreviations: one that is unique today may not be unique in the next version.
        const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(argc, argv).options(all).positional(positional).style(style).run(), given);
    } catch (const po::error& error) {
        return usage(error.what());
    }
    Options options;
    if (given.contains("help")) {
        options.help = help_beside(given);
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
    text("textfile", options.textfile);
    text("faults", options.faults);
    text("svg", options.svg);
    options.log_level_given = given.contains("log-level");
    options.config_given = given.contains("config");
    options.compare = given.contains("compare");
    options.arp = given.contains("arp");
    options.vrrp = given.contains("vrrp");
    options.watch = given.contains("watch");
    options.json = given.contains("json");
    options.dry_run = given.contains("dry-run");
    options.force = given.contains("force");
    options.prune_foreign = given.contains("prune-foreign");
    RETURN_IF_ERROR(read_simulate(given, options));
    RETURN_IF_ERROR(read_as(given, options));
    RETURN_IF_ERROR(check_words(options));
    RETURN_IF_ERROR(check_belonging(given, *command_named(options.command)));
    return options;
}

}  // namespace lbconverge::cli
