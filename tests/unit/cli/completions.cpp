// packaging/completions has what the tables of commands and options say. LBCONVERGE_UPDATE=1 in the environment writes
// the files anew. Whether the shells understand them is tests/packaging/completions's work.
#include "commands.hpp"
#include "options.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace lbconverge::cli {

namespace {

using Words = std::vector<std::string>;

constexpr std::string_view made =
    " completion for lbconverge, made by tests/unit/cli/completions.cpp from the program's tables: not to be edited.\n";

std::string joined(const Words& words, std::string_view between) {
    std::string text;
    for (const std::string& each : words) text.append(text.empty() ? "" : between).append(each);
    return text;
}

std::string with(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
        text.replace(at, what.size(), by);
    }
    return text;
}

/// "toml|snapshot" as words.
Words alternatives(std::string_view text) {
    Words words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('|'), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

/// What the first word after the command may be, if it is no name for something: "keepalived|ldirectord|ipvsadm FILE".
Words first_words(const Command& command) {
    const std::string_view first = command.argument.name.substr(0, command.argument.name.find(' '));
    const bool names_something = first.find_first_not_of("abcdefghijklmnopqrstuvwxyz|") != std::string_view::npos;
    return names_something ? Words{} : alternatives(first);
}

bool takes_files(const Command& command) { return command.argument.name.find("FILE") != std::string_view::npos; }

bool of_every_command(const KnownOption& option) { return commands_with(option.name).empty(); }

std::vector<KnownOption> options_if(bool (*belongs)(const KnownOption&, const Command*),
                                    const Command* command = nullptr) {
    std::vector<KnownOption> all;
    for (const KnownOption& each : option_table()) {
        if (belongs(each, command)) all.push_back(each);
    }
    return all;
}
std::vector<KnownOption> common() {
    return options_if([](const KnownOption& each, const Command*) { return of_every_command(each); });
}
std::vector<KnownOption> own(const Command& command) {
    return options_if([](const KnownOption& each, const Command* of) { return of->takes(each.name); }, &command);
}

Words names_of_commands() {
    Words names;
    for (const Command& each : commands()) names.emplace_back(each.name);
    return names;
}

/// "-c", "--config"
Words spellings(const KnownOption& option) {
    Words words{"--" + std::string(option.name)};
    if (option.letter != '\0') words.insert(words.begin(), std::string("-") + option.letter);
    return words;
}

Words spellings(const std::vector<KnownOption>& options) {
    Words all;
    for (const KnownOption& each : options) {
        for (std::string& word : spellings(each)) all.push_back(std::move(word));
    }
    return all;
}

// ---- bash

/// What follows an option with a value: files, its words, or nothing that could be known.
std::string bash_values() {
    std::string text;
    Words files;
    Words others;
    for (const KnownOption& each : option_table()) {
        if (each.takes == Takes::nothing) continue;
        const std::string names = joined(spellings(each), " | ");
        if (!each.words.empty()) {
            text += "    " + names + ") _lbconverge_words '" + joined(alternatives(each.words), " ") + "'; return ;;\n";
        } else {
            (each.takes == Takes::file ? files : others).push_back(names);
        }
    }
    text += "    " + joined(files, " | ") + ") _lbconverge_files; return ;;\n";
    return text + "    " + joined(others, " | ") + ") return ;;\n";
}

std::string bash_commands() {
    std::string text;
    for (const Command& each : commands()) {
        text += "    " + std::string(each.name) + ") options='" + joined(spellings(own(each)), " ") + "'";
        if (!first_words(each).empty()) text += " first='" + joined(first_words(each), " ") + "'";
        if (takes_files(each)) text += " files=yes";
        text += " ;;\n";
    }
    return text;
}

Words with_value() {
    return spellings(options_if([](const KnownOption& each, const Command*) { return each.takes != Takes::nothing; }));
}

std::string bash() {
    std::string text = R"(# bash@MADE
_lbconverge_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }
_lbconverge_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
}

_lbconverge() {
  local word=$2 before=$3 at words=() options='' first='' files=''
  COMPREPLY=()
  # bash takes --as=master for three words.
  [ "$word" != = ] || word=''
  [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
  [ "${COMP_WORDS[COMP_CWORD]}" != = ] || before=${COMP_WORDS[COMP_CWORD - 1]}
  case $before in
@VALUES  esac
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      @WITH_VALUE)
        [ "${COMP_WORDS[at + 1]-}" != = ] || ((at++))
        ((at++)) ;;
      -*) ;;
      *) words+=("${COMP_WORDS[at]}") ;;
    esac
  done
  case ${words[0]-} in
    '') first='@NAMES' ;;
@COMMANDS  esac
  if [[ $word == -* ]]; then
    _lbconverge_words "$options @COMMON"
  elif [ -n "$first" ] && [ ${#words[@]} -lt 2 ]; then
    _lbconverge_words "$first"
  elif [ -n "$files" ]; then
    _lbconverge_files
  fi
}
complete -F _lbconverge lbconverge
)";
    text = with(std::move(text), "@MADE", made);
    text = with(std::move(text), "@VALUES", bash_values());
    text = with(std::move(text), "@WITH_VALUE", joined(with_value(), " | "));
    text = with(std::move(text), "@NAMES", joined(names_of_commands(), " "));
    text = with(std::move(text), "@COMMANDS", bash_commands());
    return with(std::move(text), "@COMMON", joined(spellings(common()), " "));
}

