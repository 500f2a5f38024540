// The control socket, seen from the command line: one request, one reply, both JSON on one line. The daemon's side is
// src/daemon/control_server.hpp.
#pragma once

#include "lbconverge/model/result.hpp"

#include <optional>
#include <string>

namespace lbconverge::daemon {

/// Asks the daemon of this run directory. nullopt: there is none. Waits as long as the daemon works.
Result<std::optional<std::string>> ask_daemon(const std::string& run_directory, const std::string& request);

}  // namespace lbconverge::daemon
