// Frames that tell the neighbours on a link that an address is now here: gratuitous ARP (RFC 5227 §2.3, §3; RFC 826)
// and unsolicited neighbour advertisements (RFC 4861 §4.4, §7.2.6), with their Ethernet header. Pure.
#pragma once

#include "lbconverge/model/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lbconverge::wire {

using LinkAddress = std::array<std::uint8_t, 6>;

/// An ARP request to ff:ff:ff:ff:ff:ff that asks for `address` and says that `address` is at `link` (42 bytes).
/// The target hardware address is ff:ff:ff:ff:ff:ff, as keepalived sends it; receivers ignore it (RFC 5227 §1.1).
std::vector<std::byte> gratuitous_arp(const IpAddress& address, const LinkAddress& link);

/// To ff02::1, hop limit 255, from and about `address`: override set, solicited not, router as asked (86 bytes).
/// RFC 9568 §6.4.1 wants the router flag for a router's virtual address; a director is one only where it forwards.
std::vector<std::byte> neighbour_advertisement(const IpAddress& address, const LinkAddress& link, bool router);

/// Gratuitous ARP for IPv4, a neighbour advertisement for IPv6. `router`: the node forwards IPv6 on that interface.
std::vector<std::byte> announcement(const IpAddress& address, const LinkAddress& link, bool router);

}  // namespace lbconverge::wire
