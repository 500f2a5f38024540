// What the tracks of the simulated nodes find, and how long their hooks take.
#include "world.hpp"

#include <algorithm>

namespace lbconverge::sim {

using node::TrackOpinion;
using std::chrono::milliseconds;

namespace {

/// In thousandths: a hook that fails.
constexpr std::uint64_t hook_fails = 200;

}  // namespace

/// How long tracks may take to notice, and hooks to be over.
Duration World::patience_of(const config::Config& config) {
    Duration longest{0};
    for (const config::Track& each : config.tracks) {
        longest = std::max<Duration>(longest, each.interval * static_cast<int>(each.fall + each.rise));
    }
    return longest;
}

/// Tells the node the present result of each track, as often as `fall` and `rise` of the track ask for.
void World::tell_tracks(std::size_t node) {
    const Host& host = hosts_[node];
    if (host.process == nullptr) return;
    const auto& tracks = host.process->brain.tracks();
    for (std::size_t which = 0; which < tracks.size(); ++which) {
        const config::Track& track = tracks[which].settings();
        for (std::uint32_t i = 0; i < std::max(track.fall, track.rise); ++i) {
            for_process(node, track.interval * static_cast<int>(i), [this, node, which] { tell_track(node, which); });
        }
    }
}

void World::tell_track(std::size_t node, std::size_t which) {
    const auto& tracks = hosts_[node].process->brain.tracks();
    if (which >= tracks.size()) return;
    const config::TrackType type = tracks[which].settings().type;
    // Links and health checks tell of these.
    if (type == config::TrackType::interface || type == config::TrackType::service) return;
    const bool gone = std::any_of(active_.begin(), active_.end(), [&](const Fault* each) {
        return each->kind == FaultKind::track && each->touches(node) && each->parameter % tracks.size() == which;
    });
    const node::TrackReading reading{.opinion = gone ? TrackOpinion::bad : TrackOpinion::good,
                                     .why = gone ? "gone" : "there",
                                     .number = gone ? 1 : 0};
    turn(node, node::Tracked{tracks[which].settings().name, reading});
}

/// Of each place of an instance, whether it has a socket.
void World::tell_sockets(std::size_t node) {
    const Host& host = hosts_[node];
    if (host.process == nullptr) return;
    for (const config::Vrrp& each : host.base->vrrp) {
        const bool lacks = hits_link(FaultKind::no_socket, node, each.interface);
        const node::NoSocket event{each.interface, each.family, lacks ? "Operation not permitted" : ""};
        for_process(node, milliseconds(1), [this, node, event] { turn(node, event); });
    }
}

void World::run_hooks(std::size_t node, const node::Effects& effects) {
    Host& host = hosts_[node];
    for (const node::RunHook& each : effects.run_hooks) {
        const bool good = !host.random.chance(hook_fails);
        for_process(node, host.random.between(milliseconds(1), milliseconds(500)), [this, node, id = each.id, good] {
            turn(node, node::HookEnded{.id = id, .good = good, .said = good ? "exit status 0" : "exit status 1"});
        });
    }
    for (const std::uint64_t each : effects.end_hooks) {
        for_process(node, milliseconds(1), [this, node, each] { turn(node, node::HookEnded{.id = each}); });
    }
}

}  // namespace lbconverge::sim
