#include "boot.hpp"
#include "world.hpp"

#include <algorithm>
#include <bit>

namespace lbconverge::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration least_travel = microseconds(30);
constexpr Duration most_travel = microseconds(300);
/// A planned stop counts as undisturbed when everything else was over for so long.
constexpr Duration calm_before_stop = seconds(12);
constexpr Duration longest_stop = seconds(4);
constexpr Duration return_time = seconds(8);
/// Nodes start within the first seconds of a run.
constexpr Instant all_started = Instant(seconds(18));
/// S11 judges what happens within these.
constexpr FaultKind judged_kinds[] = {FaultKind::link,    FaultKind::gone, FaultKind::refused,
                                      FaultKind::setting, FaultKind::step, FaultKind::route};

}  // namespace

// ---- packets -------------------------------------------------------------------------------------------------------

const Fault* World::strongest(FaultKind kind, std::size_t node) const {
    const Fault* found = nullptr;
    for (const Fault* each : active_) {
        if (each->kind != kind || !each->touches(node)) continue;
        if (found == nullptr || each->parameter > found->parameter) found = each;
    }
    return found;
}

bool World::cut(std::size_t from, std::size_t to) const {
    return std::any_of(active_.begin(), active_.end(), [&](const Fault* each) {
        const bool divides = each->touches(from) != each->touches(to);
        return divides &&
               (each->kind == FaultKind::partition || (each->kind == FaultKind::one_way && each->touches(from)));
    });
}

bool World::lost(std::size_t from, std::size_t to) {
    const Fault* loss = strongest(FaultKind::loss, from);
    return cut(from, to) || (loss != nullptr && random_.chance(loss->parameter));
}

bool World::duplicated(std::size_t from) {
    const Fault* twice = strongest(FaultKind::duplicate, from);
    return twice != nullptr && random_.chance(twice->parameter);
}

/// Whether this node could tell the others something now.
bool World::heard_by_others(std::size_t node, std::size_t router) const {
    if (!hosts_[node].has_carrier(picture_.routers[router].interface)) return false;
    if (active(FaultKind::loss, node)) return false;
    // Version 2 does not listen to another interval (RFC 3768 §7.1), and a reload may have changed that.
    const bool reloaded =
        std::any_of(active_.begin(), active_.end(), [](const Fault* each) { return each->kind == FaultKind::reload; });
    if (reloaded) return false;
    for (std::size_t other = 0; other < hosts_.size(); ++other) {
        if (other != node && (cut(node, other) || hosts_[other].process == nullptr)) return false;
    }
    return true;
}

Instant World::arrival(std::size_t from, std::size_t to) {
    Duration time = random_.between(least_travel, most_travel);
    if (const Fault* delay = strongest(FaultKind::delay, from)) time += milliseconds(delay->parameter);
    const Fault* reorder = strongest(FaultKind::reorder, from);
    if (reorder != nullptr && random_.chance(333)) return queue_.now() + time + milliseconds(reorder->parameter);
    Instant& last = last_arrival_[from][to];
    return last = std::max(last, queue_.now() + time);
}

void World::send(std::size_t node, const node::Packet& packet) {
    for (std::size_t to = 0; to < hosts_.size(); ++to) {
        if (to != node && addressed(to, packet)) send_to(node, to, packet);
    }
}

bool World::addressed(std::size_t to, const node::Packet& packet) const {
    const auto& addresses = hosts_[to].kernel.node.get<kinds::Address>().rows();
    const auto& links = hosts_[to].links;
    if (std::find(links.begin(), links.end(), packet.interface) == links.end()) return false;
    if (packet.destination.is_multicast()) return true;
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const auto& row) { return row.key.address == packet.destination; });
}

void World::send_to(std::size_t from, std::size_t to, const node::Packet& packet) {
    ++run_.counts.packets;
    if (!hosts_[from].has_carrier(packet.interface) || lost(from, to)) {
        ++run_.counts.lost;
        return;
    }
    const int copies = duplicated(from) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        queue_.at(arrival(from, to), [this, to, packet] { deliver(to, packet); });
    }
}

/// A socket keeps packets while nobody reads them, but a machine that is suspended gets none.
void World::deliver(std::size_t to, const node::Packet& packet) {
    Host& host = hosts_[to];
    if (host.process == nullptr || !host.has_carrier(packet.interface)) return;
    if (const Fault* pause = strongest(FaultKind::pause, to); host.paused > 0) {
        if (pause->parameter == 0) host.mail.push_back(packet);
    } else {
        turn(to, node::Arrived{packet});
    }
}

// ---- faults --------------------------------------------------------------------------------------------------------

void World::fault(const Fault& fault, bool on) {
    checker_->look(queue_.now());
    if (on) {
        active_.push_back(&fault);
    } else {
        std::erase(active_, &fault);
    }
    note({.kind = on ? MomentKind::fault_on : MomentKind::fault_off, .text = to_text(fault, run_.nodes)});
    checker_->faults_changed();
    picture_.judged = std::all_of(active_.begin(), active_.end(), [](const Fault* each) {
        return std::ranges::find(judged_kinds, each->kind) != std::end(judged_kinds);
    });
    for (std::size_t node = 0; node < hosts_.size(); ++node) {
        if (fault.touches(node)) this->fault(node, fault, on);
    }
    checker_->look(queue_.now());
}

