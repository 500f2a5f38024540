#include "lbconverge/vrrp/machine.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::vrrp {

namespace {

constexpr std::uint8_t owner_priority = 255;
constexpr std::uint8_t password_auth = 1;                // RFC 2338 §5.3.6
constexpr std::string_view start_delay = "start_delay";  ///< why a machine has not started yet

std::string from(const Heard& heard) {
    return to_text(heard.source) + " with priority " + std::to_string(heard.advertisement.priority);
}

/// The same addresses in any order. RFC 9568 §7.1 allows this check, but no other use of the list.
bool same_list(std::vector<IpAddress> ours, std::vector<IpAddress> theirs, Family family) {
    // A node without a VIP that may stand first puts an address of its own there (see Node). That does not count as a
    // difference.
    const auto may_be_first = [&](const IpAddress& each) { return family == Family::ipv4 || each.is_link_local(); };
    const bool has_first = std::any_of(ours.begin(), ours.end(), may_be_first);
    if (!has_first && !theirs.empty() && may_be_first(theirs.front())) theirs.erase(theirs.begin());
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    return ours == theirs;
}

}  // namespace

Duration Machine::skew(std::uint8_t priority) const {
    // The unit is one second in version 2 (RFC 3768 §6.1) and the interval in version 3 (RFC 9568 §6.1).
    const Duration unit = settings_.version == 2 ? Duration(std::chrono::seconds(1)) : master_interval();
    return unit * (256 - priority) / 256;
}

wire::Advertisement Machine::advertisement(std::uint8_t priority) const {
    wire::Advertisement out{
        .version = settings_.version,
        .vrid = settings_.vrid,
        .priority = priority,
        .interval = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.interval),
        .addresses = settings_.addresses,
    };
    if (settings_.password) {
        out.auth_type = password_auth;
        out.auth_data = *settings_.password;
    }
    return out;
}

Output Machine::enter(State state, Instant now, Because because) {
    Output out;
    if (state != state_) {
        ++counters_.transitions[static_cast<std::size_t>(because.reason)];
        out.from = state_;
        since_ = now;
    }
    state_ = state;
    serves_until_.reset();
    why_ = std::move(because.why);
    listening_ = ready_ = false;
    if (state != State::backup) {
        preempt_at_.reset();
        holding_ = false;
    }
    return out;
}

Output Machine::send_now(Instant now) {
    Output out;
    out.send = settings_.priority;
    last_sent_ = now;
    ++counters_.sent;
    return out;
}

Output Machine::become_master(Instant now, Because because) {
    Output out = enter(State::master, now, std::move(because));
    learned_.reset();
    ++counters_.became_master;
    out.send = send_now(now).send;
    timer_ = now + settings_.interval;
    return out;
}

Output Machine::become_backup(Instant now, Because because) {
    const bool was_master = state_ == State::master;
    Output out = enter(State::backup, now, std::move(because));
    wait_for(Wait::down, now);
    if (was_master) serves_until_ = now + hand_over_grace;
    return out;
}

Duration Machine::length_of(Wait wait) const {
    const bool owner = settings_.priority == owner_priority;
    switch (wait) {
        case Wait::down:
            return down_interval();
        case Wait::first:
            return owner ? Duration{0} : first_listening();
        case Wait::holding:
            return owner ? Duration{0} : settings_.interval + skew();
        case Wait::again:
            return master_interval() + skew();
        case Wait::skew:
            return skew() + patience_;
        case Wait::room:
            return std::max(hand_over(), least_room_);
        case Wait::released:
            break;
    }
    return Duration{0};
}

void Machine::wait_for(Wait wait, Instant now) {
    wait_ = wait;
    waits_from_ = now;
    timer_ = now + length_of(wait);
}

/// Just after a start, silence does not prove that there is no master. So a node listens longer if it would not correct
/// a mistake by itself (it does not preempt at once), or if packets need more than the link (unicast). If several nodes
/// start together, the skew makes the best one the first.
Duration Machine::first_listening() const {
    const bool takes_back_at_once = preempts() && settings_.preempt_delay.count() == 0;
    if (settings_.peers.empty() && takes_back_at_once) return down_interval();
    return std::max(3 * settings_.interval, settling_time + settings_.interval) + skew();
}

