// The commands that run the daemon or talk to it. Private to src/cli.
#pragma once

#include "lbconverge/model/enumerations.hpp"
#include "load.hpp"
#include "options.hpp"

#include <chrono>
#include <optional>

namespace lbconverge::cli {

/// How long a second run waits for the first.
constexpr std::chrono::seconds lock_patience{10};

/// Becomes the daemon.
int run_command(const Options& options, Loaded loaded);
/// The file is not good, and so no daemon starts. Where one has died, its VIPs are withdrawn all the same: by the file
/// that it went by. Nothing happens beside a daemon.
void withdraw_left_behind(const Options& options);
/// Prints what the daemon says of itself.
int status_command(const Options& options);
/// What the daemon's elections have decided; empty where there is none.
Election election_of_daemon();
/// For what a daemon at work must not be asked for: a release, --as, --prune-foreign. nullopt: there is none.
std::optional<int> refused_by_daemon(bool release);
/// drain or undrain. nullopt: there is no daemon.
std::optional<int> drain_by_daemon(const Options& options, bool undo);
/// Has the daemon converge, where one is at work. nullopt: there is none, and it is for the caller to do.
std::optional<int> apply_by_daemon(const Options& options, const Loaded& loaded);

}  // namespace lbconverge::cli
