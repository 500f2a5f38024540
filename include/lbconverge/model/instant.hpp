// Points in time as values: nobody here can ask what time it is. The daemon says it (CLOCK_BOOTTIME, since a master
// that slept with its machine has been away), the simulator invents it.
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
/// In whole seconds: for what is written down for a later run of the same boot. Setting the wall clock changes nothing.
using BootTime = std::chrono::time_point<NodeClock, std::chrono::seconds>;

}  // namespace lbconverge
