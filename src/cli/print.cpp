#include "print.hpp"

#include <cstdio>

namespace lbconverge::cli {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_notes(std::span<const std::string> notes) {
    for (const std::string& note : notes) std::fprintf(stderr, "lbconverge: %s\n", note.c_str());
}

int report(const Error& error) {
    std::fprintf(stderr, "lbconverge: %s\n", error.what.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "  hint: %s\n", error.hint.c_str());
    return exit_code(error.kind);
}

}  // namespace lbconverge::cli