Output Machine::start(Instant now, bool holding) {
    learned_.reset();
    holding_ = holding;
    if (settings_.start_delay.count() > 0 && !holding && state_ == State::init && !timer_) {
        timer_ = now + settings_.start_delay;
        why_ = start_delay;
        since_ = now;
        return {};
    }
    const bool owner = settings_.priority == owner_priority;
    // RFC 9568 §6.4.1: the owner becomes master at once.
    if (owner && !grouped_)
        return become_master(now, {TransitionReason::owner, "owner of the addresses (priority 255)"});
    Output out = become_backup(
        now, {TransitionReason::started, holding ? "started with the addresses here: listening" : "started"});
    wait_for(holding ? Wait::holding : Wait::first, now);
    return out;
}

Output Machine::stop(Instant now, Duration least) {
    if (state_ == State::leaving) return {};
    if (!in_charge()) {
        timer_.reset();
        return enter(State::init, now, {TransitionReason::stopped, "stopped"});
    }
    Output out = enter(State::leaving, now, {TransitionReason::stopped, "stopped: waiting for a successor"});
    out.send = 0;  // RFC 9568 §6.4.3, Shutdown
    ++counters_.sent;
    timer_ = now + std::max(hand_over(), least);
    return out;
}

Output Machine::fault(Instant now, std::string reason) {
    const bool served = in_charge() || state_ == State::leaving;
    timer_.reset();
    Output out = enter(State::fault, now, {TransitionReason::fault, std::move(reason)});
    if (served) {  // nodes that still hear this one need not wait
        out.send = 0;
        ++counters_.sent;
    }
    return out;
}

Output Machine::recover(Instant now) {
    if (state_ != State::fault) return {};
    Output out = start(now, false);
    if (state_ == State::backup) why_ = "recovered";
    return out;
}

void Machine::sign(wire::Advertisement& advertisement, WallTime wall) {
    const auto& rules = settings_.authentication;
    if (!rules || rules->mode == AuthMode::receive_only || !source_) return;
    authenticator_.sign(advertisement, *source_, *rules, wall, Authenticator::window_of(settings_.interval));
}

std::optional<Drop> Machine::doubt(const Heard& heard) {
    const auto& rules = settings_.authentication;
    return authenticator_.doubt(heard.advertisement, heard.source, heard.proof, rules ? &*rules : nullptr,
                                Authenticator::window_of(settings_.interval));
}

/// In the order of the checks: a signature is verified only where all before it is good, and what comes after it is
/// said of a sender that is what it seems to be.
std::optional<Drop> Machine::unfit(const Heard& heard) {
    if (source_ && heard.source == *source_) {
        const auto drop = doubt(heard);
        return drop ? drop : Drop::own;
    }
    if (const auto drop = unfit_way(heard)) return drop;
    if (heard.advertisement.version != settings_.version) return Drop::version;
    if (const auto drop = doubt(heard)) return drop;
    return settings_.version == 2 ? unfit_version_2(heard.advertisement) : std::nullopt;
}

std::optional<Drop> Machine::unfit_way(const Heard& heard) const {
    // RFC 9568 §7.1: TTL 255 proves that no router forwarded the packet. With unicast a router may do so.
    const bool routed = !settings_.peers.empty() && !heard.multicast;
    if (!routed && heard.ttl != wire::vrrp_ttl) return Drop::ttl;
    if (routed && settings_.min_ttl && heard.ttl < *settings_.min_ttl) return Drop::ttl;
    if (!settings_.peers.empty() &&
        std::find(settings_.peers.begin(), settings_.peers.end(), heard.source) == settings_.peers.end()) {
        return Drop::not_a_peer;
    }
    return std::nullopt;
}

std::optional<Drop> Machine::unfit_version_2(const wire::Advertisement& said) const {
    // RFC 2338 §7.1, as version 2 routers in use do it: first the type must be ours, then the password.
    const std::uint8_t auth_type = settings_.password ? password_auth : 0;
    if (said.auth_type != auth_type) return Drop::auth_type;
    if (settings_.password && said.auth_data != *settings_.password) return Drop::auth_data;
    if (said.interval != settings_.interval) return Drop::interval;  // RFC 3768 §7.1
    return std::nullopt;
}

void Machine::remember(const Heard& heard, Instant now) {
    const wire::Advertisement& said = heard.advertisement;
    ++counters_.heard;
    if (said.trailer) ++counters_.trusted;
    const bool same = same_list(settings_.addresses, said.addresses, settings_.family);
    if (!same) ++counters_.other_addresses;
    if (said.interval != settings_.interval) ++counters_.other_interval;
    peer_ = Peer{heard.source, said.priority, said.interval, same, now, {}};
    if (said.trailer) peer_->key = said.trailer->key;
}

