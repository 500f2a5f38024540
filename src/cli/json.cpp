#include "json.hpp"

namespace lbconverge::cli {

void set_number(Json& object, std::string_view name, std::uint64_t number) { object[std::string(name)] = number; }
void set_flag(Json& object, std::string_view name, bool flag) { object[std::string(name)] = flag; }
void set_text(Json& object, std::string_view name, std::string text) { object[std::string(name)] = std::move(text); }

namespace {

const Json* member(const Json& json, std::string_view name) {
    if (!json.is_object()) return nullptr;
    const auto at = json.find(name);
    return at == json.end() ? nullptr : &*at;
}

}  // namespace

std::optional<std::uint64_t> number_in(const Json& json, std::string_view name) {
    const Json* at = member(json, name);
    return at != nullptr && at->is_number_unsigned() ? std::optional(at->get<std::uint64_t>()) : std::nullopt;
}

std::optional<bool> flag_in(const Json& json, std::string_view name) {
    const Json* at = member(json, name);
    return at != nullptr && at->is_boolean() ? std::optional(at->get<bool>()) : std::nullopt;
}

const std::string* text_in(const Json& json, std::string_view name) {
    const Json* at = member(json, name);
    return at != nullptr && at->is_string() ? &at->get_ref<const std::string&>() : nullptr;
}

}  // namespace lbconverge::cli
