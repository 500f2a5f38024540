#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

namespace lbconverge::wire {

Result<Json> parse_json(std::string_view text) {
    try {
        return Json::parse(text);
    } catch (const Json::exception& error) {
        return fail(ErrorKind::invalid_input, error.what());
    }
}

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lbconverge::wire
