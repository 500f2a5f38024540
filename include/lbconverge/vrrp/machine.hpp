// One VRRP instance as a function: events and the time go in, and packets to send and changes of state come out.
// Version 3 (RFC 9568, whose "Active Router" is the field's master) and version 2 (RFC 3768). Pure: it has no clock, no
// socket, and no timer but its own fields; wake_at() says when it wants to be called next.
#pragma once

#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/vrrp/authentication.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::vrrp {

using lbconverge::to_text;

/// How long an old master keeps the addresses after the first advertisement of the new one. The new master sends that
/// before it has the addresses, and its gratuitous ARP comes later. Until then the packets of clients still come here.
constexpr Duration hand_over_grace = std::chrono::milliseconds(50);
/// A node that leaves waits for a successor: for the longest skew time that one can have, and this time in addition.
constexpr Duration hand_over_margin = std::chrono::milliseconds(100);
/// A node that has just got its link may not hear a living master for this time: its switch port may not forward yet,
/// and with unicast the master first has to ask for the node's link address, which it does once a second (RFC 4861 §10,
/// RETRANS_TIMER; linux: retrans_time_ms, for ARP as well).
constexpr Duration settling_time = std::chrono::seconds(2);

struct Settings {
    std::string name;
    std::uint8_t version = 3;
    std::uint8_t vrid = 1;
    std::uint8_t priority = 100;  ///< 255: owner of the addresses (RFC 9568 §6.1)
    Family family = Family::ipv4;
    Duration interval = std::chrono::seconds(1);
    bool preempt = true;
    Duration preempt_delay{0};  ///< how long a master of lower priority stays master: that, the skew, a down interval
    Duration start_delay{0};
    std::optional<std::array<std::uint8_t, 8>> password;  ///< version 2, authentication type 1
    std::optional<Authentication> authentication{};       ///< by signature
    wire::ChecksumDialect checksum = wire::ChecksumDialect::pseudo_header;
    std::vector<IpAddress> peers;           ///< unicast, when there are any
    std::optional<std::uint8_t> min_ttl{};  ///< unicast; none: any (keepalived sends IPv6 unicast with 64)
    std::vector<IpAddress> addresses;       ///< the VIPs, in the order of the file

    bool operator==(const Settings&) const = default;
};

enum class State : std::uint8_t {
    init,  ///< not started, or stopped
    backup,
    master,
    leaving,  ///< priority 0 is sent, the addresses are still here: waiting for the successor
    fault,    ///< cannot take part: no link, or no address to send from
};
constexpr auto names_of(State) {
    return enum_names<State>({{State::init, "init"},
                              {State::backup, "backup"},
                              {State::master, "master"},
                              {State::leaving, "leaving"},
                              {State::fault, "fault"}});
}

/// Why an instance changed its state: of why(), what can be counted.
enum class TransitionReason : std::uint8_t {
    started,     ///< or it can take part again
    stopped,     ///< by the operator
    fault,       ///< it cannot take part
    silence,     ///< no master was heard
    gave_up,     ///< the master gave up
    preempted,   ///< it took over from a master of lower priority
    owner,       ///< the addresses are its own (priority 255)
    outranked,   ///< a master of higher priority was heard, or of the same and with the greater address
    was_away,    ///< it did not run for a while, and there is another master now
    made_room,   ///< it could not serve all its addresses
    sync_group,  ///< another member of its sync group gave way
};
constexpr auto names_of(TransitionReason) {
    return enum_names<TransitionReason>({{TransitionReason::started, "started"},
                                         {TransitionReason::stopped, "stopped"},
                                         {TransitionReason::fault, "fault"},
                                         {TransitionReason::silence, "no master heard"},
                                         {TransitionReason::gave_up, "master gave up"},
                                         {TransitionReason::preempted, "preemption"},
                                         {TransitionReason::owner, "owner"},
                                         {TransitionReason::outranked, "outranked"},
                                         {TransitionReason::was_away, "was away"},
                                         {TransitionReason::made_room, "made room"},
                                         {TransitionReason::sync_group, "sync group"}});
}
constexpr std::size_t reason_count = names_of(TransitionReason{}).size();

/// An advertisement with what the IP header said about it.
struct Heard {
    wire::Advertisement advertisement;
    IpAddress source;
    std::uint8_t ttl = wire::vrrp_ttl;
    bool multicast = true;
    /// False: with equal priorities the greater address does not win on this instance, since another member of the sync
    /// group decides (the order of the addresses may differ between the two).
    bool decides_tie = true;
    Signed proof{};  ///< looked at only where there is a trailer
};

struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;    ///< good ones
    std::uint64_t trusted = 0;  ///< of them, signed
    std::array<std::uint64_t, drop_count> dropped{};
    std::uint64_t other_addresses = 0;  ///< good, but with another list of VIPs
    std::uint64_t other_interval = 0;   ///< version 3: good, but with another interval
    std::uint64_t became_master = 0;
    std::uint64_t late = 0;  ///< how often this node did not run for so long that it had to listen again
    std::array<std::uint64_t, reason_count> transitions{};  ///< changes of the state, by their reason

    bool operator==(const Counters&) const = default;
};

