// Whether packets reach the servers of this host: firewall, sockets, and whether the host has the VIP.
#include "rules.hpp"

#include <algorithm>

namespace lbconverge::doctor::rules {

namespace {

constexpr std::uint8_t tcp = 6, udp = 17;

bool takes(const HostView& view, Protocol protocol, const IpAddress& address, std::uint16_t port) {
    const auto& all = view.evidence.listeners;
    return std::any_of(all.begin(), all.end(), [&](const Listener& each) {
        if (each.protocol != protocol || each.port != port) return false;
        const bool any = each.address.is_unspecified();
        return (any && (each.address.family == address.family || each.address.family == Family::ipv6)) ||
               each.address == address;
    });
}

/// An own address of this host on which a server has the port: there the checks of a balancer arrive. It has the family
/// of the VIP.
const Row<Address>* own_with(const HostView& view, const ServedPort& served) {
    for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
        const bool own = view.is_own(row) && row.key.address.family == served.vip.family;
        if (own && takes(view, served.protocol, row.key.address, served.port)) return &row;
    }
    return nullptr;
}

std::string port_text(const ServedPort& served) {
    return std::string(to_text(served.protocol)) + " " + with_port(served.vip, served.port);
}

FilterPacket packet_to(const HostView& view, const IpAddress& address, const ServedPort& served) {
    return {static_cast<std::uint8_t>(served.protocol), address, served.port, view.interface_of(served.vip)};
}

/// The command for a first rule that accepts the packet, in the language of the filter that drops it.
Cure admit(const Judgement& judgement, const FilterPacket& packet, bool any_destination) {
    const bool ipv6 = packet.destination.family == Family::ipv6;
    const std::string address = to_text(packet.destination);
    const bool has_port = packet.protocol == tcp || packet.protocol == udp;
    const std::string protocol = packet.protocol == tcp   ? "tcp"
                                 : packet.protocol == udp ? "udp"
                                                          : std::to_string(packet.protocol);
    const std::string port = std::to_string(packet.port);
    if (judgement.insert.starts_with("nft")) {
        const std::string to = any_destination ? "" : (ipv6 ? "ip6 daddr " : "ip daddr ") + address + " ";
        return command(judgement.insert + " " + to +
                       (has_port ? protocol + " dport " + port : "meta l4proto " + protocol) + " accept");
    }
    return command(judgement.insert + (any_destination ? "" : " -d " + address) + " -p " + protocol +
                   (has_port ? " --dport " + port : "") + " -j ACCEPT");
}

/// VRRP instances of the file, or of keepalived.
std::vector<std::pair<InterfaceName, Family>> elections(const HostView& view) {
    std::vector<std::pair<InterfaceName, Family>> all;
    if (view.config() != nullptr) {
        if (view.config()->role == Role::real_server) return all;
        for (const config::Vrrp& each : view.config()->vrrp) all.emplace_back(each.interface, each.family);
        return all;
    }
    for (const Keepalived::VrrpInstance& each : view.keepalived.instances) {
        const bool ipv6 = !each.vips.empty() && each.vips.front().family == Family::ipv6;
        all.emplace_back(each.interface, ipv6 ? Family::ipv6 : Family::ipv4);
    }
    return all;
}

}  // namespace

void firewall_drops(const HostView& view, Findings& findings) {
    std::set<std::string> said;
    for (const auto& [interface, family] : elections(view)) {
        const FilterPacket packet{wire::vrrp_protocol, wire::vrrp_group(family), 0, interface};
        const Judgement judgement = judge(view.evidence.firewall, packet);
        if (judgement.fate != Fate::dropped || !said.insert(judgement.place).second) continue;
        findings.error(judgement.place,
                       "the firewall drops IP protocol 112: this node does not hear its peers' adverts, and both are "
                       "master, noticed as a VIP that is in two places",
                       admit(judgement, packet, true));
    }
    for (const ServedPort& served : view.served()) {
        const Row<Address>* own = served.by_file ? own_with(view, served) : nullptr;
        if (own == nullptr) continue;
        const FilterPacket packet = packet_to(view, own->key.address, served);
        const Judgement judgement = judge(view.evidence.firewall, packet);
        if (judgement.fate != Fate::dropped) continue;
        findings.error(judgement.place,
                       "the firewall drops " + std::string(to_text(served.protocol)) + " port " +
                           std::to_string(served.port) +
                           ": health checks fail, and the balancer takes this server out at once, or all servers",
                       admit(judgement, packet, true));
    }
}

void listens_elsewhere(const HostView& view, Findings& findings) {
    for (const ServedPort& served : view.served()) {
        if (!view.is_local(served.vip) || takes(view, served.protocol, served.vip, served.port)) continue;
        const Row<Address>* own = own_with(view, served);
        if (own == nullptr) continue;
        findings.error(port_text(served),
                       "the server listens on " + with_port(own->key.address, served.port) +
                           " and not on the VIP: checks of that address are fine, and every client is refused at once",
                       advice("let the server listen on " + with_port(served.vip, served.port) +
                              ", or on all addresses, and restart it"));
    }
}

void vip_missing(const HostView& view, Findings& findings) {
    std::set<IpAddress> said;
    for (const ServedPort& served : view.served()) {
        if (view.is_local(served.vip) || own_with(view, served) == nullptr || !said.insert(served.vip).second) continue;
        const config::Vip* vip = view.configured(served.vip);
        if (vip == nullptr || vip->accept == config::Accept::redirect) continue;
        findings.error(port_text(served),
                       "the server answers checks of its own address, and this host does not have VIP " +
                           to_text(served.vip) + ": it counts as up, and its share of the clients gets no answer",
                       view.apply());
    }
}

void firewall_drops_vip(const HostView& view, Findings& findings) {
    for (const ServedPort& served : view.served()) {
        if (!view.is_local(served.vip) || !takes(view, served.protocol, served.vip, served.port)) continue;
        const FilterPacket packet = packet_to(view, served.vip, served);
        const Judgement judgement = judge(view.evidence.firewall, packet);
        if (judgement.fate != Fate::dropped) continue;
        const Row<Address>* own = own_with(view, served);
        const bool checks_too =
            own != nullptr &&
            judge(view.evidence.firewall, packet_to(view, own->key.address, served)).fate == Fate::dropped;
        if (checks_too && served.by_file) continue;  // LVS41 reports it
        findings.error(
            judgement.place,
            "the firewall drops what comes for VIP " + port_text(served) +
                ": the balancer's checks of this host's own address work, and its share of the clients gets no "
                "answer",
            admit(judgement, packet, false));
    }
}

}  // namespace lbconverge::doctor::rules
