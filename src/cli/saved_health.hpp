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

/// As a daemon begins: nobody that has a check has answered, so that the rows of these servers stay as they are.
kinds::Health health_of_nobody_asked(const config::Config& config);

/// An operator's word about these servers.
struct DrainOrder {
    std::vector<kinds::Drained> drains;
    bool undo = false;   ///< their drain is taken back
    bool force = false;  ///< also if a service would have fewer servers than it keeps
};

/// The same after that.
Result<HealthPtr> with_drains(const config::Config& config, const daemon::RunDirectory& run, BootTime now,
                              const DrainOrder& order);

}  // namespace lbconverge::cli
