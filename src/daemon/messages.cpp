// Converts the lines of the control socket to values and back.
#include "lbconverge/daemon/control.hpp"
#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lbconverge::daemon {

using wire::Json;

namespace {

constexpr std::size_t most_members = 8;
constexpr int largest_exit = 255;

// JSON is UTF-8, but the name of a file or a host may have any octets. Such a name is written with % as in a URI.

std::string octets_to_text(const std::string& octets) {
    const auto is_plain = [](char c) { return c != '%' && (c & 0x80) == 0; };
    const bool utf8 = octets.find('%') == std::string::npos && wire::valid_utf8(octets) == octets;
    if (utf8) return octets;
    std::string text;
    for (const char c : octets) {
        constexpr const char* digits = "0123456789abcdef";
        if (is_plain(c)) {
            text += c;
        } else {
            text.append({'%', digits[(c >> 4) & 0xf], digits[c & 0xf]});
        }
    }
    return text;
}

/// 16: no digit.
unsigned digit_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10 : 16;
}

std::optional<std::string> octets_in(const std::string& text) {
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            octets += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const unsigned high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
        if (high > 15 || low > 15) return std::nullopt;
        octets += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return octets;
}

/// Takes one member after the other. A member that is missing, has another type, or is left at the end is an error.
class Members {
public:
    explicit Members(std::vector<wire::JsonMember> all) : all_(std::move(all)) {}

    std::string text(std::string_view name) {
        auto value = take(name);
        if (value && std::holds_alternative<std::string>(*value)) return std::get<std::string>(std::move(*value));
        wrong(name);
        return {};
    }
    std::string octets(std::string_view name) {
        auto value = octets_in(text(name));
        if (!value) wrong(name);
        return std::move(value).value_or("");
    }
    /// The member may be missing.
    bool flag(std::string_view name) {
        const auto value = take(name);
        if (!value) return false;
        if (!std::holds_alternative<bool>(*value)) wrong(name);
        return *value == std::variant<std::string, bool>(true);
    }
    /// Empty: nothing is wrong.
    [[nodiscard]] std::string what_is_wrong() const {
        if (!wrong_.empty() || all_.empty()) return wrong_;
        return "\"" + all_.front().name + "\" is not known";
    }

private:
    std::optional<std::variant<std::string, bool>> take(std::string_view name) {
        const auto at = std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.name == name; });
        if (at == all_.end()) return std::nullopt;
        auto value = std::move(at->value);
        all_.erase(at);
        return value;
    }
    void wrong(std::string_view name) { wrong_ = "\"" + std::string(name) + "\" is missing, or not as it should be"; }

    std::vector<wire::JsonMember> all_;
    std::string wrong_;
};

tl::unexpected<Error> not_known(const std::string& why) {
    return fail(ErrorKind::usage, "the daemon does not know this request (" + why + "); is it of another version?");
}

Json json_of(const StatusRequest&) { return {{"command", "status"}}; }
Json json_of(const HealthRequest&) { return {{"command", "health"}}; }
Json json_of(const ApplyRequest& apply) {
    return {{"command", "apply"},
            {"file", octets_to_text(apply.file)},
            {"node", octets_to_text(apply.node)},
            {"host", octets_to_text(apply.host)},
            {"json", apply.json}};
}
Json json_of(const DrainRequest& drain) {
    Json request{{"command", drain.undo ? "undrain" : "drain"}, {"server", drain.server}, {"json", drain.json}};
    if (drain.force) request["force"] = true;  // an older daemon does not know it
    return request;
}

bool is_texts(const Json& json) {
    return json.is_array() && std::all_of(json.begin(), json.end(), [](const Json& each) { return each.is_string(); });
}

}  // namespace

std::string to_text(const ControlRequest& request) {
    return wire::json_text(std::visit([](const auto& each) { return json_of(each); }, request));
}

Result<ControlRequest> parse_request(std::string_view line) {
    auto members = wire::parse_flat_json(line, most_members);
    if (!members) return not_known(members.error().what);
    Members in(std::move(*members));
    const std::string command = in.text("command");
    ControlRequest request;
    if (command == "apply") {
        request = ApplyRequest{
            .file = in.octets("file"), .node = in.octets("node"), .host = in.octets("host"), .json = in.flag("json")};
    } else if (command == "drain" || command == "undrain") {
        request = DrainRequest{.server = in.text("server"),
                               .undo = command == "undrain",
                               .json = in.flag("json"),
                               .force = in.flag("force")};
    } else if (command == "health") {
        request = HealthRequest{};
    } else if (command != "status") {
        return not_known("the command");
    }
    if (const std::string wrong = in.what_is_wrong(); !wrong.empty()) return not_known(wrong);
    return request;
}

/// The values are JSON already. With large tables they have megabytes, so they are copied and not parsed again.
std::string to_text(const ControlReply& reply) {
    const Json rest{
        {"exit", reply.exit}, {"diagnostics", reply.diagnostics}, {"errors", reply.errors}, {"texts", reply.texts}};
    std::string line = wire::json_text(rest);
    line.pop_back();
    line += ",\"values\":[";
    for (const std::string& each : reply.values) line += (&each == reply.values.data() ? "" : ",") + each;
    line += "]}";
    std::replace(line.begin(), line.end(), '\n', ' ');  // JSON has line ends between values only
    return line;
}

Result<ControlReply> parse_reply(std::string_view line) {
    const auto json = wire::parse_json(line);
    RETURN_IF_ERROR(json);
    const auto member = [&](const char* name) -> const Json& {
        static const Json none;
        const auto at = json->find(name);  // the end, if this is no object
        return at == json->end() ? none : *at;
    };
    const Json &exit = member("exit"), &values = member("values");
    const bool sound = exit.is_number_integer() && exit >= 0 && exit <= largest_exit &&
                       member("diagnostics").is_string() && is_texts(member("errors")) && is_texts(member("texts")) &&
                       values.is_array();
    if (!sound) return fail(ErrorKind::failed, "the daemon's answer makes no sense; is it of another version?");
    ControlReply reply{.exit = exit.get<int>(),
                       .diagnostics = member("diagnostics").get<std::string>(),
                       .errors = member("errors").get<std::vector<std::string>>(),
                       .texts = member("texts").get<std::vector<std::string>>(),
                       .values = {}};
    for (const Json& each : values) reply.values.push_back(wire::json_text(each));
    return reply;
}

}  // namespace lbconverge::daemon
