#include "settings.hpp"

#include <algorithm>
#include <cstring>

namespace lbconverge::node {

namespace {

vrrp::Settings settings_of(const config::Vrrp& vrrp, const config::Config& config) {
    vrrp::Settings out{
        .name = vrrp.name,
        .version = vrrp.version,
        .vrid = vrrp.vrid,
        .priority = vrrp.priority,
        .family = vrrp.family,
        .interval = vrrp.advert_interval,
        .preempt = vrrp.preempt.enabled,
        .preempt_delay = vrrp.preempt.delay,
        .start_delay = vrrp.start_delay,
        .checksum = vrrp.checksum == config::Checksum::message ? wire::ChecksumDialect::message
                                                               : wire::ChecksumDialect::pseudo_header,
        .peers = vrrp.peers,
        .min_ttl = vrrp.min_ttl,
        .addresses = {},
    };
    if (!vrrp.auth_pass.empty()) {
        out.password.emplace();
        std::memcpy(out.password->data(), vrrp.auth_pass.data(), std::min(vrrp.auth_pass.size(), out.password->size()));
    }
    // Only the daemon reads the keys. Without them (`simulate`) nobody signs, as with passwords.
    if (!vrrp.auth_keys.empty()) out.authentication = {vrrp.auth_mode, vrrp.auth_active_key, vrrp.auth_keys};
    for (const config::Vip& vip : config.vips) {
        if (vip.vrrp == vrrp.name && vip.address.family == vrrp.family) out.addresses.push_back(vip.address);
    }
    // RFC 9568 §5.2.9: IPv6 begins with a link-local one.
    std::stable_partition(out.addresses.begin(), out.addresses.end(),
                          [](const IpAddress& each) { return each.family == Family::ipv6 && each.is_link_local(); });
    return out;
}

/// A sync group with one member has no effect.
std::string group_of(const config::Vrrp& vrrp, const config::Config& config) {
    for (const config::SyncGroup& each : config.sync_groups) {
        const auto& members = each.members;
        const bool member = std::find(members.begin(), members.end(), vrrp.name) != members.end();
        if (member && members.size() > 1) return each.name;
    }
    return {};
}

}  // namespace

std::vector<Instance> instances_of(const config::Config& config) {
    std::vector<Instance> instances;
    if (config.role == Role::real_server) return instances;  // the VIPs of a real server depend on no election
    for (const config::Vrrp& each : config.vrrp) {
        std::vector<plan::Announcement> vips;
        for (const config::Vip& vip : config.vips) {
            if (vip.vrrp == each.name) vips.push_back({vip.address, vip.interface, each.garp_count});
        }
        instances.push_back({.interface = each.interface,
                             .machine = vrrp::Machine(settings_of(each, config)),
                             .vips = std::move(vips),
                             .rhythm = {each.garp_repeat, each.garp_refresh},
                             .base_priority = each.priority,
                             .tracks = each.track,
                             .group = group_of(each, config)});
        instances.back().machine.set_grouped(!instances.back().group.empty(), {});
    }
    return instances;
}

bool same_router(const Instance& a, const Instance& b) {
    const vrrp::Settings& left = a.machine.settings();
    const vrrp::Settings& right = b.machine.settings();
    return a.interface == b.interface && left.vrid == right.vrid && left.version == right.version &&
           left.family == right.family;
}

void complete(std::vector<IpAddress>& addresses, const IpAddress& source, const std::vector<IpAddress>& of_interface) {
    const auto may_be_first = [&](const IpAddress& each) {
        return each.family == source.family && (source.family == Family::ipv4 || each.is_link_local());
    };
    if (!addresses.empty() && may_be_first(addresses.front())) return;
    const auto own = std::find_if(of_interface.begin(), of_interface.end(), may_be_first);
    addresses.insert(addresses.begin(), may_be_first(source) || own == of_interface.end() ? source : *own);
}

}  // namespace lbconverge::node
