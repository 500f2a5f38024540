// What is true of a node after every turn. The quick part is linear in instances, hooks and tracks.
#include "lbconverge/node/node.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace lbconverge::node {

using vrrp::State;

BrokenInvariant Track::broken_invariant() const {
    const bool in_doubt = counted_ > 0;
    return first_broken({
        {!in_doubt || (against_.opinion != opinion_ && against_.opinion != TrackOpinion::unknown),
         "only readings that contradict the opinion are counted"},
        {recount_at_.has_value() == (in_doubt && !read_again_and_again()),
         "a track counts time when only changes are told"},
    });
}

BrokenInvariant HookQueue::broken_invariant() const {
    const bool runs = running_ != HookState::none;
    const bool waits = wanted_ != HookState::none;
    return first_broken({
        {!waits || (wanted_ == seen_ && runs_on(wanted_)), "what is to run is the newest state, and one of the hook's"},
        {!ending_ || runs, "only a run is ended"},
        {!retry_at_ || (waits && !runs && attempts_ > 0), "only a run that failed is tried again"},
    });
}

BrokenInvariant Node::broken_instance(const Instance& instance) const {
    if (auto broken = instance.machine.broken_invariant()) return broken;
    const State is = instance.machine.state();
    const bool master = is == State::master;
    const bool announces = std::any_of(instance.vips.begin(), instance.vips.end(),
                                       [&](const plan::Announcement& vip) { return announcements_.knows(vip); });
    return first_broken({
        {instance.started ? links_known_ : is == State::init, "an instance starts when the links are known"},
        {!master || instance.machine.source(), "a master has an address to send from"},
        {master || !announces, "only a master announces its VIPs"},
        {!stopping_ || is == State::init || is == State::leaving, "a node that stops takes part in no election"},
        {instance.mute.empty() == !instance.try_at, "an instance that cannot send tries again"},
        {!instance.trying || instance.try_at, "an attempt to send is judged"},
        {!instance.refused_now || instance.muted, "whose last advertisements were not sent is mute"},
        {instance.machine.grouped() == !instance.group.empty(), "a machine knows whether it is in a sync group"},
        {instance.history.size() <= history_size && instance.warned.size() <= complaints_at_once,
         "the history and the complaints of an instance are bounded"},
    });
}

/// That all members are master or none is not checked: it may be false for a while after a reload that makes a group
/// (groups.cpp).
BrokenInvariant Node::broken_groups() const {
    struct Members {
        bool any_ready = false, all_ready = true, one_priority = true;
        std::uint8_t priority = 0;
    };
    std::map<std::string_view, Members> groups;
    for (const Instance& each : instances_) {
        if (each.group.empty()) continue;
        Members& group = groups[each.group];
        group.any_ready = group.any_ready || each.machine.ready();
        group.all_ready = group.all_ready && (each.machine.ready() || each.machine.state() == State::master);
        const std::uint8_t before = std::exchange(group.priority, each.machine.settings().priority);
        group.one_priority = group.one_priority && (before == 0 || before == group.priority);
    }
    for (const auto& [name, group] : groups) {
        auto broken = first_broken({
            {!group.any_ready || !group.all_ready, "a group whose members are all ready has become master"},
            {group.one_priority, "a group has one priority"},
        });
        if (broken) return "sync group " + std::string(name) + ": " + *broken;
    }
    return std::nullopt;
}

BrokenInvariant Node::broken_work() const {
    const auto remembers = [&](Lane each) {
        const auto& refused = lanes_[each].last.refused;
        return !lanes_.has(each) || lanes_[each].busy || lanes_[each].wanted ||
               std::all_of(refused.begin(), refused.end(),
                           [&](const BadRow& row) { return avoided_.contains(row.row); });
    };
    const bool idle = !lanes_[Lane::network].busy && !lanes_[Lane::tables].busy;
    if (auto broken = lanes_.broken_invariant(links_known_ && !exited_)) return broken;
    return first_broken({
        {links_known_ || idle, "no lane works before the links are known"},
        {exited_ || (remembers(Lane::network) && remembers(Lane::tables)), "what was refused is tried again"},
        {!last_run_ || stopping_, "only a node that stops has a last run"},
    });
}

BrokenInvariant Node::broken_hook(const HookQueue& queue) const {
    if (auto broken = queue.broken_invariant()) return broken;
    const bool runs = queue.running() != HookState::none;
    const bool placed =
        queue.place < instances_.size() && instances_[queue.place].machine.settings().name == queue.instance();
    return first_broken({
        {placed, "a hook knows the place of its instance"},
        {!runs || (queue.run > 0 && queue.run <= last_hook_), "a hook that runs has a number"},
    });
}

BrokenInvariant Node::broken_parting() const {
    for (const PartingHook& each : parting_) {
        if (auto broken = each.queue.broken_invariant()) return broken;
        const bool numbered = each.queue.run > 0 && each.queue.run <= last_hook_;
        auto broken = first_broken({
            {exited_ || !each.queue.idle(), "the hook of an instance that is gone has something to do"},
            {each.queue.running() == HookState::none || numbered, "a hook that runs has a number"},
        });
        if (broken) return broken;
    }
    return std::nullopt;
}

BrokenInvariant Node::broken_invariant(Depth depth) const {
    for (const Instance& each : instances_) {
        if (auto broken = broken_instance(each)) return each.machine.settings().name + ": " + *broken;
    }
    for (const HookQueue& each : hooks_) {
        if (auto broken = broken_hook(each)) return "hook of " + each.instance() + ": " + *broken;
    }
    if (auto broken = broken_parting()) return "hook of an instance that is gone: " + *broken;
    for (const Track& each : tracks_) {
        if (auto broken = each.broken_invariant()) return "track " + each.settings().name + ": " + *broken;
    }
    if (auto broken = broken_groups()) return broken;
    if (auto broken = broken_work()) return broken;
    if (tracks_moved_) return "what tracks say is followed in the same turn";
    if (depth == Depth::quick) return std::nullopt;
    for (const Instance& each : instances_) {
        const bool right = each.machine.settings().priority == priority_of(each, instances_);
        if (!right) return each.machine.settings().name + ": a priority is what the file and the tracks make it";
    }
    return board_.broken_invariant();
}

}  // namespace lbconverge::node
