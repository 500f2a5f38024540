// Messages of rtnetlink(7) about routes and devices.
#include "lbconverge/doctor/evidence.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace lbconverge::doctor {

std::optional<RouteEntry> parse_route(std::span<const std::byte> message, const HostFacts& facts) {
    if (wire::fixed_header<nlmsghdr>(message, 0).nlmsg_type != RTM_NEWROUTE) return std::nullopt;
    const auto header = wire::fixed_header<rtmsg>(message, NLMSG_HDRLEN);
    const auto family = static_cast<Family>(header.rtm_family);
    const bool table = header.rtm_table == RT_TABLE_MAIN || header.rtm_table == RT_TABLE_LOCAL;
    const bool type = header.rtm_type == RTN_UNICAST || header.rtm_type == RTN_LOCAL;
    if (!table || !type || (family != Family::ipv4 && family != Family::ipv6)) return std::nullopt;
    RouteEntry route{.net = {family, {}}, .prefix = header.rtm_dst_len, .local = header.rtm_type == RTN_LOCAL};
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        const auto address = [&] {
            const auto bytes = attribute.as<std::array<std::uint8_t, 16>>();
            return IpAddress::from_bytes(family, bytes.data());
        };
        if (attribute.type == RTA_DST) route.net = address();
        if (attribute.type == RTA_GATEWAY) route.via = address();
        if (attribute.type != RTA_OIF) continue;
        if (const Interface* interface = facts.interface(attribute.as<std::uint32_t>())) {
            route.interface = interface->name;
        }
    }
    return route;
}

std::optional<TunnelDevice> parse_ipip_device(std::span<const std::byte> message) {
    if (wire::fixed_header<nlmsghdr>(message, 0).nlmsg_type != RTM_NEWLINK) return std::nullopt;
    const auto header = wire::fixed_header<ifinfomsg>(message, NLMSG_HDRLEN);
    if (header.ifi_type != ARPHRD_TUNNEL) return std::nullopt;
    TunnelDevice device{.up = (header.ifi_flags & IFF_UP) != 0};
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        if (walk.current().type == IFLA_IFNAME) device.interface = InterfaceName(walk.current().name());
    }
    return device;
}

}  // namespace lbconverge::doctor
