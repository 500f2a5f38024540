// Watches which processes there are, on a thread of its own. The kernel reports each start and end (the process
// connector). In another network or PID namespace than the first one, or without the right, it does not; then /proc is
// read again and again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lbconverge::kernel {

class ProcessWatch {
public:
    struct Calls {
        /// Whether there is a process of that name: once for each at the beginning, then whenever it changes.
        std::function<void(const std::string& name, bool running)> seen;
        /// Called once. `events`: the kernel reports; else `why` says why it does not.
        std::function<void(bool events, const std::string& why)> means;
    };
    /// Starts the thread; the calls are made on it. A process has a name if its comm (15 characters at most) or the
    /// last part of its argv[0] is that name. Zombies do not count. `interval`: time between two looks if the kernel
    /// does not report.
    static std::unique_ptr<ProcessWatch> start(std::vector<std::string> names, std::chrono::milliseconds interval,
                                               Calls calls);
    virtual ~ProcessWatch() = default;  ///< ends the thread and waits for it
};

}  // namespace lbconverge::kernel
