// Blocks the steps that are known to be impossible before a plan begins. Private to src/plan.
#pragma once

#include "lbconverge/plan/plan.hpp"

#include <vector>

namespace lbconverge::plan {

/// Blocks these steps, and the steps that need them. `before`: the ledger with which the plan was made.
void block_known(Plan& plan, std::vector<Blocked> known, const kinds::Inputs& inputs, const kinds::Ledger& before);

}  // namespace lbconverge::plan
