// Asking a link who has an address: ARP requests (RFC 826) and neighbour solicitations (RFC 4861 §4.3, §7.2.2) as whole
// Ethernet frames, and their answers. Pure.
#pragma once

#include "lbconverge/wire/announcement.hpp"

#include <optional>
#include <span>

namespace lbconverge::wire {

/// "Who has `address`? Tell `sender` at `link`." ARP is broadcast; a solicitation goes to the solicited-node group,
/// with the sender's link address as its option.
std::vector<std::byte> neighbour_request(const IpAddress& address, const IpAddress& sender, const LinkAddress& link);

struct NeighbourReply {
    IpAddress address;
    LinkAddress link{};
};
/// An ARP reply, or a neighbour advertisement with the target's link address; nullopt for any other frame. Never reads
/// outside of `frame`.
std::optional<NeighbourReply> neighbour_reply_in(std::span<const std::byte> frame);

}  // namespace lbconverge::wire
