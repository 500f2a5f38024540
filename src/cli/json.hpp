// Fields of kinds as JSON values and back. Private to src/cli.
#pragma once

#include "lbconverge/model/fields.hpp"
#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <type_traits>

namespace lbconverge::cli {

using wire::Json;
using wire::json_text;

/// Numbers and truth values as such, everything else as its text.
template <class S>
Json fields_json(const S& object) {
    Json json = Json::object();
    for_each_field(object, [&](const auto& field, const auto& value) {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_arithmetic_v<T>) {
            json[std::string(field.name)] = value;
        } else {
            json[std::string(field.name)] = std::string(to_text(value));
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
        const auto at = good ? json.find(field.name) : json.end();
        if (!good || at == json.end()) {
            good = false;
        } else if constexpr (std::is_same_v<T, bool>) {
            good = at->is_boolean();
            if (good) value = at->template get<bool>();
        } else if constexpr (std::is_arithmetic_v<T>) {
            good = at->is_number_unsigned() && at->template get<std::uint64_t>() <= std::numeric_limits<T>::max();
            if (good) value = at->template get<T>();
        } else {
            good = at->is_string() && from_text(std::string_view(at->template get_ref<const std::string&>()), value);
        }
    });
    return good;
}

}  // namespace lbconverge::cli
