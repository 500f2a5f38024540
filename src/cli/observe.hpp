// All of the kernel's state that lbconverge understands. Private to src/cli.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <memory>

namespace lbconverge::cli {

/// With every setting below /proc/sys/net that is not a secret. What cannot be read for want of libnftables is left
/// out, and said on stderr.
Result<std::shared_ptr<const kinds::Observed>> observe_all();

}  // namespace lbconverge::cli
