// Tells systemd that the daemon is ready and alive, and sets its realtime priority. Each of these is done only if
// systemd or the configuration asks for it. Private to src/daemon; used on the loop's thread.
#pragma once

#include "loop.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace lbconverge::daemon {

class ServiceManager {
public:
    explicit ServiceManager(Loop& loop) : timer_(loop) {}

    /// `realtime_priority` from 1 to 99: the calling thread gets SCHED_RR, and all memory is locked. 0: neither.
    void start(std::uint32_t realtime_priority);
    /// Sends READY once the node takes part in its elections, and its states ("web master") whenever they change.
    void alive(bool takes_part, const std::string& states);
    void reloading();
    void ready();
    void stopping();

private:
    void watchdog();
    void notify(const std::string& what) const;

    bool told_ = false;  ///< systemd has started us, and can be told
    Timer timer_;
    std::chrono::microseconds watchdog_interval_{0};
    bool said_ready_ = false;
    std::string said_;
};

}  // namespace lbconverge::daemon
