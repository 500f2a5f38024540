// The guards of [limits] against a file whose change is larger than intended. They judge what a file says, against what
// the last one said: no election, no health and no release comes into it. Pure.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/plan/plan.hpp"

namespace lbconverge::plan {

/// How many services may go, how much weight a service may lose. Of two limits the stricter one holds, that of the last
/// file or that of this one: to loosen a limit is a change of its own.
/// `foreign`: services that neither file names, and that go because this one wants the table for itself.
Result<void> within_limits(const kinds::FileMemory& last, const config::Config& config, std::size_t foreign = 0);

/// The same against the file that the plan's ledger remembers; where it remembers none, against what the kernel has.
Result<void> within_limits(const Plan& plan, const config::Config& config);

}  // namespace lbconverge::plan
