// The list of a struct's fields, written once per struct and used for everything that is generic: text, JSON,
// snapshots, fingerprints. A struct S that takes part has
//     static constexpr auto fields() { return std::tuple{Field{"weight", &S::weight}, ...}; }
// and a static_assert(fields_cover<S>) so that a forgotten field does not compile.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace lbconverge {

/// How a field appears in text for people.
enum class Show : std::uint8_t {
    when_set,  ///< "name value", unless it has its default value
    always,    ///< "name value"
    bare,      ///< "value", always
    never,     ///< in JSON only
};

template <class S, class T>
struct Field {
    std::string_view name;
    T S::*member;
    Show show = Show::when_set;
};
template <class S, class T>
Field(const char*, T S::*) -> Field<S, T>;
template <class S, class T>
Field(const char*, T S::*, Show) -> Field<S, T>;

namespace detail {
struct Anything {
    template <class T>
    operator T() const;  // NOLINT(google-explicit-constructor): stands for any field in an unevaluated context
};
template <class S, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
    return requires { S{((void)I, Anything{})...}; };
}
template <class S, std::size_t N = 0>
constexpr std::size_t member_count() {
    if constexpr (!takes<S>(std::make_index_sequence<N + 1>{})) {
        return N;
    } else {
        return member_count<S, N + 1>();
    }
}
}  // namespace detail

/// True when S::fields() names as many members as the struct has.
template <class S>
constexpr bool fields_cover = detail::member_count<S>() == std::tuple_size_v<decltype(S::fields())>;

/// Calls f(field, value) for each field, in the order of declaration; value is const if the object is.
template <class S, class F>
void for_each_field(S& object, F&& f) {
    std::apply([&](const auto&... field) { (f(field, object.*field.member), ...); }, std::remove_const_t<S>::fields());
}

inline std::string_view to_text(bool value) { return value ? "true" : "false"; }
inline bool from_text(std::string_view text, bool& value) {
    value = text == "true";
    return value || text == "false";
}
inline const std::string& to_text(const std::string& value) { return value; }
inline bool from_text(std::string_view text, std::string& value) {
    value = text;
    return true;
}
template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) std::string to_text(T value) { return std::to_string(value); }
template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) bool from_text(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

template <class T>
std::string to_text(const std::optional<T>& value) {
    return value ? std::string(to_text(*value)) : "none";
}
template <class T>
bool from_text(std::string_view text, std::optional<T>& value) {
    value.reset();
    return text == "none" || from_text(text, value.emplace());
}

/// FNV-1a over bytes: stable across runs and machines, which std::hash does not promise.
class Fingerprint {
public:
    void add(const void* data, std::size_t size) {
        const auto* bytes = static_cast<const unsigned char*>(data);
        for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3ULL;
    }
    void add(std::string_view text) { add(text.data(), text.size()); }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

/// Adds one object's fields. Integers and enums go in as their bytes, the rest as text with a closing NUL.
template <class S>
void fingerprint_fields(Fingerprint& print, const S& object) {
    for_each_field(object, [&](const auto&, const auto& value) {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::has_unique_object_representations_v<T>) {
            print.add(&value, sizeof value);
        } else {
            print.add(to_text(value));
            print.add("", 1);
        }
    });
}

}  // namespace lbconverge
