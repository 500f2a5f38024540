#include "lbconverge/daemon/converge.hpp"

#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/plan/limits.hpp"
#include "lbconverge/plan/safety.hpp"

#include <algorithm>
#include <cerrno>

namespace lbconverge::daemon {

using namespace kinds;

namespace {

/// Writing may change the world under our feet (a setting that resets others), and others write too.
constexpr int max_rounds = 4;

Inputs inputs_of(const Task& task, const HostFacts& facts) {
    return {task.config, task.election, facts, task.health.get(), task.release};
}

/// An interface that is missing is found before anything is changed.
Result<void> interfaces_exist(const plan::Plan& plan) {
    for (const plan::Step& step : plan.steps) {
        if (step.kind != kind_id<Address> || step.after == plan::Step::none) continue;
        const Address::Key& key = plan.desired->get<Address>().rows.row(step.after).key;
        if (plan.observed->facts.interface(key.interface) == nullptr) {
            return tl::unexpected(Address::refusal({.key = key, .before = nullptr, .after = nullptr}, ENODEV));
        }
    }
    return {};
}

/// A bug of this program must not reach the kernel or the ledger.
Result<void> sound(const BrokenInvariant& broken) {
    if (!broken) return {};
    return fail(ErrorKind::failed, "internal error: " + *broken, "this plan was not carried out; please report it");
}

Result<void> save(const RunDirectory& run, const Ledger& ledger, Part part) {
    RETURN_IF_ERROR(sound(plan::broken_invariant(ledger)));
    return run.save(ledger, part);
}

Result<void> may_run(kernel::Kernel& kernel, const plan::Plan& plan, const Task& task) {
    RETURN_IF_ERROR(sound(plan.broken_invariant()));
    RETURN_IF_ERROR(interfaces_exist(plan));
    RETURN_IF_ERROR(allowed(plan, task));
    return kernel.offers(plan);
}

Error error_of(const plan::Plan& plan, const kernel::Failure& failure) {
    Error error;
    plan.visit(plan.steps[failure.step],
               [&]<class Kind>(const Change<Kind>& change) { error = Kind::refusal(change, failure.error); });
    return error;
}

bool overtaken(const Task& task) { return task.overtaken != nullptr && task.overtaken->load(); }

/// Of what the plan announces, that which could be bound.
std::vector<plan::Announcement> bound(const plan::Plan& plan, const std::vector<kernel::Failure>& failures) {
    std::vector<plan::Announcement> all = plan.announcements;
    for (const kernel::Failure& failure : failures) {
        plan.visit(plan.steps[failure.step], [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Address>) {
                std::erase_if(all, [&](const plan::Announcement& each) { return each.address == change.key.address; });
            }
        });
    }
    return all;
}

/// Phase by phase; a phase with a failure is the last one.
void execute(kernel::Kernel& kernel, const plan::Plan& plan, const Task& task, Outcome& report, bool first_round) {
    for (std::size_t first = 0; first < plan.steps.size() && !overtaken(task);) {
        std::size_t last = first;
        while (last < plan.steps.size() && plan.steps[last].phase == plan.steps[first].phase) ++last;
        const auto failures = kernel.apply(plan, first, last);
        report.changed = report.changed || !failures || failures->size() < last - first;
        if (first_round) report.done = last;
        if (!failures) {
            report.error = failures.error();
            return;
        }
        for (const kernel::Failure& failure : *failures) {
            const Error error = error_of(plan, failure);
            if (first_round) report.failed.push_back({failure.step, error});
            // What moved under our feet is put right by planning again; any other reason is worth more.
            if (!report.error || report.error->kind == ErrorKind::world_moved) report.error = error;
        }
        // What was bound must be known at once; the rest of the plan may take its time, or may not come to pass.
        if (plan.steps[first].phase == Phase::bind && !overtaken(task)) {
            (void)kernel.announce(bound(plan, *failures), plan.observed->facts);
        }
        if (report.error) return;
        first = last;
    }
}

}  // namespace

Result<void> allowed(const plan::Plan& plan, const Task& task) {
    if (plan.obstacle) return tl::unexpected(*plan.obstacle);
    if (!task.release) {
        RETURN_IF_ERROR(plan::within_limits(plan, task.config));
    }
    if (const auto violation = plan::first_unsafe_step(plan, inputs_of(task, plan.observed->facts))) {
        return fail(
            ErrorKind::refused,
            violation->invariant + " after step " + std::to_string(violation->step + 1) + ": " + violation->what,
            violation->hint);
    }
    return {};
}

