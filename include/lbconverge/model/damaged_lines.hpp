// Lines of a file of our own that cannot be read: each costs what it said, and no more.
#pragma once

#include <cstddef>
#include <string>

namespace lbconverge {

struct DamagedLines {
    std::size_t count = 0;
    std::size_t first = 0;  ///< its number

    void add(std::size_t number) {
        if (count++ == 0) first = number;
    }
    /// For a person; empty where there are none.
    [[nodiscard]] std::string text() const {
        if (count == 0) return {};
        if (count == 1) return "line " + std::to_string(first) + " cannot be read";
        return std::to_string(count) + " lines cannot be read, the first is line " + std::to_string(first);
    }
};

}  // namespace lbconverge