/// Who was heard last.
struct Peer {
    IpAddress address;
    std::uint8_t priority = 0;
    Duration interval{0};
    bool same_addresses = true;
    Instant at;
    std::optional<std::uint8_t> key{};  ///< id of the key that signed it
};

/// What a call asks for.
struct Output {
    std::optional<std::uint8_t> send;  ///< an advertisement with this priority, at once
    bool announce = false;             ///< gratuitous ARP: the neighbours may know a master of lower priority
    std::optional<State> from;         ///< the state changed, from this one; why() says why
    bool obeys = false;                ///< another node is master, and this one accepts that
    bool given_up = false;             ///< backup: the master gives up
};

class Machine {
public:
    explicit Machine(Settings settings) : settings_(std::move(settings)) {}

    /// Takes part from now on (RFC 9568 §6.4.1). `holding`: an earlier run of the program has left the addresses on
    /// this node. Then it listens for one interval only. If it hears nobody, it goes on as master before its peers
    /// notice anything.
    Output start(Instant now, bool holding);
    /// Gives up. A master advertises priority 0 and goes on serving until its successor serves, but for hand_over() or
    /// `least` at most. `least`: the longest hand_over() of its sync group, whose successor waits for all members.
    Output stop(Instant now, Duration least = {});
    /// After this time a backup of the lowest priority has taken over (RFC 9568 §6.4.2, priority 0).
    [[nodiscard]] Duration hand_over() const { return skew(1) + hand_over_margin; }
    /// fault(): cannot take part, for this reason. recover(): can take part again, as after a start.
    Output fault(Instant now, std::string reason);
    Output recover(Instant now);
    /// RFC 9568 §6.4.2, §6.4.3.
    Output heard(const Heard& heard, Instant now);
    /// To be called when wake_at() has come; harmless at any other time.
    Output tick(Instant now);
    /// New settings for the same virtual router (same vrid, version and family). The state stays. What a backup waits
    /// for is measured by them from when it began to wait; a preempt delay that has begun counts from now.
    Output reconfigure(Settings settings, Instant now);
    /// The next advertisement has the new priority, and the waiting time of a backup changes at once. Nothing is reset.
    void set_priority(std::uint8_t priority, Instant now);
    /// Not 0: this node cannot serve all its addresses. When a master gives up, it leaves that much time to others.
    void set_patience(Duration patience) { patience_ = patience; }

    /// A member of a sync group does not become master by itself. It is ready() until lead() is called or another node
    /// is master.
    void set_grouped(bool grouped, Instant now);
    [[nodiscard]] bool grouped() const { return grouped_; }
    [[nodiscard]] bool ready() const { return ready_; }
    /// Becomes master, because all members are ready. Call it only when ready().
    Output lead(Instant now);
    /// Another member has found a master of that priority on another node: this one gives up its addresses to that
    /// node, too.
    Output yield(std::uint8_t winner, Instant now, std::string why);
    /// A master that cannot serve all its addresses makes room: it advertises priority 0, but goes on serving until
    /// another node is master. If nobody has taken over when the last backup would have done so, it becomes master
    /// again. `least`: as with stop().
    Output make_room(Instant now, std::string why, Duration least = {});
    /// A master that made room in vain asks again, for a node that came later and does not preempt: it advertises
    /// priority 0, then nothing for as long as make_room() waits, and stays master. `least`: as with stop().
    Output offer_room(Instant now, Duration least = {});
    /// The master of another member gives up: so does the master of this one, even if its advertisement was lost.
    void hurry(Instant now);

    /// This node did not run for that long until now. Silence of that time says nothing about the master.
    void was_away(Duration absence, Instant now);

    /// The address that our advertisements come from: the greater one wins a tie (RFC 9568 §6.4.3).
    void set_source(std::optional<IpAddress> source) { source_ = source; }

