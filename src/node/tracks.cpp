#include "lbconverge/node/tracks.hpp"

#include "lbconverge/node/node.hpp"

#include <algorithm>

namespace lbconverge::node {

using config::TrackType;

// ---- one track -----------------------------------------------------------------------------------------------------

bool Track::same_as(const config::Track& other) const {
    return settings_.name == other.name && settings_.type == other.type && settings_.target == other.target &&
           settings_.command == other.command && settings_.user == other.user;
}

bool Track::read_again_and_again() const {
    return settings_.type == TrackType::command || settings_.type == TrackType::file;
}

/// If nothing is known yet, one good reading is enough, since that changes nothing.
std::uint32_t Track::needed(TrackOpinion opinion) const {
    if (opinion == TrackOpinion::bad) return settings_.fall;
    return opinion_ == TrackOpinion::unknown ? 1 : settings_.rise;
}

void Track::take(const TrackReading& reading, Instant now) {
    if (reading.opinion == TrackOpinion::unknown) {  // the last opinion stays, with the new reason
        why_ = reading.why;
        return;
    }
    TrackReading is = reading;
    if (settings_.type == TrackType::file) {
        // keepalived's meaning: without a weight any number but 0 is a fault; with one it is a factor.
        number_ = reading.number;
        if (settings_.weight == 0 && number_ != 0) is.opinion = TrackOpinion::bad;
    }
    if (is.opinion == opinion_) {
        why_ = is.why;
        counted_ = 0;
        recount_at_.reset();
        return;
    }
    const bool told_already = counted_ > 0 && is.opinion == against_.opinion;
    if (!told_already) counted_ = 0;
    against_ = is;
    if (read_again_and_again() || !told_already) count(now);
}

void Track::count(Instant now) {
    ++counted_;
    if (counted_ < needed(against_.opinion)) {
        if (!read_again_and_again()) recount_at_ = now + settings_.interval;
        return;
    }
    opinion_ = against_.opinion;
    why_ = against_.why;
    since_ = now;
    counted_ = 0;
    recount_at_.reset();
}

void Track::tick(Instant now) {
    if (!recount_at_ || now < *recount_at_) return;
    recount_at_.reset();
    count(now);
}

int Track::share() const {
    if (settings_.weight == 0) return 0;
    if (settings_.type == TrackType::file) return settings_.weight * number_;
    // As in keepalived: a positive weight is added unless the track is bad, a negative one only while it is bad.
    if (settings_.weight > 0) return opinion_ == TrackOpinion::bad ? 0 : settings_.weight;
    return opinion_ == TrackOpinion::bad ? settings_.weight : 0;
}

// ---- the tracks of a node ------------------------------------------------------------------------------------------

bool Instance::names(const Track& track) const {
    return std::find(tracks.begin(), tracks.end(), track.settings().name) != tracks.end();
}

namespace {

std::vector<Track> tracks_of(const config::Config& config) {
    std::vector<Track> tracks;
    for (const config::Track& each : config.tracks) {
        const auto is_used = [&](const config::Vrrp& vrrp) {
            return std::find(vrrp.track.begin(), vrrp.track.end(), each.name) != vrrp.track.end();
        };
        if (config.role == Role::real_server) continue;  // a real server takes part in no election
        if (std::any_of(config.vrrp.begin(), config.vrrp.end(), is_used)) tracks.emplace_back(each);
    }
    return tracks;
}

}  // namespace

void Node::renew_tracks() {
    std::vector<Track> fresh = tracks_of(*config_);
    for (Track& each : fresh) {
        const config::Track settings = each.settings();
        const auto same =
            std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& old) { return old.same_as(settings); });
        if (same == tracks_.end()) continue;
        each = *same;
        each.reconfigure(settings);
    }
    tracks_ = std::move(fresh);
}

/// Why a track keeps this instance from taking part.
std::optional<std::string> Node::tracked_fault(const Instance& instance) const {
    if (instance.base_priority == owner_priority) return std::nullopt;
    for (const Track& each : tracks_) {
        if (each.faults() && instance.names(each)) return "track " + each.settings().name + ": " + each.why();
    }
    return std::nullopt;
}

void Node::take(Track& track, const TrackReading& reading, Instant now) {
    const TrackOpinion before = track.opinion();
    const std::int32_t number = track.number();
    track.take(reading, now);
    tracks_moved_ = tracks_moved_ || track.number() != number;
    note(track, before);
}

void Node::note(const Track& track, TrackOpinion before) {
    if (track.opinion() == before) return;
    tracks_moved_ = true;
    if (before == TrackOpinion::unknown && track.opinion() == TrackOpinion::good) return;
    say(track.opinion() == TrackOpinion::bad ? Level::warning : Level::info,
        "track " + track.settings().name + ": " + std::string(to_text(track.opinion())) + ": " + track.why());
}

void Node::handle(const Tracked& event, Instant now) {
    for (Track& each : tracks_) {
        if (each.settings().name == event.track) take(each, event.reading, now);
    }
}

/// Tracks of interfaces follow the Links event; the others get Tracked events.
void Node::read_links(Instant now) {
    for (Track& each : tracks_) {
        if (each.settings().type != TrackType::interface) continue;
        const std::string& name = each.settings().target;
        const InterfaceState* on = link(InterfaceName(name));
        const bool up = on != nullptr && on->up;
        const std::string why = on == nullptr ? "there is no interface " + name
                                : up          ? "interface " + name + " is up"
                                              : "interface " + name + " has no link";
        take(each, {.opinion = up ? TrackOpinion::good : TrackOpinion::bad, .why = why}, now);
    }
}

void Node::run_tracks(Instant now) {
    for (Track& each : tracks_) {
        const TrackOpinion before = each.opinion();
        each.tick(now);
        note(each, before);
    }
}

/// Applies the tracks to the priorities, and to which instances can take part.
void Node::follow_tracks(Instant now) {
    if (!std::exchange(tracks_moved_, false)) return;
    prioritize(instances_, now);
    for (Instance& each : instances_) watch_link(each, now);
}

}  // namespace lbconverge::node
