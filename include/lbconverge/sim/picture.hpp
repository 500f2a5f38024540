// The state of the cluster at one moment, as seen from outside. The simulation keeps it up to date, the
// checker judges it; it holds no node, no kernel and no network. Pure.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/enumerations.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/name.hpp"
#include "lbconverge/vrrp/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lbconverge::sim {

/// A virtual router: the instances with the same interface, VRID and family.
struct Router {
    std::string name;
    InterfaceName interface;
    std::uint8_t vrid = 1;
    Family family = Family::ipv4;
    std::vector<IpAddress> vips;  ///< of any family
};

/// A router of another make that takes part in the election of a virtual router.
struct Stranger {
    bool master = false;
    /// The neighbours send to it, and no master of ours has heard it. It says no last word, so nobody can tell them.
    bool unheard = false;
    Duration interval{0};
};

/// One node's place in one virtual router.
struct Seat {
    bool member = false;
    std::uint8_t priority = 0;
    bool preempt = true;
    Duration interval = std::chrono::seconds(1);
    Duration listens{0};  ///< at a start, before it takes over
    Duration waits{0};    ///< before it preempts
    vrrp::State state = vrrp::State::init;
    Instant since;
    ElectionState election = ElectionState::undecided;
    std::string group;       ///< the sync group of its instance; empty: none
    std::vector<bool> held;  ///< of each VIP: it is on an answering interface
    std::vector<bool> able;  ///< of each VIP: nothing that the node could not know of keeps it from serving it
    bool stands = true;      ///< nothing keeps it, and its sync group, from the election
    /// The node ceased to be master when no other node could hear that. So no other node knows that the neighbours send
    /// to it; their own entries have to expire (RFC 4861 §7.3, ARP likewise).
    bool left_unheard = false;
    std::vector<bool> untold;  ///< of each VIP: the last gratuitous ARP of this node was lost
    /// The nodes whose advertisements arrive here, one bit each; the bit after those of the nodes: the other makes.
    std::uint64_t hears = 0;

    [[nodiscard]] bool holds_any() const;
    [[nodiscard]] bool holds_all() const;
};

struct NodePicture {
    std::string name;
    bool powered = true;                 ///< the kernel runs, and answers for what it holds
    bool running = false;                ///< the process does
    bool paused = false;                 ///< it was stopped with SIGSTOP
    bool hampered = false;               ///< its kernel work is slow or fails, or it has not recovered from that
    bool failing = false;                ///< of those: it fails
    bool silenced = false;               ///< its gratuitous ARP may not get through
    Duration work{0};                    ///< hampered, not failing: how long a change of all rows may take
    std::optional<Instant> paused_at{};  ///< when it was paused last
    std::optional<Instant> resumed{};    ///< when it ran again after that
    std::uint64_t apart = 0;  ///< the nodes that a partition keeps from hearing it or being heard, one bit each
    std::vector<Seat> seats;  ///< one per router

    [[nodiscard]] bool awake() const { return powered && running && !paused; }
};

constexpr std::size_t nobody = SIZE_MAX;

struct Picture {
    std::vector<Router> routers;
    std::vector<NodePicture> nodes;
    std::vector<Stranger> strangers;                 ///< per router; one that is absent is not master
    bool only_pauses = false;                        ///< S12: nothing goes wrong in this run but that nodes do not run
    bool judged = false;                             ///< S11: no stranger misleads the nodes
    int slowest = 1;                                 ///< a clock of the nodes takes so many times as long
    Duration in_flight{0};                           ///< advertisements may arrive so late
    std::vector<std::vector<std::size_t>> believed;  ///< router, VIP: the node that neighbours send to

    /// Nodes that are master of it, awake or not.
    [[nodiscard]] std::vector<std::size_t> masters(std::size_t router) const;
    /// A node that is switched on has the VIP, or a router of another make is master.
    [[nodiscard]] bool served(std::size_t router, std::size_t vip) const;
};

}  // namespace lbconverge::sim
