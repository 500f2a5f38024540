// Checks that the file says all that a real server needs to take packets for its VIPs (key `accept`, and [arp]).
#include "sections.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace lbconverge::config {

namespace {

/// The ARP filter replaces the VIP in outgoing ARP. It needs to know by which address.
void check_filter(Context& context) {
    const Config& config = context.config;
    const Node* own = self(config);
    const bool known =
        config.arp.source_address || (own != nullptr && own->address && own->address->family == Family::ipv4);
    if (config.arp.method != ArpMethod::filter || known) return;
    for (const Vip& vip : config.vips) {
        const bool filtered = vip.address.family == Family::ipv4 && vip.accept != Accept::redirect;
        if (!filtered || !vip.interface.empty()) continue;
        context.problems.error(
            config.arp.source,
            "the ARP filter does not know which address to say instead of VIP " + lbconverge::to_text(vip.address),
            "source = the node's own address, or interface = the one whose address it is");
    }
}

/// Redirection changes the destination of a packet to an address of this node. The server behind it does not see for
/// which VIP the packet was.
void check_shared_ports(Context& context) {
    std::map<std::tuple<Family, Protocol, std::uint16_t>, const Service*> first;
    for (const Service& service : context.config.services) {
        const auto to = redirected_to(service, context.config);
        if (!to) continue;
        const auto [at, is_new] = first.emplace(std::tuple(service.vip.family, service.protocol, *to), &service);
        if (is_new) continue;
        context.problems
            .warning(service.source,
                     "two services are redirected to port " + std::to_string(*to) +
                         " of this node, where one server gets the packets of both: there is one service per port on "
                         "all addresses",
                     "let each service have a local port of its own, or use accept = \"loopback\"")
            .other = at->second->source;
    }
}

void check_redirect(Context& context, const Vip& vip) {
    const auto& services = context.config.services;
    for (const Service& service : services) {
        if (service.fwmark != 0 || service.vip != vip.address || service.port != 0) continue;
        context.problems.error(service.source, "accept = \"redirect\" goes by port, and this service has all of them",
                               "name the ports, or use accept = \"loopback\"");
    }
    const bool any = std::ranges::any_of(
        services, [&](const Service& service) { return service.fwmark == 0 && service.vip == vip.address; });
    if (any) return;
    context.problems.warning(vip.source,
                             "nothing is redirected: no [[service]] says which ports of VIP " +
                                 lbconverge::to_text(vip.address) + " this node accepts",
                             "[[service]] vip = \"" + lbconverge::to_text(vip.address) +
                                 "\" and port = 80 (redirection goes by port; a firewall mark does not say it)");
}

}  // namespace

void check_accept(Context& context) {
    if (context.config.role != Role::real_server) return;
    check_filter(context);
    for (const Vip& vip : context.config.vips) {
        if (vip.accept == Accept::redirect) check_redirect(context, vip);
    }
    check_shared_ports(context);
}

}  // namespace lbconverge::config
