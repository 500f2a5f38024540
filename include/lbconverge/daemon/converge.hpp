// Bringing one node to its desired state: read, plan, check, write, read again. Used by apply, diff and release.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/kernel/kernel.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

namespace lbconverge::daemon {

struct Task {
    const config::Config& config;
    Election election;
    bool release = false;  ///< give up everything that is ours
    kinds::Part part = kinds::Part::all;
    /// What the kernel was like a moment ago. When there is no time to lose, the first plan is made on that: reading
    /// may have to wait for the kernel's network lock. What is written is then read again as ever.
    std::shared_ptr<const kinds::Observed> seen{};
    /// When it becomes true, nothing more is written or announced: what was wanted is not wanted any more.
    const std::atomic<bool>* overtaken = nullptr;
    bool keep_rows = true;  ///< false: of a first round without failure the report keeps the steps, but no rows
    /// What health and the operator say; none: everything is as configured.
    std::shared_ptr<const kinds::Health> health{};
};

/// A step that did not work, and why.
struct FailedStep {
    std::size_t step = 0;  ///< index into Outcome::plan.steps
    Error error;
};

struct Outcome {
    bool planned = false;  ///< the kernel was read, and `plan` says what was to do at first
    plan::Plan plan;
    bool changed = false;  ///< something was written
    std::size_t done = 0;  ///< steps of `plan` that were attempted
    std::vector<FailedStep> failed;
    std::optional<Error> error;                   ///< why it did not converge
    std::vector<std::string> notes;               ///< what is wrong with the ledger
    std::vector<plan::Step> left;                 ///< what the last look at the kernel still showed; rows of `last`
    std::optional<plan::Plan> last;               ///< the plan that `left` belongs to
    std::shared_ptr<const kinds::Observed> seen;  ///< the kernel at the last look, when it was as desired
};

/// The desired state of a task; of a release: nothing, with all that the configuration names as unwanted.
kinds::Desired desired_for(const Task& task, const HostFacts& facts);

/// Reads the kernel and plans; writes nothing, takes no lock.
Result<plan::Plan> look(kernel::Kernel& kernel, const kinds::Ledger& ledger, const Task& task, BootTime now);

/// Whether the guards of [limits] and the safety check let the plan pass; refused, with the reason, when not. Pure.
Result<void> allowed(const plan::Plan& plan, const Task& task);

/// Converges. `announce` is called with the plan before the first write, so that it is on record whatever happens.
/// The caller holds the lock of `run`.
Outcome converge(kernel::Kernel& kernel, const RunDirectory& run, const Task& task, BootTime now,
                 const std::function<void(const plan::Plan&)>& announce);

}  // namespace lbconverge::daemon
