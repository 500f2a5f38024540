#include "cluster.hpp"

#include "interpreter.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace lbconverge::importer {

namespace {

bool has_instance(const NodeModel& node, const std::string& name) {
    return std::any_of(node.instances.begin(), node.instances.end(),
                       [&](const InstanceBlock& each) { return each.name == name; });
}

void rename(NodeModel& node, const std::string& from, const std::string& to) {
    for (InstanceBlock& each : node.instances) {
        if (each.name == from) each.name = to;
    }
    for (GroupBlock& group : node.groups) std::replace(group.members.begin(), group.members.end(), from, to);
    if (node.sync && node.sync->follow == from) node.sync->follow = to;
}

}  // namespace

void align_names(std::vector<NodeModel>& nodes, Remarks& remarks) {
    for (std::size_t n = 1; n < nodes.size(); ++n) {
        for (InstanceBlock& each : nodes[n].instances) {
            if (has_instance(nodes[0], each.name)) continue;
            const auto twin = std::find_if(
                nodes[0].instances.begin(), nodes[0].instances.end(),
                [&](const auto& other) { return other.vrid == each.vrid && !has_instance(nodes[n], other.name); });
            if (twin == nodes[0].instances.end()) continue;
            remarks.changed(each.place, "vrrp_instance " + quoted(each.name),
                            "is named " + quoted(twin->name) + ", as on node " + nodes[0].name +
                                ", which has the same virtual_router_id",
                            "one name for one virtual router");
            rename(nodes[n], each.name, twin->name);
        }
    }
}

namespace {

const InstanceFacts* facts_of(const Draft& draft, std::string_view name) {
    const auto at = std::find_if(draft.instances.begin(), draft.instances.end(),
                                 [&](const InstanceFacts& each) { return each.name == name; });
    return at == draft.instances.end() ? nullptr : &*at;
}

const TomlTable* table_of(const Draft& draft, const std::string& name) {
    const auto at = std::find_if(draft.vrrp.begin(), draft.vrrp.end(),
                                 [&](const TomlTable& each) { return each.get("name") == toml_text(name); });
    return at == draft.vrrp.end() ? nullptr : &*at;
}

std::vector<std::string> vips_of(const Draft& draft, const std::string& name) {
    std::vector<std::string> vips;
    const bool only = draft.instances.size() == 1;
    for (const TomlTable& each : draft.vip) {
        const std::string address(each.get("address"));
        if (only || each.get("vrrp") == toml_text(name)) vips.push_back(address.substr(0, address.find('/')));
    }
    for (std::string& each : vips) std::erase(each, '"');
    std::sort(vips.begin(), vips.end());
    return vips;
}

/// What a person sees of a value that two nodes have differently.
std::string shown(std::string_view key, std::string_view value) {
    if (key == "auth_pass") return value.empty() ? "none" : "one that is not shown";
    if (value.empty() && key == "advert_interval") return "\"1s\"";
    if (value.empty() && key == "version") return "3";
    return value.empty() ? "none" : std::string(value);
}

/// What must be the same on all nodes, or they are two virtual routers.
void compare(const Draft& a, const Draft& b, const InstanceFacts& first, const InstanceFacts& second_one,
             Remarks& remarks) {
    const auto differ = [&](std::string_view key, std::string_view x, std::string_view y, std::string_view result) {
        remarks.broken(second_one.place, std::string(key),
                       "of " + quoted(first.name) + ": " + a.name + " has " + shown(key, x) + " and " + b.name +
                           " has " + shown(key, y) + ": " + std::string(result),
                       "the same on every node");
    };
    const TomlTable* x = table_of(a, first.name);
    const TomlTable* y = table_of(b, first.name);
    constexpr std::pair<std::string_view, std::string_view> keys[] = {
        {"vrid", "they do not hear each other, and both are master"},
        {"version", "they do not hear each other, and both are master"},
        {"advert_interval", "version 2 ignores the other, and both are master"},
        {"auth_pass", "they ignore each other, and both are master"}};
    for (const auto& [key, result] : keys) {
        if (x != nullptr && y != nullptr && x->get(key) != y->get(key)) differ(key, x->get(key), y->get(key), result);
    }
    const auto join = [](const std::vector<std::string>& texts) {
        std::string text;
        for (const std::string& each : texts) text.append(text.empty() ? "" : " ").append(each);
        return text;
    };
    const auto of_a = vips_of(a, first.name);
    const auto of_b = vips_of(b, first.name);
    if (of_a != of_b) differ("virtual_ipaddress", join(of_a), join(of_b), "not all VIPs move");
    if (first.priority == second_one.priority) {
        remarks.broken(second_one.priority_place.line != 0 ? second_one.priority_place : second_one.place, "priority",
                       "of " + quoted(first.name) + " is " + std::to_string(first.priority) + " on " + a.name +
                           " and on " + b.name + ": their addresses decide",
                       "another priority on each node");
    }
    if (first.master && second_one.master) {
        remarks.broken(second_one.place, "state",
                       "is MASTER for " + quoted(first.name) + " on " + a.name + " and on " + b.name +
                           ": here the priority decides",
                       "nothing is needed");
    }
}

void compare_all(const std::vector<Draft>& drafts, Remarks& remarks) {
    for (std::size_t n = 1; n < drafts.size(); ++n) {
        for (const InstanceFacts& each : drafts[n].instances) {
            const InstanceFacts* first = facts_of(drafts[0], each.name);
            if (first != nullptr) compare(drafts[0], drafts[n], *first, each, remarks);
        }
    }
}

/// The one address from which a node sends in all its instances.
std::optional<IpAddress> own_address(const std::vector<Draft>& drafts, std::size_t n) {
    std::set<IpAddress> sources;
    for (const InstanceFacts& each : drafts[n].instances) {
        if (each.source) sources.insert(*each.source);
    }
    if (sources.empty() && drafts.size() == 2) {
        for (const InstanceFacts& each : drafts[1 - n].instances) sources.insert(each.peers.begin(), each.peers.end());
    }
    return sources.size() == 1 ? std::optional(*sources.begin()) : std::nullopt;
}

bool all_unicast(const std::vector<Draft>& drafts) {
    for (std::size_t n = 0; n < drafts.size(); ++n) {
        std::vector<IpAddress> others;
        for (std::size_t m = 0; m < drafts.size(); ++m) {
            if (m != n) others.push_back(*drafts[m].address);
        }
        std::sort(others.begin(), others.end());
        for (const InstanceFacts& each : drafts[n].instances) {
            std::vector<IpAddress> peers = each.peers;
            std::sort(peers.begin(), peers.end());
            if (peers != others) return false;
        }
    }
    return true;
}

/// Addresses of nodes instead of source and peers in each instance.
void lift_addresses(std::vector<Draft>& drafts) {
    std::set<IpAddress> seen;
    for (std::size_t n = 0; n < drafts.size(); ++n) {
        drafts[n].address = own_address(drafts, n);
        if (!drafts[n].address || !seen.insert(*drafts[n].address).second) {
            for (Draft& each : drafts) each.address.reset();
            return;
        }
    }
    const bool unicast = all_unicast(drafts);
    for (Draft& draft : drafts) {
        for (TomlTable& table : draft.vrrp) {
            table.drop("source");
            for (auto& [key, value] : table.keys) {
                if (!unicast || key != "peers") continue;
                key = "unicast";
                value = "true";
            }
        }
    }
}

/// A priority that a node has in all its instances is that of the node.
void lift_priorities(std::vector<Draft>& drafts) {
    std::set<std::uint32_t> all;
    for (const Draft& draft : drafts) {
        std::set<std::uint32_t> own;
        for (const InstanceFacts& each : draft.instances) own.insert(each.priority);
        if (own.size() > 1) return;
        all.insert(own.begin(), own.end());
    }
    if (all.size() < 2) return;
    for (Draft& draft : drafts) {
        if (draft.instances.empty()) continue;
        if (draft.instances.front().priority != 100) draft.priority = draft.instances.front().priority;
        for (TomlTable& table : draft.vrrp) table.drop("priority");
    }
}

/// Equal on all nodes, in whatever order.
bool same_everywhere(const std::vector<Draft>& drafts, TomlTables Draft::*member) {
    return std::all_of(drafts.begin() + 1, drafts.end(), [&](const Draft& each) {
        const TomlTables& a = drafts[0].*member;
        const TomlTables& b = each.*member;
        if (a == b) return true;
        constexpr std::size_t few = 2000;  // a comparison in any order takes the square of that
        return a.size() == b.size() && a.size() < few && std::is_permutation(a.begin(), a.end(), b.begin());
    });
}

}  // namespace

