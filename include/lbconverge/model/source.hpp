// A place in the configuration. It has eight bytes, because every row of a large table carries one.
#pragma once

#include <compare>
#include <cstdint>

namespace lbconverge {

/// A place in a configuration file. Line and column count from 1; line 0 means "not from a file".
struct Source {
    std::uint32_t line = 0;
    std::uint16_t column = 0;
    std::uint16_t file = 0;  ///< index into the list of files that were read

    [[nodiscard]] bool known() const { return line != 0; }
    auto operator<=>(const Source&) const = default;
};

}  // namespace lbconverge