Output Machine::heard(const Heard& heard, Instant now) {
    if (const auto drop = unfit(heard)) {
        ++counters_.dropped[static_cast<std::size_t>(*drop)];
        return {};
    }
    // Not the master gives up, but one beside it. The master's answer to that may have come before it.
    const bool beside = heard.advertisement.priority == 0 && has_living_peer(now) && peer_->address != heard.source;
    if (state_ == State::backup && below_living_master(heard, now)) {
        ++counters_.heard;
        return {};
    }
    remember(heard, now);
    switch (state_) {
        case State::backup:
            return beside ? Output{} : heard_as_backup(heard, now);
        case State::master:
            return heard_as_master(heard, now);
        case State::leaving:
            if (heard.advertisement.priority != 0) timer_ = std::min(*timer_, now + hand_over_grace);
            return {};
        case State::init:
        case State::fault:
            return {};
    }
    return {};
}

/// It gives way to the master that was heard before, or says its last word. A backup that obeyed it would wait as long
/// as the interval of that one demands, not the master's.
bool Machine::below_living_master(const Heard& heard, Instant now) const {
    const std::uint8_t priority = heard.advertisement.priority;
    return priority != 0 && has_living_peer(now) && peer_->address != heard.source && priority < peer_->priority;
}

bool Machine::preempts() const { return settings_.preempt || settings_.priority == owner_priority; }

bool Machine::obeys(std::uint8_t priority, Instant now) {
    if (priority >= settings_.priority) {
        preempt_at_.reset();
        return true;
    }
    if (!preempts()) return true;
    if (settings_.preempt_delay.count() == 0 || settings_.priority == owner_priority) return false;
    if (!preempt_at_) preempt_at_ = now + preempt_wait();
    return now < *preempt_at_;
}

/// With the skew, so that of several that have waited equally long the best is the first: they take over once, not
/// twice.
Duration Machine::preempt_wait() const { return settings_.preempt_delay + skew(); }

/// Version 2 always uses its own interval. The master has the same one, since other advertisements are dropped (RFC
/// 3768 §6.1).
void Machine::learn(Duration interval) {
    if (settings_.version == 3) learned_ = interval;
}

Output Machine::heard_as_backup(const Heard& heard, Instant now) {
    const wire::Advertisement& said = heard.advertisement;
    Output out;
    if (said.priority == 0) {  // RFC 9568 §6.4.2: the master gives up; the best backup is the first to take over
        if (!ready_) wait_for(Wait::skew, now);
        out.given_up = true;
        return out;
    }
    if (holding_) {  // another node is master: the addresses of an earlier run are given up once that node has them
        holding_ = false;
        serves_until_ = now + hand_over_grace;
        out.from = State::backup;
        why_ = "heard " + from(heard);
    }
    if (!obeys(said.priority, now)) return out;  // RFC 9568 §6.4.2: discarded, the timer runs out
    learn(said.interval);
    wait_for(Wait::down, now);
    ready_ = false;
    out.obeys = true;
    if (serves_until_) serves_until_ = std::min(*serves_until_, now + hand_over_grace);
    if (out.from || why_.starts_with("heard")) return out;
    why_ = "heard " + from(heard);
    return out;
}

Output Machine::heard_as_master(const Heard& heard, Instant now) {
    const wire::Advertisement& said = heard.advertisement;
    notice_absence(now);
    if (said.priority == 0) {  // RFC 9568 §6.4.3
        timer_ = now + settings_.interval;
        Output out = send_now(now);
        // The node that gives up was master as well, and the neighbours may have learned its address.
        out.announce = true;
        return out;
    }
    // With equal priorities the greater address wins; compared as octets, in network byte order (RFC 9568 §6.4.3).
    const bool tie = said.priority == settings_.priority && heard.decides_tie;
    const bool tie_lost = tie && source_ && heard.source > *source_;
    if (said.priority > settings_.priority || tie_lost) {
        learn(said.interval);
        const char* const how = tie_lost ? ": a tie, and the greater address" : "";
        Output out = become_backup(now, {TransitionReason::outranked, "heard " + from(heard) + how});
        out.obeys = true;
        return last_word(said.priority, out);
    }
    // This node was paused, and so the other one took over. It stays master, unless this node would preempt it anyway.
    if (listening_ && !preempts()) {
        learn(said.interval);
        Output out = become_backup(now, {TransitionReason::was_away, "was away, and heard " + from(heard)});
        out.obeys = true;
        return last_word(said.priority, out);
    }
    // Another member of the group decides the tie. Until then both are master, and would answer each other's answers.
    if (said.priority == settings_.priority && !heard.decides_tie) return {};
    // RFC 9568 §6.4.3 (RFC 5798 sent nothing here): tell the other node at once, and the neighbours, too. The timer is
    // not changed.
    if (std::exchange(listening_, false)) timer_ = now + settings_.interval;
    Output out = send_now(now);
    out.announce = true;
    return out;
}

