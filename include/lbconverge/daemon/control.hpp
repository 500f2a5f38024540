// The messages between the command line and the daemon: requests and replies as values and as text, which is one line
// of JSON for each. The daemon's side of the socket is src/daemon/control_server.hpp.
#pragma once

#include "lbconverge/model/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lbconverge::daemon {

struct StatusRequest {
    bool operator==(const StatusRequest&) const = default;
};
/// How the node is, in one line. The exit status of the reply is that of a Nagios plugin.
struct HealthRequest {
    bool operator==(const HealthRequest&) const = default;
};
/// Reads the configuration again, and converges now.
struct ApplyRequest {
    std::string file;  ///< an absolute path; any octets
    std::string node;  ///< the name of the node; empty: this host's node
    std::string host;  ///< the name of this host
    bool json = false;

    bool operator==(const ApplyRequest&) const = default;
};
struct DrainRequest {
    std::string server;
    bool undo = false;
    bool json = false;
    bool force = false;  ///< also if a service would have fewer servers than it keeps

    bool operator==(const DrainRequest&) const = default;
};
using ControlRequest = std::variant<StatusRequest, HealthRequest, ApplyRequest, DrainRequest>;

std::string to_text(const ControlRequest& request);
/// Takes any text. An error of kind `usage` says what is wrong. A request that is only partly understood is an error,
/// too.
Result<ControlRequest> parse_request(std::string_view line);

/// The result of a request.
struct ControlReply {
    int exit = 0;
    std::string diagnostics;          ///< about the files, as `check` prints them
    std::vector<std::string> errors;  ///< for people
    std::vector<std::string> texts;   ///< the answers for people; an apply has one for each lane
    std::vector<std::string> values;  ///< the answers for programs: each is one JSON value

    bool operator==(const ControlReply&) const = default;
};
std::string to_text(const ControlReply& reply);
Result<ControlReply> parse_reply(std::string_view line);

/// Asks the daemon of this run directory, and waits for its reply; without `patience`, as long as that takes. nullopt:
/// there is no daemon.
Result<std::optional<ControlReply>> ask_daemon(const std::string& run_directory, const ControlRequest& request,
                                               std::optional<std::chrono::seconds> patience = std::nullopt);

}  // namespace lbconverge::daemon