void World::fault(std::size_t node, const Fault& fault, bool on) {
    Host& host = hosts_[node];
    switch (fault.kind) {
        case FaultKind::crash:
        case FaultKind::power:
        case FaultKind::stop:
        case FaultKind::keep:
            if (fault.kind == FaultKind::power) on ? ++host.off : --host.off;
            return on ? take_down(node, fault) : bring_up(node);
        case FaultKind::pause:
            on ? ++host.paused : --host.paused;
            if (on && host.paused == 1) picture_.nodes[node].paused_at = queue_.now();
            picture_.nodes[node].paused = host.paused > 0;
            if (!on && host.paused == 0) resume(node);
            return;
        case FaultKind::slow:
        case FaultKind::failing:
            picture_.nodes[node].hampered = true;
            return;
        case FaultKind::link:
        case FaultKind::gone:
        case FaultKind::refused:
        case FaultKind::setting:
        case FaultKind::step:
        case FaultKind::route:
            return set_kernel(node);
        case FaultKind::clock:
            return set_clock(node);
        case FaultKind::reload:
            return reload(node);
        case FaultKind::track:
            return tell_tracks(node);
        default:
            return;  // packets find out themselves
    }
}

void World::take_down(std::size_t node, const Fault& fault) {
    Host& host = hosts_[node];
    ++host.down;
    host.start_again = false;
    const bool quiet = quiet_after(fault);
    if (fault.kind == FaultKind::crash && quiet) checker_->watch(queue_.now(), node, back_for_good(fault), false);
    if (fault.kind == FaultKind::crash || fault.kind == FaultKind::power) kill(node);
    if (fault.kind == FaultKind::power) power_off(node);
    if (host.process == nullptr) return;
    const bool keep = fault.kind == FaultKind::keep;
    for_process(node, Duration{0}, [this, node, &fault, keep, quiet] {
        if (quiet) checker_->watch(queue_.now(), node, back_for_good(fault), !keep);
        const std::uint64_t life = hosts_[node].life;
        turn(node, node::Stop{keep});
        if (hosts_[node].life == life) checker_->stop_began(queue_.now(), node);
    });
}

void World::bring_up(std::size_t node) {
    Host& host = hosts_[node];
    if (--host.down > 0) return;
    picture_.nodes[node].powered = true;
    if (host.process == nullptr) {
        start(node);
    } else {
        host.start_again = true;
    }
}

/// The kernel begins anew, and so does its clock.
void World::power_off(std::size_t node) {
    Host& host = hosts_[node];
    host.kernel = FakeKernel(booted(*host.base, node));
    host.ledger = {};
    host.overlay = nullptr;
    host.clock = Clock(queue_.now(), Instant(seconds(1)), host.rate);
    picture_.nodes[node].powered = false;
    set_kernel(node);
    set_clock(node);
}

/// What is in the sockets is read before any timer fires.
void World::resume(std::size_t node) {
    Host& host = hosts_[node];
    picture_.nodes[node].resumed = queue_.now();
    for (const node::Packet& each : std::exchange(host.mail, {})) {
        if (host.process != nullptr) turn(node, node::Arrived{each});
    }
    for (const auto& [life, action] : std::exchange(host.inbox, {})) {
        if (host.life == life) action();
    }
}

void World::set_clock(std::size_t node) {
    Host& host = hosts_[node];
    const Fault* other = strongest(FaultKind::clock, node);
    host.clock.set_rate(queue_.now(), other == nullptr ? host.rate : static_cast<std::int64_t>(other->parameter));
    if (host.process != nullptr) set_timer(node);  // what it waits for comes at another time now
}

void World::reload(std::size_t node) {
    Host& host = hosts_[node];
    const Fault* other = strongest(FaultKind::reload, node);
    host.config = other == nullptr ? host.base : varied(*host.base, other->parameter);
    if (host.process == nullptr) return;
    for_process(node, milliseconds(1), [this, node] {
        turn(node, node::Reload{hosts_[node].config});
        send_links(node);
        tell_tracks(node);
    });
}

/// By then a node that was away has its place again.
Instant World::back_for_good(const Fault& fault) {
    return std::max(fault.end(), fault.start + longest_stop) + return_time;
}

/// Nothing else goes wrong, from long before this fault until the node is back.
bool World::quiet_after(const Fault& fault) const {
    return fault.start > all_started && std::has_single_bit(fault.nodes) &&
           std::all_of(run_.faults.begin(), run_.faults.end(), [&](const Fault& other) {
               const bool before = other.end() + calm_before_stop < fault.start;
               return other.id == fault.id || before || other.start > back_for_good(fault);
           });
}

node::ConfigPtr varied(const config::Config& config, std::uint64_t parameter) {
    auto fresh = std::make_shared<config::Config>(config);
    for (config::Vrrp& each : fresh->vrrp) {
        const bool may_halve = each.version == 3 && each.advert_interval.count() % 20 == 0;
        switch (parameter % 8) {
            case 0:
                each.priority = 200;
                break;
            case 1:
                each.priority = 50;
                break;
            case 2:
                each.preempt.enabled = !each.preempt.enabled;
                break;
            case 3:
                each.advert_interval *= 2;
                break;
            case 4:
                each.preempt.delay = seconds(2);
                break;
            case 5:
                if (may_halve) each.advert_interval /= 2;
                break;
            case 6:
                each.garp_refresh = seconds(1);
                break;
            default:
                break;  // read again, and nothing is different
        }
    }
    return fresh;
}

}  // namespace lbconverge::sim
