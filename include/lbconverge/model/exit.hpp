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

/// The exit status of an apply whose parts end one after the other: of those so far, and of the next one. `changed`:
/// any of them has changed something.
constexpr int exit_of_parts(int so_far, int next, bool changed) {
    const int worst = next != exit_good ? next : so_far;
    return worst != exit_good && changed ? exit_not_converged : worst;
}

}  // namespace lbconverge
