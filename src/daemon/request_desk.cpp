#include "request_desk.hpp"

#include "clock.hpp"
#include "lbconverge/daemon/log.hpp"
#include "lbconverge/health/drain.hpp"
#include "lbconverge/metrics/bulletin.hpp"

#include <variant>

namespace lbconverge::daemon {

using node::Lane;

void RequestDesk::take(const ControlRequest& asked, Admission::Client client, bool is_root) {
    const bool only_asks = std::holds_alternative<StatusRequest>(asked) || std::holds_alternative<HealthRequest>(asked);
    if (!is_root && !only_asks) {
        return control_.refuse(client,
                               {ErrorKind::not_permitted, "only root may have the daemon change something", {}});
    }
    std::visit([&](const auto& each) { serve(each, client); }, asked);
}

void RequestDesk::serve(const StatusRequest&, Admission::Client client) { status_.ask(client, files_); }

void RequestDesk::serve(const HealthRequest&, Admission::Client client) {
    const metrics::Bulletin bulletin = metrics::bulletin_of(node_);
    control_.answer(client, ControlReply{.exit = static_cast<int>(bulletin.is), .texts = {bulletin.line + "\n"}});
}

void RequestDesk::serve(const ApplyRequest& apply, Admission::Client client) {
    if (const auto why = why_not_for(apply)) return control_.refuse(client, *why);
    calls_.reload(Waiting{.client = client, .since = now(), .json = apply.json, .lanes = {}});
}

/// If the client names no node, it means the node with the name of its host, as without a daemon. For a daemon that has
/// no node name (a file without [nodes]) the name of the host does not matter.
std::optional<Error> RequestDesk::why_not_for(const ApplyRequest& apply) const {
    if (apply.file != options_.file) {
        return Error{ErrorKind::busy, "a daemon with another configuration is at work here: " + options_.file, {}};
    }
    const std::string& host = options_.node.empty() ? options_.node : apply.host;
    if ((apply.node.empty() ? host : apply.node) == options_.node) return std::nullopt;
    return Error{ErrorKind::busy,
                 "a daemon for another node is at work here: " +
                     (options_.node.empty() ? "it was started without --node" : options_.node),
                 {}};
}

/// The client is answered when the tables are as the operator wants them.
void RequestDesk::serve(const DrainRequest& drain, Admission::Client client) {
    const auto drains = health::parse_drain(drain.server, node_.config(), drain.undo);
    if (!drains) return control_.refuse(client, drains.error());
    if (!drain.undo && !drain.force) {
        if (const auto possible = node_.board().can_drain(*drains); !possible)
            return control_.refuse(client, possible.error());
    }
    for (const kinds::Drained& each : *drains) {
        const auto possible = drain.undo ? health::can_take_back(each, node_.board().health(now())) : Result<void>{};
        if (!possible) return control_.refuse(client, possible.error());
    }
    const Lane lane = node_.config().role == Role::director ? Lane::tables : Lane::network;
    waiting_.add({.client = client, .since = now(), .json = drain.json, .lanes = {lane}});
    std::vector<node::DrainAsked> asked;
    for (const kinds::Drained& each : *drains) {
        log(Level::info, (drain.undo ? "taken back: drain of " : "drain of ") + health::to_text(each));
        asked.push_back({each, drain.undo});
    }
    calls_.drain(asked);
}

}  // namespace lbconverge::daemon
