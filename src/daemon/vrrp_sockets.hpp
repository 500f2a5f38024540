// The sockets of VRRP: one raw socket per interface and family, which sends and receives and never blocks. Private to
// src/daemon; used on the loop's thread.
#pragma once

#include "lbconverge/model/host_facts.hpp"
#include "lbconverge/node/messages.hpp"
#include "loop.hpp"
#include "memberships.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lbconverge::daemon {

class VrrpSockets {
public:
    /// `readable` is called when there may be packets. It may call receive(), but not match().
    VrrpSockets(Loop& loop, std::function<void()> readable) : loop_(loop), readable_(std::move(readable)) {}

    using SocketKey = std::pair<InterfaceName, Family>;

    /// Opens the sockets that are needed and closes the others. A socket is opened again if its interface has a new
    /// index, or if the kernel has dropped its membership in VRRP's group. Returns the sockets that could not be
    /// opened, with the reason, and those that work again, without one.
    std::vector<node::NoSocket> match(const std::set<SocketKey>& needed, const HostFacts& facts,
                                      const Memberships& memberships);

    /// Takes the packets that have arrived.
    std::vector<node::Packet> receive();
    /// Returns 0 or errno.
    int send(const node::Packet& packet);
    /// Whether a socket that is needed could not be opened.
    [[nodiscard]] bool lacks_some() const { return !failed_.empty(); }

private:
    struct RawSocket {
        Descriptor descriptor;
        std::uint32_t index = 0;
        std::chrono::steady_clock::time_point opened_at{};  ///< on the clock of Memberships
    };
    void wait(RawSocket& socket);
    void receive_from(const SocketKey& key, RawSocket& socket, std::vector<node::Packet>& packets);

    Loop& loop_;
    std::function<void()> readable_;
    std::map<SocketKey, RawSocket> sockets_;
    std::set<SocketKey> failed_;  ///< the sockets that could not be opened the last time
};

}  // namespace lbconverge::daemon
