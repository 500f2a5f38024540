// What the neighbours of an address are told, by a plan and by the node.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <cstdint>

namespace lbconverge::plan {

/// Neighbours to be told that an address is here now: the kernel does not do it (protocols: gratuitous ARP, RFC 5227
/// §3; neighbour advertisement, RFC 4861 §7.2.6).
struct Announcement {
    IpAddress address;
    InterfaceName interface;
    std::uint32_t count = 1;  ///< frames, one behind the other
    bool operator==(const Announcement&) const = default;
};

}  // namespace lbconverge::plan
