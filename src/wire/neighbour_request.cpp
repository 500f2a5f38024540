#include "lbconverge/wire/neighbour_request.hpp"

#include "neighbour.hpp"

#include <algorithm>

namespace lbconverge::wire {

namespace {

constexpr std::size_t ethernet_header = 14, ipv6_header = 40;

std::vector<std::byte> arp_request(const IpAddress& address, const IpAddress& sender, const LinkAddress& link) {
    std::vector<std::byte> frame;
    append(frame, broadcast);
    append(frame, link);
    append(frame, {0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0, 1});  // ARP: Ethernet, IPv4, a request
    append(frame, link);
    append(frame, octets_of(sender));
    append(frame, LinkAddress{});
    append(frame, octets_of(address));
    return frame;
}

std::vector<std::byte> neighbour_solicitation(const IpAddress& address, const IpAddress& sender,
                                              const LinkAddress& link) {
    IpAddress group{Family::ipv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};  // RFC 4291 §2.7.1
    std::copy_n(address.bytes.begin() + 13, 3, group.bytes.begin() + 13);
    std::vector<std::byte> message;
    append(message, {solicitation, 0, 0, 0, 0, 0, 0, 0});
    append(message, octets_of(address));
    append(message, {1, 1});  // source link-layer address
    append(message, link);
    return neighbour_frame(std::move(message), sender, group, link);
}

LinkAddress link_at(Octets octets) {
    LinkAddress link{};
    std::copy_n(octets.begin(), link.size(), link.begin());
    return link;
}

std::optional<NeighbourReply> arp_reply(Octets arp) {
    constexpr std::uint8_t expected[] = {0x00, 0x01, 0x08, 0x00, 6, 4, 0, 2};
    if (arp.size() < 28 || !std::equal(std::begin(expected), std::end(expected), arp.begin())) return std::nullopt;
    return NeighbourReply{IpAddress::from_bytes(Family::ipv4, arp.data() + 14), link_at(arp.subspan(8))};
}

/// Only with its option: the answer to a multicast request must have it (RFC 4861 §4.4).
std::optional<NeighbourReply> neighbour_advertisement_in(Octets packet) {
    const Octets message = packet.size() < ipv6_header ? Octets() : packet.subspan(ipv6_header);
    const bool good = message.size() >= 32 && packet[6] == icmpv6 && packet[7] == hop_limit &&
                      message[0] == advertisement && message[24] == 2 && message[25] == 1;
    if (!good) return std::nullopt;
    return NeighbourReply{IpAddress::from_bytes(Family::ipv6, message.data() + 8), link_at(message.subspan(26))};
}

}  // namespace

std::vector<std::byte> neighbour_request(const IpAddress& address, const IpAddress& sender, const LinkAddress& link) {
    return address.family == Family::ipv4 ? arp_request(address, sender, link)
                                          : neighbour_solicitation(address, sender, link);
}

std::optional<NeighbourReply> neighbour_reply_in(std::span<const std::byte> frame) {
    const Octets octets = octets_of(frame);
    if (octets.size() < ethernet_header) return std::nullopt;
    const Octets rest = octets.subspan(ethernet_header);
    if (octets[12] == 0x08 && octets[13] == 0x06) return arp_reply(rest);
    if (octets[12] == 0x86 && octets[13] == 0xdd) return neighbour_advertisement_in(rest);
    return std::nullopt;
}

}  // namespace lbconverge::wire
