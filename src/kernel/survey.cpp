#include "lbconverge/kernel/survey.hpp"

#include "lbconverge/kinds/ipvs.hpp"
#include "lbconverge/wire/attributes.hpp"
#include "netlink.hpp"

#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/route/link.h>
#include <unistd.h>

#include <map>

namespace lbconverge::kernel {

namespace {

constexpr std::uint32_t ipip_header_type = 768;  // ARPHRD_TUNNEL (linux/if_arp.h)

/// Names by index; the routes have only indices.
Result<std::map<std::uint32_t, InterfaceName>> interface_names(NetlinkSocket& socket) {
    nl_cache* links = nullptr;
    if (const int error = rtnl_link_alloc_cache(socket.handle(), AF_UNSPEC, &links); error < 0) {
        return fail(ErrorKind::failed, std::string("reading the network interfaces: ") + nl_geterror(error));
    }
    const std::unique_ptr<nl_cache, decltype(&nl_cache_free)> owner(links, nl_cache_free);
    std::map<std::uint32_t, InterfaceName> names;
    for (nl_object* each = nl_cache_get_first(links); each != nullptr; each = nl_cache_get_next(each)) {
        auto* link = reinterpret_cast<rtnl_link*>(each);
        names[static_cast<std::uint32_t>(rtnl_link_get_ifindex(link))] = InterfaceName(rtnl_link_get_name(link));
    }
    return names;
}

std::optional<doctor::Route> route_in(std::span<const std::byte> message,
                                      const std::map<std::uint32_t, InterfaceName>& names) {
    if (wire::fixed_header<nlmsghdr>(message, 0).nlmsg_type != RTM_NEWROUTE) return std::nullopt;
    const auto header = wire::fixed_header<rtmsg>(message, NLMSG_HDRLEN);
    const auto family = static_cast<Family>(header.rtm_family);
    const bool table = header.rtm_table == RT_TABLE_MAIN || header.rtm_table == RT_TABLE_LOCAL;
    const bool type = header.rtm_type == RTN_UNICAST || header.rtm_type == RTN_LOCAL;
    if (!table || !type || (family != Family::ipv4 && family != Family::ipv6)) return std::nullopt;
    doctor::Route route{.net = {family, {}}, .prefix = header.rtm_dst_len, .local = header.rtm_type == RTN_LOCAL};
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        const auto address = [&] {
            const auto bytes = attribute.as<std::array<std::uint8_t, 16>>();
            return IpAddress::from_bytes(family, bytes.data());
        };
        if (attribute.type == RTA_DST) route.net = address();
        if (attribute.type == RTA_GATEWAY) route.via = address();
        if (attribute.type == RTA_OIF) {
            const auto at = names.find(attribute.as<std::uint32_t>());
            if (at != names.end()) route.interface = at->second;
        }
    }
    return route;
}

std::optional<doctor::SyncDaemon> sync_daemon_in(std::span<const std::byte> message) {
    wire::Attributes outer(wire::attributes_of(message, sizeof(genlmsghdr)));
    while (outer.next() && outer.current().type != IPVS_CMD_ATTR_DAEMON) {
    }
    if (outer.current().type != IPVS_CMD_ATTR_DAEMON) return std::nullopt;
    doctor::SyncDaemon daemon;
    for (wire::Attributes walk(outer.current().data); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        if (attribute.type == IPVS_DAEMON_ATTR_STATE)
            daemon.master = attribute.as<std::uint32_t>() == IP_VS_STATE_MASTER;
        if (attribute.type == IPVS_DAEMON_ATTR_MCAST_IFN) daemon.interface = attribute.name();
    }
    return daemon;
}

}  // namespace

Result<std::vector<doctor::Route>> read_routes() {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    if (!socket) return tl::unexpected(socket.error());
    const auto names = interface_names(*socket);
    if (!names) return tl::unexpected(names.error());
    wire::Requests requests;
    const rtmsg header{};
    requests.begin(wire::Transport::route, RTM_GETROUTE, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
    std::vector<doctor::Route> routes;
    const auto done = socket->query(requests, requests.list().front(), [&](std::span<const std::byte> message) {
        if (auto route = route_in(message, *names)) routes.push_back(*route);
    });
    if (!done) return tl::unexpected(done.error());
    return routes;
}

Result<std::vector<doctor::Tunnel>> read_tunnels() {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    if (!socket) return tl::unexpected(socket.error());
    nl_cache* links = nullptr;
    if (const int error = rtnl_link_alloc_cache(socket->handle(), AF_UNSPEC, &links); error < 0) {
        return fail(ErrorKind::failed, std::string("reading the network interfaces: ") + nl_geterror(error));
    }
    const std::unique_ptr<nl_cache, decltype(&nl_cache_free)> owner(links, nl_cache_free);
    std::vector<doctor::Tunnel> tunnels;
    for (nl_object* each = nl_cache_get_first(links); each != nullptr; each = nl_cache_get_next(each)) {
        auto* link = reinterpret_cast<rtnl_link*>(each);
        if (rtnl_link_get_arptype(link) != ipip_header_type) continue;
        tunnels.push_back({InterfaceName(rtnl_link_get_name(link)), (rtnl_link_get_flags(link) & IFF_UP) != 0});
    }
    return tunnels;
}

Result<std::vector<doctor::SyncDaemon>> read_sync_daemons() {
    std::vector<doctor::SyncDaemon> daemons;
    if (::access("/proc/net/ip_vs", F_OK) != 0) return daemons;  // resolving the family would load the module
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC);
    if (!socket) return tl::unexpected(socket.error());
    const auto family = socket->resolve("IPVS");
    if (!family) return tl::unexpected(family.error());
    socket->set_type(*family);
    wire::Requests requests;
    const genlmsghdr header = kinds::ipvs_header(IPVS_CMD_GET_DAEMON);
    requests.begin(wire::Transport::ipvs, 0, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
    const auto done = socket->query(requests, requests.list().front(), [&](std::span<const std::byte> message) {
        if (auto daemon = sync_daemon_in(message)) daemons.push_back(*daemon);
    });
    if (!done) return tl::unexpected(done.error());
    return daemons;
}

}  // namespace lbconverge::kernel
