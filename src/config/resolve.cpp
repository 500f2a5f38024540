#include "lbconverge/config/mistakes.hpp"
#include "sections.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace lbconverge::config {

namespace {

/// Names of one section, for references from others.
class Names {
public:
    Names(std::string_view what, Diagnostics& problems) : what_(what), problems_(problems) {}

    void add(std::string_view name, Source source) {
        if (name.empty()) return;  // already reported
        const auto [at, is_new] = places_.emplace(name, source);
        if (is_new) {
            names_.push_back(name);
        } else {
            problems_.error(source, "two " + what_ + "s are named " + in_quotes(name), "names must differ").other =
                at->second;
        }
    }
    bool refer(std::string_view name, Source source) {
        if (name.empty()) return false;
        if (places_.contains(name)) return true;
        problems_.error(source, "there is no " + what_ + " named " + in_quotes(name), suggestion(name, names_));
        return false;
    }

private:
    std::string what_;
    Diagnostics& problems_;
    std::unordered_map<std::string_view, Source> places_;
    std::vector<std::string_view> names_;
};

const Vrrp* find_instance(const Config& config, std::string_view name) {
    const auto at = std::find_if(config.vrrp.begin(), config.vrrp.end(), [&](const Vrrp& v) { return v.name == name; });
    return name.empty() || at == config.vrrp.end() ? nullptr : &*at;
}

void resolve_vip(Context& context, Names& instances, Vip& vip) {
    const Config& config = context.config;
    const bool director = config.role != Role::real_server;
    if (!vip.vrrp.empty()) {
        instances.refer(vip.vrrp, vip.source);
    } else if (config.vrrp.size() == 1) {
        vip.vrrp = config.vrrp.front().name;
    } else if (config.vrrp.size() > 1 && director) {
        context.problems.warning(vip.source,
                                 "VIP " + lbconverge::to_text(vip.address) +
                                     " belongs to none of the VRRP instances: every director will hold it at all times",
                                 "name its instance: [[vip]] with address and vrrp");
    }
    const Vrrp* instance = find_instance(config, vip.vrrp);
    if (vip.interface.empty() && instance != nullptr) vip.interface = instance->interface;
    if (vip.interface.empty()) vip.interface = config.interface;
    if (!director && vip.accept != Accept::interface) return;
    if (vip.interface.empty()) {
        context.problems.error(vip.source, "VIP " + lbconverge::to_text(vip.address) + " needs an interface",
                               "interface = \"eth0\", at the top or in its [[vip]]");
    } else if (vip.interface.is_loopback()) {
        context.problems.error(vip.source,
                               "VIP " + lbconverge::to_text(vip.address) +
                                   " cannot be on lo here: nobody would be told where it is, and nobody would find it",
                               "interface = \"eth0\", the one of the clients' network");
    }
}

/// An instance uses one address family: that of its source; else of its peers; else, with unicast, of this node's
/// address; else of its first VIP.
Family family_of(const Vrrp& vrrp, const Context& context) {
    if (vrrp.source_address) return vrrp.source_address->family;
    if (!vrrp.peers.empty()) return vrrp.peers.front().family;
    const Node* self = context.this_node();
    if (vrrp.unicast && self != nullptr && self->address) return self->address->family;
    const auto& vips = context.config.vips;
    const auto vip = std::find_if(vips.begin(), vips.end(), [&](const Vip& v) { return v.vrrp == vrrp.name; });
    return vip == vips.end() ? Family::ipv4 : vip->address.family;
}

/// unicast = true: the peers are the other directors.
void find_peers(Context& context, Vrrp& vrrp) {
    if (!vrrp.unicast || !vrrp.peers.empty()) return;
    for (const Node& node : context.config.nodes) {
        if (&node == context.this_node() || node.role == Role::real_server) continue;
        if (node.address && node.address->family == vrrp.family) {
            vrrp.peers.push_back(*node.address);
        } else {
            context.problems.error(node.source,
                                   "node " + in_quotes(node.name) + " needs an " +
                                       (vrrp.family == Family::ipv4 ? "IPv4" : "IPv6") +
                                       " address: it is a unicast peer of VRRP instance " + in_quotes(vrrp.name),
                                   "address = \"…\" in [nodes." + node.name + "]");
        }
    }
    if (context.config.nodes.empty()) {
        context.problems.error(vrrp.source, "unicast = true needs [nodes] to know the peers",
                               "or name them: peers = [\"192.0.2.2\"]");
    }
}

/// An advertisement counts its addresses in an octet. It names only those of its own family.
void check_advertisement(Context& context, const Vrrp& vrrp) {
    std::size_t count = 0;
    bool link_local = vrrp.family == Family::ipv4;
    const Vip* other = nullptr;
    for (const Vip& vip : context.config.vips) {
        if (vip.vrrp != vrrp.name) continue;
        if (vip.address.family != vrrp.family) {
            other = &vip;
            continue;
        }
        ++count;
        link_local |= vip.address.is_link_local();
    }
    const std::size_t most = link_local ? 255 : 254;
    if (count > most) {
        context.problems.error(vrrp.source,
                               "VRRP instance " + in_quotes(vrrp.name) + " has " + std::to_string(count) +
                                   " VIPs: an advertisement can name " + std::to_string(most) +
                                   (link_local ? "" : ", for it begins with a link-local address"),
                               "make two instances, and a [[sync_group]] of them if they belong together");
    }
    if (count == 0 && other != nullptr) {
        const bool ipv4 = vrrp.family == Family::ipv4;
        context.problems
            .error(vrrp.source,
                   "VRRP instance " + in_quotes(vrrp.name) + " speaks " + (ipv4 ? "IPv4" : "IPv6") +
                       ", and all its VIPs are of the other family: no peer takes an advertisement without an address",
                   "its source, its peers and its VIPs are of one family")
            .other = other->source;
    }
}

void resolve_instance(Context& context, Names& tracks, Vrrp& vrrp) {
    for (const std::string& track : vrrp.track) tracks.refer(track, vrrp.source);
    vrrp.family = family_of(vrrp, context);
    find_peers(context, vrrp);
    for (const IpAddress& peer : vrrp.peers) {
        if (peer.family == vrrp.family) continue;
        context.problems.error(vrrp.source,
                               "the peers of VRRP instance " + in_quotes(vrrp.name) + " are of both address families",
                               "one instance speaks IPv4 or IPv6: make two");
        break;
    }
    check_advertisement(context, vrrp);
    if (vrrp.interface.is_loopback()) {
        context.problems.error(vrrp.source,
                               "VRRP instance " + in_quotes(vrrp.name) + " is on lo, where no peer hears it",
                               "interface = \"eth0\", the one of the network that it shares with its peers");
    }
    if (vrrp.version == 2 && vrrp.family == Family::ipv6) {
        context.problems.error(vrrp.source, "VRRP version 2 knows no IPv6", "leave version out: the default is 3");
    }
}

/// All hosts on a link take two instances with the same VRID for one virtual router.
void report_double_vrids(const std::vector<Vrrp>& instances, Diagnostics& problems) {
    std::vector<const Vrrp*> sorted;
    for (const Vrrp& each : instances) {
        if (each.vrid != 0 && !each.interface.empty()) sorted.push_back(&each);
    }
    const auto identity = [](const Vrrp* v) { return std::tuple(v->interface, v->vrid, v->family); };
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const auto* a, const auto* b) { return identity(a) < identity(b); });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (identity(sorted[i - 1]) != identity(sorted[i])) continue;
        problems
            .error(sorted[i]->source,
                   "vrid " + std::to_string(sorted[i]->vrid) + " is there twice on " + sorted[i]->interface.str() +
                       ": the instances would take each other's adverts for their own",
                   "give each instance on a link a vrid of its own", mistake("LVS33").code)
            .other = sorted[i - 1]->source;
    }
}

