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

std::string help() {
    char program[] = "lbconverge";
    char word[] = "--help";
    char* words[] = {program, word};
    return parse_options(2, words).value().help.value();
}

/// All that --help lists.
Words option_names() {
    Words names;
    std::istringstream in(help());
    for (std::string line; std::getline(in, line);) {
        const std::size_t at = line.find("--");
        if (!line.starts_with("  -") || at == std::string::npos) continue;
        names.push_back(line.substr(at + 2, line.find(' ', at) - at - 2));
    }
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
    CHECK(help().find("  --prune-foreign         diff, apply: remove services") != std::string::npos);
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
