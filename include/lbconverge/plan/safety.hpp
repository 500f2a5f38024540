// The safety check: replays a plan step by step on a model of the node. No prefix of what is carried out may break an
// invariant that held before. And the guards, which look at files. Pure.
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

/// Goes through a plan step by step, asking before each what would be wrong after it.
class SafetyCheck {
public:
    SafetyCheck(const Plan& plan, const kinds::Inputs& inputs);
    ~SafetyCheck();
    /// The step is carried out; says which invariant breaks with it that held at the start.
    std::optional<UnsafeStep> follow(const Step& step);
    /// As if the step that was followed last had not been.
    void undo(const Step& step);
    /// The step is left out. `why`: for what waits for it.
    void miss(const Step& step, const std::string& why);
    /// What must be there before the step can be done, and is not.
    [[nodiscard]] std::optional<std::string> lacks(const Step& step) const;

private:
    std::unique_ptr<Model> model_;
    std::set<std::string> at_start_;
    std::vector<UnsafeStep> found_;
};

/// nullopt: every prefix of what is not blocked is safe.
std::optional<UnsafeStep> first_unsafe_step(const Plan& plan, const kinds::Inputs& inputs);

// ---- guards --------------------------------------------------------------------------------------------------------

// The guards of [limits] against a file whose change is larger than intended. They judge what a file says, against what
// the last one said: no election, no health and no release comes into it.

/// How many services may go, how much weight a service may lose. Of two limits the stricter one holds, that of the last
/// file or that of this one: to loosen a limit is a change of its own.
/// `foreign`: services that neither file names, and that go because this one wants the table for itself.
Result<void> within_limits(const kinds::FileMemory& last, const config::Config& config, std::size_t foreign = 0);

/// The same against the file that the plan's ledger remembers; where it remembers none, against what the kernel has.
Result<void> within_limits(const Plan& plan, const config::Config& config);

}  // namespace lbconverge::plan
