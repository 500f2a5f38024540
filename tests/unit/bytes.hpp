// Bytes as hexadecimal text and back. Only for tests.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::test {

inline std::string hex(std::span<const std::byte> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4];
        text += digits[std::to_integer<unsigned>(byte) & 15];
    }
    return text;
}

/// Spaces are there to be read; anything else is a digit.
inline std::vector<std::byte> from_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    bool half = false;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        const auto digit = static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
        if (!half) bytes.push_back(std::byte{0});
        bytes.back() = static_cast<std::byte>(std::to_integer<unsigned>(bytes.back()) << 4 | digit);
        half = !half;
    }
    return bytes;
}

}  // namespace lbconverge::test
