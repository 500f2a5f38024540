#include "lbconverge/sim/checker.hpp"

#include <algorithm>

namespace lbconverge::sim {

namespace {

using vrrp::State;

/// S4: clocks differ by a fifth of a per cent at most, and turns are a little late.
constexpr Duration tolerance = std::chrono::milliseconds(5);
constexpr int clock_share = 400;
/// S12.
constexpr Duration paused_lately = std::chrono::seconds(5);
/// Further violations say nothing new.
constexpr std::size_t most_violations = 20;

Duration skew_of(const Seat& seat) { return seat.interval * (256 - seat.priority) / 256; }

/// A node in this seat would be master by now, if it had listened alone since `listening_since`, or had preempted the
/// master of `master_since`. The delay of a preemption may end just after an advertisement, which costs up to an
/// interval more.
bool certainly_first(const Seat& seat, Instant listening_since, std::optional<Instant> master_since, Instant now) {
    const Duration down = 3 * seat.interval + skew_of(seat);
    const bool waits = master_since && seat.waits.count() > 0;
    const Duration delay = waits ? seat.waits + skew_of(seat) + seat.interval : Duration{0};
    const Instant listened = listening_since + std::max(down, seat.listens);
    const Instant due = waits ? std::max(listened, std::max(listening_since, *master_since) + delay + down) : listened;
    return due + tolerance + (4 * seat.interval + delay) / clock_share < now;
}

}  // namespace

Checker::Checker(const Picture& picture, bool calm)
    : picture_(picture),
      calm_(calm),
      exposed_(picture.nodes.size(), std::vector<std::optional<Instant>>(picture.routers.size())),
      dark_(picture.routers.size()),
      together_(picture.routers.size()),
      astray_(picture.routers.size()),
      first_backup_(picture.nodes.size(), std::vector<FirstBackup>(picture.routers.size())),
      last_master_(picture.routers.size(), nobody),
      last_master_since_(picture.routers.size()),
      late_wakes_(picture.nodes.size()),
      stops_(picture.nodes.size()) {
    const std::size_t nodes = picture.nodes.size();
    for (std::size_t i = 0; i < dark_.size(); ++i) {
        dark_[i].resize(picture.routers[i].vips.size());
        astray_[i].resize(picture.routers[i].vips.size());
        together_[i].resize(nodes * (nodes + 1));
    }
}

void Checker::report(Instant now, std::string check, std::string what) {
    if (violations_.size() < most_violations) violations_.push_back({std::move(check), now, std::move(what)});
}

std::string Checker::place(std::size_t node, std::size_t router) const {
    return picture_.nodes[node].name + ", " + picture_.routers[router].name;
}

void Checker::look(Instant now) {
    for (std::size_t node = 0; node < picture_.nodes.size(); ++node) {
        for (std::size_t router = 0; router < picture_.routers.size(); ++router) look_at_withdrawal(now, node, router);
        if (stops_[node]) look_at_stop(now, node);
        look_at_groups(now, node);
    }
    for (std::size_t router = 0; router < dark_.size(); ++router) {
        look_at_masters(now, router);
        for (std::size_t vip = 0; vip < dark_[router].size(); ++vip) {
            look_at_dark(now, router, vip);
            look_at_neighbours(now, router, vip);
        }
    }
    std::erase_if(watches_, [&](const WatchedVips& each) { return !still_good(now, each); });
}

// ---- S2 ------------------------------------------------------------------------------------------------------------

void Checker::look_at_withdrawal(Instant now, std::size_t node, std::size_t router) {
    const NodePicture& who = picture_.nodes[node];
    const Seat& seat = who.seats[router];
    std::optional<Instant>& since = exposed_[node][router];
    const bool wrong =
        seat.member && who.awake() && !who.failing && seat.election == ElectionState::backup && seat.holds_any();
    if (!wrong) {
        since.reset();
    } else if (!since) {
        since = now;
    } else if (now - *since > withdrawal_limit + who.work) {
        report(now, "S2", place(node, router) + ": not master, but it still has a VIP");
        since = now;
    }
}

// ---- S11 -----------------------------------------------------------------------------------------------------------

void Checker::faults_changed() {
    for (auto* times : {&dark_, &astray_}) {
        for (auto& router : *times) std::fill(router.begin(), router.end(), std::nullopt);
    }
}

/// What the members of a sync group share, or the seat alone.
Checker::Group Checker::group_of(const NodePicture& node, std::size_t router) {
    Group group;
    const Seat& own = node.seats[router];
    for (const Seat& each : node.seats) {
        if (&each != &own && (each.group.empty() || each.group != own.group)) continue;
        group.interval = std::max(group.interval, each.interval);
        group.listens = std::max(group.listens, each.listens);
        group.started = group.started && each.state != State::init;
    }
    return group;
}

/// A backup waits for three intervals and a skew after the last advertisement that arrives; that of a master that it
/// has learned the interval of, or at a start for longer. One that is master may have to bring its kernel there first.
Duration Checker::dark_limit_of(std::size_t router) const {
    Duration waits{0};
    Duration works{0};
    for (const NodePicture& each : picture_.nodes) {
        const Seat& seat = each.seats[router];
        if (!seat.member) continue;
        const Group group = group_of(each, router);
        waits = std::max(waits, std::max<Duration>(4 * group.interval, group.listens));
        works = std::max(works, each.failing ? failing_limit : each.work);
    }
    return dark_limit + picture_.in_flight + picture_.slowest * waits + works;
}

void Checker::look_at_dark(Instant now, std::size_t router, std::size_t vip) {
    bool served = picture_.strangers[router].master;
    bool could = false;
    for (const NodePicture& each : picture_.nodes) {
        const Seat& seat = each.seats[router];
        if (!seat.member || !seat.able[vip]) continue;
        served = served || (each.powered && seat.held[vip]);
        could = could || (each.awake() && !each.hampered && seat.stands && group_of(each, router).started);
    }
    std::optional<Instant>& since = dark_[router][vip];
    if (!picture_.judged || served || !could) {
        since.reset();
    } else if (!since) {
        since = now;
    } else if (now - *since > dark_limit_of(router)) {
        report(now, "S11",
               picture_.routers[router].name + ": VIP " + to_text(picture_.routers[router].vips[vip]) +
                   " is dark, and a node could serve it");
        since = now;
    }
}

// ---- S13 -----------------------------------------------------------------------------------------------------------

/// The node is master, or still answers for the VIPs.
bool Checker::claims(std::size_t node, std::size_t router) const {
    if (node == picture_.nodes.size()) return picture_.strangers[router].master;
    const NodePicture& who = picture_.nodes[node];
    const Seat& seat = who.seats[router];
    if (!seat.member || !who.awake()) return false;
    return seat.state == State::master || (seat.election != ElectionState::backup && seat.holds_any());
}

bool Checker::hear_each_other(std::size_t router, std::size_t a, std::size_t b) const {
    const auto hears = [&](std::size_t to, std::size_t from) {
        return to == picture_.nodes.size() || (picture_.nodes[to].seats[router].hears >> from & 1U) != 0;
    };
    return hears(a, b) && hears(b, a);
}

void Checker::look_at_masters(Instant now, std::size_t router) {
    for (std::size_t a = 0; a < picture_.nodes.size(); ++a) {
        for (std::size_t b = a + 1; b <= picture_.nodes.size(); ++b) look_at_pair(now, router, a, b);
    }
}

/// Of two masters each advertises within its interval; a master that did not run listens for an eighth longer before.
/// So the lesser one hears the other within that time, and serves for the grace time after. One that is no master any
/// more, but still serves, hears the master likewise.
void Checker::look_at_pair(Instant now, std::size_t router, std::size_t a, std::size_t b) {
    std::optional<Instant>& since = together_[router][a * (picture_.nodes.size() + 1) + b];
    const auto masters = [&](std::size_t node) {
        return node == picture_.nodes.size() || picture_.nodes[node].seats[router].state == State::master;
    };
    const bool both = claims(a, router) && claims(b, router) && (masters(a) || masters(b));
    if (!both || !hear_each_other(router, a, b)) {
        since.reset();
        return;
    }
    if (!since) since = now;
    const bool stranger = b == picture_.nodes.size();
    const Duration other =
        stranger ? picture_.strangers[router].interval : group_of(picture_.nodes[b], router).interval;
    const Duration interval = std::max(group_of(picture_.nodes[a], router).interval, other);
    const Duration limit = picture_.slowest * (interval + interval / 8 + vrrp::hand_over_grace) + together_limit;
    if (now - *since <= limit) return;
    report(now, "S13",
           place(a, router) + ": serves for " + std::to_string((now - *since) / std::chrono::milliseconds(1)) +
               " ms, as does " + (stranger ? "a router of another make" : picture_.nodes[b].name) +
               ", and they hear each other");
    since = now;
}

// ---- S14 -----------------------------------------------------------------------------------------------------------

/// The neighbours send to this node, or to a router of another make, and no node could know that.
bool Checker::sent_astray(std::size_t router, std::size_t believed) const {
    if (believed == nobody) return picture_.strangers[router].unheard;
    return picture_.nodes[believed].seats[router].left_unheard;
}

/// A master announces its VIPs when it has them, and again when it hears that another one had them or had to listen.
void Checker::look_at_neighbours(Instant now, std::size_t router, std::size_t vip) {
    const std::size_t believed = picture_.believed[router][vip];
    const bool excused = sent_astray(router, believed);
    bool wrong = false;
    Duration interval{0};
    for (const NodePicture& each : picture_.nodes) {
        const Seat& seat = each.seats[router];
        if (!seat.member) continue;
        interval = std::max(interval, group_of(each, router).interval);
        const bool serves = each.awake() && seat.state == State::master && seat.held[vip];
        // It cannot know that the neighbours send to a node on the other side of a partition.
        if (believed != nobody && (each.apart >> believed & 1U) != 0) continue;
        wrong = wrong || (serves && !each.silenced && !seat.untold[vip] && seat.able[vip]);
    }
    std::optional<Instant>& since = astray_[router][vip];
    if (!wrong || excused || reached(router, vip) || picture_.strangers[router].master) {
        since.reset();
    } else if (!since) {
        since = now;
    } else if (now - *since > astray_limit + picture_.in_flight + picture_.slowest * (interval + interval / 8)) {
        report(now, "S14",
               picture_.routers[router].name + ": VIP " + to_text(picture_.routers[router].vips[vip]) +
                   " is not where its neighbours send to");
        since = now;
    }
}

// ---- S4 ------------------------------------------------------------------------------------------------------------

void Checker::transition(Instant now, std::size_t node, std::size_t router, State from) {
    const State to = picture_.nodes[node].seats[router].state;
    if (settled_ && from != to) {
        report(now, "S3",
               place(node, router) + ": " + std::string(vrrp::to_text(from)) + " -> " + std::string(vrrp::to_text(to)) +
                   " after everything had settled");
    }
    if (picture_.only_pauses && to == State::master) took_from_living(now, node, router);
    if (!calm_) return;
    FirstBackup& first = first_backup_[node][router];
    if (to == State::backup && !first.at) first.at = now;
    if (to == State::master) needless(now, node, router);
}

/// At a start a node does not know the intervals of others (RFC 9568 §6.4.1: its own one counts). One that listens for
/// less than the interval of a living master may not hear it.
bool Checker::hears_all_in_time(std::size_t node, std::size_t router) const {
    return std::all_of(picture_.nodes.begin(), picture_.nodes.end(), [&](const NodePicture& each) {
        return each.seats[router].interval + tolerance < picture_.nodes[node].seats[router].listens;
    });
}

/// A backup of version 3 goes by the interval of the master that it hears, which may be that of any node.
Seat Checker::at_slowest(std::size_t node, std::size_t router) const {
    Seat seat = picture_.nodes[node].seats[router];
    for (const NodePicture& each : picture_.nodes) {
        if (each.seats[router].member) seat.interval = std::max(seat.interval, each.seats[router].interval);
    }
    return seat;
}

/// The other members of its sync group would be first as well. Without them no member becomes master.
bool Checker::all_first(std::size_t node, std::size_t router, Instant now) const {
    const std::vector<Seat>& seats = picture_.nodes[node].seats;
    for (std::size_t i = 0; i < seats.size(); ++i) {
        if (i == router || seats[i].group.empty() || seats[i].group != seats[router].group) continue;
        const auto& since = first_backup_[node][i].at;
        const auto master_since = last_master_[i] == nobody ? std::nullopt : std::optional(last_master_since_[i]);
        if (!since || !seats[i].preempt || !certainly_first(at_slowest(node, i), *since, master_since, now)) {
            return false;
        }
    }
    return true;
}

void Checker::needless(Instant now, std::size_t node, std::size_t router) {
    if (std::exchange(first_backup_[node][router].was_master, true)) {
        report(now, "S4", place(node, router) + ": became master a second time");
        return;
    }
    const Seat& own = picture_.nodes[node].seats[router];
    const std::size_t before = std::exchange(last_master_[router], node);
    const std::uint8_t earlier = before == nobody ? std::uint8_t{0} : picture_.nodes[before].seats[router].priority;
    // What the first one says may not have arrived yet.
    const Instant earlier_since = std::exchange(last_master_since_[router], now);
    const bool crossed = now - earlier_since < tolerance;
    if (!hears_all_in_time(node, router)) return;
    // Of two with the same priority that start together, both become master, and one gives in (RFC 9568 §6.4.3).
    if (before != nobody && !crossed && (!own.preempt || own.priority < earlier)) {
        report(now, "S4", place(node, router) + ": took over from " + picture_.nodes[before].name + " without need");
    }
    for (std::size_t other = 0; other < picture_.nodes.size(); ++other) {
        const Seat& seat = picture_.nodes[other].seats[router];
        const auto& since = first_backup_[other][router].at;
        if (other == node || !seat.member || !since || seat.priority <= own.priority) continue;
        if (before != nobody && !preempts(other, router)) continue;  // it leaves the master before alone
        const auto master_since = before == nobody ? std::nullopt : std::optional(earlier_since);
        if (certainly_first(at_slowest(other, router), *since, master_since, now) && all_first(other, router, now)) {
            report(now, "S4",
                   place(node, router) + ": became master, and " + picture_.nodes[other].name +
                       " is better and was there before");
        }
    }
}

// ---- S12 -----------------------------------------------------------------------------------------------------------

void Checker::took_from_living(Instant now, std::size_t node, std::size_t router) {
    const NodePicture& who = picture_.nodes[node];
    if (!who.resumed || who.seats[router].preempt) return;
    for (const NodePicture& each : picture_.nodes) {
        const Seat& seat = each.seats[router];
        const bool lives = &each != &who && seat.state == State::master && each.awake() && seat.since < *who.resumed;
        // In a shorter time it misses one advertisement at most, as if that had been lost.
        const bool long_enough = *who.resumed - *who.paused_at > seat.interval + tolerance;
        const bool audible = long_enough || now - *who.resumed > seat.interval + tolerance;
        // One that has not run itself for a while may not have advertised.
        const bool ran = !each.resumed || *each.resumed + paused_lately < *who.resumed;
        if (lives && audible && ran)
            report(now, "S12", place(node, router) + ": had not run, and took over from " + each.name);
    }
}

// ---- S1, S7, S9, S10
// -------------------------------------------------------------------------------------------------

void Checker::emptied_pool(Instant now, std::size_t node, const std::string& what) {
    report(now, "S9", picture_.nodes[node].name + ": " + what);
}

void Checker::invariant(Instant now, std::size_t node, const BrokenInvariant& broken) {
    if (broken) report(now, "S10", picture_.nodes[node].name + ": " + *broken);
}

bool Checker::goes_on(Instant now) {
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        events_ = 0;
    }
    if (++events_ < storm_limit) return true;
    report(now, "S15", "a storm: " + std::to_string(storm_limit) + " events in a second");
    return false;
}

