// The names of enumerations: one table per enumeration, written beside it, for both directions. An enumeration takes
// part by a function in its own namespace:
//     constexpr auto names_of(Color) { return enum_names<Color>({{Color::red, "red"}, {Color::blue, "blue"}}); }
// Then to_text(), from_text() and the words that the configuration takes follow. tests/unit/cli/enum_names.cpp holds
// that no enumerator is forgotten.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace lbconverge {

template <class E>
struct EnumName {
    E value;
    std::string_view name;
};

template <class E, std::size_t N>
constexpr std::array<EnumName<E>, N> enum_names(const EnumName<E> (&names)[N]) {
    return std::to_array(names);
}

/// An enumeration that has names.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
    names_of(value);
};

/// "?" for a number that is no enumerator: only a kernel that knows more than this program has such numbers.
template <NamedEnum E>
constexpr std::string_view to_text(E value) {
    for (const EnumName<E>& each : names_of(E{})) {
        if (each.value == value) return each.name;
    }
    return "?";
}

/// False, and `value` as it was, where nothing has that name.
template <NamedEnum E>
constexpr bool from_text(std::string_view text, E& value) {
    for (const EnumName<E>& each : names_of(E{})) {
        if (each.name != text) continue;
        value = each.value;
        return true;
    }
    return false;
}

}  // namespace lbconverge
