// What a plan begins with: the steps that are known to be impossible. Private to src/plan.
#pragma once

#include "lbconverge/plan/plan.hpp"

#include <vector>

namespace lbconverge::plan {

/// Blocks them, and what needs them. `before`: the ledger that the plan was made with.
void block_known(Plan& plan, std::vector<Blocked> known, const kinds::Inputs& inputs, const kinds::Ledger& before);

}  // namespace lbconverge::plan
