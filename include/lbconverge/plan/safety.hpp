// The safety check: replays a plan step by step on a model of the node. No prefix of what is carried out may break an
// invariant that held before. The guards of [limits] are here, too: they compare files. Pure.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/plan.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lbconverge::plan {

/// The first violation that was not there at the start.
struct UnsafeStep {
    std::string invariant;  ///< "I1" … as in src/ARCHITECTURE.md
    std::string what;
    std::string hint;
    std::size_t step = 0;  ///< after this step (index into Plan::steps)
};

class Model;

/// Goes through a plan step by step, and says what would be wrong after each step.
class SafetyCheck {
public:
    SafetyCheck(const Plan& plan, const kinds::Inputs& inputs);
    ~SafetyCheck();
    /// The step is carried out. Returns the invariant that held at the start and that this step breaks.
    std::optional<UnsafeStep> follow(const Step& step);
    /// Takes back the last step that was followed.
    void undo(const Step& step);
    /// The step is left out. `why`: the reason for the steps that wait for it.
    void miss(const Step& step, const std::string& why);
    /// What the step needs and the node does not have.
    [[nodiscard]] std::optional<std::string> lacks(const Step& step) const;

private:
    std::unique_ptr<Model> model_;
    std::set<std::string> at_start_;
    std::vector<UnsafeStep> found_;
};

/// nullopt: every prefix of the steps that are not blocked is safe.
std::optional<UnsafeStep> first_unsafe_step(const Plan& plan, const kinds::Inputs& inputs);

// ---- guards --------------------------------------------------------------------------------------------------------

// The guards of [limits] stop a change of the file that is larger than intended. They compare a file with the last one.
// Elections, health and releases do not count.

/// Limits how many services are removed, and how much weight a service loses. Both files may have a limit: the stricter
/// one counts, so that a limit can only be raised in a change of its own. `foreign`: services that neither file names,
/// and that are removed because this file wants the table for itself.
Result<void> within_limits(const kinds::FileMemory& last, const config::Config& config, std::size_t foreign = 0);

/// The same, compared with the file memory in the plan's ledger; if it has none, compared with the kernel.
Result<void> within_limits(const Plan& plan, const config::Config& config);

}  // namespace lbconverge::plan