void Checker::refused_plan(Instant now, std::size_t node, const std::string& what) {
    report(now, "S1", picture_.nodes[node].name + ": " + what);
}

void Checker::wake(Instant now, std::size_t node, Instant local, std::optional<Instant> wanted) {
    const bool late = wanted && *wanted <= local;
    late_wakes_[node] = late ? late_wakes_[node] + 1 : 0;
    if (late_wakes_[node] == 2) {
        report(now, "S7", picture_.nodes[node].name + ": asks to be woken in the past, again and again");
    }
}

// ---- S6 ------------------------------------------------------------------------------------------------------------

bool Checker::has_healthy_peer(std::size_t node, std::size_t router) const {
    for (std::size_t other = 0; other < picture_.nodes.size(); ++other) {
        const NodePicture& who = picture_.nodes[other];
        const Seat& seat = who.seats[router];
        if (other != node && seat.member && who.awake() && !who.hampered && seat.state == State::backup) return true;
    }
    return false;
}

/// The neighbours send to a node that has the VIP and is switched on.
bool Checker::reached(std::size_t router, std::size_t vip) const {
    const std::size_t node = picture_.believed[router][vip];
    return node != nobody && picture_.nodes[node].powered && picture_.nodes[node].seats[router].held[vip];
}

/// The node has all VIPs, no other node is master, and the neighbours send to it.
bool Checker::all_reached_at(std::size_t node, std::size_t router) const {
    const Seat& seat = picture_.nodes[node].seats[router];
    if (!seat.member || !seat.holds_all()) return false;
    const auto masters = picture_.masters(router);
    const auto& believed = picture_.believed[router];
    const bool known = std::all_of(believed.begin(), believed.end(), [&](std::size_t each) { return each == node; });
    return known && std::all_of(masters.begin(), masters.end(), [&](std::size_t each) { return each == node; });
}

