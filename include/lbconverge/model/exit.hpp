// The exit codes of the interface, the same for every command and for what the daemon answers.
#pragma once

#include "lbconverge/model/result.hpp"

namespace lbconverge {

enum Exit {
    exit_good = 0,
    exit_failed = 1,         ///< before any change
    exit_to_do = 2,          ///< diff: there is something to do
    exit_not_converged = 3,  ///< something was changed, but the node is not as desired
    exit_refused = 4,
    exit_usage = 64,
    exit_invalid = 65,
    exit_kernel_lacks = 69,
    exit_busy = 75,
    exit_not_permitted = 77,
};
int exit_code(ErrorKind kind);

}  // namespace lbconverge
