// The processes of a keepalived that runs here, and ending them so that what it has made in the kernel stays. Private
// to src/cli.
#pragma once

#include "lbconverge/model/result.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lbconverge::daemon {

struct RunningKeepalived {
    int pid = 0;                       ///< of the process that starts the others
    std::string unit;                  ///< of systemd; empty: it was started otherwise
    std::vector<std::string> command;  ///< with which it was started
};

/// The one keepalived in the network namespace of this process. An error: there is none, or there are several.
Result<RunningKeepalived> find_keepalived();

/// Ends it without a chance to remove its addresses and its IPVS table (SIGKILL). Its parent process is stopped first,
/// because it would start its children again; and it goes last, because the children end in the orderly way, with a
/// removal, when their parent is gone (PR_SET_PDEATHSIG).
Result<void> kill_keepalived(const RunningKeepalived& keepalived);

/// Runs a command to its end. False: it cannot be started, or has failed.
bool run_command(const std::vector<std::string>& command);
/// Starts a program in a session of its own, with its output in that file. Returns the number of the process, or -1.
int start_alone(const std::vector<std::string>& command, const std::string& output);
/// Asks a child to end (SIGTERM), and ends it if it has not done so in time (SIGKILL).
void end_child(int pid, std::chrono::milliseconds patience);

/// "/system.slice/keepalived.service" -> "keepalived.service"; empty if the last part is no service.
std::string unit_in(const std::string& control_groups);

}  // namespace lbconverge::daemon