void Checker::stop_began(Instant now, std::size_t node) {
    RunningStop stop{now, stop_limit};
    for (const Seat& seat : picture_.nodes[node].seats) {
        // The longest skew time is an interval, or a second in version 2.
        stop.limit = std::max(stop.limit, stop_limit + std::max<Duration>(seat.interval, std::chrono::seconds(1)));
    }
    stops_[node] = stop;
}

void Checker::look_at_stop(Instant now, std::size_t node) {
    RunningStop& stop = *stops_[node];
    const NodePicture& who = picture_.nodes[node];
    if (who.paused || who.hampered) stop.began = now;
    if (now - stop.began <= 2 * stop.limit) return;
    report(now, "S6", who.name + ": was told to stop, and still runs");
    stop.began = now;
}

void Checker::stop_ended(std::size_t node) { stops_[node].reset(); }

void Checker::watch(Instant now, std::size_t node, Instant until, bool with_peer) {
    for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
        if (!all_reached_at(node, router) || (with_peer && !has_healthy_peer(node, router))) continue;
        watches_.push_back({node, router, until});
    }
    look(now);
}

bool Checker::still_good(Instant now, const WatchedVips& watch) {
    if (now > watch.until) return false;
    for (std::size_t vip = 0; vip < picture_.routers[watch.router].vips.size(); ++vip) {
        if (reached(watch.router, vip)) continue;
        report(now, "S6",
               place(watch.node, watch.router) + ": was stopped or restarted, and VIP " +
                   to_text(picture_.routers[watch.router].vips[vip]) +
                   (picture_.served(watch.router, vip) ? " is not where its neighbours send to" : " is on no node"));
        return false;
    }
    return true;
}

