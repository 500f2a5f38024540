// A configuration beside this kernel while another program, such as keepalived, is at work on it. Private to src/cli.
#pragma once

#include "task.hpp"

namespace lbconverge::cli {

/// The elections as the kernel shows them: an instance is master if one of its VIPs is on an interface that answers for
/// it.
Election election_here(const config::Config& config, const kinds::Observed& observed);

/// What this node would have to do, with its elections as they are now. `config` must outlive it.
struct ComparedHere {
    plan::Task task;
    plan::Plan plan;
    kinds::Ledger ledger;  ///< of the run directory, before
};
Result<ComparedHere> compared(const config::Config& config);

/// Prints each row that stays as it is, and then the plan. Changes nothing.
int compare(const config::Config& config);

}  // namespace lbconverge::cli
