// The commands of the program. Each has a row in the table in commands.cpp and a file of its own, NAME.cpp. The help,
// the completions of the shells, the errors about the command line and the call of the command come from the row.
// Private to src/cli.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lbconverge::cli {

struct Options;

/// The words after the name of the command.
struct Argument {
    std::string_view name{};                  ///< their names in the manual page; empty: there is no such word
    std::string_view wanted = "no argument";  ///< for the error if the number of words is wrong
    bool may_lack = false;
    std::size_t words = 1;
    bool more = false;  ///< further words may follow
};

/// The part of the command that only root may do.
struct Root {
    std::string_view does{};       ///< empty: nothing
    bool refused_at_once = false;  ///< false: it fails when the kernel or the run directory refuses something
};

/// A command line as somebody types it.
struct Example {
    std::string_view line{};
    std::string_view does{};
};

struct Command {
    std::string_view name;
    Argument argument{};
    std::string_view help;     ///< one line of --help
    std::string_view about{};  ///< what COMMAND --help says above the options
    Example example{};
    std::array<std::string_view, 7> options{};  ///< besides those of every command; unused places are empty
    Root root{};
    int (*run)(const Options& options) = nullptr;

    [[nodiscard]] bool takes(std::string_view option) const;
};

/// All commands, in the order of the help and of the manual page.
std::span<const Command> commands();
/// nullptr: there is no such command.
const Command* command_named(std::string_view name);
/// "diff, apply": the commands that have this option. Empty: every command has it.
std::string commands_with(std::string_view option);

}  // namespace lbconverge::cli