// ---- S3, S5 --------------------------------------------------------------------------------------------------------

void Checker::settled(Instant now) {
    settled_ = true;
    for (std::size_t router = 0; router < picture_.routers.size(); ++router) settled(now, router);
}

/// The instance and all members of its sync group preempt.
bool Checker::preempts(std::size_t node, std::size_t router) const {
    const std::vector<Seat>& seats = picture_.nodes[node].seats;
    return std::all_of(seats.begin(), seats.end(), [&](const Seat& each) {
        const bool counts = &each == &seats[router] || (!each.group.empty() && each.group == seats[router].group);
        return !counts || each.preempt;
    });
}

void Checker::settled(Instant now, std::size_t router) {
    const std::string& name = picture_.routers[router].name;
    const std::vector<std::size_t> masters = picture_.masters(router);
    if (masters.size() != 1) {
        report(now, "S3", name + ": " + std::to_string(masters.size()) + " masters after everything had settled");
        return;
    }
    const std::size_t master = masters.front();
    const std::uint8_t priority = picture_.nodes[master].seats[router].priority;
    for (std::size_t node = 0; node < picture_.nodes.size(); ++node) {
        const Seat& seat = picture_.nodes[node].seats[router];
        if (!seat.member) continue;
        if (seat.priority > priority && preempts(node, router))
            report(now, "S3", place(master, router) + ": is master, but not the best");
        if (node != master && seat.holds_any())
            report(now, "S3", place(node, router) + ": has a VIP, and is not master");
    }
    const Seat& seat = picture_.nodes[master].seats[router];
    if (!seat.holds_all()) report(now, "S3", place(master, router) + ": is master, and has not all VIPs");
    for (const std::size_t& each : picture_.believed[router]) {
        const std::size_t vip = static_cast<std::size_t>(&each - picture_.believed[router].data());
        if (each == master || sent_astray(router, each)) continue;
        if (seat.untold[vip]) continue;
        report(now, "S3",
               place(master, router) + ": is master, but the neighbours send to " +
                   (each == nobody ? "nobody" : picture_.nodes[each].name));
    }
}

// ---- S8 ------------------------------------------------------------------------------------------------------------

void Checker::look_at_groups(Instant now, std::size_t node) {
    const std::vector<Seat>& seats = picture_.nodes[node].seats;
    for (std::size_t a = 0; a < seats.size(); ++a) {
        for (std::size_t b = a + 1; b < seats.size(); ++b) {
            const bool siblings = seats[a].member && !seats[a].group.empty() && seats[a].group == seats[b].group;
            if (!siblings || (seats[a].state == State::master) == (seats[b].state == State::master)) continue;
            report(now, "S8",
                   place(node, a) + " and " + picture_.routers[b].name + ": master of only one of the group");
        }
    }
}

void Checker::left_to_do(Instant now, std::size_t node, const std::string& what) {
    if (!what.empty()) report(now, "S5", picture_.nodes[node].name + ": " + what);
}

}  // namespace lbconverge::sim
