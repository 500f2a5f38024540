// The output of a command: its answer on standard output, errors on standard error. Private to src/cli.
#pragma once

#include "lbconverge/model/exit.hpp"

#include <span>
#include <string>
#include <string_view>

namespace lbconverge::cli {

// Octets that are not UTF-8 are printed as U+FFFD.
void print(std::string_view text);
void print_errors(std::string_view text);
/// Prints an error for people, and returns its exit code.
int report(const Error& error);
/// Prints, on standard error, things that are wrong but do not stop the command.
void print_notes(std::span<const std::string> notes);

}  // namespace lbconverge::cli
