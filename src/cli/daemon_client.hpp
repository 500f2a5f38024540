// What a command asks of the daemon that is at work in this network namespace. Private to src/cli.
#pragma once

#include "lbconverge/daemon/control.hpp"
#include "lbconverge/model/enumerations.hpp"

#include <optional>
#include <string>

namespace lbconverge::cli {

/// What it says of itself, as JSON. nullopt: there is none.
Result<std::optional<std::string>> status_of_daemon();
/// What its elections have decided; empty where there is none.
Election election_of_daemon();
/// Has the daemon do something, and prints what came of it. nullopt: there is none.
std::optional<int> done_by_daemon(const daemon::ControlRequest& request);
/// For what a daemon at work must not be asked for: says so. nullopt: there is none.
std::optional<int> refused_by_daemon(const std::string& why, const std::string& hint);

}  // namespace lbconverge::cli
