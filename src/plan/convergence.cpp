#include "lbconverge/plan/convergence.hpp"

#include "lbconverge/config/interfaces.hpp"
#include "lbconverge/model/exit.hpp"
#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/plan/safety.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// A plan may have to be made again: a setting that we write may reset others, and other programs write as well.
constexpr int max_rounds = 4;

/// A bug of this program must not reach the kernel or the ledger.
std::optional<Error> unsound(const BrokenInvariant& broken) {
    if (!broken) return std::nullopt;
    return Error{ErrorKind::failed, "internal error: " + *broken, "this plan was not carried out; please report it"};
}

bool makes_services(const Plan& plan) {
    return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
        return step.kind == kind_id<Service> && step.after != Step::none && !step.blocked;
    });
}

/// A change that takes several messages may fail with each of them; the first says why.
std::vector<Failure> one_per_step(std::vector<Failure> failures) {
    std::stable_sort(failures.begin(), failures.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
    const auto same = [](const Failure& a, const Failure& b) { return a.step == b.step; };
    failures.erase(std::unique(failures.begin(), failures.end(), same), failures.end());
    return failures;
}

/// Why the node is not as desired, for a person.
std::optional<Error> error_of_blocked(const Plan& plan) {
    if (plan.blocked.empty()) return std::nullopt;
    Error error = *plan.first_obstacle();
    const std::size_t more = plan.blocked.size() - 1;
    if (more > 0) error.what += " (and " + std::to_string(more) + " more blocked)";
    return error;
}

}  // namespace

int exit_of(const Outcome& outcome) {
    if (!outcome.error) return exit_good;
    // All steps were done, and the kernel lacks something that this node does not need at the moment: as with role both
    // on a backup without IPVS. The next run, with nothing to do, ends with the same status.
    const bool only_lacks = outcome.settled && outcome.left.empty() && outcome.error->kind == ErrorKind::kernel_lacks;
    return outcome.changed && !only_lacks ? exit_not_converged : exit_code(outcome.error->kind);
}

