#include "print.hpp"

#include "lbconverge/wire/json.hpp"

#include <cstdio>

namespace lbconverge::cli {

namespace {

void put(std::string_view text, std::FILE* to) {
    const std::string shown = wire::valid_utf8(text);
    std::fwrite(shown.data(), 1, shown.size(), to);
}

}  // namespace

void print(std::string_view text) { put(text, stdout); }

void print_errors(std::string_view text) { put(text, stderr); }

void print_notes(std::span<const std::string> notes) {
    for (const std::string& note : notes) print_errors("lbconverge: " + note + "\n");
}

int report(const Error& error) {
    print_errors("lbconverge: " + error.what + "\n");
    if (!error.hint.empty()) print_errors("  hint: " + error.hint + "\n");
    return exit_code(error.kind);
}

}  // namespace lbconverge::cli
