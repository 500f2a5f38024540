#include "boot.hpp"

#include "lbconverge/model/setting.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace lbconverge::sim {

using namespace kinds;

namespace {

/// 198.51.100.0/24 is for documentation (RFC 5737): no file names it but as an example.
IpAddress invented(std::size_t link, std::size_t node) {
    IpAddress address;
    address.bytes = {198, 51, static_cast<std::uint8_t>(100 + link), static_cast<std::uint8_t>(node + 1)};
    return address;
}

IpAddress link_local(std::size_t node) {
    IpAddress address{Family::ipv6, {0xfe, 0x80}};
    address.bytes[15] = static_cast<std::uint8_t>(node + 1);
    return address;
}

void add_address(Observed& state, const IpAddress& address, const InterfaceName& interface) {
    const auto prefix = static_cast<std::uint8_t>(address.family == Family::ipv4 ? 24 : 64);
    state.get<Address>().put({address, prefix, interface}, {}, {.flags = IFA_F_PERMANENT});
}

void add_link(Observed& state, const InterfaceName& name, std::size_t number, const config::Config& config,
              std::size_t node) {
    Interface link{.index = static_cast<std::uint32_t>(number + 2), .name = name, .up = true, .speaks_arp = true};
    link.link_address = {2, 0, 0, 0, static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(node)};
    state.facts.interfaces.push_back(link);
    add_address(state, link_local(node), name);
    bool has_ipv4 = false;
    const auto own = [&](const std::optional<IpAddress>& address) {
        if (!address) return;
        add_address(state, *address, name);
        has_ipv4 = has_ipv4 || address->family == Family::ipv4;
    };
    for (const config::Vrrp& each : config.vrrp) {
        if (each.interface == name) own(each.source_address);
    }
    for (const config::Node& each : config.nodes) {
        if (each.name == config.node && number == 0) own(each.address);
    }
    if (!has_ipv4) add_address(state, invented(number, node), name);
}

void add_settings(Observed& state, const config::Config& config) {
    // linux: tcp_timeouts and udp_timeouts of ip_vs_proto_tcp.c and ip_vs_proto_udp.c
    state.get<Timeouts>().put({TimeoutName::tcp}, {900});
    state.get<Timeouts>().put({TimeoutName::tcp_fin}, {120});
    state.get<Timeouts>().put({TimeoutName::udp}, {300});
    const auto add = [&](const std::string& path) { state.get<Sysctl>().put(Sysctl::Key(path), {"0"}); };
    for (const std::string_view path : other_server_settings) add(std::string(path));
    for (const config::Sysctl& each : config.sysctls) add(each.path);
    for (const char* tunnel : {"all", "tunl0"}) add(setting_path(tunnel, "rp_filter"));
    std::vector<InterfaceName> names{"all", "default"};
    for (const Interface& each : state.facts.interfaces) names.push_back(each.name);
    for (const InterfaceName& name : names) {
        for (const char* each : {"arp_ignore", "arp_announce", "promote_secondaries"}) add(setting_path(name, each));
    }
}

}  // namespace

std::vector<InterfaceName> links_of(const config::Config& config) {
    std::vector<InterfaceName> links;
    const auto add = [&](const InterfaceName& name) {
        if (!name.empty() && std::ranges::find(links, name) == links.end()) links.push_back(name);
    };
    for (const config::Vrrp& each : config.vrrp) add(each.interface);
    for (const config::Vip& each : config.vips) add(each.interface);
    for (const config::Track& each : config.tracks) {
        if (each.type == config::TrackType::interface) add(InterfaceName(each.target));
    }
    return links;
}

Observed booted(const config::Config& config, std::size_t node) {
    Observed state;
    state.facts.ipvs_loaded = true;
    state.facts.interfaces.push_back({.index = 1, .name = loopback, .up = true, .loopback = true});
    const std::vector<InterfaceName> links = links_of(config);
    for (std::size_t i = 0; i < links.size(); ++i) add_link(state, links[i], i, config, node);
    add_settings(state, config);
    return state;
}

}  // namespace lbconverge::sim
