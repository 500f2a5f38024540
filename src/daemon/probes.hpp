// Carries out health checks: asks the servers and reports their answers. Ten thousand connections a second take time,
// so all of this has a thread of its own, and yet another thread reads files. Private to src/daemon.
#pragma once

#include "lbconverge/health/messages.hpp"
#include "loop.hpp"
#include "processes.hpp"
#include "worker.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

namespace lbconverge::daemon {

class HttpProbes;
/// Called with one answer, on the thread of the probes.
using OnAnswer = std::function<void(health::ProbeAnswer)>;

class Probes {
public:
    /// Called on the thread of the probes, with all answers since the last call.
    using Done = std::function<void(std::vector<health::ProbeAnswer>)>;

    explicit Probes(Done done);
    /// Checks that are under way are dropped.
    ~Probes();
    Probes(const Probes&) = delete;
    Probes& operator=(const Probes&) = delete;

    /// Asks these servers. From any thread.
    void ask(std::vector<health::ProbeRequest> requests);

private:
    void begin(const health::ProbeRequest& request);
    void ask_once(const health::ProbeRequest& request, const OnAnswer& report);
    void read_file(const health::ProbeRequest& request);
    void execute(const health::ProbeRequest& request);
    void answer(health::ProbeAnswer answer);

    Done done_;
    Loop loop_;
    Timer flush_;
    std::vector<health::ProbeAnswer> answers_;
    std::unordered_map<std::uint64_t, std::chrono::steady_clock::time_point> asked_;  ///< when, by the probe's id
    std::unique_ptr<HttpProbes> http_;
    Processes processes_;
    Worker files_;
    std::thread thread_;
};

/// The answer of a check of type "file", from the content of the file: "up", "down" or a weight. Pure.
health::ProbeAnswer answer_of_file(const health::ProbeRequest& request, const std::string& text);
/// The answer of a check of type "exec", from the end of the command: exit status 0 is up, 2 to 255 is up with a weight
/// of the status minus 2, anything else is down. Pure.
health::ProbeAnswer answer_of_command(const health::ProbeRequest& request, const Ended& ended);

}  // namespace lbconverge::daemon
