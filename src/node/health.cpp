// What the node does with its health::Board: probes out, answers in, weights to the lane that has the tables.
#include "lbconverge/node/node.hpp"

#include <utility>

namespace lbconverge::node {

namespace {

std::string news_text(const health::News& news) {
    const std::string what = news.to == health::Liveness::down ? "down" : "up";
    return "server " + with_port(news.address, news.port) + ": " + what + ": " + news.why;
}

std::string news_text(const health::QuorumNews& news) {
    const std::string service = "service " + kinds::Service::id(news.service) + ": ";
    const std::string live = " (" + std::to_string(news.live) + " servers are up)";
    if (news.met) return service + "has its quorum again" + live;
    return service + "is below its quorum" + live + (news.fallback ? "; the fallback serves" : "");
}

std::string news_text(const health::KeepNews& news) {
    const std::string service = "service " + kinds::Service::id(news.service) + ": ";
    const std::string live = std::to_string(news.live) + " of " + std::to_string(news.all) + " servers are up";
    if (news.kept == 0) return service + live + ", which is enough again";
    return service + "only " + live + ", so " + std::to_string(news.kept) +
           (news.kept == 1 ? " that is down stays" : " that are down stay") + " in the pool (keep)";
}

}  // namespace

void Node::handle(const Probed& event, Instant now) {
    for (const health::ProbeAnswer& each : event.answers) board_.answered(each, now);
}

void Node::handle(const Remembered& event, Instant now) { board_.remember(event.health, now); }

void Node::handle(const DrainAsked& event, Instant now) {
    if (event.undo) {
        board_.undrain(event.what, now);
    } else {
        board_.drain(event.what, now);
    }
    // This is done also if nothing has changed, because a command waits for the result.
    lanes_.want_at_once(lanes_.has(Lane::tables) ? Lane::tables : Lane::network);
}

void Node::run_health(Instant now, bool tick) {
    if (tick && !stopping_) effects_.probe = board_.tick(now);
    for (const health::News& each : board_.take_news()) {
        const bool good = each.to == health::Liveness::up;
        // A server that is up at its first check is no news.
        if (good && each.from == health::Liveness::unknown) continue;
        say(good ? Level::info : Level::warning, news_text(each));
    }
    for (const health::QuorumNews& each : board_.take_quorum_news()) {
        say(each.met ? Level::info : Level::warning, news_text(each));
    }
    const bool changed = board_.take_changed(now);
    for (const health::KeepNews& each : board_.take_keep_news()) {
        say(each.kept == 0 ? Level::info : Level::warning, news_text(each));
    }
    if (!changed) return;
    read_services(now);
    effects_.remember = std::make_shared<const kinds::Health>(board_.health(now));
    // At once: a server that is down must not wait until an earlier failure is tried again. Changes that come while the
    // lane is busy are carried out together after it.
    lanes_.want_at_once(lanes_.has(Lane::tables) ? Lane::tables : Lane::network);
}

/// Tracks of a service: whether it has its quorum.
void Node::read_services(Instant now) {
    for (Track& each : tracks_) {
        if (each.settings().type != config::TrackType::service) continue;
        const std::string& name = each.settings().target;
        const auto up = board_.service_is_up(name);
        if (!up) continue;  // not known yet
        take(each,
             {.opinion = *up ? TrackOpinion::good : TrackOpinion::bad,
              .why = "service " + name + (*up ? " has its quorum" : " is below its quorum")},
             now);
    }
}

std::shared_ptr<const kinds::Health> Node::health_for(kinds::Part part, Instant now) const {
    if (part == kinds::Part::network) return nullptr;
    return std::make_shared<const kinds::Health>(board_.health(now));
}

}  // namespace lbconverge::node
