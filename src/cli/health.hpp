// What health and the operator have said about real servers, for commands without a daemon: from the run directory.
// Private to src/cli.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/kinds/health.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace lbconverge::cli {

using HealthPtr = std::shared_ptr<const kinds::Health>;

/// nullptr: nothing has been said.
HealthPtr health_of(const config::Config& config, const daemon::RunDirectory& run, BootTime now);

/// The same after these servers are drained, or, with `undo`, after their drain is taken back.
Result<HealthPtr> with_drains(const config::Config& config, const daemon::RunDirectory& run, BootTime now,
                              const std::vector<kinds::Drained>& drains, bool undo);

}  // namespace lbconverge::cli
