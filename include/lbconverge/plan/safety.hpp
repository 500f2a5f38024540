// The safety check: replays a plan step by step on a model of the node and refuses it if any prefix breaks one of the
// invariants that held before. Runs in production before the first write. Pure.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/plan.hpp"

#include <optional>
#include <string>

namespace lbconverge::plan {

/// The first violation that was not there at the start.
struct UnsafeStep {
    std::string invariant;  ///< "I1" … as in src/ARCHITECTURE.md
    std::string what;
    std::string hint;
    std::size_t step = 0;  ///< after this step (index into Plan::steps)
};

/// nullopt: every prefix is safe.
std::optional<UnsafeStep> first_unsafe_step(const Plan& plan, const kinds::Inputs& inputs);

}  // namespace lbconverge::plan
