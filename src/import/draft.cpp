#include "draft.hpp"

#include "interpreter.hpp"

#include <algorithm>

namespace lbconverge::importer {

std::string_view TomlTable::get(std::string_view key) const {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const auto& each) { return each.first == key; });
    return at == keys.end() ? std::string_view() : std::string_view(at->second);
}

void TomlTable::drop(std::string_view key) {
    std::erase_if(keys, [&](const auto& each) { return each.first == key; });
}

/// A literal string where that needs no escapes.
std::string toml_text(std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    const bool controls = std::any_of(text.begin(), text.end(), is_control);
    const bool escapes = text.find_first_of("\"\\") != text.npos;
    if (escapes && !controls && text.find('\'') == text.npos) return "'" + std::string(text) + "'";
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (is_control(c)) {
            result.append("\\u00").append(1, digits[octet >> 4]).append(1, digits[octet & 0xf]);
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
    std::string result = "[";
    for (const std::string& each : texts) result.append(result.size() == 1 ? "" : ", ").append(toml_text(each));
    return result + "]";
}

std::string toml_time(Micros time) {
    constexpr std::pair<Micros, std::string_view> units[] = {
        {86400 * second, "d"}, {3600 * second, "h"}, {60 * second, "m"}, {second, "s"}, {1000, "ms"}};
    const Micros rounded = time == 0 ? 0 : std::max<Micros>(1000, (time + 500) / 1000 * 1000);
    if (rounded == 0) return "\"0s\"";
    for (const auto& [size, unit] : units) {
        const bool readable = unit == "s" || unit == "ms" || rounded / size > 1 || unit == "d";
        if (rounded % size == 0 && readable) return '"' + std::to_string(rounded / size).append(unit) + '"';
    }
    return '"' + std::to_string(rounded / 1000) + "ms\"";
}

std::string user_of(const Script& script, const NodeModel& node, Place at, Remarks& remarks) {
    const std::string& user = !script.user.empty() ? script.user : node.script_user;
    if (!user.empty()) return user == "nobody" ? std::string() : user;
    remarks.changed(at, "script_user",
                    "is not said: keepalived runs commands as keepalived_script where that user exists, else as root; "
                    "the result says root",
                    "write user = \"…\" with fewer rights, or leave it out for nobody");
    return "root";
}

namespace {

void draft_sync(const NodeModel& node, Draft& draft, Remarks& remarks) {
    if (!node.sync) return;
    const SyncDaemonEntry& sync = *node.sync;
    draft.sync.place = sync.place;
    draft.sync.set("interface", toml_text(sync.interface));
    const auto number = [&](std::string_view key, const std::string& value, std::uint32_t most,
                            std::string_view usual) {
        if (value.empty() || value == usual) return;
        const bool digits = value.size() <= 5 && value.find_first_not_of("0123456789") == value.npos;
        if (digits && std::stoul(value) <= most) return draft.sync.set(std::string(key), value);
        remarks.broken(sync.place, "lvs_sync_daemon", quoted(value) + " is no " + std::string(key));
    };
    const auto follows = [&](const InstanceFacts& each) { return each.name == sync.follow; };
    const auto instance = std::find_if(draft.instances.begin(), draft.instances.end(), follows);
    if (instance != draft.instances.end()) {
        draft.sync.set("follow", toml_text(sync.follow));
    } else if (!sync.follow.empty()) {
        remarks.broken(sync.place, "lvs_sync_daemon", "there is no instance " + quoted(sync.follow));
    }
    std::string id = sync.id;
    for (const InstanceBlock& each : node.instances) {
        if (id.empty() && each.name == sync.follow) id = std::to_string(each.vrid);
    }
    number("id", id, 255, "0");
    if (!sync.group.empty() && sync.group != "224.0.0.81") draft.sync.set("group", toml_text(sync.group));
    number("port", sync.port, 65535, "8848");
    number("ttl", sync.ttl, 255, "1");
}

void draft_routes(const NodeModel& node, Draft& draft, Remarks& remarks) {
    const auto add = [&](const RouteLine& route, const std::string& instance) {
        TomlTable table;
        table.place = route.place;
        table.comments = route.comments;
        table.set("to", toml_text(route.to));
        if (!route.via.empty()) table.set("via", toml_text(route.via));
        if (!route.interface.empty()) table.set("interface", toml_text(route.interface));
        if (!route.source.empty()) table.set("source", toml_text(route.source));
        if (!route.table.empty()) table.set("table", route.table);
        if (!instance.empty()) table.set("vrrp", toml_text(instance));
        const auto is_ipv6 = [](const TomlTable& each) { return each.get("via").find(':') != std::string_view::npos; };
        const bool again = std::any_of(draft.route.begin(), draft.route.end(), [&](const TomlTable& each) {
            return each.get("to") == table.get("to") && each.get("table") == table.get("table") &&
                   is_ipv6(each) == is_ipv6(table);
        });
        if (again) {
            remarks.lost(route.place, "route", "there are two routes to " + quoted(route.to) + " in one table",
                         "put one into another table");
        } else {
            draft.route.push_back(std::move(table));
        }
    };
    for (const RouteLine& each : node.routes) add(each, {});
    for (const InstanceBlock& instance : node.instances) {
        for (const RouteLine& each : instance.routes) add(each, instance.name);
    }
}

/// The interface of most tables is that of the top level, if there is only one.
void lift_interface(Draft& draft) {
    std::vector<std::string> names;
    for (const InstanceFacts& each : draft.instances) names.push_back(each.interface);
    if (names.empty() || std::any_of(names.begin(), names.end(), [&](const auto& each) { return each != names[0]; })) {
        return;
    }
    draft.interface = names[0];
    for (TomlTables* tables : {&draft.vrrp, &draft.vip}) {
        for (TomlTable& each : *tables) {
            if (each.get("interface") == toml_text(draft.interface)) each.drop("interface");
        }
    }
    if (draft.sync.get("interface") == toml_text(draft.interface)) draft.sync.drop("interface");
}

}  // namespace

Draft draft_of(NodeModel& node, Remarks& remarks) {
    Draft draft;
    draft.name = node.name;
    draft.file = node.file;
    draft.header = node.header;
    draft_instances(node, draft, remarks);
    draft_tracks(node, draft, remarks);
    draft_hooks(node, draft, remarks);
    draft_routes(node, draft, remarks);
    draft_sync(node, draft, remarks);
    draft_services(node, draft, remarks);
    for (const auto& [key, seconds] : node.timeouts) draft.timeouts.set(key, toml_time(seconds * second));
    if (node.realtime_priority != 0) draft.daemon.set("realtime_priority", std::to_string(node.realtime_priority));
    lift_interface(draft);
    return draft;
}

}  // namespace lbconverge::importer
