// Lines that cannot be read in a file that this program wrote. What such a line said is lost, and nothing else.
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
    /// A sentence for a person; empty if there are none.
    [[nodiscard]] std::string text() const {
        if (count == 0) return {};
        if (count == 1) return "line " + std::to_string(first) + " cannot be read";
        return std::to_string(count) + " lines cannot be read, the first is line " + std::to_string(first);
    }
};

}  // namespace lbconverge
