// Withdraws VIPs if the configuration cannot be read: those of the file that the last daemon used, else those that have
// our mark in the kernel or a claim in the ledger. Private to src/cli.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/plan/convergence.hpp"
#include "options.hpp"

#include <string>

namespace lbconverge::cli {

/// The directory in which the daemon keeps a copy of the files that it uses.
std::string running_copy(const daemon::RunDirectory& run);

/// What a node has to give up, and what it has to keep although no file names it.
struct LeftBehind {
    config::Config config;
    plan::Refusals kept{};
};

/// A director whose VIPs are those on answering interfaces that have our mark or a claim in the ledger. VIPs that do
/// not depend on an election stay: one on lo, which makes the node a real server, and one that is always active.
LeftBehind left_behind(const kinds::Observed& observed, const kinds::Ledger& ledger);

/// The task of giving all of that up, except what has to be kept. It refers to `left`.
plan::Task withdrawal_of(const LeftBehind& left);

/// Removes the VIPs that a daemon has left on answering interfaces, and says so. Does nothing if a daemon is at work.
void withdraw_left_behind(const Options& options);

}  // namespace lbconverge::cli
