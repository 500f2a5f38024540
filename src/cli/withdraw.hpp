// Withdrawing VIPs where the configuration cannot be read: by the file that the last daemon went by, else by the marks
// in the kernel and the ledger. Private to src/cli.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "options.hpp"

#include <string>

namespace lbconverge::cli {

/// The directory in which the daemon keeps a copy of the files that it goes by.
std::string running_copy(const daemon::RunDirectory& run);

/// Takes the VIPs away that a daemon has left on answering interfaces, and says so. Nothing happens beside a daemon.
void withdraw_left_behind(const Options& options);

}  // namespace lbconverge::cli
