// Health checks as they happen: asks servers and says what came of it. Ten thousand connections a second are work, so
// all of it happens on a thread of its own, and files are read by yet another one. Private to src/daemon.
#pragma once

#include "lbconverge/health/messages.hpp"
#include "loop.hpp"
#include "processes.hpp"
#include "worker.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace lbconverge::daemon {

class HttpProbes;
/// One answer, on the thread of the probes.
using OnAnswer = std::function<void(health::ProbeAnswer)>;

class Probes {
public:
    /// Called on the thread of the probes, with what has come together meanwhile.
    using Done = std::function<void(std::vector<health::ProbeAnswer>)>;

    explicit Probes(Done done);
    /// What is under way is dropped.
    ~Probes();
    Probes(const Probes&) = delete;
    Probes& operator=(const Probes&) = delete;

    /// From any thread.
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
    std::unique_ptr<HttpProbes> http_;
    Processes processes_;
    Worker files_;
    std::thread thread_;
};

/// What a file of type "file" says: "up", "down" or a weight. Pure.
health::ProbeAnswer answer_of_file(const health::ProbeRequest& request, const std::string& text);
/// What the end of a command says: 0 is up, 2 to 255 is up with a weight of two less, anything else down. Pure.
health::ProbeAnswer answer_of_command(const health::ProbeRequest& request, const Ended& ended);

}  // namespace lbconverge::daemon
