#include "lbconverge/wire/announcement.hpp"

#include "neighbour.hpp"

namespace lbconverge::wire {

namespace {

constexpr IpAddress all_nodes{Family::ipv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

constexpr std::uint8_t router_flag = 0x80;
constexpr std::uint8_t override_flag = 0x20;

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
    std::vector<std::byte> message;  // RFC 4861 §4.4, with its one option, the target's link-layer address (§4.6.1)
    append(message, {advertisement, 0, 0, 0, flags, 0, 0, 0});
    append(message, octets_of(address));
    append(message, {2, 1});
    append(message, link);
    return neighbour_frame(std::move(message), address, all_nodes, link);
}

std::vector<std::byte> announcement(const IpAddress& address, const LinkAddress& link, bool router) {
    return address.family == Family::ipv4 ? gratuitous_arp(address, link)
                                          : neighbour_advertisement(address, link, router);
}

}  // namespace lbconverge::wire
