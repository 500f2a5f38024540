// The daemon: a loop around node::Node that never blocks. Other threads do the work with the kernel.
#pragma once

#include "lbconverge/daemon/converge.hpp"
#include "lbconverge/node/messages.hpp"

#include <functional>
#include <optional>
#include <string>

namespace lbconverge::daemon {

/// The configuration, read again from its files.
struct FreshConfig {
    Result<node::ConfigPtr> config;
    std::string diagnostics;  ///< what is wrong with the files, as `check` prints it
};

/// What the command line gives the daemon. It is the command line that reads files and makes text for people.
struct RunOptions {
    std::string file;  ///< the configuration file, as an absolute path
    std::string node;  ///< the node in it; a one-shot apply for another file or node is refused
    node::ConfigPtr config;
    std::string version;  ///< of the program
    /// Reads and checks the files again. Called on another thread than the loop's.
    std::function<FreshConfig()> load;
    /// Whether the files are others than those that are in use; nullopt: that cannot be found out. Called on another
    /// thread than the loop's.
    std::function<std::optional<bool>()> stale;
    /// Makes the output of a one-shot apply. Called on the threads of the lanes.
    std::function<std::string(const plan::Outcome&, const config::Config&, const Election&, bool json)> render;
};

/// Runs until SIGTERM, SIGINT or SIGUSR2. The caller holds the lock of `run`. An error: the daemon could not start.
Result<void> run_daemon(const RunOptions& options, const RunDirectory& run);

}  // namespace lbconverge::daemon