Inputs inputs_of(const Task& task, const HostFacts& facts) {
    return {task.config, task.election, facts, task.health.get(), task.release};
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

Result<void> guarded(const Plan& plan, const Task& task) {
    return task.release ? Result<void>{} : within_limits(plan, task.config);
}

Plan plan_for(const Task& task, Desired desired, std::shared_ptr<const Observed> observed, const Ledger& ledger,
              BootTime now, const Refusals& refused) {
    const HostFacts& facts = observed->facts;
    Plan plan = make_plan(std::move(desired), std::move(observed), ledger, inputs_of(task, facts), now, refused);
    if (const auto good = guarded(plan, task); !good) block_what_the_file_changes(plan, good.error(), task, ledger);
    return plan;
}

Convergence::Convergence(Task task, Ledger ledger, BootTime now)
    : task_(std::move(task)), ledger_(std::move(ledger)), now_(now), refused_(task_.avoid) {
    if (task_.seen == nullptr) return;
    plan_ = plan_for(task_, desired_for(task_, task_.seen->facts), task_.seen, ledger_, now_, refused_);
    if (plan_.to_do() == 0 || unsound(plan_.broken_invariant())) return;
    hurried_ = true;
    rounds_ = 1;
    outcome_.planned = true;
    begin();
}

std::vector<InterfaceName> Convergence::needed_interfaces() const { return config::named_interfaces(task_.config); }

void Convergence::look() {
    hurried_ = false;
    need_ = Need::facts;
}

void Convergence::give_up(Error error) {
    outcome_.error = std::move(error);
    need_ = Need::nothing;
}

void Convergence::stop() {
    if (need_ != Need::save || !last_word_) need_ = Need::nothing;
}

// ---- looking -------------------------------------------------------------------------------------------------------

void Convergence::take_facts(Result<HostFacts> facts) {
    if (need_ != Need::facts) return;
    if (!facts) return give_up(facts.error());
    facts_ = std::move(*facts);
    desired_ = desired_for(task_, facts_);
    reading_ = reading_for(desired_, ledger_, task_.config.role, facts_);
    reading_.interfaces = needed_interfaces();
    need_ = Need::rows;
}

void Convergence::take_rows(Result<std::shared_ptr<const Observed>> rows) {
    if (need_ != Need::rows) return;
    if (!rows) return give_up(rows.error());
    plan_ = plan_for(task_, std::move(desired_), std::move(*rows), ledger_, now_, refused_);
    ++rounds_;
    outcome_.planned = true;
    outcome_.error.reset();
    if (auto bug = unsound(plan_.broken_invariant())) return give_up(std::move(*bug));
    if (plan_.to_do() == 0) return conclude();
    fruitless_ = std::exchange(learned_, false) ? 0 : fruitless_ + 1;
    if (fruitless_ == max_rounds) {
        give_up({ErrorKind::failed, "the kernel does not keep what is written",
                 "another program may be managing the same state"});
        for (std::size_t i = 0; i < plan_.steps.size(); ++i) outcome_.left.push_back(i);
        outcome_.last = std::move(plan_);
        return;
    }
    if (makes_services(plan_)) {
        need_ = Need::offers;
    } else {
        begin();
    }
}

void Convergence::take_offers(const Result<std::vector<Failure>>& lacking) {
    if (need_ != Need::offers) return;
    if (!lacking) return give_up(lacking.error());
    if (!lacking->empty()) block(plan_, *lacking, 0, inputs(), ledger_);
    record(*lacking);
    if (plan_.to_do() == 0) return conclude();
    begin();
}

// ---- carrying out --------------------------------------------------------------------------------------------------

/// The claims are saved before anything is made, so that the next run finds what an interrupted run has made.
void Convergence::begin() {
    before_ = std::exchange(ledger_, before_deeds(ledger_, plan_.ledger));
    failed_now_ = false;
    last_ = 0;
    need_ = Need::save;
}

void Convergence::take_saved(const Result<void>& saved) {
    if (need_ != Need::save) return;
    if (last_word_) {
        if (!saved && !outcome_.error) outcome_.error = saved.error();
        need_ = Need::nothing;
        return;
    }
    if (!saved) {  // rows that the ledger does not have are not made, but what the node must give up is removed
        not_saved_ = saved.error();
        block_all_but_giving_up(plan_, saved.error(), before_);
    }
    next_phase();
}

void Convergence::next_phase() {
    first_ = last_;
    while (first_ < plan_.steps.size() && plan_.steps[first_].blocked) ++first_;
    if (first_ == plan_.steps.size()) return end_of_plan();
    last_ = first_;
    while (last_ < plan_.steps.size() && plan_.steps[last_].phase == plan_.steps[first_].phase) ++last_;
    need_ = Need::steps;
}

void Convergence::take_steps(const Result<std::vector<Failure>>& result) {
    std::vector<Failure> failures;
    std::size_t tried = 0;
    for (std::size_t i = first_; i < last_; ++i) {
        if (plan_.steps[i].blocked) continue;
        ++tried;
        if (!result) failures.push_back({i, EIO, std::make_shared<const Error>(result.error())});
    }
    if (result) failures = one_per_step(*result);
    outcome_.changed = outcome_.changed || !result || failures.size() < tried;
    if (rounds_ == 1) {
        outcome_.done += tried - failures.size();
        outcome_.reached = last_;
    }
    note_what_was_done(failures);
    const bool bound = plan_.steps[first_].phase == Phase::bind;
    if (!failures.empty()) {
        record(failures);
        block(plan_, failures, last_, inputs(), before_);
    }
    if (need_ == Need::nothing) return;  // the work was overtaken meanwhile
    // Addresses that were bound are announced at once: the rest of the plan may take long, or fail.
    if (bound && !plan_.announcements.empty()) {
        need_ = Need::announcements;
    } else {
        next_phase();
    }
}

void Convergence::note_what_was_done(const std::vector<Failure>& failures) {
    auto failed = failures.begin();  // in the order of the steps
    for (std::size_t i = first_; i < last_; ++i) {
        if (failed != failures.end() && failed->step == i) {
            ++failed;
        } else if (!plan_.steps[i].blocked) {
            note_done(ledger_, plan_, plan_.steps[i]);
        }
    }
}

void Convergence::take_announced() {
    if (need_ == Need::announcements) next_phase();
}

/// If the kernel changed between reading and writing, the next plan tries again. Any other refusal is final.
void Convergence::record(const std::vector<Failure>& failures) {
    for (const Failure& each : failures) {
        failed_now_ = true;
        Error error = error_of(plan_, each);
        if (rounds_ == 1 && need_ == Need::steps) outcome_.failed.push_back({each.step, error});
        if (error.kind == ErrorKind::world_moved) continue;
        const Step& step = plan_.steps[each.step];
        plan_.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            const bool removal = step.action() == Action::remove;
            outcome_.refused.add(step.kind, Kind::id(change.key), error, removal);
            refused_.add(step.kind, Kind::id(change.key), std::move(error), removal);
        });
        learned_ = true;
    }
}

void Convergence::end_of_plan() {
    if (not_saved_) {
        give_up(*not_saved_);
        return keep_what_is_left();
    }
    if (hurried_ && failed_now_) {  // the kernel may have changed before this plan; the next look shows what was done
        auto notes = std::move(outcome_.notes);
        outcome_ = {};
        outcome_.notes = std::move(notes);
        outcome_.changed = true;
        rounds_ = 0;
        refused_ = task_.avoid;
        learned_ = false;
    } else if (rounds_ == 1) {
        if (!task_.keep_rows && !failed_now_) {  // the next look can use this memory: new pages are expensive
            plan_.desired.reset();
            plan_.observed.reset();
        }
        outcome_.plan = std::move(plan_);
    }
    look();
}

/// Nothing more can be done: all rows are as desired, but for the blocked ones.
void Convergence::conclude() {
    const Observed& observed = *plan_.observed;
    outcome_.error = error_of_blocked(plan_);
    if (!outcome_.error && !observed.unread.empty()) outcome_.error = observed.unread.front().second;
    outcome_.settled = true;
    outcome_.seen = plan_.observed;
    ledger_ = plan_.ledger;
    // The file has been carried out as far as it can be: the next one is compared with it.
    if (task_.release) {
        ledger_.file = {};
    } else if (guarded(plan_, task_)) {
        ledger_.file = memory_after(plan_, task_.config);
    }
    keep_what_is_left();
    last_word_ = true;
    need_ = Need::save;
}

void Convergence::keep_what_is_left() {
    for (const Blocked& each : plan_.blocked) outcome_.left.push_back(each.step);
    if (rounds_ == 1) outcome_.plan = plan_;
    if (!outcome_.left.empty()) outcome_.last = std::move(plan_);
}

}  // namespace lbconverge::plan
