// What must be true of a cluster, judged from outside:
//   S1  every plan passes the safety check
//   S2  an awake node has a VIP only while its election allows it, or for a bounded time after
//   S3  after settling: each virtual router has one master, and no better node preempts; the master alone has the VIPs,
//       and the neighbours send to it; nothing changes any more
//   S4  where nothing goes wrong, no node becomes master without need
//   S5  after settling: no node has anything left to do
//   S6  during a planned stop with a healthy peer, a restart and the return of a node, each VIP is on a node at every
//       instant; and a stop ends
//   S7  a node does not ask twice in a row to be woken in the past
//   S8  after every turn a node is master of all members of a sync group or of none
//   S9  a pool has a server that takes connections, if one of its servers is well. (A server that was not asked yet is
//       not down.)
//   S10 the invariants of a node, and of every plan and ledger that it makes, hold after every turn
//   S11 no VIP is on no node for longer than dark_limit_of(), while a node could serve it
//   S12 where nodes pause and nothing else goes wrong: a node without preemption that runs again leaves a master alone
//       that was there before, if the node did not run for an interval, or has run for one since
//   S13 two nodes that hear each other do not both serve for longer than one of them may take to hear the other
//   S14 the neighbours of a master that has its VIPs soon send to a node that has them
//   S15 nodes do not answer each other's answers
// src/README.md derives the bounds. Pure: the checker does not know how the picture came about.
#pragma once

#include "lbconverge/sim/picture.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lbconverge::sim {

struct Violation {
    std::string check;  ///< "S1" …
    Instant at;
    std::string what;
};

class Checker {
public:
    /// The picture is looked at whenever a function is called; it must outlive the checker. `calm`: nothing goes wrong
    /// in this run, so that S4 holds.
    Checker(const Picture& picture, bool calm);

    /// S2, S6, S8, S11, S13, S14: to be called after everything that changes the picture.
    void look(Instant now);
    /// S11, S14: another fault began or ended, so the times that a VIP is dark or not reached begin anew.
    void faults_changed();
    /// S4, S12, and S3 once everything has settled.
    void transition(Instant now, std::size_t node, std::size_t router, vrrp::State from);
    /// S1.
    void refused_plan(Instant now, std::size_t node, const std::string& what);
    /// S15: to be called with each event. False: there are so many in a second that the run must end.
    [[nodiscard]] bool goes_on(Instant now);
    /// S7; after each turn, both in the node's own time.
    void wake(Instant now, std::size_t node, Instant local, std::optional<Instant> wanted);
    /// S9.
    void emptied_pool(Instant now, std::size_t node, const std::string& what);
    /// S10: nothing is reported when nothing is broken.
    void invariant(Instant now, std::size_t node, const BrokenInvariant& broken);
    /// S6: how long a stop takes.
    void stop_began(Instant now, std::size_t node);
    void stop_ended(std::size_t node);
    /// S6: until then the VIPs of this node are to be reached at every instant, wherever they are; nothing else goes
    /// wrong meanwhile. `with_peer`: only the VIPs that another node can take over.
    void watch(Instant now, std::size_t node, Instant until, bool with_peer);
    /// S3, from now on.
    void settled(Instant now);
    /// S5: the work that is left on this node; empty: none.
    void left_to_do(Instant now, std::size_t node, const std::string& what);

