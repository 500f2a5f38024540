// The table of commands, and that lbconverge(8) says the same.
#include "commands.hpp"

#include "options.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace lbconverge::cli {

namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

/// What stands between two lines of lbconverge(8).
std::string manual(const std::string& from, const std::string& to) {
    std::ifstream in(LBCONVERGE_SOURCE_DIR "/packaging/man/lbconverge.8");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t begin = text.find(from + "\n");
    const std::size_t end = text.find(to + "\n");
    REQUIRE((begin != std::string::npos && end != std::string::npos && begin < end));
    return text.substr(begin, end - begin);
}

/// A command or an option in the manual: the line with its name, and what follows.
struct Entry {
    std::string title;
    std::string body;
};

std::vector<Entry> entries(const std::string& section, const std::string& mark) {
    std::vector<Entry> all;
    for (std::size_t at = section.find(mark); at != std::string::npos;) {
        at += mark.size();
        const std::size_t next = section.find(mark, at);
        const std::size_t line = section.find('\n', at);
        all.push_back({section.substr(at, line - at), section.substr(line, next - line) + "\n"});
        at = next;
    }
    return all;
}
std::vector<Entry> synopsis() { return entries(manual(".Sh SYNOPSIS", ".Fl \\-help | \\-version"), "\n.Cm "); }
std::vector<Entry> command_entries() { return entries(manual(".Ss Commands", ".Ss Options"), "\n.It Cm "); }
std::vector<Entry> option_entries() { return entries(manual(".Ss Options", ".Sh SIGNALS"), "\n.It Fl "); }

/// The words in small letters: the others are macros and arguments.
Words commands_in(const std::string& title) {
    Words words = words_of(title);
    std::erase_if(words, [](const std::string& each) { return each[0] < 'a' || each[0] > 'z'; });
    return words;
}

Words options_in(const std::string& text) {
    Words words;
    for (const std::string& each : words_of(text)) {
        if (each.starts_with("\\-")) words.push_back(each.substr(2));
    }
    return words;
}

Words commands_in(const std::vector<Entry>& all) {
    Words words;
    for (const Entry& each : all) {
        for (const std::string& name : commands_in(each.title)) words.push_back(name);
    }
    return words;
}

const Entry& entry_of(std::string_view command, const std::vector<Entry>& all) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Entry& each) {
        const Words names = commands_in(each.title);
        return std::find(names.begin(), names.end(), command) != names.end();
    });
    REQUIRE(at != all.end());
    return *at;
}

Words command_names() {
    Words words;
    for (const Command& each : commands()) words.emplace_back(each.name);
    return words;
}

std::string help(const std::string& command = "") {
    std::vector<std::string> words{"lbconverge", "--help", command};
    if (command.empty()) words.pop_back();
    std::vector<char*> pointers;
    for (std::string& each : words) pointers.push_back(each.data());
    return parse_options(static_cast<int>(pointers.size()), pointers.data()).value().help.value();
}

/// The options that a text of --help lists.
Words options_listed(const std::string& text) {
    Words names;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const std::size_t at = line.find("--");
        if (!line.starts_with("  -") || at == std::string::npos) continue;
        names.push_back(line.substr(at + 2, line.find(' ', at) - at - 2));
    }
    return names;
}

Words option_names() {
    Words names;
    for (const KnownOption& each : option_table()) names.emplace_back(each.name);
    return names;
}

Words sorted(Words words) {
    std::sort(words.begin(), words.end());
    return words;
}

Words options_of(const Command& command) {
    Words words;
    for (const std::string_view each : command.options) {
        if (!each.empty()) words.emplace_back(each);
    }
    return words;
}

}  // namespace

TEST_CASE("a command is found by its name, and does something") {
    for (const Command& each : commands()) {
        CAPTURE(each.name);
        CHECK(command_named(each.name) == &each);
        CHECK((each.run != nullptr));
        CHECK_FALSE(each.help.empty());
    }
    CHECK(command_named("aply") == nullptr);
    CHECK(command_named("") == nullptr);
}

TEST_CASE("the options of a command exist, and say whom they belong to") {
    const Words known = option_names();
    for (const Command& each : commands()) {
        for (const std::string& option : options_of(each)) {
            CAPTURE(option);
            CHECK(std::find(known.begin(), known.end(), option) != known.end());
            CHECK(each.takes(option));
        }
    }
    CHECK(commands_with("prune-foreign") == "diff, apply");
    CHECK(commands_with("dry-run") == "apply, drain, undrain, takeover, release");
    CHECK(commands_with("config").empty());
}

namespace {

/// The options in the help of a command: its own, and those of every command.
Words options_to_list(const Command& command) {
    Words names = options_of(command);
    for (const KnownOption& each : option_table()) {
        if (commands_with(each.name).empty()) names.emplace_back(each.name);
    }
    return names;
}

/// The longest line, and the number of lines.
std::pair<std::size_t, std::size_t> size_of(const std::string& text) {
    std::pair<std::size_t, std::size_t> size{0, 0};
    std::istringstream in(text);
    for (std::string line; std::getline(in, line); ++size.second) size.first = std::max(size.first, line.size());
    return size;
}

Result<Options> parse(const std::string& line) {
    Words words = words_of(line);
    std::vector<char*> pointers;
    for (std::string& each : words) pointers.push_back(each.data());
    return parse_options(static_cast<int>(pointers.size()), pointers.data());
}

}  // namespace