/// Whoever gives way advertises once more, which the RFC does not require. After a partition or an absence the other
/// master may not know that there was a second one, and the neighbours may have learned this one's address. The other
/// master answers as in §6.4.3 and tells the neighbours. It must not give way in its turn, so it hears no priority
/// above its own. (Below 1 there is only 0, which it answers as well.)
Output Machine::last_word(std::uint8_t winner, Output output) {
    const bool above = settings_.priority > winner;
    output.send = above ? static_cast<std::uint8_t>(winner - 1) : settings_.priority;
    ++counters_.sent;
    return output;
}

/// This node was paused for longer than a backup waits. There may be a new master: this node listens for it first.
bool Machine::notice_absence(Instant now) {
    if (listening_ || now - last_sent_ <= 3 * settings_.interval + settings_.interval / 2) return false;
    ++counters_.late;
    listening_ = true;
    timer_ = now + settings_.interval + settings_.interval / 8;
    return true;
}

Output Machine::advertise(Instant now) {
    if (notice_absence(now)) return {};
    const bool was_away = std::exchange(listening_, false);
    // The next one is due one interval after this one was due, so that a late wake-up does not change the rate.
    const bool in_time = !was_away && now - *timer_ < settings_.interval;
    timer_ = (in_time ? *timer_ : now) + settings_.interval;
    Output out = send_now(now);
    out.announce = was_away;
    return out;
}

std::optional<Duration> Machine::longest_sleep() const {
    if (state_ != State::backup) return std::nullopt;
    return master_interval() / 2;
}

/// What was not heard meanwhile may have been said. So the time does not count as waiting, and the node hears at least
/// one interval more. (In an interval an advertisement is sent; what is shorter is like the loss of one.) If it was
/// away for as long as a link takes to settle, it begins as at a start.
void Machine::was_away(Duration absence, Instant now) {
    if (state_ != State::backup || absence < master_interval()) return;
    ++counters_.late;
    ready_ = false;
    waits_from_ += absence;
    if (timer_) *timer_ += absence;
    const Wait least = absence < settling_time ? Wait::again : Wait::first;
    if (!timer_ || *timer_ < now + length_of(least)) wait_for(least, now);
}

bool Machine::has_living_peer(Instant now) const {
    return peer_ && peer_->priority != 0 && now - peer_->at < 2 * peer_->interval;
}

std::uint8_t Machine::harmless_priority(Instant now) const {
    if (!has_living_peer(now)) return 0;
    return std::min(settings_.priority, static_cast<std::uint8_t>(peer_->priority - 1));
}

Machine::Because Machine::why_take_over(Instant now) const {
    Because silence{TransitionReason::silence, "no master was heard"};
    if (holding_) return {TransitionReason::silence, "nobody else took over meanwhile"};
    if (settings_.priority == owner_priority) return {TransitionReason::owner, "owner of the addresses (priority 255)"};
    if (!peer_ || now - peer_->at >= 2 * peer_->interval) return silence;
    if (peer_->priority == 0) return {TransitionReason::gave_up, "the master gave up"};
    if (peer_->priority < settings_.priority) {
        return {TransitionReason::preempted, "preempts a master of lower priority"};
    }
    return silence;
}

Output Machine::tick(Instant now) {
    if (serves_until_ && now >= *serves_until_) {
        serves_until_.reset();
        Output out = tick(now);
        if (!out.from) out.from = state_;  // the state is the same, but the addresses must be given up
        return out;
    }
    if (!timer_ || now < *timer_) return {};
    switch (state_) {
        case State::init:
            return start(now, holding_);
        case State::backup:
            if (!grouped_) return become_master(now, why_take_over(now));
            ready_ = true;
            timer_.reset();
            return {};
        case State::master:
            return advertise(now);
        case State::leaving:
            timer_.reset();
            return enter(State::init, now, {TransitionReason::stopped, "stopped"});
        case State::fault:
            return {};
    }
    return {};
}

Output Machine::reconfigure(Settings settings, Instant now) {
    if (settings == settings_) return {};
    // A master that was away speaks with the new settings once it has listened.
    const bool listens = state_ == State::master && (notice_absence(now) || listening_);
    const Settings before = std::exchange(settings_, std::move(settings));
    // What was heard with the old interval says nothing about the new one, so the wait begins anew (RFC 3768 §7.1).
    const bool anew = settings_.version == 2 && settings_.interval != before.interval;
    if (state_ == State::backup && timer_ && anew) waits_from_ = now;
    measure_wait(now);
    renew_preempt_delay(before.preempt_delay, now);
    if (state_ != State::master || listens) return {};
    timer_ = now + settings_.interval;
    return send_now(now);  // peers learn the new priority and interval at once
}

