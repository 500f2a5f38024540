#include "help.hpp"

#include "commands.hpp"
#include "options.hpp"

#include <algorithm>
#include <string_view>

namespace lbconverge::cli {

namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t description = 26;  // the column in which the descriptions of options begin

/// The words of a text, as many in a line as fit; the first line begins at `begin`, the others are indented.
std::string filled(std::string_view text, std::size_t begin, std::size_t indent) {
    std::string lines;
    std::size_t at = begin;
    bool first = true;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        if (!first && at + 1 + word.size() > columns) {
            lines.append("\n").append(indent, ' ');
            at = indent;
            first = true;
        }
        if (!first) lines += ' ';
        lines += word;
        at += word.size() + (first ? 0 : 1);
        first = false;
    }
    return lines + "\n";
}

/// "  name      what it does", with the second part in a column.
std::string row(std::string_view name, std::string_view does, std::size_t column) {
    std::string text = "  " + std::string(name);
    text.append(text.size() < column ? column - text.size() : 2, ' ');
    return text + filled(does, std::max(text.size(), column), column);
}

std::string option_row(const KnownOption& option) {
    std::string name;
    if (option.letter != '\0') name.append("-").append(1, option.letter).append(", ");
    name.append("--").append(option.name);
    if (!option.value.empty()) name.append(" ").append(option.value);
    return row(name, option.does, description);
}

std::string common_options() {
    std::string text;
    for (const KnownOption& each : option_table()) {
        if (commands_with(each.name).empty()) text += option_row(each);
    }
    return text;
}

std::string usage_of(const Command& command) {
    std::string text = "Usage: lbconverge " + std::string(command.name) + " [OPTION...]";
    const std::string argument(command.argument.name);
    if (!argument.empty()) text += " " + (command.argument.may_lack ? "[" + argument + "]" : argument);
    return filled(text, 0, 7);
}

std::string about(const Command& command) {
    std::string text(command.about);
    text += command.root.does.empty() ? " Needs no root." : " Needs root: " + std::string(command.root.does) + ".";
    return filled(text, 0, 0);
}

}  // namespace

std::string help_text() {
    std::string text = "Usage: lbconverge [OPTION...] COMMAND [ARGUMENT...]\n\nCommands\n";
    for (const Command& each : commands()) text += row(each.name, each.help, 12);
    text += "\nOptions of every command; lbconverge COMMAND --help shows the others\n" + common_options();
    return text + "\nSee lbconverge(8), and lbconverge.toml(5) for the configuration.\n";
}

std::string help_text(const Command& command) {
    std::string text = usage_of(command) + "\n" + about(command) + "\nOptions\n";
    for (const KnownOption& each : option_table()) {
        if (command.takes(each.name)) text += option_row(each);
    }
    text += common_options();
    text += "\nExample: " + std::string(command.example.does) + "\n  " + std::string(command.example.line) + "\n";
    return text;
}

}  // namespace lbconverge::cli
