#include "draft.hpp"
#include "interpreter.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace lbconverge::importer {

namespace {

void say(Remarks& remarks, Place at, std::string keyword, std::string what, std::string remedy) {
    remarks.changed(at, std::move(keyword), std::move(what), std::move(remedy));
}

/// What an address cannot be; empty: it can be a VIP.
std::string_view unfit(const VipLine& vip) {
    const IpAddress& address = vip.address;
    constexpr IpAddress broadcast{Family::ipv4, {255, 255, 255, 255}};
    if (address.is_unspecified() || address.is_multicast() || address.is_loopback() || address == broadcast) {
        return "is no address of a host";
    }
    if (vip.prefix < 8) return "has a shorter prefix than any network";
    if (vip.prefix + 2 > address.bits()) return {};
    if (network_of(address, vip.prefix) == address) return "is the address of its network";
    IpAddress last = address;
    for (std::size_t bit = vip.prefix; bit < address.bits(); ++bit) {
        last.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
    return address.family == Family::ipv4 && last == address ? "is the broadcast address of its network"
                                                             : std::string_view();
}

bool runs(const NodeModel& node, InstanceBlock& instance, Remarks& remarks) {
    const auto leave_out = [&](std::string what, std::string remedy) {
        remarks.lost(instance.place, "vrrp_instance " + quoted(instance.name), std::move(what), std::move(remedy));
        return false;
    };
    if (instance.vrid == 0) return leave_out("has no virtual_router_id, and keepalived does not run it", "1 to 255");
    if (instance.interface == "?") return leave_out("has no interface that can exist", "interface eth0");
    if (instance.interface == "lo") return leave_out("is on lo, and keepalived does not run it", "interface eth0");
    if (!instance.interface.empty()) return true;
    instance.interface = node.default_interface.empty() ? "eth0" : node.default_interface;
    say(remarks, instance.place, "vrrp_instance " + quoted(instance.name),
        "has no interface: keepalived takes " + instance.interface + " for its VIPs, and so does the result",
        "interface = \"…\"");
    return true;
}

bool speaks_ipv6(const InstanceBlock& instance) { return instance.family == Family::ipv6; }

/// Removes instances that do not run, and those with the VRID of another one on the same link.
void keep_running(NodeModel& node, Remarks& remarks) {
    std::set<std::tuple<std::string, std::uint32_t, bool>> seen;
    std::erase_if(node.instances, [&](InstanceBlock& each) {
        if (!runs(node, each, remarks)) return true;
        if (seen.emplace(each.interface, each.vrid, speaks_ipv6(each)).second) return false;
        remarks.lost(each.place, "vrrp_instance " + quoted(each.name),
                     "has the virtual_router_id of another instance on " + each.interface, "give it one of its own");
        return true;
    });
}

/// Removes VIPs that cannot be, and what is there twice.
void keep_fit_vips(NodeModel& node, Remarks& remarks) {
    std::set<IpAddress> seen;
    for (InstanceBlock& instance : node.instances) {
        std::erase_if(instance.addresses, [&](const VipLine& each) {
            const std::string text = to_text(each.address);
            const std::string_view why = each.interface == "lo" ? "is on lo, where nobody finds it" : unfit(each);
            if (!why.empty()) {
                remarks.lost(each.place, text, std::string(why), "a VIP is a free address of the clients' network");
            } else if (!seen.insert(each.address).second) {
                remarks.lost(each.place, text, "is a VIP already", "an address is a VIP once");
                return true;
            }
            return !why.empty();
        });
    }
}

std::uint32_t version_of(const NodeModel& node, const InstanceBlock& instance, Remarks& remarks) {
    const std::uint32_t wanted = instance.version != 0 ? instance.version : node.version;
    if (wanted == 2 && speaks_ipv6(instance)) {
        if (instance.version == 2) {
            say(remarks, instance.place, "version", "IPv6 needs version 3, which keepalived uses as well", "");
        }
        return 3;
    }
    return wanted;
}

void set_interval(const InstanceBlock& instance, std::uint32_t version, TomlTable& table, Remarks& remarks) {
    Micros interval = instance.interval.value_or(second);
    const Micros unit = version == 2 ? second : 10'000;
    const Micros most = version == 2 ? 255 * second : 40'950'000;
    const Micros fit = std::clamp((interval + unit / 2) / unit * unit, unit, most);
    if (fit != interval) {
        say(remarks, instance.interval_place, "advert_int",
            "VRRP version " + std::to_string(version) + " cannot say it: " + toml_time(fit),
            version == 2 ? "version = 3 counts hundredths of a second" : "hundredths of a second, at most 40.95s");
    }
    if (fit != second) table.set("advert_interval", toml_time(fit));
}

bool is_strict(const NodeModel& node, const InstanceBlock& instance) { return instance.strict.value_or(node.strict); }

void set_preempt(const NodeModel& node, const InstanceBlock& instance, TomlTable& table, Remarks& remarks) {
    const bool owner = instance.priority == 255;
    const std::string why = std::string("keepalived ignores it with ") + (owner ? "priority 255" : "state MASTER") +
                            ", and so does the result";
    const bool stays = instance.nopreempt && !instance.master && !owner;
    if (stays) table.set("preempt", "false");
    if (instance.nopreempt && !stays) {
        say(remarks, instance.nopreempt_place, "nopreempt", why, "preempt = false if it is meant");
    }
    if (instance.preempt_delay == 0) return;
    const std::string time = toml_time(instance.preempt_delay);
    const std::string value = "\"delay " + time.substr(1);
    const bool strict = is_strict(node, instance);
    if (!stays && !instance.master && !strict) return table.set("preempt", value);
    const std::string reason = stays ? "nopreempt" : strict ? "strict mode" : "state MASTER";
    say(remarks, instance.preempt_delay_place, "preempt_delay",
        "keepalived ignores it with " + reason + ", and so does the result", "preempt = " + value + " if it is meant");
}

void set_password(const NodeModel& node, const InstanceBlock& instance, std::uint32_t version, TomlTable& table,
                  Remarks& remarks) {
    if (instance.password.empty()) return;
    const auto lost = [&](std::string_view why, std::string_view remedy) {
        remarks.lost(instance.password_place, "auth_pass", std::string(why), std::string(remedy));
    };
    if (version == 3) {
        return lost("VRRP version 3 has no password: keepalived ignores it, too",
                    "auth_key_file signs the advertisements");
    }
    if (is_strict(node, instance)) {
        return lost("strict mode knows no password: keepalived ignores it, too", "auth_pass if the peers send one");
    }
    if (instance.authentication == AuthType::none) {
        return lost("without auth_type PASS keepalived sends no password, and neither does the result",
                    "auth_pass if the peers send one");
    }
    if (instance.authentication == AuthType::ipsec) {
        return lost("it is the key of auth_type AH, which is not carried: nodes with AH do not hear this one",
                    "change all nodes within one maintenance");
    }
    table.set("auth_pass", toml_text(instance.password));
}

void set_garp(const NodeModel& node, const InstanceBlock& instance, TomlTable& table) {
    const auto or_global = [](const auto& own, const auto& global) { return own ? own : global; };
    const auto count = or_global(instance.garp_repeat, node.garp_repeat);
    const auto delay = or_global(instance.garp_delay, node.garp_delay);
    const auto refresh = or_global(instance.garp_refresh, node.garp_refresh);
    std::string text;
    const auto add = [&](std::string_view key, const std::string& value) {
        text.append(text.empty() ? "" : ", ").append(key).append(" = ").append(value);
    };
    if (count && *count != 5) add("count", std::to_string(*count));
    if (delay && *delay != 5 * second) add("repeat", toml_time(*delay));
    if (refresh && *refresh != 0) {
        const Micros least = (count.value_or(5) + 9) / 10 * second;
        add("refresh", toml_time(std::max(*refresh, least)));
    }
    if (!text.empty()) table.set("garp", "{ " + text + " }");
}

bool is_own_vip(const NodeModel& node, const IpAddress& address) {
    return std::any_of(node.instances.begin(), node.instances.end(), [&](const InstanceBlock& each) {
        return std::any_of(each.addresses.begin(), each.addresses.end(),
                           [&](const VipLine& vip) { return vip.address == address; });
    });
}

/// The addresses of the node and of its peers, as far as they can be what they are said to be.
void keep_fit_ends(const NodeModel& node, InstanceBlock& instance, Remarks& remarks) {
    if (instance.source && instance.priority != 255 && is_own_vip(node, *instance.source)) {
        remarks.lost(instance.place, "unicast_src_ip", "is a VIP, which only the master has",
                     "the node's own address, or priority 255 for the owner of the address");
        instance.source.reset();
    }
    const bool ipv6 = speaks_ipv6(instance);
    std::set<IpAddress> seen;
    std::erase_if(instance.peers, [&](const IpAddress& each) {
        const bool family = (each.family == Family::ipv6) != ipv6;
        const bool vip = is_own_vip(node, each);
        if (family || vip) {
            remarks.lost(instance.peers_place, "unicast_peer",
                         to_text(each) + (vip ? " is a VIP" : " is of the other address family"),
                         "the peer's own address");
        }
        return family || vip || !seen.insert(each).second;
    });
    if (instance.source && (instance.source->family == Family::ipv6) != ipv6) {
        remarks.lost(instance.place, "unicast_src_ip", "is of another address family than the VIPs or peers",
                     "source = \"…\"");
        instance.source.reset();
    }
}

std::vector<std::string> texts_of(const std::vector<IpAddress>& addresses) {
    std::vector<std::string> texts;
    texts.reserve(addresses.size());
    for (const IpAddress& each : addresses) texts.push_back(to_text(each));
    return texts;
}

TomlTable table_of(const NodeModel& node, const InstanceBlock& instance, Remarks& remarks) {
    TomlTable table;
    table.place = instance.place;
    table.comments = instance.comments;
    table.set("name", toml_text(instance.name));
    table.set("interface", toml_text(instance.interface));
    table.set("vrid", std::to_string(instance.vrid));
    if (instance.priority != 100) table.set("priority", std::to_string(instance.priority));
    const std::uint32_t version = version_of(node, instance, remarks);
    if (version != 3) table.set("version", std::to_string(version));
    set_interval(instance, version, table, remarks);
    set_preempt(node, instance, table, remarks);
    set_password(node, instance, version, table, remarks);
    if (instance.source) table.set("source", toml_text(to_text(*instance.source)));
    if (!instance.peers.empty()) table.set("peers", toml_list(texts_of(instance.peers)));
    if (instance.min_ttl != 0 && !instance.peers.empty()) table.set("min_ttl", std::to_string(instance.min_ttl));
    set_garp(node, instance, table);
    if (node.startup_delay != 0) table.set("start_delay", toml_time(node.startup_delay));
    return table;
}

TomlTable vip_of(const VipLine& vip, const InstanceBlock& instance, bool several) {
    TomlTable table;
    table.place = vip.place;
    table.comments = vip.comments;
    std::string address = to_text(vip.address);
    if (vip.prefix_given) address += "/" + std::to_string(vip.prefix);
    table.set("address", toml_text(address));
    if (vip.broadcast) table.set("broadcast", toml_text(to_text(*vip.broadcast)));
    if (!vip.interface.empty() && vip.interface != instance.interface) table.set("interface", toml_text(vip.interface));
    if (several) table.set("vrrp", toml_text(instance.name));
    if (!vip.label.empty()) table.set("label", toml_text(vip.label));
    if (!vip.scope.empty()) table.set("scope", toml_text(vip.scope));
    if (vip.used_as_source && vip.address.family == Family::ipv6) table.set("deprecated", "false");
    return table;
}

}  // namespace

void draft_instances(NodeModel& node, Draft& draft, Remarks& remarks) {
    keep_running(node, remarks);
    keep_fit_vips(node, remarks);
    const bool several = node.instances.size() > 1;
    for (InstanceBlock& each : node.instances) {
        keep_fit_ends(node, each, remarks);
        draft.vrrp.push_back(table_of(node, each, remarks));
        draft.instances.push_back({each.place, each.name, each.priority, each.priority_place, each.master, each.source,
                                   each.peers, each.interface});
        for (const VipLine& vip : each.addresses) draft.vip.push_back(vip_of(vip, each, several));
        const std::string setting = toml_text("net.ipv4.conf." + each.interface + ".promote_secondaries");
        if (each.promote_secondaries && draft.sysctl.get(setting).empty()) draft.sysctl.set(setting, "1");
    }
}

}  // namespace lbconverge::importer
