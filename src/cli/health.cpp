#include "daemon_client.hpp"
#include "lbconverge/metrics/bulletin.hpp"
#include "options.hpp"
#include "print.hpp"

namespace lbconverge::cli {

namespace {

using metrics::Condition;

int say(Condition is, const std::string& what) {
    print(std::string(to_text(is)) + ": " + what + "\n");
    return static_cast<int>(is);
}

}  // namespace

/// The exit status is that of a Nagios plugin, also where the other commands have another one.
int health_command(const Options&) {
    const auto reply = health_of_daemon();
    if (!reply) return say(Condition::unknown, reply.error().what);
    if (!*reply) return say(Condition::critical, "no daemon is at work here");
    const daemon::ControlReply& said = **reply;
    if (said.texts.size() == 1 && said.exit <= static_cast<int>(Condition::unknown)) {
        print(said.texts.front());
        return said.exit;
    }
    return say(Condition::unknown, said.errors.empty() ? "the daemon's answer makes no sense" : said.errors.front());
}

}  // namespace lbconverge::cli
