// Reads what IPVS has counted in the network namespace of the caller. It waits for the kernel, so the daemon's loop
// must not call it.
#pragma once

#include "lbconverge/kinds/traffic.hpp"
#include "lbconverge/model/result.hpp"

namespace lbconverge::kernel {

/// Empty where IPVS is not loaded; it is not loaded for this.
Result<kinds::TrafficTable> read_traffic();

}  // namespace lbconverge::kernel
