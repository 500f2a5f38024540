// Carries out a convergence with a kernel and a run directory. Used by apply, diff, release and the daemon.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/kernel/kernel.hpp"
#include "lbconverge/plan/convergence.hpp"

#include <atomic>
#include <functional>

namespace lbconverge::daemon {

/// Reads the kernel and makes a plan. Writes nothing and takes no lock.
Result<plan::Plan> look(plan::Kernel& kernel, const kinds::Ledger& ledger, const plan::Task& task, BootTime now);

/// Converges. The caller holds the lock of `run`. `planned` is called with the plan before the first write, so that the
/// plan is on record whatever happens afterwards. When `overtaken` becomes true, nothing more is written, because the
/// task is not wanted any more. VIPs that were bound are announced; if there is a `bound`, they are passed to it
/// instead.
plan::Outcome converge(plan::Kernel& kernel, const RunDirectory& run, plan::Task task, BootTime now,
                       const std::function<void(const plan::Plan&)>& planned,
                       const std::atomic<bool>* overtaken = nullptr,
                       const std::function<void(const std::vector<plan::Announcement>&)>& bound = {});

}  // namespace lbconverge::daemon
