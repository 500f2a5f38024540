// Text with values in it: formatted("{} of {} up", up, all), with the format strings of libfmt. Only format.cpp
// includes libfmt, because its templates, compiled once per call, took most of the time that the commands took to
// build. Private to src/cli.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace lbconverge::cli {

/// A value that can be put into a text.
class Piece {
public:
    template <class T>
    requires std::convertible_to<const T&, std::string_view>
    explicit Piece(const T& text) : value_(std::string_view(text)) {}
    template <std::integral T>
    explicit Piece(T number) : value_(static_cast<std::int64_t>(number)) {
        static_assert(!std::same_as<T, char> && !std::same_as<T, bool>, "it would look like a number");
    }
    explicit Piece(std::uint64_t number) : value_(number) {}
    explicit Piece(double number) : value_(number) {}

private:
    friend std::string put_together(std::string_view pattern, std::initializer_list<Piece> pieces);
    std::variant<std::string_view, std::int64_t, std::uint64_t, double> value_;
};
std::string put_together(std::string_view pattern, std::initializer_list<Piece> pieces);

/// A format string with this number of places. A string with another number does not compile.
template <std::size_t places>
struct Pattern {
    std::string_view text;
    consteval Pattern(const char* given) : text(given) {  // NOLINT(google-explicit-constructor): a pattern is its text
        std::size_t count = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '{') continue;
            if (i + 1 < text.size() && text[i + 1] == '{') {
                ++i;
            } else {
                ++count;
            }
        }
        if (count != places) throw "a format string has one {} for each value";
    }
};

template <class... Values>
std::string formatted(Pattern<sizeof...(Values)> pattern, const Values&... values) {
    return put_together(pattern.text, {Piece(values)...});
}

}  // namespace lbconverge::cli
