// Code that requests and announcements share: ARP and IPv6 neighbour discovery in Ethernet frames. Internal to wire.
#pragma once

#include "checksum.hpp"
#include "lbconverge/wire/announcement.hpp"

namespace lbconverge::wire {

constexpr LinkAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t hop_limit = 255;  // neighbours discard anything less: it came through a router (RFC 4861 §7.1)
constexpr std::uint8_t solicitation = 135, advertisement = 136;

/// A frame with this ICMPv6 message, to a group and the link address that belongs to it (RFC 2464 §7). The checksum is
/// filled in.
inline std::vector<std::byte> neighbour_frame(std::vector<std::byte> message, const IpAddress& source,
                                              const IpAddress& group, const LinkAddress& link) {
    InternetChecksum sum;
    sum.add_pseudo_header(source, group, icmpv6, message.size());
    sum.add(octets_of(message));
    put_be16(message, 2, sum.value());
    std::vector<std::byte> frame;
    append(frame, {0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]});
    append(frame, link);
    append(frame, {0x86, 0xdd});                                                                      // IPv6
    append(frame, {0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(message.size()), icmpv6, hop_limit});  // RFC 8200 §3
    append(frame, octets_of(source));
    append(frame, octets_of(group));
    append(frame, octets_of(message));
    return frame;
}

}  // namespace lbconverge::wire
