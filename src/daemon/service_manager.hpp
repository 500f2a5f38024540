// systemd: readiness, watchdog, and the wish to be run in time. Everything here does nothing where nobody asked for it.
// Private to src/daemon; lives on the loop.
#pragma once

#include "loop.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace lbconverge::daemon {

class ServiceManager {
public:
    explicit ServiceManager(Loop& loop) : timer_(loop) {}

    /// `realtime_priority` 1 to 99: SCHED_RR for the calling thread, and all memory locked; 0: neither.
    void start(std::uint32_t realtime_priority);
    /// Says READY once the node takes part in its elections, and what it is ("web master") whenever that changes.
    void alive(bool takes_part, const std::string& states);
    void reloading();
    void ready();
    void stopping();

private:
    void watchdog();
    void notify(const std::string& what) const;

    bool told_ = false;  ///< systemd is there, and wants to know
    Timer timer_;
    std::chrono::microseconds watchdog_interval_{0};
    bool said_ready_ = false;
    std::string said_;
};

}  // namespace lbconverge::daemon
