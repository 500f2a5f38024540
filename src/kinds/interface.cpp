#include "lbconverge/kinds/interface.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace lbconverge::kinds {

namespace {

/// The attribute of that type, or an empty one.
wire::Attribute attribute_in(wire::Bytes bytes, std::uint16_t type) {
    for (wire::Attributes walk(bytes); walk.next();) {
        if (walk.current().type == type) return walk.current();
    }
    return {};
}

std::vector<std::uint32_t> numbers_in(wire::Bytes bytes) {
    std::vector<std::uint32_t> numbers(bytes.size() / sizeof(std::uint32_t));
    if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(std::uint32_t));
    return numbers;
}

}  // namespace

std::optional<Interface> read_interface(wire::Bytes message) {
    if (wire::fixed_header<nlmsghdr>(message, 0).nlmsg_type != RTM_NEWLINK) return std::nullopt;
    const auto header = wire::fixed_header<ifinfomsg>(message, NLMSG_HDRLEN);
    Interface link{.index = static_cast<std::uint32_t>(header.ifi_index),
                   .name = {},
                   .up = (header.ifi_flags & IFF_UP) != 0,
                   .carrier = (header.ifi_flags & IFF_RUNNING) != 0,
                   .loopback = (header.ifi_flags & IFF_LOOPBACK) != 0,
                   .speaks_arp = (header.ifi_flags & (IFF_NOARP | IFF_LOOPBACK)) == 0,
                   .link_address = {},
                   .address = {},
                   .ipv4_devconf = {}};
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        if (attribute.type == IFLA_IFNAME) {
            link.name = InterfaceName(attribute.name());
        } else if (attribute.type == IFLA_ADDRESS && attribute.data.size() == link.link_address.size()) {
            link.link_address = attribute.as<std::array<std::uint8_t, 6>>();
        } else if (attribute.type == IFLA_AF_SPEC) {
            const wire::Attribute ipv4 = attribute_in(attribute.data, static_cast<std::uint16_t>(Family::ipv4));
            link.ipv4_devconf = numbers_in(attribute_in(ipv4.data, IFLA_INET_CONF).data);
        }
    }
    return link.name.empty() ? std::nullopt : std::optional(std::move(link));
}

}  // namespace lbconverge::kinds
