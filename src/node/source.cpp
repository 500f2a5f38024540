// Where advertisements come from. The other nodes know a master by its address, and drop what seems to come from
// themselves: so it has to be an address of this node alone, and the same one for as long as there is a choice.
#include "lbconverge/node/node.hpp"

#include <algorithm>
#include <array>

namespace lbconverge::node {

namespace {

constexpr Duration longest_loop = std::chrono::seconds(1);

bool contains(const std::vector<IpAddress>& list, const IpAddress& address) {
    return std::find(list.begin(), list.end(), address) != list.end();
}

/// RFC 9568 §5.1.2.1: by IPv6 multicast. And a peer whose address is one has ours as one in its list.
bool wants_link_local(const vrrp::Settings& settings) {
    return settings.peers.empty() ? settings.family == Family::ipv6 : settings.peers.front().is_link_local();
}

/// The file says whose it is: a peer's, or another node's.
bool is_others(const IpAddress& address, const config::Config& config, const vrrp::Settings& settings) {
    return contains(settings.peers, address) ||
           std::any_of(config.nodes.begin(), config.nodes.end(),
                       [&](const config::Node& each) { return each.name != config.node && each.address == address; });
}

/// How little speaks for it, what weighs most first.
std::array<bool, 6> doubts(const IpAddress& address, const config::Config& config, const Instance& instance,
                           const InterfaceState& on) {
    return {contains(instance.shared, address), is_others(address, config, instance.machine.settings()),
            address.is_link_local() != wants_link_local(instance.machine.settings()),
            // A gateway's or an anycast address, fe80::1 above all, was chosen by somebody.
            address.is_link_local() && address.family == Family::ipv6 && !contains(on.formed, address),
            address != instance.home, address != instance.machine.source()};
}

/// The configured one; else this node's in [nodes]; else the one with the least doubts. Nothing where the interface has
/// none that fits.
std::optional<IpAddress> choose_source(const config::Config& config, const Instance& instance,
                                       const InterfaceState& on) {
    const vrrp::Settings& settings = instance.machine.settings();
    const auto here = [&](const std::optional<IpAddress>& wanted) {
        return wanted && wanted->family == settings.family && contains(on.addresses, *wanted);
    };
    for (const config::Vrrp& each : config.vrrp) {
        if (each.name == settings.name && each.source_address) {
            return here(each.source_address) ? each.source_address : std::nullopt;
        }
    }
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

void Node::settle_source(Instance& instance) {
    const InterfaceState* on = link(instance.interface);
    if (on != nullptr) {  // one that comes again is judged anew
        std::erase_if(instance.shared, [&](const IpAddress& each) { return !contains(on->addresses, each); });
    }
    const std::optional<IpAddress> source = source_of(instance);
    const bool stable = source && !contains(instance.shared, *source);
    if (stable && (!instance.home || contains(instance.shared, *instance.home))) instance.home = source;
    instance.machine.set_source(source);
}

/// Somebody else sends from our source. Where there is another one, each keeps to its own; by unicast that would be
/// nobody's peer. What this node itself has just said may have come back by a loop in the switches.
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
    if (machine.source() == before) {  // it is all there is
        complain(instance, "another node has " + to_text(*before) + " as well, from which this one sends", now);
        return;
    }
    say(Level::warning, machine.settings().name + ": another node sends from " + to_text(*before) +
                            " as well; from now on this one sends from " + to_text(*machine.source()));
}

}  // namespace lbconverge::node
