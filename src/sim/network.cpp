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
/// How long a node may take to find out that the kernel sends again (src/node/surroundings.cpp: last_try).
constexpr Duration longest_silence = seconds(17);
/// Likewise for gratuitous ARP (node/announcements.hpp: last_offer).
constexpr Duration longest_backlog = seconds(2);
/// A clock fault makes time pass at half the rate at most.
constexpr int slowest_clock = 2;
/// What a convergence does beside its rows: it reads twice, saves, and announces.
constexpr int work_beside_rows = 8;

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
    if (!speaks_on(node, picture_.routers[router].interface) || active(FaultKind::loss, node)) return false;
    // Version 2 does not listen to another interval (RFC 3768 §7.1), and a reload may have changed that.
    const bool reloaded =
        std::any_of(active_.begin(), active_.end(), [](const Fault* each) { return each->kind == FaultKind::reload; });
    if (reloaded) return false;
    for (std::size_t other = 0; other < hosts_.size(); ++other) {
        if (other == node) continue;
        const Fault* pause = strongest(FaultKind::pause, other);
        const bool asleep = pause != nullptr && pause->parameter != 0;
        const bool deaf = !speaks_on(other, picture_.routers[router].interface);
        if (cut(node, other) || hosts_[other].process == nullptr || asleep || deaf) return false;
    }
    return true;
}

/// The node can send VRRP on this link, and hear others.
bool World::speaks_on(std::size_t node, const InterfaceName& link) const {
    return hosts_[node].has_carrier(link) && !hits_link(FaultKind::no_socket, node, link) &&
           !hits_link(FaultKind::unsent, node, link) && !hits_link(FaultKind::address, node, link);
}

/// Each advertisement of the one arrives at the other, without delay.
bool World::audible(std::size_t from, std::size_t to, std::size_t router) const {
    const InterfaceName& link = picture_.routers[router].interface;
    const bool inside = from != outside() && to != outside();
    for (const std::size_t each : {from, to}) {
        if (each != outside() && !speaks_on(each, link)) return false;
    }
    if (from != outside() && queue_.now() < hosts_[from].steady_at) return false;
    // Version 2 does not listen to another interval (RFC 3768 §7.1), and a reload may have changed that.
    const bool reloaded =
        std::any_of(active_.begin(), active_.end(), [](const Fault* each) { return each->kind == FaultKind::reload; });
    return !cut(from, to) && !(reloaded && (inside || picture_.strangers[router].master));
}

void World::refresh_hearing() {
    for (std::size_t to = 0; to < hosts_.size(); ++to) {
        std::uint64_t& apart = picture_.nodes[to].apart;
        apart = 0;
        for (std::size_t other = 0; other < hosts_.size(); ++other) {
            if (cut(other, to) || cut(to, other)) apart |= std::uint64_t{1} << other;
        }
        for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
            std::uint64_t& hears = picture_.nodes[to].seats[router].hears;
            hears = 0;
            for (std::size_t from = 0; from <= outside(); ++from) {
                if (from != to && audible(from, to, router)) hears |= std::uint64_t{1} << from;
            }
            if (!heard_by_visitors(to, router)) hears &= ~(std::uint64_t{1} << outside());
        }
    }
}

void World::judge_again_at(Instant when) {
    queue_.at(when, [this] {
        checker_->faults_changed();
        refresh_judgement();
        refresh_hearing();
    });
}

/// What the bounds of S11, S13 and S14 depend on.
void World::refresh_judgement() {
    picture_.judged = std::none_of(active_.begin(), active_.end(), [](const Fault* each) { return misleads(*each); });
    picture_.slowest = 1;
    picture_.in_flight = {};
    for (const Fault* each : active_) {
        if (each->kind == FaultKind::clock) picture_.slowest = slowest_clock;
    }
    for (std::size_t node = 0; node < hosts_.size(); ++node) {
        const Host& host = hosts_[node];
        NodePicture& who = picture_.nodes[node];
        if (queue_.now() < host.steady_at) picture_.in_flight = std::max(picture_.in_flight, host.late);
        who.silenced = queue_.now() < host.tells_at;
        const Fault* slow = strongest(FaultKind::slow, node);
        if (slow == nullptr) continue;
        const auto rows = host.wanted.settings.size() + host.wanted.others.size() + 2 * host.base->vips.size();
        who.work = milliseconds(slow->parameter) * static_cast<int>(rows + work_beside_rows);
    }
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
    const bool no_socket = hits_link(FaultKind::no_socket, node, packet.interface);
    if (no_socket || hits_link(FaultKind::unsent, node, packet.interface)) {
        const std::uint8_t vrid = std::to_integer<std::uint8_t>(packet.message.at(1));
        hosts_[node].unsent.push_back(
            {packet.interface, packet.source.family, vrid, no_socket ? "No such device" : "Operation not permitted"});
        return;
    }
    tell_visitors(node, packet);
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

/// A socket keeps packets while its process is stopped. A machine that is suspended gets none.
void World::deliver(std::size_t to, const node::Packet& packet) {
    Host& host = hosts_[to];
    if (host.process == nullptr || !host.has_carrier(packet.interface)) return;
    if (hits_link(FaultKind::no_socket, to, packet.interface)) return;
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
    for (std::size_t node = 0; node < hosts_.size(); ++node) {
        if (fault.touches(node)) this->fault(node, fault, on);
    }
    if (fault.kind == FaultKind::foreign || fault.kind == FaultKind::peer) visit(fault, on);
    refresh_judgement();
    refresh_hearing();
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
            host.stands_still = host.stands_still || (on && fault.parameter == 2);
            if (!on && host.paused == 0) resume(node);
            return;
        case FaultKind::slow:
        case FaultKind::failing:
            picture_.nodes[node].hampered = true;
            picture_.nodes[node].failing = picture_.nodes[node].failing || fault.kind == FaultKind::failing;
            return;
        case FaultKind::loss:
        case FaultKind::delay:
        case FaultKind::reorder: {
            const Duration late = fault.kind == FaultKind::loss ? Duration{0} : milliseconds(fault.parameter);
            if (host.steady_at <= queue_.now()) host.late = {};
            host.late = std::max(host.late, late);
            host.steady_at = std::max(host.steady_at, fault.end() + late);
            return judge_again_at(host.steady_at);
        }
        case FaultKind::untold:
            host.tells_at = std::max(host.tells_at, fault.end() + longest_backlog);
            return judge_again_at(host.tells_at);
        case FaultKind::link:
        case FaultKind::gone:
        case FaultKind::refused:
        case FaultKind::setting:
        case FaultKind::step:
        case FaultKind::route:
        case FaultKind::address:
        case FaultKind::mac:
            return set_kernel(node);
        case FaultKind::unsent:
            host.sends_at = std::max(host.sends_at, fault.end() + longest_silence);
            queue_.at(host.sends_at, [this, node] { refresh_vips(node); });
            return refresh_vips(node);
        case FaultKind::no_socket:
            tell_sockets(node);
            return refresh_vips(node);
        case FaultKind::clock:
            return set_clock(node);
        case FaultKind::reload:
            return reload(node);
        case FaultKind::track:
            host.tracked_at = std::max(host.tracked_at, fault.end() + slowest_clock * patience_of(*host.base));
            tell_tracks(node);
            queue_.at(host.tracked_at, [this, node] { refresh_vips(node); });
            return refresh_vips(node);
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
    if (std::exchange(host.stands_still, false)) host.clock.lose(*picture_.nodes[node].paused_at, queue_.now());
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
    if (host.process != nullptr) set_timer(node);  // its clock shows the time of the timer at another moment now
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
