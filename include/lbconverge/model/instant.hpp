// Points in time as values. The core reads no clock: the daemon tells it the time, and the simulator invents one. The
// daemon uses CLOCK_BOOTTIME, which goes on while the machine sleeps: a master is away during that time.
#pragma once

#include <chrono>

namespace lbconverge {

struct NodeClock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<NodeClock>;
    static constexpr bool is_steady = true;
};

using Instant = NodeClock::time_point;
using Duration = NodeClock::duration;
/// In whole seconds, for files that a later run of the same boot reads. It does not change if somebody sets the wall
/// clock.
using BootTime = std::chrono::time_point<NodeClock, std::chrono::seconds>;
/// UTC since 1970, as far as this host knows it. Somebody may set it at any time, so no timer depends on it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

}  // namespace lbconverge