/// New settings change how long a node waits, from when it began to (RFC 9568 §6.1).
void Machine::measure_wait(Instant now) {
    if (!timer_) return;
    if (state_ == State::init) timer_ = std::max(now, since_ + settings_.start_delay);
    if (state_ != State::backup) return;
    timer_ = std::max(now, waits_from_ + length_of(wait_));
    if (wait_ == Wait::room && serves_until_) serves_until_ = *timer_ + hand_over_grace;
}

/// A new delay counts from now. A shorter one never makes the wait longer.
void Machine::renew_preempt_delay(Duration before, Instant now) {
    if (!preempt_at_ || settings_.preempt_delay == before) return;
    const Instant at = now + preempt_wait();
    preempt_at_ = settings_.preempt_delay < before ? std::min(*preempt_at_, at) : at;
}

void Machine::set_priority(std::uint8_t priority, Instant now) {
    settings_.priority = priority;
    measure_wait(now);
}

// ---- sync groups ---------------------------------------------------------------------------------------------------

/// The member for which a ready member waits may not be in the group any more: tick() decides again.
void Machine::set_grouped(bool grouped, Instant now) {
    grouped_ = grouped;
    if (std::exchange(ready_, false)) wait_for(Wait::released, now);
}

Output Machine::lead(Instant now) { return become_master(now, why_take_over(now)); }

Output Machine::yield(std::uint8_t winner, Instant now, std::string why) {
    if (state_ == State::master)
        return last_word(winner, become_backup(now, {TransitionReason::sync_group, std::move(why)}));
    Output out;
    if (state_ != State::backup || !std::exchange(holding_, false)) return out;
    serves_until_ = now + hand_over_grace;
    out.from = State::backup;
    why_ = std::move(why);
    return out;
}

Output Machine::make_room(Instant now, std::string why, Duration least) {
    if (state_ != State::master) return {};
    Output out = become_backup(now, {TransitionReason::made_room, std::move(why)});
    out.send = 0;
    ++counters_.sent;
    least_room_ = least;
    wait_for(Wait::room, now);
    serves_until_ = *timer_ + hand_over_grace;
    return out;
}

/// A limited backup (set_patience) hears the master again before its own wait ends, so it does not take over.
Output Machine::offer_room(Instant now, Duration least) {
    if (state_ != State::master || notice_absence(now) || listening_) return {};
    Output out = send_now(now);
    out.send = 0;
    timer_ = now + std::max(hand_over(), least);
    return out;
}

void Machine::hurry(Instant now) {
    if (state_ == State::backup && timer_ && now + length_of(Wait::skew) < *timer_) wait_for(Wait::skew, now);
}

// ---- invariants ----------------------------------------------------------------------------------------------------

BrokenInvariant Machine::broken_invariant() const {
    const bool backup = state_ == State::backup;
    const bool master = state_ == State::master;
    return first_broken({
        {settings_.priority > 0, "a priority is not 0, which means giving up"},
        {!source_ || source_->family == settings_.family, "the source is of the instance's family"},
        {!backup || timer_.has_value() != ready_, "a backup waits for its timer, or is ready for its group"},
        {!master || timer_, "a master has an advertisement timer"},
        {state_ != State::leaving || timer_, "a leaving instance waits for its successor for a limited time"},
        {state_ != State::fault || !timer_, "an instance in fault waits for nothing"},
        {state_ != State::init || timer_.has_value() == (why_ == start_delay),
         "before its start an instance waits for start_delay only"},
        {!ready_ || (backup && grouped_), "only a backup in a sync group is ready"},
        {!holding_ || backup, "only a backup holds addresses of an earlier life"},
        {!serves_until_ || (backup && !holding_), "only a backup that gave way serves on for its successor"},
        {!preempt_at_ || backup, "only a backup waits to preempt"},
        {!listening_ || master, "only a master that was away listens"},
        {authenticator_.senders() <= Authenticator::senders_known, "of so many senders only is something remembered"},
        {!learned_ || (settings_.version == 3 && !master), "only version 3 learns an interval, and not a master"},
    });
}

std::optional<Instant> Machine::wake_at() const {
    if (serves_until_ && (!timer_ || *serves_until_ < *timer_)) return serves_until_;
    return timer_;
}

}  // namespace lbconverge::vrrp
