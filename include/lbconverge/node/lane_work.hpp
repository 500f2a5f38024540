// Translates the work of a lane into a task for a convergence, and its outcome into an event for the node. The daemon
// and the simulator use it. Pure.
#pragma once

#include "lbconverge/node/messages.hpp"
#include "lbconverge/plan/convergence.hpp"

#include <memory>

namespace lbconverge::node {

/// `seen`: what the network lane saw last. It is used only if the work is urgent. `job` must outlive the task.
plan::Task task_of(const Converge& job, std::shared_ptr<const kinds::Observed> seen);
/// The event for the node. The caller sets `overtaken`.
Converged converged_of(const Converge& job, const plan::Outcome& outcome);

}  // namespace lbconverge::node
