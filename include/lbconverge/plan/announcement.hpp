// Announcements of an address to its neighbours, as part of a plan or of a turn of the node.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lbconverge::plan {

/// Tells the neighbours that an address is here now, since the kernel does not (protocols: gratuitous ARP, RFC 5227 §3;
/// neighbour advertisement, RFC 4861 §7.2.6).
struct Announcement {
    IpAddress address;
    InterfaceName interface;
    std::uint32_t count = 1;  ///< frames, one behind the other
    bool operator==(const Announcement&) const = default;
};

/// What became of announcements.
struct Told {
    std::vector<Announcement> untaken{};  ///< frames for which a device, or its queue, has no room now
    std::string why{};                    ///< why others cannot be sent; empty: there are none
};

}  // namespace lbconverge::plan
