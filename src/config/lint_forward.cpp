// The mistakes on the way of a packet: forwarding, return paths, reverse path filters.
#include "lint_rules.hpp"

#include <algorithm>
#include <set>

namespace lbconverge::config::rules {

namespace {

/// A real server with its service.
struct ServerOfService {
    const Service* service = nullptr;
    const RealServer* server = nullptr;
    explicit operator bool() const { return service != nullptr; }
};

/// The first real server that is reached by this method and passes the test.
template <class Test>
ServerOfService first_server(const Config& node, Forward method, Test&& test) {
    for (const Service& service : node.services) {
        for (const RealServer& server : service.real_servers) {
            if (server.forward == method && test(service, server)) return {&service, &server};
        }
    }
    return {};
}

bool any_server(const Service&, const RealServer&) { return true; }

/// The first masqueraded real server that is in the subnet of its VIP: both are on one interface.
ServerOfService one_armed(const Config& node) {
    const VipIndex vips(node);
    return first_server(node, Forward::masquerade, [&](const Service& service, const RealServer& server) {
        const Vip* vip = service.fwmark == 0 ? vips.find(service.vip) : nullptr;
        return vip != nullptr && vip->prefix != vip->address.bits() &&
               vip->address.in_same_net(server.address, vip->prefix);
    });
}

/// The interfaces that the file names for this node.
std::set<InterfaceName> interfaces_of(const Config& node) {
    std::set<InterfaceName> interfaces;
    if (!node.interface.empty()) interfaces.insert(node.interface);
    for (const Vip& vip : node.vips) {
        if (directs(node) && !vip.interface.empty()) interfaces.insert(vip.interface);
    }
    for (const Vrrp& vrrp : node.vrrp) interfaces.insert(vrrp.interface);
    for (const Route& route : node.routes) {
        if (!route.interface.empty()) interfaces.insert(route.interface);
    }
    interfaces.erase(loopback);
    return interfaces;
}

/// The most specific [[route]] to an address, or nullptr; a default route says nothing of what is on the links.
const Route* route_to(const Config& node, const IpAddress& address) {
    const Route* best = nullptr;
    int longest = 0;
    for (const Route& route : node.routes) {
        const bool fits = route.table == 254 && address.in_same_net(route.to, route.prefix);
        if (!fits || route.prefix <= longest) continue;
        best = &route;
        longest = route.prefix;
    }
    return best;
}

/// Whether the file shows a router between this director and an address: a [[route]] leads through a router, or the
/// file names one interface only and the address is not in its network.
bool behind_router(const Config& node, const VipIndex& vips, const Service& service, const IpAddress& address) {
    if (const Route* route = route_to(node, address)) return route->via.has_value();
    const Vip* vip = service.fwmark == 0 ? vips.find(service.vip) : nullptr;
    if (vip == nullptr || vip->prefix == vip->address.bits() || interfaces_of(node).size() > 1) return false;
    return std::none_of(node.vips.begin(), node.vips.end(),
                        [&](const Vip& each) { return each.address.in_same_net(address, each.prefix); });
}

}  // namespace

void direct_past_router(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const VipIndex vips(node);
        const ServerOfService found =
            first_server(node, Forward::direct, [&](const Service& service, const RealServer& server) {
                return behind_router(node, vips, service, server.address);
            });
        if (!found) continue;
        report.warning(found.server->source,
                       "direct routing to real server " + lbconverge::to_text(found.server->address) +
                           ", which is not on a link of this director: the frames go to the router in between, which "
                           "drops them or sends them back, and every connection times out",
                       "forward = \"tunnel\" or \"masquerade\"; or name the interface that leads to it in a [[route]] "
                       "without via");
    }
}

void masquerade_without_forwarding(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            const ServerOfService found =
                first_server(node, Forward::masquerade,
                             [&](const Service&, const RealServer& server) { return server.address.family == family; });
            const Sysctl* said = find_sysctl(node, forwarding_path(family));
            if (!found || (said != nullptr && said->value != "0")) continue;
            const std::string name = sysctl_name(forwarding_path(family));
            const std::string hint = "[sysctl.director] \"" + name + "\" = 1";
            if (said != nullptr) {
                report.error(said->source,
                             "masquerading needs forwarding: with " + name + " 0 every connection times out", hint);
            } else {
                report.warning(found.service->source,
                               "masquerading needs forwarding, and the file leaves " + name +
                                   " as it is: where it is 0 every connection times out",
                               hint);
            }
        }
    }
}

void default_route_past_director(const Nodes& nodes, LintReport& report) {
    std::set<IpAddress> masqueraded, directors;
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        first_server(node, Forward::masquerade, [&](const Service&, const RealServer& server) {
            masqueraded.insert(server.address);
            return false;  // go on: all of them are wanted
        });
        for (const Vip& vip : node.vips) directors.insert(vip.address);
        if (const Node* own = self(node); own != nullptr && own->address) directors.insert(*own->address);
    }
    for (const Config& node : nodes) {
        const Node* own = self(node);
        if (node.role != Role::real_server || own == nullptr || !own->address || !masqueraded.contains(*own->address))
            continue;
        for (const Route& route : node.routes) {
            const bool past = route.prefix == 0 && route.via && !directors.contains(*route.via) && route.table == 254;
            if (!past) continue;
            report.warning(
                route.source,
                "the default route of a masqueraded real server does not lead to a director: answers by-pass "
                "it with the wrong source address, and clients reset the connection",
                "via = a VIP that moves with the directors, or a director's address");
        }
    }
}

