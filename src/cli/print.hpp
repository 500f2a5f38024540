// What a command says: its answer on standard output, an error on standard error. Private to src/cli.
#pragma once

#include "lbconverge/model/exit.hpp"

#include <span>
#include <string>
#include <string_view>

namespace lbconverge::cli {

// Octets that are no UTF-8 are printed as U+FFFD.
void print(std::string_view text);
void print_errors(std::string_view text);
/// Prints an error as a person wants to read it, and returns the exit code that belongs to it.
int report(const Error& error);
/// What is wrong and stops nobody, on standard error.
void print_notes(std::span<const std::string> notes);

}  // namespace lbconverge::cli
