// The texts of --help, from the tables of commands and options. Each command's fits a screen of 24 lines and 80
// columns. Private to src/cli.
#pragma once

#include <string>

namespace lbconverge::cli {

struct Command;

/// All commands, and the options of every command.
std::string help_text();
/// What it does, its options, an example.
std::string help_text(const Command& command);

}  // namespace lbconverge::cli
