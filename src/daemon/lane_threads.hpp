// The threads that carry out the kernel work of a node, one for each lane. Private to src/daemon.
#pragma once

#include "lbconverge/daemon/run.hpp"
#include "lbconverge/node/lane_work.hpp"
#include "lbconverge/plan/kernel.hpp"
#include "loop.hpp"
#include "waiting.hpp"
#include "worker.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace lbconverge::daemon {

class LaneThreads {
public:
    /// Both are called on the loop's thread. `ended`: a run that began then has ended. `bound`: while a run goes on,
    /// these VIPs have come to their interfaces.
    struct Calls {
        std::function<void(Instant began, const node::Converged& result, const Rendered& output)> ended;
        std::function<void(const std::vector<plan::Announcement>& vips)> bound;
    };

    LaneThreads(const RunOptions& options, const RunDirectory& run, Loop& loop, Calls calls);

    /// Begins a run. The lane has none under way. `wanted`: in which forms clients wait for its outcome.
    void start(const node::Converge& job, Forms wanted);
    /// What the lane is at is not wanted any more. Its run ends as soon as it can.
    void overtake(node::Lane lane) { threads_[static_cast<std::size_t>(lane)].overtaken = true; }

private:
    struct Thread {
        std::atomic<bool> overtaken = false;
        std::unique_ptr<plan::Kernel> kernel;
        /// What a run of the network saw last. Only the lane's own thread touches it.
        std::shared_ptr<const kinds::Observed> seen;
        Worker worker;  // last: its thread ends before anything that it uses
    };

    void run(Thread& thread, const node::Converge& job, Forms wanted, Instant began);

    const RunOptions& options_;
    const RunDirectory& run_;
    Loop& loop_;
    Calls calls_;
    Thread threads_[node::lane_count];
};

}  // namespace lbconverge::daemon
