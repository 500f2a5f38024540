#include "options.hpp"

#include "commands.hpp"
#include "lbconverge/model/fields.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>

namespace lbconverge::cli {

namespace po = boost::program_options;

namespace {

/// The help for an option that not every command has.
std::string help_on(std::string_view option, std::string_view does) {
    return commands_with(option).append(": ").append(does);
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
    po::options_description all("Options");
    const auto flag = [&](const char* name, std::string_view does) {
        all.add_options()(name, help_on(name, does).c_str());
    };
    const auto value = [&](const char* name, const char* what, std::string_view does) {
        all.add_options()(name, po::value<std::string>()->value_name(what), help_on(name, does).c_str());
    };
    all.add_options()("config,c", po::value<std::string>()->value_name("FILE"),
                      "configuration (/etc/lbconverge/lbconverge.toml), with conf.d/*.toml beside it")(
        "node", po::value<std::string>()->value_name("NAME"), "which of [nodes] this is (the host name)")(
        "netns", po::value<std::string>()->value_name("NAME"), "network namespace to work in, as ip netns names it")(
        "log-level", po::value<std::string>()->value_name("L"), "error, warning, info or debug, on stderr");
    flag("json", "print JSON");
    flag("dry-run", "show only, as diff does");
    flag("force", "also if too few servers would be left, or more than settings changed");
    all.add_options()("as", po::value<std::string>()->value_name("master|backup"), "count every VRRP instance as that");
    value("against", "SNAPSHOT", "compare with a snapshot, not with the kernel");
    value("from", "OLD.toml", "what this change of the file does to a node that has converged");
    flag("prune-foreign", "remove services that nobody configured");
    flag("compare", "what would change on this host, instead of the file");
    flag("arp", "ask the wire who answers for each VIP");
    flag("vrrp", "listen for VRRP advertisements");
    flag("watch", "again every second");
    value("format", "toml|snapshot", "what to print");
    value("textfile", "FILE", "write metrics of the run, for node_exporter");
    all.add_options()("help,h", "this text")("version", "the version");
    all.add(simulate_options());
    return all;
}

std::string help_text() {
    std::ostringstream text;
    text << "Usage: lbconverge [options] COMMAND\n\nCommands\n";
    for (const Command& command : commands()) {
        text << "  " << std::left << std::setw(10) << command.name << command.help << "\n";
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

/// An option that the command does not have is an error: the user expects that it does something.
Result<void> check_belonging(const po::variables_map& given, const po::options_description& all,
                             const Command& command) {
    for (const auto& each : all.options()) {
        const std::string& option = each->long_name();
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

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
    po::options_description all = visible_options();
    all.add_options()("command", po::value<std::vector<std::string>>());
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
    RETURN_IF_ERROR(check_belonging(given, all, *command_named(options.command)));
    return options;
}

}  // namespace lbconverge::cli
