#include "lbconverge/metrics/picture.hpp"

#include "lbconverge/node/node.hpp"

#include <algorithm>

namespace lbconverge::metrics {

namespace {

using node::Lane;

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// In milliseconds at the most, so that it does not show more than the clock knows.
Timestamp timestamp_of(std::chrono::system_clock::time_point wall, Duration age) {
    const auto then = std::chrono::time_point_cast<std::chrono::milliseconds>(wall - age);
    return static_cast<double>(then.time_since_epoch().count()) / 1000.0;
}

InstanceFigures figures_of(const node::Instance& instance) {
    const vrrp::Machine& machine = instance.machine;
    const vrrp::Settings& settings = machine.settings();
    InstanceFigures figures{.name = settings.name,
                            .interface = instance.interface.str(),
                            .group = instance.group,
                            .vrid = settings.vrid,
                            .version = settings.version,
                            .family = settings.family,
                            .state = machine.state(),
                            .priority = settings.priority,
                            .base_priority = instance.base_priority,
                            .wanted = machine.serving() ? instance.vips.size() : 0,
                            .not_served = instance.dark.size(),
                            .unsent = instance.unsent,
                            .counters = machine.counters(),
                            .unreadable = instance.refused};
    figures.vips.reserve(instance.vips.size());
    for (const plan::Announcement& each : instance.vips) figures.vips.push_back(each.address);
    return figures;
}

LaneFigures figures_of(const node::LaneState& lane, Lane name) {
    return {.name = std::string(to_text(name)),
            .busy = lane.busy,
            .in_sync = lane.converged && lane.last.error.empty() && lane.last.obstacle.empty(),
            .failed = !lane.last.error.empty(),
            .runs = lane.runs,
            .failures = lane.failures,
            .changes = lane.changes,
            .repaired = lane.repaired,
            .seconds = in_seconds(lane.took),
            .blocked = lane.last.blocked,
            .held = lane.last.held,
            .foreign = lane.last.foreign,
            .draining = lane.last.deferred};
}

/// All but the servers.
void take(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall, MetricsPicture& picture) {
    picture.config = node.shared_config();
    picture.at = timestamp_of(wall, {});
    picture.here = node.holding();
    for (const node::Instance& each : node.instances()) {
        picture.instances.push_back(figures_of(each));
        picture.instances.back().since = timestamp_of(wall, now - each.machine.since());
    }
    const auto add_lane = [&](Lane which) {
        picture.lanes.push_back(figures_of(node.lane(which), which));
        picture.lanes.back().finished = timestamp_of(wall, now - node.lane(which).finished);
    };
    add_lane(Lane::network);
    if (picture.config->role == Role::director) add_lane(Lane::tables);
    for (const node::Track& each : node.tracks()) {
        picture.tracks.push_back({each.settings().name, each.opinion() == node::TrackOpinion::good});
    }
    picture.unknown_vrid = node.strangers();
    picture.bulletin = bulletin_of(node);
    picture.fights = node.fights_count();
    picture.left_alone = node.avoided().size();
    picture.checks = node.board().summary();
    picture.drains = node.board().drains(now);
}

}  // namespace

void MetricsPicture::finish() { std::sort(here.begin(), here.end()); }

std::size_t MetricsPicture::bound_of(const InstanceFigures& instance) const {
    return static_cast<std::size_t>(std::count_if(instance.vips.begin(), instance.vips.end(), [&](const auto& each) {
        return std::binary_search(here.begin(), here.end(), each);
    }));
}

bool Look::go_on(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall) {
    if (picture_.config != node.shared_config()) {
        picture_ = {};
        take(node, now, wall, picture_);
    }
    return node.board().add_to(picture_.board, piece);
}

}  // namespace lbconverge::metrics
