// What health and the operator have said, as commands without a daemon know it: from the run directory. Private to
// src/cli.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/kinds/health.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace lbconverge::cli {

using HealthPtr = std::shared_ptr<const kinds::Health>;

/// nullptr: nobody has said anything.
HealthPtr health_of(const config::Config& config, const daemon::RunDirectory& run, BootTime now);

/// The same once these are drained, or (`undo`) given back.
Result<HealthPtr> with_drains(const config::Config& config, const daemon::RunDirectory& run, BootTime now,
                              const std::vector<kinds::Drained>& drains, bool undo);

}  // namespace lbconverge::cli