    [[nodiscard]] std::optional<Instant> wake_at() const;
    /// A node that runs at least this often can tell its own absence from the silence of a master. None: nothing
    /// depends on it.
    [[nodiscard]] std::optional<Duration> longest_sleep() const;
    /// It is master, was away for too long, and does not know yet if another node is master.
    [[nodiscard]] bool listening() const { return listening_; }
    [[nodiscard]] State state() const { return state_; }
    /// The addresses belong here: this node is master, or its successor does not have them yet.
    [[nodiscard]] bool serving() const {
        return state_ == State::master || state_ == State::leaving || serves_until_.has_value();
    }
    /// This node was master until now, and its successor will have the addresses soon.
    [[nodiscard]] bool yielding() const { return state_ == State::leaving || serves_until_.has_value(); }
    /// The priority of an advertisement to which no living master gives way, and which none needs.
    [[nodiscard]] std::uint8_t harmless_priority(Instant now) const;
    /// Another node has advertised itself as master a short time ago.
    [[nodiscard]] bool has_living_peer(Instant now) const;
    /// This node does not know yet whether it is master, so the addresses stay as they are.
    [[nodiscard]] bool undecided() const { return state_ == State::init || (state_ == State::backup && holding_); }
    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] const std::optional<IpAddress>& source() const { return source_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] const std::optional<Peer>& peer() const { return peer_; }
    [[nodiscard]] Instant since() const { return since_; }
    [[nodiscard]] const std::string& why() const { return why_; }
    /// How long a backup waits for its master (RFC 9568 §6.1, RFC 3768 §6.1).
    [[nodiscard]] Duration down_interval() const { return 3 * master_interval() + skew(); }
    [[nodiscard]] Duration skew() const { return skew(settings_.priority); }
    /// How long it listens at a start, or when it can take part again, before it takes over.
    [[nodiscard]] Duration first_listening() const;

    /// The advertisement with this priority. The caller completes the addresses of an IPv6 instance without a
    /// link-local VIP.
    [[nodiscard]] wire::Advertisement advertisement(std::uint8_t priority) const;
    /// Signs the complete advertisement, if this instance does. Each call gives a later sequence.
    void sign(wire::Advertisement& advertisement, WallTime wall);
    /// In each state the timers of that state are set, and no field of another state is.
    [[nodiscard]] BrokenInvariant broken_invariant() const;

private:
    /// What a backup waits for.
    enum class Wait : std::uint8_t {
        down,      ///< the master falls silent
        first,     ///< at a start, nobody is heard
        holding,   ///< the same, with the addresses of an earlier run here
        again,     ///< this node did not run, and hears one interval more
        skew,      ///< the master gives up, and no better backup takes over
        room,      ///< this node made room, and no backup takes over
        released,  ///< nothing: it was ready, and its group is another one now
    };
    [[nodiscard]] Duration length_of(Wait wait) const;
    void wait_for(Wait wait, Instant now);
    void measure_wait(Instant now);
    [[nodiscard]] Duration preempt_wait() const;
    void renew_preempt_delay(Duration before, Instant now);
    [[nodiscard]] Duration skew(std::uint8_t priority) const;
    [[nodiscard]] Duration master_interval() const { return learned_.value_or(settings_.interval); }
    /// The addresses are on this node, and as far as it knows its peers take it for the master.
    [[nodiscard]] bool in_charge() const { return state_ == State::master || (state_ == State::backup && holding_); }
    /// The owner does in any case (RFC 9568 §6.1).
    [[nodiscard]] bool preempts() const;
    /// Whether a backup obeys a master of that priority. For one of lower priority it notes when it began to leave it
    /// alone.
    [[nodiscard]] bool obeys(std::uint8_t priority, Instant now);
    void learn(Duration interval);
    bool notice_absence(Instant now);
    [[nodiscard]] Output last_word(std::uint8_t winner, Output output);
    struct Because {
        TransitionReason reason = TransitionReason::started;
        std::string why;
    };
    [[nodiscard]] Because why_take_over(Instant now) const;
    [[nodiscard]] bool below_living_master(const Heard& heard, Instant now) const;
    [[nodiscard]] std::optional<Drop> unfit(const Heard& heard);
    [[nodiscard]] std::optional<Drop> unfit_way(const Heard& heard) const;
    [[nodiscard]] std::optional<Drop> unfit_version_2(const wire::Advertisement& said) const;
    [[nodiscard]] std::optional<Drop> doubt(const Heard& heard);
    void remember(const Heard& heard, Instant now);
    Output enter(State state, Instant now, Because because);
    Output become_master(Instant now, Because because);
    Output become_backup(Instant now, Because because);
    Output send_now(Instant now);
    Output heard_as_backup(const Heard& heard, Instant now);
    Output heard_as_master(const Heard& heard, Instant now);
    Output advertise(Instant now);

    Settings settings_;
    State state_ = State::init;
    bool holding_ = false;    ///< backup: an earlier run left the addresses here, and no other master has been heard
    bool grouped_ = false;    ///< member of a sync group
    bool ready_ = false;      ///< backup: would be master if it were alone
    bool listening_ = false;  ///< master: it was paused for too long, and listens for another master first
    std::optional<Duration> learned_;  ///< version 3, backup: the interval of the master that was heard, if one was
    std::optional<IpAddress> source_;
    Wait wait_ = Wait::down;               ///< backup: what the timer is for
    Duration least_room_{0};               ///< of Wait::room: its sync group waits so long
    Duration patience_{0};                 ///< of Wait::skew: the time that others get before this node
    Instant waits_from_;                   ///< backup: when that began
    std::optional<Instant> timer_;         ///< start, down, advertisement or leave timer, as the state has it
    std::optional<Instant> preempt_at_;    ///< backup: from when on a master of lower priority is not obeyed any more
    std::optional<Instant> serves_until_;  ///< backup: was master until now, and the new one is not ready yet
    Instant last_sent_;
    std::optional<Peer> peer_;
    Authenticator authenticator_;
    Counters counters_;
    Instant since_;
    std::string why_ = "not started";
};

}  // namespace lbconverge::vrrp
