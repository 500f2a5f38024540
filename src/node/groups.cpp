// Sync groups: instances that are master together or not at all. After every turn a node is master of all members of a
// group or of none. (After a reload that makes a group of existing instances, this becomes true with the next
// advertisement.) A group has one priority, so that the nodes compare the same numbers on every link.
#include "lbconverge/node/node.hpp"

#include <algorithm>

namespace lbconverge::node {

using vrrp::State;

namespace {

constexpr int least_priority = 1;  // 0 means giving up (RFC 9568 §5.2.4), and 255 belongs to the owner
constexpr int most_priority = 254;
/// The priority of an instance that cannot serve all its VIPs is divided by this.
constexpr int limited_share = 16;

bool same_group(const Instance& a, const Instance& b) { return &a != &b && !a.group.empty() && a.group == b.group; }

}  // namespace

/// The priority of a group is the lowest of its members in the file, changed by all tracks that any member names. So
/// the members need not all name the same tracks.
std::uint8_t Node::priority_of(const Instance& instance, const std::vector<Instance>& all) const {
    std::uint8_t base = instance.base_priority;
    for (const Instance& each : all) {
        if (same_group(each, instance)) base = std::min(base, each.base_priority);
    }
    const bool makes_room = limited(instance, all);
    if (base == owner_priority && !makes_room) return base;
    int sum = base;
    for (const Track& track : tracks_) {
        const bool counts = std::any_of(all.begin(), all.end(), [&](const Instance& each) {
            return (&each == &instance || same_group(each, instance)) && each.names(track);
        });
        if (counts) sum += track.share();
    }
    sum = std::clamp(sum, least_priority, most_priority);
    // A node that cannot serve all VIPs has a lower priority than one that can. Among such nodes the order of the file
    // stays.
    if (makes_room) sum = std::max(sum / limited_share, least_priority);
    return static_cast<std::uint8_t>(sum);
}

void Node::prioritize(std::vector<Instance>& instances, Instant now) const {
    for (Instance& each : instances) {
        each.machine.set_patience(limited(each, instances) ? hand_over_of(each, instances) : Duration{0});
        each.machine.set_priority(priority_of(each, instances), now);
    }
}

std::optional<std::string> Node::unable(const Instance& instance) const {
    if (auto own = unable_alone(instance)) return own;
    for (const Instance& each : instances_) {
        if (!same_group(each, instance)) continue;
        if (auto reason = unable_alone(each)) {
            return "sync group " + instance.group + ": " + each.machine.settings().name + ": " + *reason;
        }
    }
    return std::nullopt;
}

/// The VIPs of a member are here from an earlier run. Then all members start by listening, since they decide together.
bool Node::group_holds(const Instance& instance) const {
    return std::any_of(instances_.begin(), instances_.end(), [&](const Instance& each) {
        return each.holding && (&each == &instance || same_group(each, instance));
    });
}

/// A successor leads when all members are ready, so each serves for as long as the slowest of them takes.
Duration Node::hand_over_of(const Instance& instance, const std::vector<Instance>& all) {
    Duration longest = instance.machine.hand_over();
    for (const Instance& each : all) {
        if (same_group(each, instance)) longest = std::max(longest, each.machine.hand_over());
    }
    return longest;
}

/// Another node is master of one member, so it is or will soon be master of all. If this node was backup of that member
/// and is master of another one, a reload has made the group of instances that two nodes shared: then the other node
/// has not taken the rest yet, so this one serves it until it does.
void Node::yield_group(const Instance& instance, bool crossed, Instant now) {
    const std::string why =
        "sync group " + instance.group + ": " + instance.machine.settings().name + " " + instance.machine.why();
    const std::uint8_t winner = instance.machine.peer()->priority;  // was heard just now
    for (Instance& each : instances_) {
        if (!same_group(each, instance)) continue;
        const bool makes_room = crossed && each.machine.state() == State::master;
        const Duration least = hand_over_of(each, instances_);
        carry_out(each, makes_room ? each.machine.make_room(now, why, least) : each.machine.yield(winner, now, why),
                  now);
    }
}

/// The master of one member gives up, and so gives up the whole group. It may not be able to say so on the other links,
/// because a lost link is the usual reason.
void Node::hurry_group(const Instance& instance, Instant now) {
    for (Instance& each : instances_) {
        if (same_group(each, instance)) each.machine.hurry(now);
    }
}

/// When every member is ready or master already, those that are ready become master.
void Node::lead_groups(Instant now) {
    for (Instance& each : instances_) {
        if (!each.machine.ready()) continue;
        const bool all = std::all_of(instances_.begin(), instances_.end(), [&](const Instance& other) {
            return !same_group(other, each) || other.machine.ready() || other.machine.state() == State::master;
        });
        if (all) carry_out(each, each.machine.lead(now), now);
    }
}

/// The node that was heard as master of one member was master of the others as well, and announced their VIPs. It may
/// have given those up without another advertisement.
void Node::announce_group_against(const Instance& instance, Instant now) {
    announcements_.answer(instance.vips, now);
    for (const Instance& each : instances_) {
        if (same_group(each, instance)) announcements_.answer(each.vips, now);
    }
}

/// With equal priorities, the first member on which the other node is heard decides. The order of the addresses may
/// differ from link to link: then each node would give up on one of the links, again and again.
bool Node::decides_tie(const Instance& instance, Instant now) const {
    if (instance.group.empty()) return true;
    for (const Instance& each : instances_) {
        if (&each == &instance) return true;
        if (!same_group(each, instance) || !each.machine.peer()) continue;
        const vrrp::Peer& peer = *each.machine.peer();
        if (peer.priority != 0 && now - peer.at < each.machine.down_interval()) return false;
    }
    return true;
}

}  // namespace lbconverge::node
