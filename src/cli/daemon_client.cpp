#include "daemon_client.hpp"

#include "lbconverge/daemon/run_directory.hpp"
#include "print.hpp"
#include "render.hpp"
#include "status.hpp"

#include <cstdio>

namespace lbconverge::cli {

Result<std::optional<std::string>> status_of_daemon() {
    return daemon::ask_daemon(daemon::RunDirectory::of_this_namespace().path(), {.command = "status"});
}

Election election_of_daemon() {
    const auto reply = status_of_daemon();
    return reply && *reply ? election_in(**reply) : Election{};
}

std::optional<int> done_by_daemon(const daemon::ControlRequest& request) {
    const auto line = daemon::ask_daemon(daemon::RunDirectory::of_this_namespace().path(), request);
    if (!line) return report(line.error());
    if (!*line) return std::nullopt;
    const auto reply = daemon::parse_reply(**line);
    if (!reply) return report(reply.error());
    if (request.json) {
        print(merged_json(reply->outputs, reply->exit));
    } else {
        for (const std::string& each : reply->outputs) print(each);
    }
    for (const std::string& error : reply->errors) std::fprintf(stderr, "lbconverge: %s\n", error.c_str());
    return reply->exit;
}

std::optional<int> refused_by_daemon(const std::string& why, const std::string& hint) {
    const auto reply = status_of_daemon();
    if (!reply) return report(reply.error());
    if (!*reply) return std::nullopt;
    return report({ErrorKind::busy, why, hint});
}

}  // namespace lbconverge::cli
