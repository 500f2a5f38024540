#include "service_manager.hpp"

#include "lbconverge/daemon/log.hpp"
#include "lbconverge/kernel/library.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace lbconverge::daemon {

namespace {

#define LBCONVERGE_SYSTEMD_FUNCTIONS(each) \
    each(sd_notify);                       \
    each(sd_watchdog_enabled);

// These names hide the functions of sd-daemon.h.
LBCONVERGE_SYSTEMD_FUNCTIONS(LBCONVERGE_LATE_DECLARE)

/// Loads libsystemd, but only if systemd started this process and wants to be told. False: it can be told nothing.
bool load_systemd() {
    if (std::getenv("NOTIFY_SOCKET") == nullptr) return false;
    const auto library = kernel::Library::load(LBCONVERGE_SYSTEMD);
    if (!library) {
        const Error& error = library.error();
        log(Level::error, "systemd cannot be told anything: " + error.what + " (" + error.hint + ")");
        return false;
    }
    bool complete = true;
    LBCONVERGE_SYSTEMD_FUNCTIONS(LBCONVERGE_LATE_FIND)
    return complete;
}

}  // namespace

void ServiceManager::start(std::uint32_t realtime_priority) {
    told_ = load_systemd();
    std::uint64_t usec = 0;
    if (told_ && sd_watchdog_enabled(0, &usec) > 0) {
        watchdog_interval_ = std::chrono::microseconds(usec / 2);  // as sd_watchdog_enabled(3) recommends
        watchdog();
    }
    if (realtime_priority == 0) return;
    sched_param how{};
    how.sched_priority = static_cast<int>(realtime_priority);
    // The threads that work with the kernel exist already, and keep their ordinary priority.
    if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &how) != 0) {
        log(Level::warning, std::string("realtime_priority: ") + std::strerror(errno));
    }
    if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
        log(Level::warning, std::string("locking memory: ") + std::strerror(errno));
    }
}

void ServiceManager::notify(const std::string& what) const {
    if (told_) sd_notify(0, what.c_str());
}

void ServiceManager::watchdog() {
    notify("WATCHDOG=1");
    timer_.start(watchdog_interval_, [this] { watchdog(); });
}

void ServiceManager::alive(bool takes_part, const std::string& states) {
    if (takes_part && !said_ready_) {
        said_ready_ = true;
        ready();
    }
    if (states == said_) return;
    said_ = states;
    notify("STATUS=" + states);
}

void ServiceManager::ready() {
    if (said_ready_) notify("READY=1");
}

void ServiceManager::reloading() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    const auto usec = static_cast<long long>(time.tv_sec) * 1000000 + time.tv_nsec / 1000;
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void ServiceManager::stopping() { notify("STOPPING=1"); }

}  // namespace lbconverge::daemon
