// Requests of a command to the daemon that is at work in this network namespace. Private to src/cli.
#pragma once

#include "lbconverge/daemon/control.hpp"
#include "lbconverge/model/enumerations.hpp"

#include <optional>
#include <string>

namespace lbconverge::cli {

/// The status of the daemon as JSON. nullopt: there is no daemon.
Result<std::optional<std::string>> status_of_daemon();
/// How the daemon says that the node is, with the exit status of a Nagios plugin. nullopt: there is no daemon.
Result<std::optional<daemon::ControlReply>> health_of_daemon();
/// What the daemon's elections have decided. Empty: there is no daemon, or it does not answer.
Election election_of_daemon();
/// Lets the daemon do something, and prints the result. nullopt: there is no daemon.
std::optional<int> done_by_daemon(const daemon::ControlRequest& request);
/// For commands that must not run beside a daemon: if there is one, prints this error. nullopt: there is no daemon.
std::optional<int> refused_by_daemon(const std::string& why, const std::string& hint);

}  // namespace lbconverge::cli
