// Watching which processes there are, on a thread of its own. The kernel tells of each start and end (the process
// connector); where it does not, since the network or PID namespace is not the first one or the right is missing, /proc
// is read again and again.
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
        /// Once: how it is done. `events`: the kernel tells; else `why` not.
        std::function<void(bool events, const std::string& why)> means;
    };
    /// A process has a name if that is what it calls itself (comm, of which the kernel keeps 15 characters) or the last
    /// part of its argv[0]; zombies do not count. `interval`: between two looks where the kernel does not tell. Starts
    /// the thread; the calls are made on it.
    static std::unique_ptr<ProcessWatch> start(std::vector<std::string> names, std::chrono::milliseconds interval,
                                               Calls calls);
    virtual ~ProcessWatch() = default;  ///< ends the thread and waits for it
};

}  // namespace lbconverge::kernel
