#include "lane_threads.hpp"

#include "clock.hpp"
#include "lbconverge/daemon/log.hpp"
#include "lbconverge/kernel/kernel.hpp"

namespace lbconverge::daemon {

LaneThreads::LaneThreads(const RunOptions& options, const RunDirectory& run, Loop& loop, Calls calls)
    : options_(options), run_(run), loop_(loop), calls_(std::move(calls)) {
    for (Thread& each : threads_) {
        each.kernel = kernel::linux_kernel({.may_load_ipvs = true, .cut_short = &each.overtaken});
    }
}

void LaneThreads::start(const node::Converge& job, Forms wanted) {
    Thread& thread = threads_[static_cast<std::size_t>(job.lane)];
    thread.overtaken = false;
    thread.worker.post([this, &thread, job, wanted, began = now()] { run(thread, job, wanted, began); });
}

void LaneThreads::run(Thread& thread, const node::Converge& job, Forms wanted, Instant began) {
    const bool network = job.part == kinds::Part::network;
    const auto bound = [this](const std::vector<plan::Announcement>& vips) {
        loop_.post([this, vips] { calls_.bound(vips); });
    };
    const plan::Outcome outcome = converge(
        *thread.kernel, run_, node::task_of(job, network ? thread.seen : nullptr), boot_time(),
        [](const plan::Plan&) {}, &thread.overtaken, bound);
    for (const std::string& note : outcome.notes) log(Level::warning, note);
    if (network) thread.seen = outcome.seen;
    node::Converged result = node::converged_of(job, outcome);
    result.overtaken = thread.overtaken;
    Rendered output{.changed = outcome.changed, .exit = plan::exit_of(outcome)};
    if (wanted.text && outcome.planned) output.text = options_.render(outcome, *job.config, job.election, false);
    if (wanted.json && outcome.planned) output.json = options_.render(outcome, *job.config, job.election, true);
    loop_.post([this, began, result, output] { calls_.ended(began, result, output); });
}

}  // namespace lbconverge::daemon
