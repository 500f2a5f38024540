// The mistakes on the way of a packet: forwarding, tunnels, return paths, reverse path filters.
#include "rules.hpp"

#include <algorithm>
#include <map>

namespace lbconverge::doctor::rules {

namespace {

/// The first server that is reached by this method and passes the test.
std::optional<PoolMember> first_server(const HostView& view, Forward method,
                                       const std::function<bool(const PoolMember&)>& test) {
    std::optional<PoolMember> found;
    view.each_server([&](const PoolMember& member) {
        if (!found && member.server->value.forward == method && test(member)) found = member;
    });
    return found;
}

std::string edit(const PoolMember& member, const std::string& how) {
    return "ipvsadm -e " + ipvsadm_of(member.service->key) + " -r " +
           with_port(member.server->key.address, member.server->key.port) + " " + how;
}

}  // namespace

void other_port(const HostView& view, Findings& findings) {
    bool in_kernel = false;
    view.each_server([&](const PoolMember& member) {
        const Service::Key& service = member.service->key;
        const auto& server = *member.server;
        const bool rewritten = server.value.forward == Forward::masquerade;
        if (rewritten || service.fwmark != 0 || service.port == 0 || server.key.port == service.port) return;
        in_kernel = true;
        const std::string name = ipvsadm_of(service);
        findings.error(id_of(member),
                       "direct routing and tunnels do not rewrite packets: they arrive at port " +
                           std::to_string(service.port) +
                           " whatever the table says, and clients get \"connection "
                           "refused\" at once, while a check of port " +
                           std::to_string(server.key.port) + " is fine",
                       view.mend_service(service, "ipvsadm -a " + name + " -r " + to_text(server.key.address) + " " +
                                                      ipvsadm_of(server.value.forward) + "; ipvsadm -d " + name +
                                                      " -r " + with_port(server.key.address, server.key.port)));
    });
    if (in_kernel) return;
    for (const Keepalived::Server& server : view.keepalived.servers) {
        if (server.kind == "NAT" || server.vip_port == 0 || server.port == server.vip_port) continue;
        findings.error(server.at.path + ":" + std::to_string(server.at.line),
                       "lb_kind " + server.kind + " does not rewrite packets: they arrive at port " +
                           std::to_string(server.vip_port) +
                           " of the real server, and clients are refused there at once",
                       line("real_server " + to_text(server.address) + " " + std::to_string(server.vip_port)));
    }
}

void direct_past_router(const HostView& view, Findings& findings) {
    view.each_server([&](const PoolMember& member) {
        if (member.server->value.forward != Forward::direct || view.is_local(member.server->key.address)) return;
        const RouteEntry* route = view.route_to(member.server->key.address);
        if (route == nullptr || !route->via) return;
        const Cure cure = view.config() != nullptr ? line("[[service]] forward = \"tunnel\", or \"masquerade\"")
                                                   : command(edit(member, "-i"));
        findings.error(
            id_of(member),
            "direct routing to a real server behind router " + to_text(*route->via) +
                ": the frames go to the router, which drops them or sends them back, and connections to this "
                "server time out",
            cure);
    });
}

void masquerade_without_forwarding(const HostView& view, Findings& findings) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const std::string path = forwarding_path(family);
        const auto member = first_server(view, Forward::masquerade, [family](const PoolMember& each) {
            return each.server->key.address.family == family;
        });
        if (!member || !view.is(path, 0)) continue;
        findings.error(
            Sysctl::id(Sysctl::Key(path)),
            "masquerading needs forwarding, and it is off: answers of the real servers are dropped, and every "
            "connection times out",
            view.set({{path, "1"}}));
    }
}

namespace {

/// Gateways that lead through a director: VIPs, which move from director to director, and the directors' own addresses.
std::vector<IpAddress> ways_back(const config::Config& config) {
    std::vector<IpAddress> result;
    for (const config::Vip& vip : config.vips) result.push_back(vip.address);
    for (const config::Node& node : config.nodes) {
        if (node.role.value_or(Role::director) != Role::real_server && node.address) result.push_back(*node.address);
    }
    return result;
}

const config::RealServer* masqueraded_here(const HostView& view) {
    for (const config::Service& service : view.config()->services) {
        for (const config::RealServer& server : service.real_servers) {
            if (server.forward == Forward::masquerade && !view.places(server.address).empty()) return &server;
        }
    }
    return nullptr;
}

}  // namespace

