// Withdrawing VIPs where the configuration cannot be read: by the file that the last daemon went by, else by the marks
// in the kernel and the ledger. Private to src/cli.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/plan/convergence.hpp"
#include "options.hpp"

#include <string>

namespace lbconverge::cli {

/// The directory in which the daemon keeps a copy of the files that it goes by.
std::string running_copy(const daemon::RunDirectory& run);

/// What a node is to give up, and what it is to keep although no file names it.
struct LeftBehind {
    config::Config config;
    plan::Refusals kept{};
};

/// A director whose VIPs are those that carry our mark, or that the ledger claims, on answering interfaces. What hangs
/// on no election stays: a VIP on lo, by which the node is a real server, and one that is always active.
LeftBehind left_behind(const kinds::Observed& observed, const kinds::Ledger& ledger);

/// That nothing is kept of it but what it is to keep. It refers to `left`.
plan::Task withdrawal_of(const LeftBehind& left);

/// Takes the VIPs away that a daemon has left on answering interfaces, and says so. Nothing happens beside a daemon.
void withdraw_left_behind(const Options& options);

}  // namespace lbconverge::cli
