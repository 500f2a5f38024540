// One VRRP instance as a function: events and the time go in, what is to be sent and said comes out. Version 3
// (RFC 9568, whose "Active Router" is the field's master) and version 2 (RFC 3768). Pure: it has no clock, no socket,
// and no timer but its own fields; wake_at() says when it wants to be called next.
#pragma once

#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::vrrp {

using lbconverge::to_text;

/// How long a master that gives up, or gives way, keeps the addresses after its successor's first advertisement: that
/// is sent before the successor has the addresses, and its gratuitous ARP follows. Until then the clients' packets
/// still come here.
constexpr Duration hand_over_grace = std::chrono::milliseconds(50);
/// What is added to the longest skew time that a successor can have, before a leaving node stops waiting for one.
constexpr Duration hand_over_margin = std::chrono::milliseconds(100);
/// How long a node that comes to the link may hear nothing of a living master: its switch port may not forward yet, and
/// by unicast the master has to ask for the node's link address first, which it does once a second (RFC 4861 §10,
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
    Duration preempt_delay{0};  ///< keepalived's: how long a master of lower priority is left alone
    Duration start_delay{0};
    std::optional<std::array<std::uint8_t, 8>> password;  ///< version 2, authentication type 1
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

/// Why an advertisement that could be read was not listened to.
enum class Drop : std::uint8_t {
    ttl,         ///< not 255 (RFC 9568 §7.1), or below min_ttl in unicast
    version,     ///< another version than ours
    auth_type,   ///< version 2: with a password here and without there, or the reverse
    auth_data,   ///< version 2: another password
    interval,    ///< version 2: another interval (RFC 3768 §7.1); version 3 learns it
    not_a_peer,  ///< unicast: not from one of the peers
    own,         ///< from our own address: our packet came back
};
constexpr auto names_of(Drop) {
    return enum_names<Drop>({{Drop::ttl, "ttl"},
                             {Drop::version, "version"},
                             {Drop::auth_type, "authentication type"},
                             {Drop::auth_data, "password"},
                             {Drop::interval, "interval"},
                             {Drop::not_a_peer, "not a peer"},
                             {Drop::own, "own"}});
}
constexpr std::size_t drop_count = names_of(Drop{}).size();

/// An advertisement with what the IP header said about it.
struct Heard {
    wire::Advertisement advertisement;
    IpAddress source;
    std::uint8_t ttl = wire::vrrp_ttl;
    bool multicast = true;
    /// False: with the same priority the greater address does not win here, since another member of the sync group
    /// decides it (the addresses may be in another order there).
    bool decides_tie = true;
};

struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;  ///< good ones
    std::array<std::uint64_t, drop_count> dropped{};
    std::uint64_t other_addresses = 0;  ///< good, but with another list of VIPs
    std::uint64_t other_interval = 0;   ///< version 3: good, but with another interval
    std::uint64_t became_master = 0;
    std::uint64_t late = 0;  ///< times this node was not run for longer than its peers wait

    bool operator==(const Counters&) const = default;
};

/// Who was heard last.
struct Peer {
    IpAddress address;
    std::uint8_t priority = 0;
    Duration interval{0};
    bool same_addresses = true;
    Instant at;
};

/// What a call asks for.
struct Output {
    std::optional<std::uint8_t> send;  ///< an advertisement with this priority, at once
    bool announce = false;             ///< gratuitous ARP: neighbours may have listened to a master of lower priority
    std::optional<State> from;         ///< the state changed, from this one; why() says why
    bool obeys = false;                ///< another node is master, and this one accepts that
    bool given_up = false;             ///< backup: the master gives up
};

class Machine {
public:
    explicit Machine(Settings settings) : settings_(std::move(settings)) {}

    /// Takes part from now on (RFC 9568 §6.4.1). `holding`: the addresses are on this node from an earlier life of the
    /// program; it then listens for one interval only, and if nobody says anything it goes on as master, before its
    /// peers have noticed.
    Output start(Instant now, bool holding);
    /// Gives up: a master says so (priority 0) and goes on serving until its successor does.
    Output stop(Instant now);
    /// Cannot take part, for this reason; or can again, as if started.
    Output fault(Instant now, std::string reason);
    Output recover(Instant now);
    /// RFC 9568 §6.4.2, §6.4.3.
    Output heard(const Heard& heard, Instant now);
    /// To be called when wake_at() has come; harmless at any other time.
    Output tick(Instant now);
    /// New settings for the same virtual router (vrid, version and family are what they were): the state stays.
    Output reconfigure(Settings settings, Instant now);
    /// Takes effect in the next advertisement, and at once in how long a backup waits. Nothing is reset.
    void set_priority(std::uint8_t priority, Instant now);

