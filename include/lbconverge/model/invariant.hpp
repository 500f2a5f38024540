// How the program says what is always true of a value: `broken_invariant()` of a class, or a free function of that name
// for a plain struct, says what does not hold. It neither logs nor aborts; the caller decides what a bug means.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>

namespace lbconverge {

/// What does not hold, for a person; nullopt: everything holds.
using BrokenInvariant = std::optional<std::string>;

/// `quick` costs so little that the daemon can ask after each event. `thorough` counts everything again.
enum class Depth : std::uint8_t { quick, thorough };

/// One sentence about a value, and whether it is true.
struct Rule {
    bool holds;
    const char* what;
};

/// The first one that does not hold.
inline BrokenInvariant first_broken(std::initializer_list<Rule> rules) {
    for (const Rule& each : rules) {
        if (!each.holds) return each.what;
    }
    return std::nullopt;
}

/// No two are equal, and each is less than the next one.
template <class Range, class Projection = std::identity>
bool strictly_ascending(const Range& range, Projection of = {}) {
    return std::adjacent_find(std::begin(range), std::end(range), [&](const auto& a, const auto& b) {
               return !(std::invoke(of, a) < std::invoke(of, b));
           }) == std::end(range);
}

}  // namespace lbconverge
