// What the lanes' work is in terms of the plan, and what its outcome means to the node: used by whoever drives a
// convergence for a node, the daemon and the simulator. Pure.
#pragma once

#include "lbconverge/node/messages.hpp"
#include "lbconverge/plan/convergence.hpp"

#include <memory>

namespace lbconverge::node {

/// `seen`: what the network lane saw last. It counts only where there is no time to look again. `job` must outlive it.
plan::Task task_of(const Converge& job, std::shared_ptr<const kinds::Observed> seen);
/// What the node is told; `overtaken` is for the caller to say.
Converged converged_of(const Converge& job, const plan::Outcome& outcome);

}  // namespace lbconverge::node
