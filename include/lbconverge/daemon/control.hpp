// The control socket, seen from the command line: one request, one reply, both JSON on one line. The daemon's side is
// src/daemon/control_server.hpp.
#pragma once

#include "lbconverge/model/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::daemon {

struct ControlRequest {
    std::string command;   ///< "status", "apply", "drain" or "undrain"
    std::string file{};    ///< apply: the configuration, as an absolute path
    std::string node{};    ///< apply: which node of it
    std::string server{};  ///< drain, undrain
    bool json = false;     ///< the output is to be JSON
};
std::string to_text(const ControlRequest& request);
/// What does not make sense is left at its default: then the command is unknown.
ControlRequest parse_request(std::string_view line);

/// What came of a request, but for "status".
struct ControlReply {
    int exit = 0;
    std::vector<std::string> outputs;  ///< of each lane
    std::vector<std::string> errors;
};
std::string to_text(const ControlReply& reply);
Result<ControlReply> parse_reply(std::string_view line);

/// Asks the daemon of this run directory. nullopt: there is none. Waits as long as the daemon works.
Result<std::optional<std::string>> ask_daemon(const std::string& run_directory, const ControlRequest& request);

}  // namespace lbconverge::daemon
