// The lines of the control socket as values.
#include "lbconverge/daemon/control.hpp"
#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

namespace lbconverge::daemon {

using wire::Json;

namespace {

/// Anybody may send anything: what is missing or no text is empty.
std::string text_in(const Json& json, const char* key) {
    const auto at = json.find(key);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

std::string to_text(const ControlRequest& request) {
    return wire::json_text({{"command", request.command},
                            {"file", request.file},
                            {"node", request.node},
                            {"server", request.server},
                            {"json", request.json}});
}

ControlRequest parse_request(std::string_view line) {
    const auto json = wire::parse_json(line);
    if (!json || !json->is_object()) return {};
    const auto wants_json = json->find("json");
    return {.command = text_in(*json, "command"),
            .file = text_in(*json, "file"),
            .node = text_in(*json, "node"),
            .server = text_in(*json, "server"),
            .json = wants_json != json->end() && *wants_json == true};
}

std::string to_text(const ControlReply& reply) {
    return wire::json_text({{"exit", reply.exit}, {"outputs", reply.outputs}, {"errors", reply.errors}});
}

Result<ControlReply> parse_reply(std::string_view line) {
    const auto json = wire::parse_json(line);
    RETURN_IF_ERROR(json);
    try {
        return ControlReply{.exit = json->at("exit").get<int>(),
                            .outputs = json->at("outputs").get<std::vector<std::string>>(),
                            .errors = json->at("errors").get<std::vector<std::string>>()};
    } catch (const Json::exception& error) {
        return fail(ErrorKind::failed, std::string("the daemon's answer makes no sense: ") + error.what());
    }
}

}  // namespace lbconverge::daemon
