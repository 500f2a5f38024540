// The mistakes in elections: what the nodes of a cluster say of the same VRRP instance.
#include "lint_rules.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

namespace lbconverge::config::rules {

namespace {

/// An instance as one node has it.
struct InstanceMember {
    const Config* node;
    const Vrrp* vrrp;
};

/// The instances of all nodes by name.
std::map<std::string_view, std::vector<InstanceMember>> instances(const Nodes& nodes) {
    std::map<std::string_view, std::vector<InstanceMember>> result;
    for (const Config& node : nodes) {
        for (const Vrrp& vrrp : node.vrrp) result[vrrp.name].push_back({&node, &vrrp});
    }
    return result;
}

/// The place in the file of what this node does in the instance: its own entry, or else that of the instance.
Source place_of(const InstanceMember& member) {
    const Node* own = self(*member.node);
    return own != nullptr ? own->source : member.vrrp->source;
}

std::vector<IpAddress> vips_of(const InstanceMember& member) {
    std::vector<IpAddress> addresses;
    for (const Vip& vip : member.node->vips) {
        if (vip.vrrp == member.vrrp->name) addresses.push_back(vip.address);
    }
    std::sort(addresses.begin(), addresses.end());
    return addresses;
}

/// The address that this node's adverts come from, where the file says.
std::optional<IpAddress> sender(const InstanceMember& member) {
    if (member.vrrp->source_address) return member.vrrp->source_address;
    const Node* own = self(*member.node);
    return own != nullptr ? own->address : std::nullopt;
}

bool lists(const Vrrp& vrrp, const IpAddress& peer) {
    return std::find(vrrp.peers.begin(), vrrp.peers.end(), peer) != vrrp.peers.end();
}

}  // namespace

void equal_priorities(const Nodes& nodes, LintReport& report) {
    for (const auto& [name, members] : instances(nodes)) {
        std::map<int, const InstanceMember*> seen;
        for (const InstanceMember& member : members) {
            const auto [at, is_new] = seen.emplace(member.vrrp->priority, &member);
            if (is_new) continue;
            report.warning(place_of(member),
                           member.node->node + " and " + at->second->node->node + " both have priority " +
                               std::to_string(member.vrrp->priority) + " in VRRP instance " + std::string(name) +
                               ": the larger IP address wins, which changes when somebody renumbers",
                           "give each director a priority of its own in [nodes]");
        }
    }
}

void powerless_track(const Nodes& nodes, LintReport& report) {
    std::set<Source> reported;  // one track can serve several instances
    for (const auto& [name, members] : instances(nodes)) {
        std::vector<int> priorities;
        for (const InstanceMember& member : members) priorities.push_back(member.vrrp->priority);
        if (priorities.size() < 2) continue;
        std::sort(priorities.rbegin(), priorities.rend());
        const int lead = priorities[0] - priorities[1];
        const Config& node = *members.front().node;
        const Vrrp& vrrp = *members.front().vrrp;
        std::vector<const Track*> weighted;
        int most = 0;  // by how much all of them together can change the priority
        for (const Track& track : node.tracks) {
            const bool used = std::find(vrrp.track.begin(), vrrp.track.end(), track.name) != vrrp.track.end();
            if (!used || track.weight == 0) continue;
            weighted.push_back(&track);
            // The number in a file is a factor, from -254 to 254.
            most += std::abs(track.weight) * (track.type == TrackType::file ? 254 : 1);
        }
        if (most > lead || lead == 0) continue;
        for (const Track* track : weighted) {
            if (!reported.insert(track->source).second) continue;
            report.warning(
                track->source,
                "weight " + std::to_string(track->weight) + " never changes who is master of " + std::string(name) +
                    ": the priorities are " + std::to_string(priorities[0]) + " and " + std::to_string(priorities[1]),
                "a weight of more than " + std::to_string(lead) + ", or leave it out: then what is gone means fault");
        }
    }
}

void owner_priority(const Nodes& nodes, LintReport& report) {
    for (const auto& [name, members] : instances(nodes)) {
        for (const InstanceMember& member : members) {
            if (member.vrrp->priority != 255) continue;
            const Node* own = self(*member.node);
            report.warning(own != nullptr && own->priority ? own->source : member.vrrp->source,
                           "priority 255 is the address owner's: " + std::string(name) +
                               " ignores its tracks and never yields while this node runs",
                           "use at most 254");
        }
    }
}

void vip_lists_differ(const Nodes& nodes, LintReport& report) {
    for (const auto& [name, members] : instances(nodes)) {
        const std::vector<IpAddress> first = vips_of(members.front());
        for (const InstanceMember& member : members) {
            if (vips_of(member) == first) continue;
            report.warning(place_of(member),
                           member.node->node + " and " + members.front().node->node +
                               " have different VIPs in VRRP instance " + std::string(name) +
                               ": after a failover some are on no node, and peers with a keepalived before 2.3.3 "
                               "drop such adverts",
                           "give the instance the same VIPs on every director");
        }
    }
}

void one_sided_peers(const Nodes& nodes, LintReport& report) {
    for (const auto& [name, members] : instances(nodes)) {
        for (const InstanceMember& member : members) {
            const auto from = sender(member);
            if (!from) continue;
            for (const InstanceMember& other : members) {
                const auto to = sender(other);
                if (!to || !lists(*member.vrrp, *to) || lists(*other.vrrp, *from)) continue;
                report.warning(other.vrrp->source,
                               "in VRRP instance " + std::string(name) + " " + member.node->node + " sends to " +
                                   other.node->node + ", but " + other.node->node + " does not send to " +
                                   member.node->node + ": both can be master",
                               "name every other director in peers, on every director, or use unicast = true");
            }
        }
    }
}

void vip_as_secondary(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        std::map<InterfaceName, std::vector<const Vip*>>
            exposed;  // one line per interface, which is what the cure is for
        for (const Vip& vip : node.vips) {
            if (vip.address.family != Family::ipv4 || vip.prefix == vip.address.bits()) continue;
            exposed[vip.interface].push_back(&vip);
        }
        for (const auto& [interface, vips] : exposed) {
            const auto promotes = [&](const InterfaceName& name) {
                return sysctl_is(node, setting_path(name, "promote_secondaries"), "1");
            };
            if (promotes("all") || promotes("default") || promotes(interface)) continue;
            const Vip& first = *vips.front();
            const std::string more = vips.size() > 1 ? " (and " + std::to_string(vips.size() - 1) + " more)" : "";
            report.warning(first.source,
                           "VIP " + lbconverge::to_text(first.address) + "/" + std::to_string(first.prefix) + more +
                               " becomes a secondary address of the interface's own subnet: when the primary one is "
                               "deleted, the kernel deletes the VIP as well",
                           "[sysctl] \"" + sysctl_name(setting_path(interface, "promote_secondaries")) +
                               "\" = 1, or write the VIP without a prefix");
        }
    }
}

}  // namespace lbconverge::config::rules