    /// A member of a sync group does not become master by itself: it is ready, until lead() is called or somebody else
    /// is master.
    void set_grouped(bool grouped, Instant now);
    [[nodiscard]] bool grouped() const { return grouped_; }
    [[nodiscard]] bool ready() const { return ready_; }
    /// All members are ready: this one becomes master. Only when ready().
    Output lead(Instant now);
    /// Another member has found a master elsewhere: what this one is in charge of goes there as well.
    Output yield(Instant now, std::string why);
    /// A master that cannot serve all it should makes room: it gives up in words (priority 0), but goes on serving
    /// until somebody else is master. When nobody is by the time that the last backup would have taken over, it goes
    /// on.
    Output make_room(Instant now, std::string why);
    /// Another member's master gives up: this one's does as well, whatever has become of its advertisement.
    void hurry(Instant now);

    /// The address that our advertisements come from: the greater one wins a tie (RFC 9568 §6.4.3).
    void set_source(std::optional<IpAddress> source) { source_ = source; }

    [[nodiscard]] std::optional<Instant> wake_at() const;
    [[nodiscard]] State state() const { return state_; }
    /// The addresses belong here: master, or its successor is about to have them.
    [[nodiscard]] bool serving() const {
        return state_ == State::master || state_ == State::leaving || serves_until_.has_value();
    }
    /// It was master until now, and a successor has the addresses soon.
    [[nodiscard]] bool yielding() const { return state_ == State::leaving || serves_until_.has_value(); }
    /// Another one has advertised itself as master of late.
    [[nodiscard]] bool has_living_peer(Instant now) const;
    /// Master, or was it in an earlier life and does not know yet: the addresses stay as they are.
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

    /// What is sent with this priority, but for the addresses of an IPv6 instance without a link-local VIP.
    [[nodiscard]] wire::Advertisement advertisement(std::uint8_t priority) const;
    /// Each state has its timers, and no field of another state.
    [[nodiscard]] BrokenInvariant broken_invariant() const;

private:
    [[nodiscard]] Duration skew(std::uint8_t priority) const;
    [[nodiscard]] Duration master_interval() const { return learned_.value_or(settings_.interval); }
    /// The addresses are on this node, and as far as it knows its peers think so too.
    [[nodiscard]] bool in_charge() const { return state_ == State::master || (state_ == State::backup && holding_); }
    /// The owner does in any case (RFC 9568 §6.1).
    [[nodiscard]] bool preempts() const;
    /// As a backup, a master of that priority; notes from when on one of lower priority is left alone.
    [[nodiscard]] bool obeys(std::uint8_t priority, Instant now);
    void learn(Duration interval);
    bool notice_absence(Instant now);
    [[nodiscard]] std::string why_take_over(Instant now) const;
    [[nodiscard]] std::optional<Drop> unfit(const Heard& heard) const;
    void remember(const Heard& heard, Instant now);
    Output enter(State state, Instant now, std::string why);
    Output become_master(Instant now, std::string why);
    Output become_backup(Instant now, std::string why);
    Output send_now(Instant now);
    void shift_down_timer(Duration before, Instant now);
    Output heard_as_backup(const Heard& heard, Instant now);
    Output heard_as_master(const Heard& heard, Instant now);
    Output advertise(Instant now);

    Settings settings_;
    State state_ = State::init;
    bool holding_ = false;             ///< backup: the addresses are here, and nobody has said that they must not be
    bool grouped_ = false;             ///< member of a sync group
    bool ready_ = false;               ///< backup: would be master if it were alone
    bool listening_ = false;           ///< master: was away for too long, and waits for what the others say
    std::optional<Duration> learned_;  ///< version 3, backup: the interval of the master that was heard, if one was
    std::optional<IpAddress> source_;
    std::optional<Instant> timer_;         ///< start, down, advertisement or leave timer, as the state has it
    std::optional<Instant> preempt_at_;    ///< backup: from when on a master of lower priority is not obeyed any more
    std::optional<Instant> serves_until_;  ///< backup: was master until now, and the new one is not ready yet
    Instant last_sent_;
    std::optional<Peer> peer_;
    Counters counters_;
    Instant since_;
    std::string why_ = "not started";
};

}  // namespace lbconverge::vrrp