void default_route_past_director(const HostView& view, Findings& findings) {
    if (view.config() == nullptr || view.config()->role != Role::real_server) return;
    const config::RealServer* server = masqueraded_here(view);
    if (server == nullptr) return;
    const Family family = server->address.family;
    const auto fits = [&](const RouteEntry& each) {
        return each.prefix == 0 && each.net.family == family && !each.local;
    };
    const auto route = std::find_if(view.evidence.routes.begin(), view.evidence.routes.end(), fits);
    const auto good = ways_back(*view.config());
    const bool none = route == view.evidence.routes.end();
    if (!none && route->via && std::find(good.begin(), good.end(), *route->via) != good.end()) return;
    const auto reachable = std::find_if(good.begin(), good.end(), [&](const IpAddress& each) {
        const RouteEntry* way = each.family == family ? view.route_to(each) : nullptr;
        return way != nullptr && way->prefix != 0 && !way->via;
    });
    const std::string gateway = reachable == good.end() ? "DIRECTOR" : to_text(*reachable);
    const bool ipv6 = family == Family::ipv6;
    findings.error(
        none ? "default route" : "default via " + (route->via ? to_text(*route->via) : route->interface.str()),
        "this is a masqueraded real server, and its default route does not lead to a director: answers "
        "by-pass it with the wrong source address, and clients reset every connection",
        command("ip " + std::string(ipv6 ? "-6 " : "") + "route replace default via " + gateway));
}

namespace {

bool tunnelled_by_file(const HostView& view) {
    if (view.config() == nullptr || view.config()->role == Role::director) return false;
    for (const config::Service& service : view.config()->services) {
        for (const config::RealServer& server : service.real_servers) {
            const bool ipip = server.forward == Forward::tunnel && server.tunnel_type == TunnelType::ipip;
            if (ipip && server.address.family == Family::ipv4 && !view.places(server.address).empty()) return true;
        }
    }
    return false;
}

/// The host has a tunnel and a VIP, so packets that come out of the tunnel are for this host.
bool tunnelled_by_hand(const HostView& view) {
    return view.config() == nullptr && !view.balances() &&
           std::any_of(view.vips.begin(), view.vips.end(),
                       [&](const auto& vip) { return view.on_lo(vip) || view.on_interface(vip) != nullptr; });
}

void look_at_filter(const HostView& view, const TunnelDevice& tunnel, Findings& findings) {
    const auto& addresses = view.kernel.get<Address>().rows();
    const bool has_address = std::any_of(addresses.begin(), addresses.end(), [&](const Row<Address>& row) {
        return row.key.interface == tunnel.interface && row.key.address.family == Family::ipv4;
    });
    // Loose filtering lets packets pass only where the device has an address (net/ipv4/fib_frontend.c,
    // __fib_validate_source: no_addr).
    const std::uint32_t filter = view.larger(tunnel.interface, "rp_filter");
    if (filter == 0 || (filter == 2 && has_address)) return;
    const std::string name = tunnel.interface.str();
    findings.error(
        name,
        "reverse path filtering (the larger of \"all\" and " + name + ") is " + std::to_string(filter) +
            ": what comes out of the tunnel is dropped without a word, and clients see time-outs",
        view.set({{setting_path("all", "rp_filter"), "0"}, {setting_path(tunnel.interface, "rp_filter"), "0"}}));
}

}  // namespace

void tunnel_that_drops(const HostView& view, Findings& findings) {
    const bool by_file = tunnelled_by_file(view);
    if (!by_file && !tunnelled_by_hand(view)) return;
    bool up = false;
    for (const TunnelDevice& tunnel : view.evidence.tunnels) {
        up = up || tunnel.up;
        if (tunnel.up) look_at_filter(view, tunnel, findings);
    }
    if (up || !by_file) return;
    findings.error(
        "tunl0",
        "this real server gets its packets through an ipip tunnel, and no such device is up: they are dropped "
        "without a word, and clients see time-outs",
        command("modprobe ipip; ip link add tunl0 type ipip; ip link set tunl0 up"));
}

