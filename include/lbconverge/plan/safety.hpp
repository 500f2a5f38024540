// The safety check: replays a plan step by step on a model of the node. No prefix of what is carried out may break an
// invariant that held before. Pure.
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

}  // namespace lbconverge::plan