// ---- zsh

/// Within '...' of zsh, and within the brackets or after the colon of a specification.
std::string zsh_quoted(std::string_view text) {
    std::string quoted(text);
    for (const std::string_view each : {"\\", "[", "]", ":"}) quoted = with(quoted, each, "\\" + std::string(each));
    return with(quoted, "'", "'\\''");
}

std::string zsh_option(const KnownOption& option) {
    std::string text = "    ";
    if (option.letter != '\0') {
        text += "'(" + joined(spellings(option), " ") + ")'{" + joined(spellings(option), ",") + "}'";
    } else {
        text += "'" + spellings(option).front();
    }
    text += "[" + zsh_quoted(option.does) + "]";
    if (option.takes == Takes::nothing) return text + "'\n";
    text += ":" + std::string(option.value) + ":";
    if (!option.words.empty()) {
        text += "(" + joined(alternatives(option.words), " ") + ")";
    } else {
        text += option.takes == Takes::file ? "_files" : " ";
    }
    return text + "'\n";
}

std::string zsh_options(const std::vector<KnownOption>& options) {
    std::string text;
    for (const KnownOption& each : options) text += zsh_option(each);
    return text;
}

std::string zsh_command(const Command& command) {
    std::string text = "  " + std::string(command.name) + ")\n    own=(\n" + zsh_options(own(command));
    if (!first_words(command).empty()) text += "    '1:what:(" + joined(first_words(command), " ") + ")'\n";
    if (takes_files(command)) text += "    '*:file:_files'\n";
    return text + "    ) ;;\n";
}

std::string zsh() {
    std::string names;
    std::string each_command;
    for (const Command& each : commands()) {
        names += "    '" + std::string(each.name) + ":" + zsh_quoted(each.help) + "'\n";
        each_command += zsh_command(each);
    }
    std::string text = R"(#compdef lbconverge
# zsh@MADE
local curcontext=$curcontext state line
local -a names common own
names=(
@NAMES)
common=(
@COMMON)
_arguments -C $common '1: :->command' '*:: :->rest' && return
case $state in
command) _describe -t commands command names; return ;;
esac
case $words[1] in
@EACH*) return 1 ;;
esac
_arguments $common $own
)";
    text = with(std::move(text), "@MADE", made);
    text = with(std::move(text), "@NAMES", names);
    text = with(std::move(text), "@COMMON", zsh_options(common()));
    return with(std::move(text), "@EACH", each_command);
}

// ---- fish

std::string fish_quoted(std::string_view text) {
    return "'" + with(with(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_option(const KnownOption& option, const std::string& condition) {
    std::string text = "complete -c lbconverge";
    if (!condition.empty()) text += " -n " + fish_quoted(condition);
    if (option.letter != '\0') text += std::string(" -s ") + option.letter;
    text += " -l " + std::string(option.name);
    if (option.takes == Takes::file) text += " -r -F";
    if (option.takes == Takes::text || option.takes == Takes::number) text += " -x";
    if (!option.words.empty()) text += " -a " + fish_quoted(joined(alternatives(option.words), " "));
    return text + " -d " + fish_quoted(option.does) + "\n";
}

std::string fish() {
    const std::string given = "__fish_seen_subcommand_from";
    std::string text = "# fish" + std::string(made) + "set -l commands " + joined(names_of_commands(), " ") + "\n";
    text += "complete -c lbconverge -f\n";
    for (const Command& each : commands()) {
        text += "complete -c lbconverge -n \"not " + given + " $commands\" -a " + std::string(each.name) + " -d " +
                fish_quoted(each.help) + "\n";
    }
    for (const KnownOption& each : option_table()) {
        const std::string whose = with(commands_with(each.name), ",", "");
        text += fish_option(each, whose.empty() ? "" : given + " " + whose);
    }
    for (const Command& each : commands()) {
        const std::string of = given + " " + std::string(each.name);
        const std::string first = joined(first_words(each), " ");
        if (!first.empty()) {
            text += "complete -c lbconverge -n '" + of + "; and not " + given + " " + first + "' -a '" + first + "'\n";
        }
        if (takes_files(each)) {
            const std::string after = first.empty() ? "" : "; and " + given + " " + first;
            text += "complete -c lbconverge -n '" + of + after + "' -F\n";
        }
    }
    return text;
}

std::string content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the completions of the shells are those of the tables") {
    const std::string folder = LBCONVERGE_SOURCE_DIR "/packaging/completions/";
    const std::pair<const char*, std::string> files[] = {
        {"lbconverge.bash", bash()}, {"_lbconverge", zsh()}, {"lbconverge.fish", fish()}};
    for (const auto& [name, text] : files) {
        if (std::getenv("LBCONVERGE_UPDATE") != nullptr) std::ofstream(folder + name) << text;
        const bool same = content(folder + name) == text;
        const std::string named = name;
        CHECK_MESSAGE(same, named << " differs from the tables: LBCONVERGE_UPDATE=1 unit_cli -tc='the completions*'");
    }
}

}  // namespace lbconverge::cli
