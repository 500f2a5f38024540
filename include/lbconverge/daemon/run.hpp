// The daemon: a loop that never blocks around node::Node, with kernel work on threads of its own.
#pragma once

#include "lbconverge/daemon/converge.hpp"
#include "lbconverge/node/messages.hpp"

#include <functional>
#include <string>

namespace lbconverge::daemon {

/// The files, read again.
struct FreshConfig {
    Result<node::ConfigPtr> config;
    std::string diagnostics;  ///< what is wrong with them, as `check` prints it
};

/// What the daemon gets from the command line, which knows about files and about text for people.
struct RunOptions {
    std::string file;  ///< the configuration, as an absolute path; and
    std::string node;  ///< which node of it: a one-shot apply with others is not for this daemon
    node::ConfigPtr config;
    /// Reads and checks the files again. Called on a thread of its own.
    std::function<FreshConfig()> load;
    /// The output of a one-shot apply. Called on the threads that do the work.
    std::function<std::string(const plan::Outcome&, const config::Config&, const Election&, bool json)> render;
};

/// Runs until SIGTERM or SIGINT; the caller holds the lock of `run`. An error: it could not start.
Result<void> run_daemon(const RunOptions& options, const RunDirectory& run);

}  // namespace lbconverge::daemon
