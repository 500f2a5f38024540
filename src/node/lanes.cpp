#include "lbconverge/node/lanes.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::node {

namespace {

using std::chrono::seconds;

constexpr Lane all_lanes[] = {Lane::network, Lane::tables};

/// The interval between two looks at rows without notifications (settings, IPVS). Looking never takes more than a
/// twentieth of the time.
constexpr Duration look_interval = seconds(10);
constexpr int look_share = 20;
/// If something changes during a look that finds nothing to do, the lane rests as long as the look took, up to this: on
/// a host where something changes all the time it would do nothing but look.
constexpr Duration longest_rest = std::chrono::milliseconds(500);
/// After an error a lane waits: longer each time, between these two limits.
constexpr Duration first_backoff = seconds(1);
constexpr Duration last_backoff = seconds(30);

}  // namespace

void Lanes::configure(const config::Config& config) {
    tables_apart_ = config.role == Role::director;
    repair_ = config.daemon.repair;
    ++file_;
}

kinds::Part Lanes::part_of(Lane lane) const {
    if (lane == Lane::tables) return kinds::Part::tables;
    return tables_apart_ ? kinds::Part::network : kinds::Part::all;
}

void Lanes::want(Lane lane) {
    if (has(lane)) state_of(lane).wanted = true;
}

void Lanes::want_at_once(Lane lane) {
    want(lane);
    state_of(lane).at_once = true;
}

void Lanes::want_all_at_once() {
    for (const Lane each : all_lanes) want_at_once(each);
}

void Lanes::hold_back(Lane lane, Instant until) {
    state_of(lane).at_once = false;
    state_of(lane).retry_at = until;
}

/// The lane is not at work, and the other lane is not at work on the same part, which is possible after a change of
/// role.
bool Lanes::is_free(Lane lane) const {
    const LaneState& other = (*this)[lane == Lane::network ? Lane::tables : Lane::network];
    const bool apart = part_of(lane) != kinds::Part::all && other.part != kinds::Part::all;
    return !(*this)[lane].busy && (!other.busy || apart);
}

void Lanes::wake(Instant now) {
    if (!look_at_ || now < *look_at_) return;
    for (const Lane each : all_lanes) want(each);
    look_at_.reset();
}

std::optional<Lanes::Start> Lanes::begin(Lane which, Instant now) {
    LaneState& lane = state_of(which);
    if (!has(which)) lane.wanted = false;  // the node had this lane in another role
    const bool rests = !lane.at_once && lane.retry_at && now < *lane.retry_at;
    if (!lane.wanted || rests || !is_free(which)) return std::nullopt;
    lane.wanted = false;
    lane.busy = true;
    lane.part = part_of(which);
    lane.file = file_;
    lane.began = now;
    lane.retry_at.reset();
    return Start{.part = lane.part, .urgent = std::exchange(lane.at_once, false)};
}

Converged Lanes::ended(const Converged& event, bool hurries, Instant now) {
    LaneState& lane = state_of(event.lane);
    lane.busy = false;
    lane.finished = now;
    lane.took = now - lane.began;
    ++lane.runs;
    lane.changes += event.done;
    lane.failures += event.error.empty() ? 0 : 1;
    lane.repaired += event.repaired.size() + event.cleared.size();
    if (event.error.empty()) {
        lane.converged = lane.converged || !event.overtaken;
        lane.backoff = Duration{0};
        if (!event.overtaken) lane.settled = lane.file;
        if (!event.overtaken && event.done == 0 && lane.wanted) lane.retry_at = now + std::min(lane.took, longest_rest);
    } else {
        const bool first = hurries || lane.backoff.count() == 0;
        lane.backoff = first ? first_backoff : std::min(lane.backoff * 2, last_backoff);
        lane.retry_at = now + lane.backoff;
        lane.wanted = true;
    }
    if (repair_ && !look_at_) look_at_ = now + std::max(look_interval, look_share * lane.took);
    return std::exchange(lane.last, event);
}

std::optional<Instant> Lanes::wake_at() const {
    std::optional<Instant> at = look_at_;
    for (const Lane each : all_lanes) {
        const LaneState& lane = (*this)[each];
        if (!lane.wanted || !is_free(each) || !lane.retry_at) continue;
        if (!at || *lane.retry_at < *at) at = lane.retry_at;
    }
    return at;
}

bool Lanes::waits(Lane which) const {
    const LaneState& lane = (*this)[which];
    return !lane.wanted || !is_free(which) || (lane.retry_at && !lane.at_once);
}

BrokenInvariant Lanes::broken_invariant(bool works) const {
    const LaneState& network = (*this)[Lane::network];
    const LaneState& tables = (*this)[Lane::tables];
    const bool apart =
        network.part != tables.part && network.part != kinds::Part::all && tables.part != kinds::Part::all;
    const bool idle = !network.busy && !tables.busy && !network.wanted && !tables.wanted;
    const auto backs_off = [](const LaneState& each) { return (each.backoff.count() > 0) == !each.last.error.empty(); };
    return first_broken({
        {!network.busy || !tables.busy || apart, "two lanes never work on the same"},
        {!works || (waits(Lane::network) && waits(Lane::tables)), "a lane begins when nothing is in its way"},
        {!works || has(Lane::tables) || !tables.wanted, "only a director wants its tables on their own"},
        {backs_off(network) && backs_off(tables), "a lane backs off after an error, and only then"},
        {!works || !repair_ || look_at_ || !idle, "a node that repairs looks again"},
    });
}

}  // namespace lbconverge::node
