// Health checks as they happen: asks servers and says what came of it. Ten thousand connections a second are work, so
// all of it happens on a thread of its own, and files are read by yet another one. Private to src/daemon.
#pragma once

#include "lbconverge/health/board.hpp"
#include "processes.hpp"
#include "worker.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace lbconverge::daemon {

class HttpProbes;
/// One answer, on the thread of the probes.
using OnAnswer = std::function<void(health::Answer)>;

class Probes {
public:
    /// Called on the thread of the probes, with what has come together meanwhile.
    using Done = std::function<void(std::vector<health::Answer>)>;

    explicit Probes(Done done);
    /// What is under way is dropped.
    ~Probes();
    Probes(const Probes&) = delete;
    Probes& operator=(const Probes&) = delete;

    /// From any thread.
    void ask(std::vector<health::Request> requests);

private:
    void begin(const health::Request& request);
    void ask_once(const health::Request& request, const OnAnswer& report);
    void read_file(const health::Request& request);
    void execute(const health::Request& request);
    void answer(health::Answer answer);

    Done done_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer flush_;
    std::vector<health::Answer> answers_;
    std::unique_ptr<HttpProbes> http_;
    Processes processes_;
    Worker files_;
    std::thread thread_;
};

/// What a file of type "file" says: "up", "down" or a weight. Pure.
health::Answer answer_of_file(const health::Request& request, const std::string& text);
/// What the end of a command says: 0 is up, 2 to 255 is up with a weight of two less, anything else down. Pure.
health::Answer answer_of_command(const health::Request& request, const Ended& ended);

}  // namespace lbconverge::daemon
