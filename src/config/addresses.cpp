// Reports VIPs and real servers whose address belongs to another host, or can belong to no host.
#include "sections.hpp"

#include <algorithm>
#include <functional>

namespace lbconverge::config {

namespace {

IpAddress last_of(IpAddress address, std::uint8_t prefix) {
    for (std::size_t bit = prefix; bit < address.bits(); ++bit) {
        address.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
    return address;
}

std::string name_of(const Vip& vip) { return "VIP " + lbconverge::to_text(vip.address); }

constexpr std::string_view free_address =
    "a VIP is an address of its own, that no node has; only where the VIP must be a node's own address, that node has "
    "priority 255";

/// The VIP is the node's own address: RFC 9568 calls such a node the address owner. Its priority is 255, and so the
/// file says that this is no mistake.
bool is_owner(const Node& node, const Vip& vip, const Context& context) {
    if (node.owner) return true;
    const auto& instances = context.config.vrrp;
    return &node == context.this_node() && std::any_of(instances.begin(), instances.end(), [&](const Vrrp& each) {
        return each.name == vip.vrrp && each.priority == 255;
    });
}

/// True if the file says of a node that it has this VIP's address.
bool report_node_address(const Vip& vip, Context& context) {
    bool taken = false;
    for (const Node& node : context.config.nodes) {
        if (node.address != vip.address) continue;
        taken = true;
        if (is_owner(node, vip, context)) continue;
        context.problems
            .error(vip.source, name_of(vip) + " is the own address of node " + in_quotes(node.name),
                   std::string(free_address))
            .other = node.source;
    }
    return taken;
}

void report_vrrp_address(const Vip& vip, Context& context) {
    for (const Vrrp& each : context.config.vrrp) {
        const bool own = each.source_address == vip.address && each.priority != 255;
        const bool peer = std::find(each.peers.begin(), each.peers.end(), vip.address) != each.peers.end();
        if (!own && !peer) continue;
        context.problems
            .error(vip.source,
                   name_of(vip) + " is the own address of " + (own ? "this node, the source" : "another node, a peer") +
                       " of VRRP instance " + in_quotes(each.name),
                   std::string(free_address))
            .other = each.source;
    }
}

/// A director without an election may be a real server of its own under the VIP. With an election the VIP moves, and a
/// real server does not.
void report_server(const Service& service, const RealServer& server, const Vip& vip, Diagnostics& problems) {
    const std::string of = name_of(vip) + " is the address of a real server";
    if (!vip.vrrp.empty()) {
        problems
            .error(vip.source, of,
                   "a VIP is an address of its own; a real server that is the director itself is "
                   "127.0.0.1")
            .other = server.source;
    } else {
        problems.warning(server.source,
                         of + ": the director answers these clients itself" +
                             (service.real_servers.size() > 1 ? ", beside the other real servers" : ""),
                         "write 127.0.0.1 if that is meant; another host must have an address of its own");
    }
}

/// Networks on this node's links, as far as the file knows them.
struct KnownNetwork {
    IpAddress address;
    std::uint8_t prefix = 0;
    Source source;
};

std::vector<KnownNetwork> known_networks(const Config& config) {
    std::vector<KnownNetwork> networks;
    const auto add = [&](const IpAddress& address, std::uint8_t prefix, Source source) {
        const bool first = std::none_of(networks.begin(), networks.end(), [&](const KnownNetwork& each) {
            return each.prefix == prefix && each.address.in_same_net(address, prefix);
        });
        if (first && prefix != 0 && prefix != address.bits()) networks.push_back({address, prefix, source});
    };
    for (const Vip& vip : config.vips) add(vip.address, vip.prefix, vip.source);
    for (const Route& route : config.routes) {
        if (!route.via && route.table == Route{}.table) add(route.to, route.prefix, route.source);
    }
    return networks;
}

void report_reserved(const Vip& vip, const std::vector<KnownNetwork>& networks, Diagnostics& problems) {
    for (const KnownNetwork& network : networks) {
        const auto reserved = reserved_in(network.address, network.prefix, vip.address);
        if (!reserved || vip.prefix != vip.address.bits()) continue;  // else it was reported when it was read
        problems.error(vip.source, name_of(vip) + " is " + *reserved, "a VIP is one host's unicast address").other =
            network.source;
        return;
    }
}

void report_broadcast(const RealServer& server, const std::vector<KnownNetwork>& networks, Diagnostics& problems) {
    for (const KnownNetwork& network : networks) {
        const bool ipv4 = server.address.family == Family::ipv4 && network.prefix < 31;
        if (!ipv4 || !server.address.in_same_net(network.address, network.prefix)) continue;
        if (server.address != last_of(server.address, network.prefix)) continue;
        problems
            .error(server.source,
                   lbconverge::to_text(server.address) + " cannot be a real server: it is " +
                       *reserved_in(network.address, network.prefix, server.address) + ", which the kernel refuses",
                   "a real server is one host's unicast address")
            .other = network.source;
        return;
    }
}

}  // namespace

std::optional<std::string> reserved_in(const IpAddress& network, std::uint8_t prefix, const IpAddress& address) {
    if (prefix + 2 > address.bits() || !address.in_same_net(network, prefix)) return std::nullopt;
    const IpAddress first = network_of(network, prefix);
    const std::string of = " address of " + lbconverge::to_text(first) + "/" + std::to_string(prefix);
    if (address == first) return "the network" + of;
    const bool last = address.family == Family::ipv4 && address == last_of(network, prefix);
    return last ? std::optional("the broadcast" + of) : std::nullopt;
}

void check_addresses(Context& context) {
    const Config& config = context.config;
    const std::vector<KnownNetwork> networks = known_networks(config);
    for (const Vip& vip : config.vips) {
        if (!report_node_address(vip, context)) report_vrrp_address(vip, context);
        report_reserved(vip, networks, context.problems);
    }
    for (const Service& service : config.services) {
        for (const RealServer& server : service.real_servers) {
            report_broadcast(server, networks, context.problems);
            const Vip* vip = config.role == Role::both ? nullptr : context.find_vip(server.address);
            const bool reported =
                vip != nullptr && std::any_of(config.nodes.begin(), config.nodes.end(),
                                              [&](const Node& each) { return each.address == server.address; });
            if (vip != nullptr && !reported) report_server(service, server, *vip, context.problems);
        }
    }
}

}  // namespace lbconverge::config
