// What somebody outside of all nodes can see of the cluster at one moment. The simulation keeps it up to date, the
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
    /// It ceased to be master when no other node could hear that: nobody knows that the neighbours believe in it, and
    /// only their own patience (RFC 4861 §7.3, ARP likewise) puts that right.
    bool left_unheard = false;

    [[nodiscard]] bool holds_any() const;
    [[nodiscard]] bool holds_all() const;
};

struct NodePicture {
    std::string name;
    bool powered = true;                 ///< the kernel runs, and answers for what it holds
    bool running = false;                ///< the process does
    bool paused = false;                 ///< it was stopped with SIGSTOP
    bool hampered = false;               ///< its kernel work is slow or fails, or it has not recovered from that
    std::optional<Instant> paused_at{};  ///< when it was paused last
    std::optional<Instant> resumed{};    ///< when it ran again after that
    std::vector<Seat> seats;             ///< one per router

    [[nodiscard]] bool awake() const { return powered && running && !paused; }
};

constexpr std::size_t nobody = SIZE_MAX;

struct Picture {
    std::vector<Router> routers;
    std::vector<NodePicture> nodes;
    bool only_pauses = false;                        ///< S12: nothing goes wrong in this run but that nodes do not run
    bool judged = false;                             ///< S11: nothing is wrong but interfaces and addresses of nodes
    std::vector<std::vector<std::size_t>> believed;  ///< router, VIP: the node that neighbours send to

    /// Nodes that are master of it, awake or not.
    [[nodiscard]] std::vector<std::size_t> masters(std::size_t router) const;
    /// Somebody who is switched on holds it.
    [[nodiscard]] bool served(std::size_t router, std::size_t vip) const;
};

}  // namespace lbconverge::sim
