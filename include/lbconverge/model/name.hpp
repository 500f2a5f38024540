// Short names that the kernel limits to 15 characters (schedulers, persistence engines, interfaces, address labels).
// The object itself holds the characters, because a table of a hundred thousand rows must not own a hundred thousand
// heap blocks.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <string>
#include <string_view>

namespace lbconverge {

/// IFNAMSIZ, IP_VS_SCHEDNAME_MAXLEN and IP_VS_PENAME_MAXLEN are all 16, the closing NUL included.
class ShortName {
public:
    static constexpr std::size_t max_size = 15;

    constexpr ShortName() = default;
    /// What does not fit is cut off: check with fits() first where the text comes from outside.
    constexpr ShortName(std::string_view text) {  // NOLINT(google-explicit-constructor): a name is its text
        const std::size_t size = std::min(text.size(), max_size);
        std::copy_n(text.data(), size, chars_.data());
    }
    constexpr ShortName(const char* text) : ShortName(std::string_view(text)) {}  // NOLINT(google-explicit-constructor)

    /// A name with a NUL does not fit: the characters after it would be compared but never shown.
    static constexpr bool fits(std::string_view text) {
        return text.size() <= max_size && text.find('\0') == std::string_view::npos;
    }

    [[nodiscard]] constexpr std::string_view view() const {
        return {chars_.data(),
                static_cast<std::size_t>(std::find(chars_.begin(), chars_.end(), '\0') - chars_.begin())};
    }
    [[nodiscard]] std::string str() const { return std::string(view()); }
    /// NUL-terminated.
    [[nodiscard]] const char* c_str() const { return chars_.data(); }
    [[nodiscard]] constexpr bool empty() const { return chars_[0] == '\0'; }

    auto operator<=>(const ShortName&) const = default;

private:
    std::array<char, max_size + 1> chars_{};
};

/// The name of a network interface; of settings also "all" and "default".
class InterfaceName : public ShortName {
public:
    using ShortName::ShortName;
    /// For a short name that is known to be that of an interface.
    constexpr explicit InterfaceName(const ShortName& name) : ShortName(name) {}

    /// 1 to 15 characters, as the kernel wants a link's name (dev_valid_name).
    static constexpr bool is_valid(std::string_view text) {
        return !text.empty() && fits(text) && text != "." && text != ".." &&
               std::all_of(text.begin(), text.end(),
                           [](char c) { return c != ' ' && (c < '\t' || c > '\r') && c != '/' && c != ':'; });
    }

    [[nodiscard]] constexpr bool is_loopback() const { return view() == "lo"; }
    /// Of settings: no interface, but all of them, or those that will come.
    [[nodiscard]] constexpr bool is_collective() const { return view() == "all" || view() == "default"; }
    auto operator<=>(const InterfaceName&) const = default;
};

inline constexpr InterfaceName loopback = "lo";

inline std::string to_text(const ShortName& name) { return name.str(); }
inline bool from_text(std::string_view text, ShortName& name) {
    if (!ShortName::fits(text)) return false;
    name = ShortName(text);
    return true;
}

}  // namespace lbconverge
