#include "sections.hpp"

#include <initializer_list>

namespace lbconverge::config {

namespace {

/// The types of checks that use a key.
struct Use {
    std::string_view key;
    std::initializer_list<CheckType> types;
};

void report_unused(Reader& in, const Check& check) {
    using enum CheckType;
    static const Use uses[] = {{"port", {tcp, http, https, udp, dns}},
                               {"path", {http, https, file}},
                               {"host", {http, https, dns}},
                               {"expect", {http, https, udp, dns}},
                               {"command", {exec}},
                               {"user", {exec}},
                               {"status", {http, https}},
                               {"verify", {https}},
                               {"via", {tcp, http, https, udp, dns}}};
    const std::string_view type = to_text(check.type);
    for (const Use& use : uses) {
        const bool used = std::find(use.types.begin(), use.types.end(), check.type) != use.types.end();
        if (used || !in.has(use.key)) continue;
        in.problems().error(in.place(use.key), "a check of type " + in_quotes(type) + " has no " + in_quotes(use.key),
                            "leave it out");
    }
}

bool read_one_status(Reader& in, const toml::node& node, Check& check) {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < 100 || number->get() > 599) {
        in.problems().error(place(node), "\"status\" of a check must be a number from 100 to 599, or a list of such",
                            "status = 200, or status = [200, 204]; left out, 200 to 399 are good");
        return false;
    }
    check.status.push_back(static_cast<std::uint16_t>(number->get()));
    return true;
}

void read_status(Reader& in, Check& check) {
    const toml::node* node = in.take("status");
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) {
        read_one_status(in, *node, check);
        return;
    }
    for (const toml::node& each : *list) {
        if (!read_one_status(in, each, check)) return;
    }
}

/// What a check goes through, if not straight to the server.
enum class Via : std::uint8_t { vip };
constexpr auto names_of(Via) { return enum_names<Via>({{Via::vip, "vip"}}); }

void read_fields(Reader& in, Check& check) {
    const DurationRange some_time{milliseconds(10), std::chrono::hours(24)};
    in.duration("interval", check.interval, some_time);
    in.duration("timeout", check.timeout, some_time);
    in.number("fall", check.fall, 1, 1000);
    in.number("rise", check.rise, 1, 1000);
    in.number("port", check.port, 1, 65535);
    in.text("path", check.path);
    in.text("host", check.host);
    in.text("expect", check.expect);
    read_status(in, check);
    in.boolean("verify", check.verify);
    in.command("command", check.command);
    in.text("user", check.user);
    Via via{};
    if (in.choice("via", via)) check.via = to_text(via);
}

void read_table(Reader& in, Check& check) {
    const bool typed = in.choice("type", check.type);
    if (!in.has("type")) {
        in.problems().error(check.source, "a check needs a type",
                            "for example type = \"tcp\", or in short: check = \"tcp\"");
    }
    read_fields(in, check);
    if (typed) {
        report_unused(in, check);
        if (check.type == CheckType::exec && !in.has("command")) {
            in.problems().error(check.source, "a check of type \"exec\" needs a command",
                                "a list of strings: command = [\"/usr/local/bin/probe\", \"argument\"]");
        }
        if (check.type == CheckType::file && !in.has("path")) {
            in.problems().error(check.source, "a check of type \"file\" needs a path");
        }
    }
    in.finish();
}

bool read_value(Reader& owner, const toml::node& node, Check& out) {
    out.source = place(node);
    if (const toml::table* table = node.as_table()) {
        Reader in({table}, "a check", owner.problems());
        read_table(in, out);
        return true;
    }
    const auto* word = node.as_string();
    if (word == nullptr) {
        owner.wrong_type(node, "check", "\"tcp\", \"none\" or a table");
        return false;
    }
    if (word->get() == "none") return true;
    out.type = CheckType::tcp;
    if (word->get() == "tcp") return true;
    owner.problems().error(out.source, "\"check\" must be \"tcp\", \"none\" or a table, not " + in_quotes(word->get()),
                           "check = { type = \"http\", path = \"/\" }");
    return false;
}

}  // namespace

void read_check(Reader& owner, Context& context, std::int32_t& index) {
    const toml::node* node = owner.take("check");
    if (node == nullptr) return;
    Check check;
    if (!read_value(owner, *node, check)) return;
    // The services of a large file mostly say the same, one after the other.
    std::vector<Check>& checks = context.config.checks;
    const Source source = check.source;
    if (!checks.empty()) check.source = checks.back().source;
    if (checks.empty() || checks.back() != check) {
        check.source = source;
        checks.push_back(std::move(check));
    }
    index = static_cast<std::int32_t>(checks.size()) - 1;
}

}  // namespace lbconverge::config
