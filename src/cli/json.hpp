// Converts the fields of kinds to JSON values and back. The code for the JSON values is compiled once, in json.cpp, and
// not in the templates, which are compiled once for each kind. Private to src/cli.
#pragma once

#include "lbconverge/model/fields.hpp"
#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace lbconverge::cli {

using wire::Json;
using wire::json_text;

void set_number(Json& object, std::string_view name, std::uint64_t number);
void set_flag(Json& object, std::string_view name, bool flag);
void set_text(Json& object, std::string_view name, std::string text);

/// nullopt, nullptr: there is no such member, it has another type, or `json` is not an object.
std::optional<std::uint64_t> number_in(const Json& json, std::string_view name);
std::optional<bool> flag_in(const Json& json, std::string_view name);
const std::string* text_in(const Json& json, std::string_view name);

/// Numbers and truth values become JSON values of the same type; all other values become text.
template <class S>
Json fields_json(const S& object) {
    Json json = Json::object();
    for_each_field(object, [&](const auto& field, const auto& value) {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
            set_flag(json, field.name, value);
        } else if constexpr (std::unsigned_integral<T>) {
            set_number(json, field.name, value);
        } else {
            static_assert(!std::is_arithmetic_v<T>);
            set_text(json, field.name, std::string(to_text(value)));
        }
    });
    return json;
}

/// False if a field is missing or has a wrong value.
template <class S>
bool read_fields(const Json& json, S& object) {
    bool good = json.is_object();
    for_each_field(object, [&](const auto& field, auto& value) {
        using T = std::remove_cvref_t<decltype(value)>;
        // The version that wrote this did not know the field, so the field keeps its default.
        if (good && (field.show == Show::when_set || field.show == Show::never) && !json.contains(field.name)) return;
        if constexpr (std::is_same_v<T, bool>) {
            const auto flag = flag_in(json, field.name);
            good = good && flag;
            if (good) value = *flag;
        } else if constexpr (std::unsigned_integral<T>) {
            const auto number = number_in(json, field.name);
            good = good && number && *number <= std::numeric_limits<T>::max();
            if (good) value = static_cast<T>(*number);
        } else {
            const std::string* text = text_in(json, field.name);
            good = good && text != nullptr && from_text(std::string_view(*text), value);
        }
    });
    return good;
}

}  // namespace lbconverge::cli
