#include "lbconverge/kinds/link.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

namespace lbconverge::kinds {

namespace {

struct Tunnel {
    std::string_view device;
    std::string_view kind;  ///< IFLA_INFO_KIND; "rtnl-link-KIND" is an alias of the module
    Family outer;
};
constexpr Tunnel tunnels[] = {{"tunl0", "ipip", Family::ipv4}, {"ip6tnl0", "ip6tnl", Family::ipv6}};

const Tunnel* tunnel_of(const Link::Key& key) {
    const auto* at =
        std::ranges::find_if(tunnels, [&](const Tunnel& each) { return each.device == key.interface.view(); });
    return at == std::end(tunnels) ? nullptr : at;
}

}  // namespace

std::string Link::id(const Key& key) { return key.interface.str(); }

std::optional<Link::Key> Link::parse_id(std::string_view id) {
    if (!InterfaceName::fits(id)) return std::nullopt;
    const Key key{InterfaceName(id)};
    return tunnel_of(key) == nullptr ? std::nullopt : std::optional(key);
}

void Link::desire(const Inputs& inputs, Wanted<Link>& wanted) {
    for (const Tunnel& each : tunnels) {
        const config::RealServer* here = config::tunnelled_here(inputs.config, each.outer);
        if (here != nullptr) wanted.rows.add({each.device}, {true}, {here->source, Cause::config});
    }
}

void Link::ask(const Reading&, Observed& observed, wire::Requests&) {
    for (const Tunnel& each : tunnels) {
        const Interface* interface = observed.facts.interface(InterfaceName(each.device));
        observed.get<Link>().add({each.device}, {interface != nullptr && interface->up});
    }
}

void Link::decode(const wire::Reply&, const Reading&, Observed&) {}  // all is in the facts

Owner Link::owner(const Key&, const Facts&, const Desired&, const Ledger&) { return Owner::unrelated; }

Phase Link::phase(const Change<Link>& change, const Inputs&) {
    return change.cause == Cause::restore ? Phase::relax : Phase::tighten;
}

void Link::encode(const Change<Link>& change, const HostFacts& facts, std::uint32_t tag, wire::Requests& requests) {
    const Tunnel* tunnel = tunnel_of(change.key);
    if (change.after == nullptr || tunnel == nullptr) return;
    const Interface* interface = facts.interface(change.key.interface);
    ifinfomsg header{};
    header.ifi_flags = change.after->up ? IFF_UP : 0;
    header.ifi_change = IFF_UP;
    if (interface != nullptr) header.ifi_index = static_cast<int>(interface->index);
    // A request for a device that is not there loads its module, and the module makes the device.
    const bool create = interface == nullptr && change.after->up;
    requests.begin(wire::Transport::route, RTM_NEWLINK, create ? NLM_F_CREATE : 0, std::as_bytes(std::span(&header, 1)),
                   tag);
    if (interface == nullptr) requests.attribute_text(IFLA_IFNAME, tunnel->device);
    if (create) {
        const std::size_t info = requests.begin_nest(IFLA_LINKINFO);
        requests.attribute_text(IFLA_INFO_KIND, tunnel->kind);
        requests.end_nest(info);
    }
    requests.end();
}

Error Link::refusal(const Change<Link>& change, int error) {
    const std::string what = "tunnel device " + id(change.key);
    if (error == EOPNOTSUPP || error == ENODEV) {
        const Tunnel* tunnel = tunnel_of(change.key);
        return {ErrorKind::kernel_lacks, what + ": the kernel has none",
                "modprobe " + std::string(tunnel->outer == Family::ipv4 ? "ipip" : "ip6_tunnel") +
                    "; is the module installed for this kernel (uname -r)?"};
    }
    return plain_refusal(what, error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Link)
