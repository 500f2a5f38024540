#include "duration.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

namespace lbconverge::config {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr Unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::int64_t longest = 3650LL * 86'400'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

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

}  // namespace lbconverge::config
