// The JSON of libnftables, see libnftables-json(5). Everything that is not named here counts as not understood.
#include "lbconverge/doctor/firewall.hpp"
#include "lbconverge/model/fields.hpp"
#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace lbconverge::doctor {

namespace {

using wire::Json;

std::string text(const Json& json, const char* key) {
    const auto at = json.find(key);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Layer layer_of(const std::string& family) {
    if (family == "ip") return Layer::ipv4;
    if (family == "ip6") return Layer::ipv6;
    if (family == "inet") return Layer::inet;
    return family == "arp" ? Layer::arp : Layer::other;
}

FilterHook hook_of(const std::string& hook) {
    if (hook.empty()) return FilterHook::none;
    if (hook == "prerouting") return FilterHook::prerouting;
    return hook == "input" ? FilterHook::input : FilterHook::other;
}

std::optional<std::uint32_t> number(const Json& json) {
    if (json.is_number_unsigned()) return json.get<std::uint32_t>();
    std::uint32_t value = 0;
    if (json.is_string() && from_text(std::string_view(json.get_ref<const std::string&>()), value)) return value;
    return std::nullopt;
}

std::optional<std::uint8_t> protocol(const Json& json) {
    constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> names{
        {{"icmp", 1}, {"igmp", 2}, {"tcp", 6}, {"udp", 17}, {"ipv6-icmp", 58}, {"vrrp", 112}, {"sctp", 132}}};
    if (const auto value = number(json)) return static_cast<std::uint8_t>(*value);
    for (const auto& [name, value] : names) {
        if (json == name) return value;
    }
    return std::nullopt;
}

std::optional<AddressAndPrefix> net_of(const Json& json) {
    if (json.is_string()) return parse_with_prefix(json.get<std::string>());
    if (!json.is_object() || !json.contains("prefix")) return std::nullopt;
    const Json& prefix = json["prefix"];
    const auto address = parse_with_prefix(text(prefix, "addr"));
    const auto length = prefix.contains("len") ? number(prefix["len"]) : std::nullopt;
    if (!address || !length) return std::nullopt;
    return AddressAndPrefix{address->address, static_cast<std::uint8_t>(*length), true};
}

using Nets = std::vector<AddressAndPrefix>;

/// One address or network, or a set of them.
bool add_nets(const Json& json, Nets& nets) {
    if (json.is_object() && json.contains("set")) {
        return std::all_of(json["set"].begin(), json["set"].end(),
                           [&](const Json& each) { return add_nets(each, nets); });
    }
    const auto net = net_of(json);
    if (net) nets.push_back(*net);
    return net.has_value();
}

using PortRanges = std::vector<std::pair<std::uint16_t, std::uint16_t>>;

bool add_ports(const Json& json, PortRanges& ports) {
    if (json.is_object() && json.contains("set")) {
        return std::all_of(json["set"].begin(), json["set"].end(), [&](const Json& e) { return add_ports(e, ports); });
    }
    const bool range = json.is_object() && json.contains("range") && json["range"].size() == 2;
    const auto first = number(range ? json["range"][0] : json);
    const auto last = number(range ? json["range"][1] : json);
    if (!first || !last) return false;
    ports.emplace_back(static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last));
    return true;
}

/// New packets are not among these states.
bool without_new(const Json& states) {
    const auto is_new = [](const Json& each) { return each == "new" || each == "untracked"; };
    const Json& list = states.is_object() && states.contains("set") ? states["set"] : states;
    return list.is_array() ? std::none_of(list.begin(), list.end(), is_new) : list.is_string() && !is_new(list);
}

/// The elements of named sets, by "family table name".
using Sets = std::map<std::string, Json>;

/// The right side of a condition. A named set is replaced by its elements, as a set without a name.
Json compared(const Json& right, const std::string& table, const Sets& sets) {
    const std::string name = right.is_string() ? right.get<std::string>() : std::string();
    if (!name.starts_with('@')) return right;
    const auto at = sets.find(table + " " + name.substr(1));
    return at == sets.end() ? right : Json{{"set", at->second}};
}

/// One condition; false: not understood.
bool add_match(const Json& match, const std::string& table, const Sets& sets, FilterRule& rule) {
    const std::string op = text(match, "op");
    if (!match.contains("left") || !match.contains("right") || (op != "==" && op != "in")) return false;
    const Json& left = match["left"];
    const Json right = compared(match["right"], table, sets);
    if (left.contains("payload")) {
        const std::string of = text(left["payload"], "protocol"), field = text(left["payload"], "field");
        if (field == "dport" && (of == "tcp" || of == "udp" || of == "sctp" || of == "th")) {
            if (of != "th") rule.protocol = protocol(of);
            return add_ports(right, rule.ports);
        }
        if ((of == "ip" && field == "protocol") || (of == "ip6" && field == "nexthdr")) {
            rule.protocol = protocol(right);
            return rule.protocol.has_value();
        }
        if (field == "daddr" || field == "daddr ip") return add_nets(right, rule.destinations);
        if (field == "saddr") return rule.from_some = true;
        if (of == "icmp" || of == "icmpv6") {
            rule.protocol = of == "icmp" ? 1 : 58;
            return true;
        }
        return false;
    }
    if (left.contains("meta")) {
        const std::string key = text(left["meta"], "key");
        if (key == "l4proto") return (rule.protocol = protocol(right)).has_value();
        if ((key != "iifname" && key != "iif") || !right.is_string()) return false;
        rule.interface = InterfaceName(right.get<std::string>());
        return right.get<std::string>().find('*') == std::string::npos;
    }
    if (left.contains("ct") && text(left["ct"], "key") == "state") {
        rule.not_new = without_new(right);
        return true;  // with "new" in the list the condition is true for the new packets that matter here
    }
    return false;
}

void add_mark(const Json& mangle, FilterRule& rule) {
    const bool of_packet = mangle.contains("key") && mangle["key"].contains("meta") &&
                           text(mangle["key"]["meta"], "key") == "mark" && mangle.contains("value");
    if (!of_packet) return;
    rule.mark = number(mangle["value"]);
    rule.sets_unknown_mark = !rule.mark;
}

/// Conditions and targets of iptables-nft. The JSON has only their names.
void add_xt(const Json& xt, FilterRule& rule, bool& states) {
    const std::string name = text(xt, "name");
    const auto among = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (text(xt, "type") == "match") {
        states = states || among({"conntrack", "state"});
        rule.understood = rule.understood && among({"comment", "conntrack", "state"});
    } else if (name == "REJECT") {
        rule.verdict = Verdict::drop;
    } else if (among({"MARK", "CONNMARK", "SET"})) {
        rule.sets_unknown_mark = true;
    } else if (!among({"LOG", "NFLOG", "TCPMSS", "CT"})) {
        rule.verdict = Verdict::unknown;
    }
}

/// The JSON does not say which states an iptables-nft rule accepts. A rule without any other condition is the one that
/// accepts answers: if it accepted new packets as well, all rules after it would have no effect.
void settle_states(FilterRule& rule) {
    const bool alone = !rule.protocol && rule.ports.empty() && !rule.from_some && rule.destinations.empty() &&
                       rule.interface.empty() && rule.understood;
    if (alone && rule.verdict == Verdict::accept) {
        rule.not_new = true;
    } else {
        rule.understood = false;
    }
}

void add_statement(const Json& statement, const std::string& table, const Sets& sets, FilterRule& rule) {
    if (!statement.is_object() || statement.empty()) return;
    const std::string what = statement.begin().key();
    const Json& value = statement.begin().value();
    if (what == "match") {
        rule.understood = add_match(value, table, sets, rule) && rule.understood;
    } else if (what == "accept") {
        rule.verdict = Verdict::accept;
    } else if (what == "drop" || what == "reject") {
        rule.verdict = Verdict::drop;
    } else if (what == "return") {
        rule.verdict = Verdict::back;
    } else if (what == "jump" || what == "goto") {
        rule.verdict = what == "jump" ? Verdict::jump : Verdict::go_to;
        rule.target = text(value, "target");
    } else if (what == "mangle") {
        add_mark(value, rule);
    } else if (what == "vmap") {
        rule.verdict = Verdict::unknown;
    } else if (what != "counter" && what != "log" && what != "comment") {
        rule.understood = false;  // limit, quota, connlimit, and statements of later versions
    }
}

std::string id_of(const Json& json) { return text(json, "family") + " " + text(json, "table"); }

/// An empty set becomes one with null, so that a rule which uses it counts as not understood.
Json elements_of(const Json& set) { return set.contains("elem") ? set["elem"] : Json::array({nullptr}); }

void add_chain(const Json& json, Firewall& firewall) {
    FilterChain& chain = firewall.chains.emplace_back();
    chain.layer = layer_of(text(json, "family"));
    chain.table = "nftables " + id_of(json);
    chain.name = text(json, "name");
    chain.insert = "nft insert rule " + id_of(json) + " " + chain.name;
    chain.hook = hook_of(text(json, "hook"));
    chain.policy = text(json, "policy") == "drop" ? Verdict::drop : Verdict::accept;
}

void add_rule(const Json& json, const Sets& sets, Firewall& firewall) {
    const auto chain = std::find_if(firewall.chains.begin(), firewall.chains.end(), [&](const FilterChain& each) {
        return each.table == "nftables " + id_of(json) && each.name == text(json, "chain");
    });
    if (chain == firewall.chains.end() || !json.contains("expr")) return;
    FilterRule rule;
    rule.place = chain->table + " " + chain->name;
    if (json.contains("handle")) rule.place += " handle " + wire::json_text(json["handle"]);
    bool states = false;
    for (const Json& statement : json["expr"]) {
        if (statement.is_object() && statement.contains("xt")) {
            add_xt(statement["xt"], rule, states);
        } else {
            add_statement(statement, id_of(json), sets, rule);
        }
    }
    if (states) settle_states(rule);
    chain->rules.push_back(std::move(rule));
}

}  // namespace

bool parse_nftables(std::string_view json, Firewall& firewall) {
    const Result<Json> parsed = wire::parse_json(json);
    if (!parsed) return false;
    const Json& root = *parsed;
    if (!root.is_object() || !root.contains("nftables") || !root["nftables"].is_array()) return false;
    Sets sets;
    for (const Json& each : root["nftables"]) {
        if (!each.is_object()) continue;
        if (each.contains("chain")) add_chain(each["chain"], firewall);
        if (each.contains("set")) sets[id_of(each["set"]) + " " + text(each["set"], "name")] = elements_of(each["set"]);
    }
    for (const Json& each : root["nftables"]) {
        if (each.is_object() && each.contains("rule")) add_rule(each["rule"], sets, firewall);
    }
    return true;
}

}  // namespace lbconverge::doctor
