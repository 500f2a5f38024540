// What the command line and the daemon say to each other: requests and replies as values, and their one text, a line of
// JSON each. The daemon's side of the socket is src/daemon/control_server.hpp.
#pragma once

#include "lbconverge/model/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lbconverge::daemon {

struct StatusRequest {
    bool operator==(const StatusRequest&) const = default;
};
/// Reads the configuration again, and converges now.
struct ApplyRequest {
    std::string file;  ///< as an absolute path; any octets
    std::string node;  ///< that is meant; empty: this host's
    std::string host;  ///< its name
    bool json = false;

    bool operator==(const ApplyRequest&) const = default;
};
struct DrainRequest {
    std::string server;
    bool undo = false;
    bool json = false;

    bool operator==(const DrainRequest&) const = default;
};
using ControlRequest = std::variant<StatusRequest, ApplyRequest, DrainRequest>;

std::string to_text(const ControlRequest& request);
/// Of any text. An error, `usage`, says what is wrong: a request that is not understood as a whole is not carried out.
Result<ControlRequest> parse_request(std::string_view line);

/// What came of a request.
struct ControlReply {
    int exit = 0;
    std::string diagnostics;          ///< of the files, as `check` prints them
    std::vector<std::string> errors;  ///< for a person
    std::vector<std::string> texts;   ///< the answers, for a person; of an apply one for each lane
    std::vector<std::string> values;  ///< the same for programs: each of them one JSON value

    bool operator==(const ControlReply&) const = default;
};
std::string to_text(const ControlReply& reply);
Result<ControlReply> parse_reply(std::string_view line);

/// Asks the daemon of this run directory. nullopt: there is none. Waits as long as the daemon works.
Result<std::optional<ControlReply>> ask_daemon(const std::string& run_directory, const ControlRequest& request);

}  // namespace lbconverge::daemon
