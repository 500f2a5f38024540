// Drives a convergence against a kernel and the run directory. Used by apply, diff, release and the daemon.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/kernel/kernel.hpp"
#include "lbconverge/plan/convergence.hpp"

#include <atomic>
#include <functional>

namespace lbconverge::daemon {

/// Reads the kernel and plans; writes nothing, takes no lock.
Result<plan::Plan> look(plan::Kernel& kernel, const kinds::Ledger& ledger, const plan::Task& task, BootTime now);

/// Converges. `planned` is called with the plan before the first write, so that it is on record whatever happens. When
/// `overtaken` becomes true, nothing more is written: what was wanted is not wanted any more. The caller holds the lock
/// of `run`. VIPs that were bound are announced, or handed to `bound`, if there is one.
plan::Outcome converge(plan::Kernel& kernel, const RunDirectory& run, plan::Task task, BootTime now,
                       const std::function<void(const plan::Plan&)>& planned,
                       const std::atomic<bool>* overtaken = nullptr,
                       const std::function<void(const std::vector<plan::Announcement>&)>& bound = {});

}  // namespace lbconverge::daemon
