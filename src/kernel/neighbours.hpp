// The neighbours of an interface whose link comes back. Private to src/kernel.
#pragma once

#include "lbconverge/model/host_facts.hpp"

#include <cstdint>
#include <set>

namespace lbconverge::kernel {

/// While a link is down, health checks and clients make the kernel ask for neighbours that cannot hear it. It asks
/// again only every second (retrans_time_ms), so for up to a second after the link is there, packets to real servers
/// wait or are dropped, and a director that takes over meanwhile serves nobody. An entry without an answer says
/// nothing: without it the kernel asks with the next packet.
class SilentNeighbours {
public:
    /// Removes them (NUD_INCOMPLETE, NUD_FAILED) from the interfaces whose link was down at the last call and is not
    /// now. What cannot be removed stays: it ends by itself.
    void look(const HostFacts& facts);

private:
    std::set<std::uint32_t> down_;  ///< indexes of interfaces
};

}  // namespace lbconverge::kernel
