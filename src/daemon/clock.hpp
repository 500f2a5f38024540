// The clocks of the daemon. Private to src/daemon.
#pragma once

#include "lbconverge/model/instant.hpp"

#include <chrono>
#include <ctime>

namespace lbconverge::daemon {

/// The time that the daemon counts by. It goes on while the machine is suspended, and nobody can set it.
inline Instant now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                                        std::chrono::nanoseconds(time.tv_nsec)));
}

/// The time of day, which somebody may set.
inline WallTime wall_time() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

inline BootTime boot_time() { return std::chrono::floor<std::chrono::seconds>(now()); }

}  // namespace lbconverge::daemon