Desired desired_for(const Task& task, const HostFacts& facts) {
    Desired desired = desire(inputs_of(task, facts), task.part);
    if (!task.release) return desired;
    Desired nothing;
    nothing.part = task.part;
    nothing.vips = desired.vips;
    nothing.own = desired.own;
    for_each_kind([&]<class Kind>() {
        for (const Row<Kind>& row : desired.get<Kind>().rows.rows()) nothing.get<Kind>().unwanted.push_back(row.key);
        auto& unwanted = nothing.get<Kind>().unwanted;
        unwanted.insert(unwanted.end(), desired.get<Kind>().unwanted.begin(), desired.get<Kind>().unwanted.end());
        std::sort(unwanted.begin(), unwanted.end());
    });
    return nothing;
}

Result<plan::Plan> look(kernel::Kernel& kernel, const Ledger& ledger, const Task& task, BootTime now) {
    const Result<HostFacts> facts = kernel.facts();
    RETURN_IF_ERROR(facts);
    Desired desired = desired_for(task, *facts);
    const Reading reading = reading_for(desired, ledger, task.config.role, *facts);
    auto observed = kernel.observe(reading, *facts);
    RETURN_IF_ERROR(observed);
    return plan::make_plan(std::move(desired), std::move(*observed), ledger, inputs_of(task, *facts), now);
}

namespace {

/// A plan without a look at the kernel.
plan::Plan plan_on(const std::shared_ptr<const Observed>& seen, const Ledger& ledger, const Task& task, BootTime now) {
    const Inputs inputs = inputs_of(task, seen->facts);
    return plan::make_plan(desired_for(task, seen->facts), seen, ledger, inputs, now);
}

/// The first round on what was seen a moment ago. True: it did something, and all went well; else the kernel is asked.
bool hurry(kernel::Kernel& kernel, const RunDirectory& run, const Task& task, Ledger& ledger, BootTime now,
           const std::function<void(const plan::Plan&)>& announce, Outcome& report) {
    plan::Plan plan = plan_on(task.seen, ledger, task, now);
    if (plan.steps.empty() || !may_run(kernel, plan, task)) return false;
    ledger = plan::before_deeds(ledger, plan.ledger);
    if (!save(run, ledger, task.part)) return false;
    announce(plan);
    execute(kernel, plan, task, report, true);
    report.planned = !report.error;
    if (report.error) {  // it may not be as it was: what was done is seen at the next look
        report = {.changed = report.changed};
        return false;
    }
    report.plan = std::move(plan);
    return true;
}

}  // namespace

Outcome converge(kernel::Kernel& kernel, const RunDirectory& run, const Task& task, BootTime now,
                 const std::function<void(const plan::Plan&)>& announce) {
    Outcome report;
    LoadedLedger loaded = run.load(task.part);
    report.notes = std::move(loaded.notes);
    Ledger& ledger = loaded.ledger;
    const bool hurried = task.seen != nullptr && hurry(kernel, run, task, ledger, now, announce, report);
    for (int round = hurried ? 2 : 1;; ++round) {
        if (overtaken(task)) return report;
        Result<plan::Plan> plan = look(kernel, ledger, task, now);
        if (!plan) {
            report.error = plan.error();
            return report;
        }
        if (round == 1) announce(*plan);
        report.planned = true;
        report.error.reset();
        if (plan->steps.empty()) {
            // The file has been carried out: the next one is compared with it.
            if (!task.release) plan->ledger.file = plan::memory_after(*plan, task.config);
            if (auto saved = save(run, plan->ledger, task.part); !saved) report.error = saved.error();
            report.seen = plan->observed;
            if (round == 1) report.plan = std::move(*plan);
            return report;
        }
        if (round == max_rounds) {
            report.error = Error{ErrorKind::failed, "the kernel does not keep what is written",
                                 "another program may be managing the same state"};
            report.left = plan->steps;
            report.last = std::move(*plan);
            return report;
        }
        Result<void> ready = may_run(kernel, *plan, task);
        // Claims come before deeds: a run that is cut off must find again what it made.
        ledger = plan::before_deeds(ledger, plan->ledger);
        if (ready) ready = save(run, ledger, task.part);
        if (ready) {
            execute(kernel, *plan, task, report, round == 1);
        } else {
            report.error = ready.error();
        }
        const bool again = !report.error || report.error->kind == ErrorKind::world_moved;
        if (!task.keep_rows && !report.error) {  // the next look has use for the memory: fresh pages are dear
            plan->desired.reset();
            plan->observed.reset();
        }
        if (round == 1) report.plan = std::move(*plan);
        if (!again) return report;
    }
}

}  // namespace lbconverge::daemon
