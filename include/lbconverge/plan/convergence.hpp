// Bringing one node to its desired state, as a machine: it says what is needed next (look, save, carry out, announce),
// and its caller tells it the result. A one-shot command, the lanes of the daemon and the simulator drive the same
// machine. Pure.
#pragma once

#include "lbconverge/kinds/health.hpp"
#include "lbconverge/plan/plan.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace lbconverge::plan {

/// What is to be converged. The configuration must outlive it.
struct Task {
    const config::Config& config;
    Election election;
    bool release = false;  ///< give up everything that is ours
    kinds::Part part = kinds::Part::all;
    /// The kernel as it was a moment ago. With it the first plan is made without reading the kernel, because reading
    /// may have to wait for the kernel's network lock. After the plan the kernel is read as always.
    std::shared_ptr<const kinds::Observed> seen{};
    bool keep_rows = true;  ///< false: after a first round without failure the outcome has the steps, but not the rows
    /// What health and the operator say; none: everything is as configured.
    std::shared_ptr<const kinds::Health> health{};
    Refusals avoid{};  ///< rows that are to be left alone for now, and why
    /// The state of instances that the last file had and this one has not. None: it is not known, and a file that a
    /// guard refuses leaves their VIPs as they are.
    std::optional<ElectionState> others{};
};

/// A step that did not work, and why.
struct FailedStep {
    std::size_t step = 0;  ///< index into Outcome::plan.steps
    Error error;
};

struct Outcome {
    bool planned = false;  ///< the kernel was read, and `plan` says what was to do at first
    Plan plan;
    bool settled = false;     ///< everything was done that could be
    bool changed = false;     ///< something was written
    std::size_t done = 0;     ///< steps of `plan` that were carried out
    std::size_t reached = 0;  ///< all steps before this one were tried, but for those that are blocked
    Refusals refused;         ///< what the kernel was asked for, and refused
    std::vector<FailedStep> failed;
    std::optional<Error> error;      ///< why the node is not as desired
    std::vector<std::string> notes;  ///< what is wrong with the ledger
    std::vector<std::size_t> left;   ///< what was still to be done at the last look: steps of `last`, blocked or not
    std::optional<Plan> last;        ///< the plan that `left` belongs to
    std::shared_ptr<const kinds::Observed> seen;  ///< the kernel at the last look, when nothing could be done any more
};

/// The exit status of the interface for a run that ended like this.
int exit_of(const Outcome& outcome);

/// The desired state of a task. That of a release is empty, and all rows that the configuration names are unwanted.
kinds::Desired desired_for(const Task& task, const HostFacts& facts);
kinds::Inputs inputs_of(const Task& task, const HostFacts& facts);
/// The plan of a task, with the guards of [limits] applied.
Plan plan_for(const Task& task, kinds::Desired desired, std::shared_ptr<const kinds::Observed> observed,
              const kinds::Ledger& ledger, BootTime now, const Refusals& refused = {});
/// Blocks what a file changes that a guard refuses. What must not be here because of an election is given up all the
/// same. `before`: the ledger with which the plan was made.
void block_what_the_file_changes(Plan& plan, const Error& why, const Task& task, const kinds::Ledger& before);
/// Whether the guards allow the configuration. An error of kind `refused` says why not.
Result<void> guarded(const Plan& plan, const Task& task);

class Convergence {
public:
    enum class Need : std::uint8_t {
        facts,          ///< interfaces and what the kernel offers
        rows,           ///< what reading() names
        offers,         ///< which steps of plan() the kernel has not the means for
        save,           ///< ledger() is to be written down
        steps,          ///< steps [first(), last()) of plan() that are not blocked, all of one phase
        announcements,  ///< announcements(): neighbours are to be told
        nothing,        ///< it is over: outcome()
    };

    Convergence(Task task, kinds::Ledger ledger, BootTime now);

    [[nodiscard]] Need need() const { return need_; }
    [[nodiscard]] std::vector<InterfaceName> needed_interfaces() const;  ///< for Need::facts
    [[nodiscard]] const HostFacts& facts() const { return facts_; }
    [[nodiscard]] const kinds::Reading& reading() const { return reading_; }
    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] std::size_t first() const { return first_; }
    [[nodiscard]] std::size_t last() const { return last_; }
    [[nodiscard]] const kinds::Ledger& ledger() const { return ledger_; }
    [[nodiscard]] const std::vector<Announcement>& announcements() const { return plan_.announcements; }
    [[nodiscard]] const Task& task() const { return task_; }
    /// At the first Need::save: the plan, which the caller can record before anything is written.
    [[nodiscard]] const Plan& plan_on_record() const { return last_word_ ? outcome_.plan : plan_; }

    // The answers, each to the need of that name.
    void take_facts(Result<HostFacts> facts);
    void take_rows(Result<std::shared_ptr<const kinds::Observed>> rows);
    void take_offers(const Result<std::vector<Failure>>& lacking);
    void take_saved(const Result<void>& saved);
    /// The failures of these steps. An Error: it is not known which steps were done.
    void take_steps(const Result<std::vector<Failure>>& failures);
    void take_announced();
    /// The desired state has changed: nothing more is written or announced.
    void stop();

    /// Once nothing is needed any more.
    [[nodiscard]] Outcome& outcome() { return outcome_; }

private:
    void look();
    void begin();
    void next_phase();
    void end_of_plan();
    void record(const std::vector<Failure>& failures);
    void note_what_was_done(const std::vector<Failure>& failures);
    void conclude();
    void keep_what_is_left();
    void give_up(Error error);
    [[nodiscard]] kinds::Inputs inputs() const { return inputs_of(task_, plan_.observed->facts); }

    Task task_;
    kinds::Ledger ledger_;
    kinds::Ledger before_;  ///< the ledger with which the current plan was made
    BootTime now_;
    Need need_ = Need::facts;
    HostFacts facts_;
    kinds::Desired desired_;  ///< for what is being read
    kinds::Reading reading_;
    Plan plan_;
    std::size_t first_ = 0, last_ = 0;
    Refusals refused_;
    int rounds_ = 0;
    int fruitless_ = 0;        ///< rounds in a row without a new refusal
    bool hurried_ = false;     ///< the current plan was made with the kernel as it was a moment ago
    bool failed_now_ = false;  ///< a step of the current plan has failed
    bool learned_ = false;     ///< a refusal that was not known before
    bool last_word_ = false;   ///< what is being saved is the end
    std::optional<Error> not_saved_;
    Outcome outcome_;
};

}  // namespace lbconverge::plan
