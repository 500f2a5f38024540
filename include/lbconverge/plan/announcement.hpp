// Announcements of an address to its neighbours, as part of a plan or of a turn of the node.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <cstdint>

namespace lbconverge::plan {

/// Tells the neighbours that an address is here now, since the kernel does not (protocols: gratuitous ARP, RFC 5227 §3;
/// neighbour advertisement, RFC 4861 §7.2.6).
struct Announcement {
    IpAddress address;
    InterfaceName interface;
    std::uint32_t count = 1;  ///< frames, one behind the other
    bool operator==(const Announcement&) const = default;
};

}  // namespace lbconverge::plan
