// Other hosts on the links: their replies to requests for addresses, and what they advertise.
#include "rules.hpp"

#include <algorithm>

namespace lbconverge::doctor {

namespace {

bool is_here(const Evidence& evidence, const wire::LinkAddress& link) {
    const auto& all = evidence.kernel->facts.interfaces;
    return std::any_of(all.begin(), all.end(), [&](const Interface& each) { return each.link_address == link; });
}

/// The entry of [nodes] that has answered for its own address from this MAC.
const config::Node* node_of(const Evidence& evidence, const wire::LinkAddress& link) {
    if (!evidence.config) return nullptr;
    for (const config::Node& node : evidence.config->nodes) {
        for (const ReceivedReply& reply : evidence.replies) {
            if (node.address && reply.address == *node.address && reply.link == link) return &node;
        }
    }
    return nullptr;
}

std::string mac_text(const wire::LinkAddress& link) {
    std::string text;
    constexpr char digits[] = "0123456789abcdef";
    for (const std::uint8_t octet : link) {
        if (!text.empty()) text += ':';
        text += digits[octet >> 4];
        text += digits[octet & 15];
    }
    return text;
}

std::string owner_text(const Evidence& evidence, const wire::LinkAddress& link) {
    const std::string owner = owner_of(evidence, link);
    return mac_text(link) + (owner.empty() ? "" : " (" + owner + ")");
}

}  // namespace

std::string owner_of(const Evidence& evidence, const wire::LinkAddress& link) {
    if (is_here(evidence, link)) return "this node";
    const config::Node* node = node_of(evidence, link);
    return node == nullptr ? "" : node->name;
}

std::vector<Question> questions(const Evidence& evidence) {
    const HostView view(evidence);
    std::vector<Question> all;
    const auto add = [&](const IpAddress& address, const InterfaceName& interface) {
        const Interface* known = view.interface(interface);
        const bool again = std::any_of(all.begin(), all.end(), [&](const Question& each) {
            return each.address == address && each.interface == interface;
        });
        if (known != nullptr && known->up && known->speaks_arp && !again) all.push_back({address, interface});
    };
    for (const IpAddress& vip : view.vips) add(vip, view.interface_of(vip));
    if (!evidence.config) return all;
    for (const config::Node& node : evidence.config->nodes) {
        const RouteEntry* route = node.address ? view.route_to(*node.address) : nullptr;
        if (route != nullptr && !route->local && !route->via) add(*node.address, route->interface);
    }
    return all;
}

namespace rules {

namespace {

bool is_real_server(const HostView& view, const wire::LinkAddress& link) {
    const config::Node* node = node_of(view.evidence, link);
    return node != nullptr && node->role.value_or(view.config()->role) == Role::real_server;
}

/// This host itself answers for the VIP.
bool held_here(const HostView& view, const IpAddress& vip) {
    const Row<Address>* row = view.on_interface(vip);
    const Interface* interface = row == nullptr ? nullptr : view.interface(row->key.interface);
    return interface != nullptr && interface->speaks_arp;
}

struct Holder {
    std::string text;
    bool real_server = false;
};

/// All hosts that answer for a VIP, this host included.
std::vector<Holder> holders(const HostView& view, const IpAddress& vip) {
    std::vector<Holder> all;
    if (held_here(view, vip)) all.push_back({"this node", false});
    for (const ReceivedReply& reply : view.evidence.replies) {
        if (reply.address != vip) continue;
        all.push_back({owner_text(view.evidence, reply.link), is_real_server(view, reply.link)});
    }
    return all;
}

std::string listed(const std::vector<Holder>& all) {
    std::string text;
    for (const Holder& each : all) text += (text.empty() ? "" : ", ") + each.text;
    return text;
}

}  // namespace

void answered_by_real_server(const HostView& view, Findings& findings) {
    for (const IpAddress& vip : view.vips) {
        for (const Holder& each : holders(view, vip)) {
            if (!each.real_server) continue;
            findings.error(to_text(vip),
                           "real server " + each.text +
                               " answers ARP for the VIP: who asks next sends it the clients of the whole service",
                           advice("lbconverge apply on that node, and doctor there"));
        }
    }
}

void two_masters(const HostView& view, Findings& findings) {
    for (const IpAddress& vip : view.vips) {
        auto all = holders(view, vip);
        std::erase_if(all, [](const Holder& each) { return each.real_server; });
        if (all.size() < 2) continue;
        const bool heard =
            std::any_of(view.evidence.heard.begin(), view.evidence.heard.end(), [&](const ReceivedAdvert& each) {
                const auto& list = each.advertisement.addresses;
                return std::find(list.begin(), list.end(), vip) != list.end();
            });
        const std::string why = !view.evidence.listened ? ""
                                : heard                 ? ", and their adverts do arrive here"
                                                        : ", and no advert of another node arrives here";
        findings.error(
            to_text(vip),
            "the VIP is answered by " + listed(all) + why +
                ": both are master, and clients change between them with each ARP refresh",
            advice("[[vrrp]] unicast = true where the network filters multicast (cloud, IGMP snooping without "
                   "querier); else doctor on the other node"));
    }
}

namespace {

/// An election of this host, as its advertisements on the link should be.
struct OwnInstance {
    std::string name;
    InterfaceName interface;
    std::uint8_t vrid = 0;
    Family family = Family::ipv4;
    std::vector<IpAddress> vips;   ///< sorted
    std::vector<IpAddress> peers;  ///< the nodes that may send for it; empty: not known
};

/// The other directors, if the file knows the address of each of them.
std::vector<IpAddress> directors(const config::Config& config) {
    std::vector<IpAddress> result;
    for (const config::Node& node : config.nodes) {
        if (node.role.value_or(config.role) == Role::real_server || node.name == config.node) continue;
        if (!node.address) return {};
        result.push_back(*node.address);
    }
    return result;
}

std::vector<OwnInstance> instances(const HostView& view) {
    std::vector<OwnInstance> all;
    if (view.config() != nullptr) {
        if (view.config()->role == Role::real_server) return all;
        for (const config::Vrrp& each : view.config()->vrrp) {
            OwnInstance instance{each.name, each.interface, each.vrid, each.family, {}, each.peers};
            if (instance.peers.empty()) instance.peers = directors(*view.config());
            for (const config::Vip& vip : view.config()->vips) {
                if (vip.vrrp == each.name) instance.vips.push_back(vip.address);
            }
            all.push_back(std::move(instance));
        }
    } else {
        for (const Keepalived::VrrpInstance& each : view.keepalived.instances) {
            all.push_back({each.name,
                           each.interface,
                           each.vrid,
                           each.vips.empty() ? Family::ipv4 : each.vips.front().family,
                           each.vips,
                           {}});
        }
    }
    for (OwnInstance& each : all) std::sort(each.vips.begin(), each.vips.end());
    return all;
}

bool is_stranger(const OwnInstance& instance, const IpAddress& source) {
    const bool known = std::find(instance.peers.begin(), instance.peers.end(), source) != instance.peers.end();
    return source.family == Family::ipv4 && !instance.peers.empty() && !known;
}

/// Adverts for an election of this host from somebody else, each sender once.
void each_advert(const HostView& view, const std::function<void(const OwnInstance&, const ReceivedAdvert&)>& visit) {
    for (const OwnInstance& instance : instances(view)) {
        std::set<IpAddress> seen;
        for (const ReceivedAdvert& each : view.evidence.heard) {
            const bool same = each.interface == instance.interface && each.advertisement.vrid == instance.vrid &&
                              each.source.family == instance.family && view.places(each.source).empty();
            if (same && seen.insert(each.source).second) visit(instance, each);
        }
    }
}

/// The VIPs of an advert; over IPv6 the first address is the router's own (RFC 9568 §5.2.9), if it is no VIP.
std::vector<IpAddress> vips_in(const ReceivedAdvert& heard) {
    std::vector<IpAddress> vips;
    for (const IpAddress& each : heard.advertisement.addresses) {
        if (!each.is_link_local()) vips.push_back(each);
    }
    std::sort(vips.begin(), vips.end());
    return vips;
}

std::string place_of(const OwnInstance& instance, const ReceivedAdvert& heard) {
    return instance.interface.str() + " vrid " + std::to_string(instance.vrid) + " from " + to_text(heard.source);
}

}  // namespace

void stranger_with_vrid(const HostView& view, Findings& findings) {
    each_advert(view, [&](const OwnInstance& instance, const ReceivedAdvert& heard) {
        if (!is_stranger(instance, heard.source)) return;
        findings.error(place_of(instance, heard),
                       "somebody who is no director of this file uses the VRID of " + instance.name +
                           ": each takes the other's adverts for its own, and VIPs go to and fro without end",
                       line("[[vrrp]] vrid = a number that nobody on this link uses, on every director"));
    });
}

void vip_lists_differ(const HostView& view, Findings& findings) {
    each_advert(view, [&](const OwnInstance& instance, const ReceivedAdvert& heard) {
        if (is_stranger(instance, heard.source) || heard.advertisement.priority == 0) return;
        auto mine = instance.vips;
        std::erase_if(mine, [](const IpAddress& each) { return each.is_link_local(); });
        if (mine.empty() || vips_in(heard) == mine) return;
        findings.error(
            place_of(instance, heard),
            "this peer advertises other VIPs for " + instance.name +
                " than this node has: a keepalived before 2.3.3 drops such adverts, so that both are master, and "
                "after a failover some VIPs are on no node",
            advice("the same VIPs in the configuration of every director, and apply there"));
    });
}

}  // namespace rules

}  // namespace lbconverge::doctor