void resolve_groups(Context& context, Names& instances) {
    Names groups("sync group", context.problems);
    std::unordered_map<std::string_view, Source> members;
    for (const SyncGroup& group : context.config.sync_groups) {
        groups.add(group.name, group.source);
        for (const std::string& member : group.members) {
            instances.refer(member, group.source);
            const auto [at, is_new] = members.emplace(member, group.source);
            if (is_new) continue;
            context.problems
                .error(group.source, "VRRP instance " + in_quotes(member) + " is a member of sync groups twice",
                       "an instance belongs to one sync group")
                .other = at->second;
        }
    }
}

/// A sync group has one priority, so that the nodes compare the same numbers on every link: the lowest of its members.
void report_uneven_groups(const Config& config, Diagnostics& problems) {
    for (const SyncGroup& group : config.sync_groups) {
        std::vector<const Vrrp*> members;
        for (const Vrrp& each : config.vrrp) {
            if (std::find(group.members.begin(), group.members.end(), each.name) != group.members.end())
                members.push_back(&each);
        }
        const auto lower = [](const Vrrp* a, const Vrrp* b) { return a->priority < b->priority; };
        const auto lowest = std::min_element(members.begin(), members.end(), lower);
        for (const Vrrp* each : members) {
            if (each->priority == (*lowest)->priority) continue;
            problems.warning(each->source,
                             "priority " + std::to_string(each->priority) + " of VRRP instance " +
                                 in_quotes(each->name) + " does not count: its sync group " + in_quotes(group.name) +
                                 " has one priority, " + std::to_string((*lowest)->priority) + " of " +
                                 in_quotes((*lowest)->name),
                             "give all members of a sync group the same priority");
        }
    }
}

}  // namespace

void resolve(Context& context) {
    Config& config = context.config;
    Names instances("VRRP instance", context.problems);
    Names tracks("track", context.problems);
    for (const Vrrp& vrrp : config.vrrp) instances.add(vrrp.name, vrrp.source);
    for (const Track& track : config.tracks) tracks.add(track.name, track.source);
    for (Vip& vip : config.vips) resolve_vip(context, instances, vip);
    for (const Hook& hook : config.hooks) {
        if (!hook.vrrp.empty()) instances.refer(hook.vrrp, hook.source);
    }
    for (const Route& route : config.routes) {
        if (!route.vrrp.empty()) instances.refer(route.vrrp, route.source);
    }
    if (config.ipvs.sync && !config.ipvs.sync->follow.empty()) {
        instances.refer(config.ipvs.sync->follow, config.ipvs.sync->source);
    }
    resolve_groups(context, instances);
    check_accept(context);
    check_addresses(context);
    if (config.role == Role::real_server) {
        // A real server takes part in no election: the instances of a shared file are for the directors.
        config.vrrp.clear();
        config.sync_groups.clear();
        for (Vip& vip : config.vips) vip.vrrp.clear();
        return;
    }
    for (Vrrp& vrrp : config.vrrp) resolve_instance(context, tracks, vrrp);
    report_double_vrids(config.vrrp, context.problems);
    report_uneven_groups(config, context.problems);
}

}  // namespace lbconverge::config