Cluster cluster_of(std::vector<Draft> drafts, Remarks& remarks) {
    Cluster cluster;
    if (drafts.size() == 1 && drafts[0].name.empty()) {
        cluster.shared = std::move(drafts[0]);
        return cluster;
    }
    compare_all(drafts, remarks);
    say_differences(drafts, remarks);
    lift_addresses(drafts);
    lift_priorities(drafts);
    cluster.shared.header = drafts[0].header;
    for (const auto member :
         {&Draft::vip, &Draft::track, &Draft::vrrp, &Draft::group, &Draft::hook, &Draft::route, &Draft::service}) {
        if (!same_everywhere(drafts, member)) continue;
        cluster.shared.*member = std::move(drafts[0].*member);
        for (Draft& each : drafts) (each.*member).clear();
    }
    for (const auto member : {&Draft::sysctl, &Draft::ipvs, &Draft::timeouts, &Draft::sync, &Draft::daemon}) {
        const bool same = std::all_of(drafts.begin(), drafts.end(),
                                      [&](const Draft& each) { return each.*member == drafts[0].*member; });
        if (!same) continue;
        cluster.shared.*member = std::move(drafts[0].*member);
        for (Draft& each : drafts) (each.*member).keys.clear();
    }
    const bool same_interface = std::all_of(drafts.begin(), drafts.end(),
                                            [&](const Draft& each) { return each.interface == drafts[0].interface; });
    if (same_interface) {
        cluster.shared.interface = drafts[0].interface;
        for (Draft& each : drafts) each.interface.clear();
    }
    cluster.nodes = std::move(drafts);
    return cluster;
}

}  // namespace lbconverge::importer
