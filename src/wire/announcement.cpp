#include "lbconverge/wire/announcement.hpp"

#include "checksum.hpp"

namespace lbconverge::wire {

namespace {

constexpr LinkAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr LinkAddress all_nodes_link{0x33, 0x33, 0, 0, 0, 1};  // of ff02::1 (RFC 2464 §7)
constexpr IpAddress all_nodes{Family::ipv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t hop_limit = 255;  // neighbours discard anything less: it came through a router (RFC 4861 §7.1.2)
constexpr std::uint8_t router_flag = 0x80;
constexpr std::uint8_t override_flag = 0x20;

/// The ICMPv6 message (RFC 4861 §4.4) with its one option, the target's link-layer address (§4.6.1).
std::vector<std::byte> advertisement_of(const IpAddress& target, const LinkAddress& link, std::uint8_t flags) {
    std::vector<std::byte> message;
    append(message, {136, 0, 0, 0, flags, 0, 0, 0});
    append(message, octets_of(target));
    append(message, {2, 1});
    append(message, link);
    Checksum sum;
    sum.add_pseudo_header(target, all_nodes, icmpv6, message.size());
    sum.add(octets_of(message));
    put_be16(message, 2, sum.value());
    return message;
}

}  // namespace

std::vector<std::byte> gratuitous_arp(const IpAddress& address, const LinkAddress& link) {
    std::vector<std::byte> frame;
    append(frame, broadcast);
    append(frame, link);
    append(frame, {0x08, 0x06});                          // ARP
    append(frame, {0x00, 0x01, 0x08, 0x00, 6, 4, 0, 1});  // Ethernet, IPv4, the sizes of their addresses; a request
    append(frame, link);
    append(frame, octets_of(address));
    append(frame, broadcast);
    append(frame, octets_of(address));
    return frame;
}

std::vector<std::byte> neighbour_advertisement(const IpAddress& address, const LinkAddress& link, bool router) {
    const std::uint8_t flags = router ? router_flag | override_flag : override_flag;
    const auto message = advertisement_of(address, link, flags);
    std::vector<std::byte> frame;
    append(frame, all_nodes_link);
    append(frame, link);
    append(frame, {0x86, 0xdd});                                                                      // IPv6
    append(frame, {0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(message.size()), icmpv6, hop_limit});  // RFC 8200 §3
    append(frame, octets_of(address));
    append(frame, octets_of(all_nodes));
    append(frame, octets_of(message));
    return frame;
}

std::vector<std::byte> announcement(const IpAddress& address, const LinkAddress& link) {
    return address.family == Family::ipv4 ? gratuitous_arp(address, link)
                                          : neighbour_advertisement(address, link, false);
}

}  // namespace lbconverge::wire