void masquerade_in_client_subnet(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServerOfService found = one_armed(node);
        if (!found) continue;
        report.warning(
            found.server->source,
            "masqueraded real server " + lbconverge::to_text(found.server->address) + " is in the subnet of VIP " +
                lbconverge::to_text(found.service->vip) +
                ": to clients of that subnet it answers directly, past the director, and they drop the answer",
            "put the real servers into a subnet of their own, or use forward = \"direct\"");
    }
}

void tunnel_with_rp_filter(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (tunnelled_here(node, Family::ipv4) == nullptr) continue;
        for (const char* interface : {"all", "tunl0"}) {
            const std::string path = setting_path(interface, "rp_filter");
            const Sysctl* said = find_sysctl(node, path);
            if (said == nullptr || said->value == "0") continue;
            report.error(said->source,
                         "a real server behind a tunnel drops every packet silently while " + sysctl_name(path) +
                             " is " + said->value,
                         "leave it out: on such a node it is set to 0 on \"all\" and on \"tunl0\"");
        }
    }
}

void tunnel_from_vip(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const Node* own = self(node);
        const VipIndex vips(node);
        const auto is_own = [&](const Service& service) { return own != nullptr && own->address == service.vip; };
        const ServerOfService found =
            first_server(node, Forward::tunnel, [&](const Service& service, const RealServer& server) {
                if (server.address.family != Family::ipv6 || service.fwmark != 0) return false;
                const Vip* vip = vips.find(service.vip);
                return is_own(service) || (vip != nullptr && !vip->deprecated);
            });
        if (!found) continue;
        report.warning(
            found.service->source,
            "VIP " + lbconverge::to_text(found.service->vip) + " is " +
                (is_own(*found.service) ? "the director's own address" : "not deprecated") +
                ": IPVS takes it as the source of the IPv6 tunnel, and the real server, which has the VIP as "
                "well, drops every packet",
            "a VIP besides the node's own address: lbconverge adds it as deprecated, so that it is never "
            "chosen as a source");
    }
}

void tunnel_without_pmtu(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServerOfService found = first_server(node, Forward::tunnel, any_server);
        if (!found) continue;
        const Sysctl* no_discovery = find_sysctl(node, "net/ipv4/ip_no_pmtu_disc");
        const Sysctl* ipvs = find_sysctl(node, "net/ipv4/vs/pmtu_disc");
        const bool off = no_discovery != nullptr && no_discovery->value != "0";
        if (!off && (ipvs == nullptr || ipvs->value != "0")) continue;
        report.warning(
            off ? no_discovery->source : ipvs->source,
            "a tunnel needs room for its header, and without path MTU discovery nobody makes any: small pages "
            "work, large ones hang",
            "leave path MTU discovery on, or lower the MTU of the real servers");
    }
}

void strict_rp_filter(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (interfaces_of(node).size() < 2) continue;
        for (const Sysctl& setting : node.sysctls) {
            const auto interface = interface_of(setting, "rp_filter");
            if (!interface || interface->is_loopback() || setting.value != "1") continue;
            report.warning(setting.source,
                           "strict reverse path filtering on a node with several interfaces drops what comes in on one "
                           "and would be answered on another: one path works, the other is silent",
                           "use 2 (loose): the source must be reachable by some interface");
        }
    }
}

void redirects_on_one_arm(const Nodes& nodes, LintReport& report) {
    const std::string what =
        "the director sends ICMP redirects for masqueraded packets that leave where they came in: clients learn the "
        "real "
        "server's address and by-pass the director";
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServerOfService any = first_server(node, Forward::masquerade, any_server);
        if (!any) continue;
        bool said_on = false;
        for (const Sysctl& setting : node.sysctls) {
            if (!interface_of(setting, "send_redirects") || setting.value != "1") continue;
            said_on = true;
            report.warning(setting.source, what, "set it to 0, on \"all\" and on the interface");
        }
        const ServerOfService found = one_armed(node);
        if (!found || said_on) continue;
        // Either of the two switches it on (linux/inetdevice.h, IN_DEV_ORCONF).
        const std::string all = setting_path("all", "send_redirects");
        const std::string own = setting_path(VipIndex(node).find(found.service->vip)->interface, "send_redirects");
        if (sysctl_is(node, all, "0") && sysctl_is(node, own, "0")) continue;
        report.warning(found.service->source, what,
                       "[sysctl.director] \"" + sysctl_name(all) + "\" = 0 and \"" + sysctl_name(own) + "\" = 0");
    }
}

}  // namespace lbconverge::config::rules