TEST_CASE("the help of a command has its options and those of every command, on one screen") {
    for (const Command& each : commands()) {
        CAPTURE(each.name);
        const std::string text = help(std::string(each.name));
        CHECK(sorted(options_listed(text)) == sorted(options_to_list(each)));
        CHECK(text.starts_with("Usage: lbconverge " + std::string(each.name) + " [OPTION...]"));
        CHECK((text.find(" Needs no root.") == std::string::npos) == !each.root.does.empty());
        CHECK_FALSE(each.about.empty());
        CHECK(size_of(text).first <= 80);
        CHECK(size_of(text).second <= 24);
    }
}

TEST_CASE("the example of a command is one of that command, and can be read") {
    for (const Command& each : commands()) {
        CAPTURE(each.name);
        CHECK_FALSE(each.example.does.empty());
        REQUIRE(each.example.line.starts_with("lbconverge "));
        const Result<Options> options = parse(std::string(each.example.line));
        REQUIRE(options.has_value());
        CHECK(options->command == each.name);
        CHECK(help(std::string(each.name)).ends_with("\n  " + std::string(each.example.line) + "\n"));
    }
}

TEST_CASE("the help without a command lists all commands, and the options of every command only") {
    const std::string text = help();
    for (const Command& each : commands()) {
        CHECK(text.find("\n  " + std::string(each.name) + " ") != std::string::npos);
    }
    CHECK(options_listed(text) == Words{"config", "node", "netns", "log-level", "help", "version"});
    CHECK(size_of(text).first <= 80);
    CHECK(size_of(text).second <= 40);
    CHECK(help("nonsense") == text);
}

TEST_CASE("the help of a command, as it is printed") {
    CHECK(help("simulate") == R"(Usage: lbconverge simulate [OPTION...] [FILE]

Runs every director of the file in one process, with faults drawn from a seed,
and checks that the cluster stays safe. A run that fails is reduced to the
faults that matter. Exit status 1: a check failed. Needs no root.

Options
  --json                  print JSON
  --seed N                the first seed (1)
  --runs N                how many seeds (1)
  --duration TIME         in which things go wrong (60s); more for settling
  --faults all|none|LIST  what goes wrong, such as loss,crash,stop
  --only LIST             of the faults of a seed only these, such as 3,7:1500ms
  --svg FILE              draw the first run, or the last one with a violation
  -c, --config FILE       configuration (/etc/lbconverge/lbconverge.toml), with
                          conf.d/*.toml beside it
  --node NAME             which of [nodes] this is (the host name)
  --netns NAME            network namespace to work in, as ip netns names it
  --log-level LEVEL       error, warning, info or debug, on stderr
  -h, --help              this text; after a command, its options and an example
  --version               the version

Example: a hundred seeds
  lbconverge simulate lb.toml --runs 100
)");
}

TEST_CASE("an option takes the words that are said of it") {
    for (const KnownOption& option : option_table()) {
        std::istringstream in{std::string(option.words)};
        for (std::string word; std::getline(in, word, '|');) {
            CAPTURE(option.name);
            const std::string whose = commands_with(option.name);
            const std::string command = whose.empty() ? "check" : whose.substr(0, whose.find(','));
            CHECK(parse("lbconverge " + command + " --" + std::string(option.name) + " " + word).has_value());
        }
        CHECK((option.takes == Takes::nothing) == option.value.empty());
    }
}

TEST_CASE("lbconverge(8) has every command, with its options and its argument") {
    const auto all = synopsis();
    CHECK(commands_in(all) == command_names());
    for (const Command& each : commands()) {
        CAPTURE(each.name);
        const Entry& entry = entry_of(each.name, all);
        CHECK(sorted(options_in(entry.body)) == sorted(options_of(each)));
        const std::string macro = each.argument.may_lack ? "\n.Op Ar " : "\n.Ar ";
        const bool has_one = entry.body.find("\n.Ar ") != std::string::npos || each.argument.may_lack;
        CHECK(has_one == !each.argument.name.empty());
        if (has_one) CHECK(entry.body.find(macro + std::string(each.argument.name) + "\n") != std::string::npos);
    }
}

TEST_CASE("lbconverge(8) says what every command does, and whether it needs root") {
    const auto all = command_entries();
    CHECK(commands_in(all) == command_names());
    for (const Command& each : commands()) {
        CAPTURE(each.name);
        const std::string& body = entry_of(each.name, all).body;
        CHECK((body.find("\nNeeds root") != std::string::npos) == !each.root.does.empty());
        CHECK((body.find("\nNeeds no root") != std::string::npos) == each.root.does.empty());
    }
}

TEST_CASE("lbconverge(8) has every option, and whom it belongs to") {
    Words named;
    for (const Entry& each : option_entries()) {
        for (const std::string& option : options_in(each.title)) {
            CAPTURE(option);
            named.push_back(option);
            std::string whose = commands_with(option);
            for (std::size_t at = 0; (at = whose.find(", ", at)) != std::string::npos; at += 3) whose.insert(at, " ");
            if (whose.empty()) {
                CHECK(manual("These belong to every command:", "These belong to some commands:").find("\\-" + option) !=
                      std::string::npos);
            } else {
                CHECK(each.body.starts_with("\n.Cm " + whose + " :\n"));
            }
        }
    }
    CHECK(sorted(named) == sorted(option_names()));
}

}  // namespace lbconverge::cli
