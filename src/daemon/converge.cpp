#include "lbconverge/daemon/converge.hpp"

#include "lbconverge/config/interfaces.hpp"
#include "lbconverge/plan/ledger.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace lbconverge::daemon {

using kinds::Ledger;
using plan::Convergence;

namespace {

/// Saves the ledger, but not one that is wrong because of a bug in this program.
Result<void> save(const RunDirectory& run, const Ledger& ledger, kinds::Part part) {
    if (const BrokenInvariant broken = plan::broken_invariant(ledger)) {
        return fail(ErrorKind::failed, "internal error: " + *broken, "please report it");
    }
    return run.save(ledger, part);
}

/// If the device takes an announcement at none of these tries, it is given up: the neighbours learn the address by
/// asking for it.
constexpr int tries = 20;
constexpr auto between_tries = std::chrono::milliseconds(50);

void announce(plan::Kernel& kernel, std::vector<plan::Announcement> vips, const HostFacts& facts) {
    for (int i = 0; i < tries && !vips.empty(); ++i) {
        if (i > 0) std::this_thread::sleep_for(between_tries);
        vips = kernel.announce(vips, facts).untaken;
    }
}

bool is_set(const std::atomic<bool>* flag) { return flag != nullptr && flag->load(); }

/// What is needed to carry out a convergence.
struct Means {
    plan::Kernel& kernel;
    const RunDirectory& run;
    const std::atomic<bool>* overtaken;
    const std::function<void(const std::vector<plan::Announcement>&)>& bound;

    /// Gives the result of a look to the convergence. A look that was cut short has no result.
    template <class Seen>
    void take(Convergence& work, Seen seen, void (Convergence::*where)(Seen)) const {
        if (!is_set(overtaken)) (work.*where)(std::move(seen));
    }
};

/// Does what the convergence needs next, and gives it the result.
void serve(Convergence& work, const Means& by) {
    switch (work.need()) {
        case Convergence::Need::facts:
            return by.take(work, by.kernel.facts(work.needed_interfaces()), &Convergence::take_facts);
        case Convergence::Need::rows:
            return by.take(work, by.kernel.observe(work.reading(), work.facts()), &Convergence::take_rows);
        case Convergence::Need::offers:
            return work.take_offers(by.kernel.offers(work.plan()));
        case Convergence::Need::save:
            return work.take_saved(save(by.run, work.ledger(), work.task().part));
        case Convergence::Need::steps:
            return work.take_steps(by.kernel.apply(work.plan(), work.first(), work.last()));
        case Convergence::Need::announcements:
            if (by.bound) {
                by.bound(work.announcements());
            } else {
                announce(by.kernel, work.announcements(), work.plan().observed->facts);
            }
            return work.take_announced();
        case Convergence::Need::nothing:
            return;
    }
}

}  // namespace

Result<plan::Plan> look(plan::Kernel& kernel, const Ledger& ledger, const plan::Task& task, BootTime now) {
    const std::vector<InterfaceName> needed = config::named_interfaces(task.config);
    const Result<HostFacts> facts = kernel.facts(needed);
    RETURN_IF_ERROR(facts);
    kinds::Desired desired = plan::desired_for(task, *facts);
    kinds::Reading reading = kinds::reading_for(desired, ledger, task.config.role, *facts);
    reading.interfaces = needed;
    auto observed = kernel.observe(reading, *facts);
    RETURN_IF_ERROR(observed);
    return plan::plan_for(task, std::move(desired), std::move(*observed), ledger, now, task.avoid);
}

plan::Outcome converge(plan::Kernel& kernel, const RunDirectory& run, plan::Task task, BootTime now,
                       const std::function<void(const plan::Plan&)>& planned, const std::atomic<bool>* overtaken,
                       const std::function<void(const std::vector<plan::Announcement>&)>& bound) {
    LoadedLedger loaded = run.load(task.part);
    Convergence work(std::move(task), std::move(loaded.ledger), now);
    work.outcome().notes = std::move(loaded.notes);
    bool on_record = false;
    while (true) {
        if (is_set(overtaken)) work.stop();
        if (work.need() == Convergence::Need::nothing) return std::move(work.outcome());
        const bool has_plan = work.outcome().planned && work.need() == Convergence::Need::save;
        if (has_plan && !std::exchange(on_record, true)) planned(work.plan_on_record());
        serve(work, {kernel, run, overtaken, bound});
    }
}

}  // namespace lbconverge::daemon
