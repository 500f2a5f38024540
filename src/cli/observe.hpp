// Reads all of the kernel's state that lbconverge understands. Private to src/cli.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <memory>

namespace lbconverge::cli {

/// The state has every setting below /proc/sys/net that is not a secret. If libnftables is missing, the rows that need
/// it are left out, and stderr says so.
Result<std::shared_ptr<const kinds::Observed>> observe_all();

}  // namespace lbconverge::cli
