// What the node tells its neighbours: whose VIPs, and when (announcements.hpp).
#include "lbconverge/node/node.hpp"

#include <algorithm>

namespace lbconverge::node {

namespace {

/// VIPs that depend on no election. A real server never announces its VIPs.
std::vector<plan::Announcement> always_active(const config::Config& config) {
    std::vector<plan::Announcement> vips;
    if (config.role == Role::real_server) return vips;
    for (const config::Vip& each : config.vips) {
        if (each.vrrp.empty()) vips.push_back({each.address, each.interface, config::Vrrp{}.garp_count});
    }
    return vips;
}

}  // namespace

/// A VIP may have come to another instance, which is master as well.
void Node::revise_announcements(Instant now) {
    std::vector<plan::Announcement> all = always_active(*config_);
    announcements_.revise(all, {}, now);
    for (const Instance& each : instances_) {
        if (each.machine.state() != vrrp::State::master) continue;
        announcements_.revise(each.vips, each.rhythm, now);
        all.insert(all.end(), each.vips.begin(), each.vips.end());
    }
    announcements_.keep_only(all);
    announcements_.here(holding_);
}

/// Without an announcement the neighbours would use an old link address until their entries expire.
void Node::follow_links(const std::vector<InterfaceState>& before, Instant now) {
    announcements_.here(holding_);
    for (const InterfaceState& was : before) {
        const InterfaceState* is = link(was.name);
        if (is != nullptr && is->link_address != was.link_address) announcements_.moved(was.name, now);
    }
}

/// Only a Tick sends what follows from it: a packet that has arrived already may say that another node is master.
void Node::handle(const VipsBound& event, Instant) { announcements_.bound(event.vips, lanes_[Lane::network].began); }

void Node::handle(const Untaken& event, Instant now) {
    announcements_.untaken(event.rest, now);
    for (const InterfaceName& each : announcements_.stuck(now)) {
        handle(Trouble{"gratuitous ARP on " + each.str() + ": the interface takes no more frames"}, now);
    }
    if (!event.why.empty()) handle(Trouble{"gratuitous ARP: " + event.why}, now);
}

}  // namespace lbconverge::node