void tunnel_from_vip(const HostView& view, Findings& findings) {
    std::set<IpAddress> seen;
    view.each_server([&](const PoolMember& member) {
        const IpAddress& vip = member.service->key.vip;
        const bool tunnel = member.server->value.forward == Forward::tunnel &&
                            member.server->key.address.family == Family::ipv6 && vip.family == Family::ipv6;
        if (!tunnel || member.service->key.fwmark != 0 || !seen.insert(vip).second) return;
        const Row<Address>* row = view.on_interface(vip);
        if (row == nullptr || row->value.deprecated) return;
        findings.error(
            text_of(*row),
            "the VIP may be chosen as a source address, and IPVS takes it for the tunnel's outer header: the "
            "real server, which has the VIP as well, drops every packet",
            view.mend_address(vip, "ip -6 addr change " + to_text(vip) + "/" + std::to_string(row->key.prefix) +
                                       " dev " + row->key.interface.str() + " preferred_lft 0"));
    });
}

void tunnel_without_pmtu(const HostView& view, Findings& findings) {
    if (!first_server(view, Forward::tunnel, [](const PoolMember&) { return true; })) return;
    const auto say = [&](const std::string& path, const std::string& value) {
        findings.warning(Sysctl::id(Sysctl::Key(path)),
                         "a tunnel needs room for its header, and without path MTU discovery nobody makes any: small "
                         "pages work, uploads and large requests hang",
                         view.set({{path, value}}));
    };
    if (view.number("net/ipv4/ip_no_pmtu_disc").value_or(0) != 0) say("net/ipv4/ip_no_pmtu_disc", "0");
    if (view.is("net/ipv4/vs/pmtu_disc", 0)) say("net/ipv4/vs/pmtu_disc", "1");
}

void strict_rp_filter(const HostView& view, Findings& findings) {
    std::map<InterfaceName, const Row<Address>*> networks;  // the first own address of each interface
    if (!view.balances() && view.vips.empty()) return;
    for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
        const Interface* interface = view.interface(row.key.interface);
        const bool counts = view.is_own(row) && row.key.address.family == Family::ipv4 && interface != nullptr &&
                            interface->up && interface->speaks_arp;
        if (counts) networks.emplace(row.key.interface, &row);
    }
    if (networks.size() < 2) return;
    for (const auto& [name, row] : networks) {
        if (view.larger(name, "rp_filter") != 1) continue;
        findings.warning(name.str(),
                         "strict reverse path filtering on a host with several networks drops what comes in here and "
                         "would be answered elsewhere: some clients get no answer, from the first day",
                         view.set({{setting_path(name, "rp_filter"), "2"}}));
    }
}

void redirects_on_one_arm(const HostView& view, Findings& findings) {
    std::set<InterfaceName> seen;
    view.each_server([&](const PoolMember& member) {
        if (member.server->value.forward != Forward::masquerade || member.server->key.address.family != Family::ipv4)
            return;
        const RouteEntry* route = view.route_to(member.server->key.address);
        const Row<Address>* vip = view.on_interface(member.service->key.vip);
        const bool one_arm = route != nullptr && vip != nullptr && route->interface == vip->key.interface;
        // Either of the two switches it on (linux/inetdevice.h, IN_DEV_ORCONF).
        if (!one_arm || view.larger(route->interface, "send_redirects") == 0 || !seen.insert(route->interface).second) {
            return;
        }
        const std::string name = route->interface.str();
        findings.warning(
            name,
            "this director sends ICMP redirects for masqueraded packets that leave where they came in: after "
            "some minutes clients go straight to the real server, and their connections break",
            view.set({{setting_path("all", "send_redirects"), "0"},
                      {setting_path(route->interface, "send_redirects"), "0"}}));
    });
}

}  // namespace lbconverge::doctor::rules
