// Fields of kinds as JSON values and back. What touches the values is in json.cpp, once, and not in the templates, of
// which there is one for each kind. Private to src/cli.
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

/// nullopt, nullptr: there is no such member, or it is of another type; or `json` is no object.
std::optional<std::uint64_t> number_in(const Json& json, std::string_view name);
std::optional<bool> flag_in(const Json& json, std::string_view name);
const std::string* text_in(const Json& json, std::string_view name);

/// Numbers and truth values as such, everything else as its text.
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

/// False when a field is missing or has a wrong value.
template <class S>
bool read_fields(const Json& json, S& object) {
    bool good = json.is_object();
    for_each_field(object, [&](const auto& field, auto& value) {
        using T = std::remove_cvref_t<decltype(value)>;
        // Written by a version that did not know the field: it has its default.
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
