#include "daemon_client.hpp"

#include "lbconverge/daemon/run_directory.hpp"
#include "print.hpp"
#include "render.hpp"
#include "status.hpp"

#include <utility>

namespace lbconverge::cli {

namespace {

Result<std::optional<daemon::ControlReply>> asked(const daemon::ControlRequest& request) {
    return daemon::ask_daemon(daemon::RunDirectory::of_this_namespace().path(), request);
}

}  // namespace

Result<std::optional<std::string>> status_of_daemon() {
    auto reply = asked(daemon::StatusRequest{});
    RETURN_IF_ERROR(reply);
    if (!*reply) return std::nullopt;
    daemon::ControlReply& said = **reply;
    if (said.values.size() == 1) return std::move(said.values.front());
    return fail(said.exit == exit_busy ? ErrorKind::busy : ErrorKind::failed,
                said.errors.empty() ? "the daemon did not say its status" : said.errors.front());
}

Result<std::optional<daemon::ControlReply>> health_of_daemon() {
    constexpr std::chrono::seconds patience{5};  // below the ten seconds that Nagios waits
    return daemon::ask_daemon(daemon::RunDirectory::of_this_namespace().path(), daemon::HealthRequest{}, patience);
}

Election election_of_daemon() {
    const auto reply = status_of_daemon();
    return reply && *reply ? election_in(**reply) : Election{};
}

std::optional<int> done_by_daemon(const daemon::ControlRequest& request) {
    const auto reply = asked(request);
    if (!reply) return report(reply.error());
    if (!*reply) return std::nullopt;
    const daemon::ControlReply& said = **reply;
    for (const std::string& each : said.texts) print(each);
    if (!said.values.empty()) print(merged_json(said.values, said.exit));
    print_errors(said.diagnostics);
    print_notes(said.errors);
    return said.exit;
}

std::optional<int> refused_by_daemon(const std::string& why, const std::string& hint) {
    const auto reply = status_of_daemon();
    if (!reply) return report(reply.error());
    if (!*reply) return std::nullopt;
    return report({ErrorKind::busy, why, hint});
}

}  // namespace lbconverge::cli
