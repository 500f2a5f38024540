// The guards of [limits] against a file whose change is larger than intended. Pure.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/plan.hpp"

namespace lbconverge::plan {

/// How many services may go, how much weight a service may lose.
Result<void> within_limits(const Plan& plan, const config::Config& config);

}  // namespace lbconverge::plan
