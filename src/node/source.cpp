// The source address of advertisements. The other nodes know a master by it, and they drop packets that seem to come
// from themselves. So it must be an address that only this node has, and it stays the same as long as possible.
#include "lbconverge/node/node.hpp"

#include <algorithm>
#include <array>

namespace lbconverge::node {

namespace {

constexpr Duration longest_loop = std::chrono::seconds(1);

bool contains(const std::vector<IpAddress>& list, const IpAddress& address) {
    return std::find(list.begin(), list.end(), address) != list.end();
}

/// IPv6 multicast needs a link-local source (RFC 9568 §5.1.2.1). With unicast, the source is of the same sort as the
/// address of the peer, since the peer lists it so.
bool wants_link_local(const vrrp::Settings& settings) {
    return settings.peers.empty() ? settings.family == Family::ipv6 : settings.peers.front().is_link_local();
}

/// The file says that the address belongs to a peer or to another node.
bool is_others(const IpAddress& address, const config::Config& config, const vrrp::Settings& settings) {
    return contains(settings.peers, address) ||
           std::any_of(config.nodes.begin(), config.nodes.end(),
                       [&](const config::Node& each) { return each.name != config.node && each.address == address; });
}

/// Reasons against an address, the most important one first.
std::array<bool, 6> doubts(const IpAddress& address, const config::Config& config, const Instance& instance,
                           const InterfaceState& on) {
    return {contains(instance.shared, address), is_others(address, config, instance.machine.settings()),
            address.is_link_local() != wants_link_local(instance.machine.settings()),
            // A person chose this address. It may be that of a gateway, or an anycast address, most of all fe80::1.
            address.is_link_local() && address.family == Family::ipv6 && !contains(on.formed, address),
            address != instance.home, address != instance.machine.source()};
}

bool fits_peers(const IpAddress& address, const vrrp::Settings& settings) {
    return address.family == settings.family && address.is_link_local() == wants_link_local(settings);
}

/// The peers are other nodes of the file, so their files name this node by its address there.
bool peers_are_nodes(const config::Config& config, const vrrp::Settings& settings) {
    return std::any_of(config.nodes.begin(), config.nodes.end(), [&](const config::Node& each) {
        return each.name != config.node && each.address && contains(settings.peers, *each.address);
    });
}

/// The only address that the instance may send from: the configured one; or, with unicast, the one by which the peers
/// know this node. They drop what comes from another address, and would elect a second master.
std::optional<IpAddress> required_source(const config::Config& config, const Instance& instance) {
    const vrrp::Settings& settings = instance.machine.settings();
    for (const config::Vrrp& each : config.vrrp) {
        if (each.name == settings.name && each.source_address) return each.source_address;
    }
    if (settings.peers.empty()) return std::nullopt;
    for (const config::Node& each : config.nodes) {
        const bool known = each.name == config.node && each.address && each.address->family == settings.family;
        if (known && peers_are_nodes(config, settings)) return each.address;
    }
    return instance.home && fits_peers(*instance.home, settings) ? instance.home : std::nullopt;
}

/// The required source; else this node's address in [nodes]; else the address with the weakest reasons against it.
/// nullopt: the interface has no address that fits.
std::optional<IpAddress> choose_source(const config::Config& config, const Instance& instance,
                                       const InterfaceState& on) {
    const vrrp::Settings& settings = instance.machine.settings();
    const auto here = [&](const std::optional<IpAddress>& wanted) {
        return wanted && wanted->family == settings.family && contains(on.addresses, *wanted);
    };
    if (const auto only = required_source(config, instance)) return here(only) ? only : std::nullopt;
    for (const config::Node& each : config.nodes) {
        if (each.name != config.node || !here(each.address)) continue;
        const bool fits = settings.family == Family::ipv4 || !settings.peers.empty() || each.address->is_link_local();
        if (fits) return each.address;
    }
    const bool needs_link_local = settings.family == Family::ipv6 && wants_link_local(settings);
    std::optional<IpAddress> best;
    for (const IpAddress& each : on.addresses) {
        if (each.family != settings.family || (needs_link_local && !each.is_link_local())) continue;
        if (!best || doubts(each, config, instance, on) < doubts(*best, config, instance, on)) best = each;
    }
    return best;
}

}  // namespace

std::optional<IpAddress> Node::source_of(const Instance& instance) const {
    const InterfaceState* on = link(instance.interface);
    if (on == nullptr) return std::nullopt;
    return choose_source(*config_, instance, *on);
}

/// Why there is no source.
std::string Node::lacks_source(const Instance& instance) const {
    const std::string start = "interface " + instance.interface.str() + " has no ";
    const auto only = required_source(*config_, instance);
    if (only) return start + to_text(*only) + ", the only address to send from";
    const bool ipv6 = instance.machine.settings().family == Family::ipv6;
    return start + (ipv6 ? "link-local IPv6" : "IPv4") + " address to send from";
}

void Node::settle_source(Instance& instance) {
    const InterfaceState* on = link(instance.interface);
    if (on != nullptr) {  // an address that is removed and added again is not remembered as shared
        std::erase_if(instance.shared, [&](const IpAddress& each) { return !contains(on->addresses, each); });
    }
    const std::optional<IpAddress> source = source_of(instance);
    const bool stable = source && !contains(instance.shared, *source);
    const vrrp::Settings& settings = instance.machine.settings();
    const bool replaced = instance.home && (contains(instance.shared, *instance.home) ||
                                            (!settings.peers.empty() && !fits_peers(*instance.home, settings)));
    if (stable && (!instance.home || replaced)) instance.home = source;
    instance.machine.set_source(source);
}

/// Another node sends from our source address. This node changes to another address if it has one; not with unicast,
/// where the peers know only this one. The packet may also be our own, which came back through a loop of switches.
void Node::notice_shared(Instance& instance, const vrrp::Heard& heard, Instant now) {
    const vrrp::Machine& machine = instance.machine;
    const bool like_ours =
        heard.advertisement.priority == 0 || heard.advertisement.priority == machine.settings().priority;
    const bool speaks = machine.state() == vrrp::State::master || now - machine.since() < longest_loop;
    const bool may_be_ours = like_ours && speaks;
    const std::optional<IpAddress> before = machine.source();
    if (!machine.settings().peers.empty() || !before || may_be_ours || contains(instance.shared, *before)) return;
    instance.shared.push_back(*before);
    settle_source(instance);
    if (machine.source() == before) {  // the node has no other address
        complain(instance, "another node has " + to_text(*before) + " as well, from which this one sends", now);
        return;
    }
    say(Level::warning, machine.settings().name + ": another node sends from " + to_text(*before) +
                            " as well; from now on this one sends from " + to_text(*machine.source()));
}

}  // namespace lbconverge::node