    [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

private:
    struct FirstBackup {
        std::optional<Instant> at;  ///< became backup for the first time
        bool was_master = false;
    };
    struct WatchedVips {
        std::size_t node = 0;
        std::size_t router = 0;
        Instant until;
    };
    struct RunningStop {
        Instant began;
        Duration limit{0};  ///< how long it may take
    };

    void report(Instant now, std::string check, std::string what);
    void look_at_withdrawal(Instant now, std::size_t node, std::size_t router);
    void look_at_stop(Instant now, std::size_t node);
    void look_at_dark(Instant now, std::size_t router, std::size_t vip);
    struct Group {
        Duration interval{0};  ///< the longest
        Duration listens{0};   ///< likewise
        bool started = true;   ///< all of them
    };
    [[nodiscard]] static Group group_of(const NodePicture& node, std::size_t router);
    [[nodiscard]] Duration dark_limit_of(std::size_t router) const;
    void look_at_masters(Instant now, std::size_t router);
    void look_at_pair(Instant now, std::size_t router, std::size_t a, std::size_t b);
    [[nodiscard]] bool claims(std::size_t node, std::size_t router) const;
    [[nodiscard]] bool hear_each_other(std::size_t router, std::size_t a, std::size_t b) const;
    void look_at_neighbours(Instant now, std::size_t router, std::size_t vip);
    [[nodiscard]] bool still_good(Instant now, const WatchedVips& watch);
    [[nodiscard]] bool sent_astray(std::size_t router, std::size_t believed) const;
    [[nodiscard]] bool hears_all_in_time(std::size_t node, std::size_t router) const;
    [[nodiscard]] Seat at_slowest(std::size_t node, std::size_t router) const;
    [[nodiscard]] bool all_first(std::size_t node, std::size_t router, Instant now) const;
    void needless(Instant now, std::size_t node, std::size_t router);
    void took_from_living(Instant now, std::size_t node, std::size_t router);
    void settled(Instant now, std::size_t router);
    [[nodiscard]] bool preempts(std::size_t node, std::size_t router) const;
    void look_at_groups(Instant now, std::size_t node);
    [[nodiscard]] bool reached(std::size_t router, std::size_t vip) const;
    [[nodiscard]] bool all_reached_at(std::size_t node, std::size_t router) const;
    [[nodiscard]] bool has_healthy_peer(std::size_t node, std::size_t router) const;
    [[nodiscard]] std::string place(std::size_t node, std::size_t router) const;

    const Picture& picture_;
    bool calm_;
    bool settled_ = false;
    std::vector<std::vector<std::optional<Instant>>> exposed_;   ///< S2: node, router: since when
    std::vector<std::vector<std::optional<Instant>>> dark_;      ///< S11: router, VIP: since when, though it need not
    std::vector<std::vector<std::optional<Instant>>> together_;  ///< S13: router, pair: since when both serve
    std::vector<std::vector<std::optional<Instant>>> astray_;    ///< S14: router, VIP: since when packets are lost
    std::vector<std::vector<FirstBackup>> first_backup_;         ///< S4: node, router
    std::vector<std::size_t> last_master_;                       ///< S4: router
    std::vector<Instant> last_master_since_;                     ///< S4: router
    std::vector<unsigned> late_wakes_;                           ///< S7: node
    std::vector<std::optional<RunningStop>> stops_;              ///< S6: node
    std::vector<WatchedVips> watches_;                           ///< S6
    Instant second_{};                                           ///< S15: when the present second began
    std::uint64_t events_ = 0;                                   ///< S15: in that second
    std::vector<Violation> violations_;
};

/// S2: how long a withdrawal may take on a kernel that is neither slow nor failing.
constexpr Duration withdrawal_limit = std::chrono::milliseconds(250);
/// S11: beyond the down interval.
constexpr Duration dark_limit = std::chrono::seconds(1);
/// S11: beyond that, where a node's kernel work fails: it tries twice, a second apart, before it makes room.
constexpr Duration failing_limit = std::chrono::seconds(3);
/// S13: travel, and turns that are a little late.
constexpr Duration together_limit = std::chrono::milliseconds(10);
/// S14: beyond the time that a master listens after an absence.
constexpr Duration astray_limit = std::chrono::seconds(1);
/// S15: events in a second. Five nodes with three instances, an interval of 10 ms and unicast make some 7,000.
constexpr std::uint64_t storm_limit = 50'000;
/// S6: how long a stop may take beyond the longest skew time; twice that where a clock runs at half the rate.
constexpr Duration stop_limit = std::chrono::seconds(1);

}  // namespace lbconverge::sim
