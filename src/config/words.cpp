#include "words.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace lbconverge::config {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr Unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::int64_t longest = 3650LL * 86'400'000;

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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string in_quotes(std::string_view text) {
    constexpr std::size_t most = 60;
    std::string result = "\"";
    for (const char c : text.substr(0, most)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        result += control ? '?' : c;
    }
    if (text.size() > most) result += "…";
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

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::int64_t whole = 0;
    const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error != std::errc{} || !is_digit(text.front())) return std::nullopt;
    std::string_view rest = text.substr(static_cast<std::size_t>(after - text.data()));

    std::int64_t fraction = 0;
    std::int64_t scale = 1;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        for (; !rest.empty() && is_digit(rest.front()) && scale < 1'000'000; rest.remove_prefix(1), scale *= 10) {
            fraction = fraction * 10 + (rest.front() - '0');
        }
        if (scale == 1) return std::nullopt;
    }
    const auto* const unit =
        std::find_if(std::begin(units), std::end(units), [&](const Unit& u) { return u.name == rest; });
    if (unit == std::end(units) || whole > longest / unit->milliseconds) return std::nullopt;
    if (fraction * unit->milliseconds % scale != 0) return std::nullopt;
    return std::chrono::milliseconds(whole * unit->milliseconds + fraction * unit->milliseconds / scale);
}

std::string to_text(std::chrono::milliseconds duration) {
    const Unit* best = &units[0];
    for (const Unit& unit : units) {
        if (duration.count() != 0 && duration.count() % unit.milliseconds == 0) best = &unit;
    }
    return std::to_string(duration.count() / best->milliseconds).append(best->name);
}

bool is_interface_name(std::string_view text) {
    if (text.empty() || text.size() > 15 || text == "." || text == "..") return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '/' && c != ':';
    });
}

}  // namespace lbconverge::config
