#include "lbconverge/plan/safety.hpp"

#include "model.hpp"

namespace lbconverge::plan {

using namespace kinds;

std::optional<UnsafeStep> first_unsafe_step(const Plan& plan, const Inputs& inputs) {
    SafetyCheck check(plan, inputs);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        if (plan.steps[i].blocked) {
            check.miss(plan.steps[i], plan.why_blocked(i)->why->what);
            continue;
        }
        auto broken = check.follow(plan.steps[i]);
        if (!broken) continue;
        broken->step = i;
        return broken;
    }
    return std::nullopt;
}

}  // namespace lbconverge::plan
