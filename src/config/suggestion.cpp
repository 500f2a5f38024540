#include "lbconverge/config/suggestion.hpp"

#include <algorithm>
#include <vector>

namespace lbconverge::config {

namespace {

/// Edits that turn a into b: insert, remove, replace a letter, or swap two neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = a[i - 1] == b[j - 1];
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

/// A byte of UTF-8 that is not the first of its character.
bool is_inside_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string in_quotes(std::string_view text) {
    std::size_t shown = std::min<std::size_t>(text.size(), 60);
    while (shown < text.size() && shown > 0 && is_inside_character(text[shown])) --shown;
    std::string result = "\"";
    for (const char c : text.substr(0, shown)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        result += control ? '?' : c;
    }
    if (shown < text.size()) result += "…";
    return result + '"';
}

std::string one_of(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
        text += in_quotes(words[i]);
    }
    return text;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    if (word.size() > 60) return {};
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string_view each : known) {
        const std::size_t d = distance(word, each);
        if (d >= best_distance) continue;
        best = each;
        best_distance = d;
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
    const std::string_view near = nearest(word, known);
    if (!near.empty()) return "did you mean " + in_quotes(near) + "?";
    return known.empty() ? std::string() : "known here: " + one_of(known);
}

}  // namespace lbconverge::config
