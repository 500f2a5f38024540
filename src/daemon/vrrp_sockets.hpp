// The sockets of VRRP: one raw socket per interface and family, for sending and receiving, never blocking. Private to
// src/daemon; lives on the loop.
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
    /// `readable` is called when there may be packets; receive() takes them, match() is for another time.
    VrrpSockets(Loop& loop, std::function<void()> readable) : loop_(loop), readable_(std::move(readable)) {}

    using SocketKey = std::pair<InterfaceName, Family>;

    /// Opens what is needed at these places and closes the rest; an interface with a new index is another one, and so
    /// is one on which the kernel has forgotten that we listen. Returns what could not be opened, and what can be used
    /// again.
    std::vector<node::NoSocket> match(const std::set<SocketKey>& needed, const HostFacts& facts,
                                      const Memberships& memberships);

    /// All that has arrived.
    std::vector<node::Packet> receive();
    /// 0 or errno.
    int send(const node::Packet& packet);
    /// Something that is needed could not be opened.
    [[nodiscard]] bool lacks_some() const { return !failed_.empty(); }

private:
    struct RawSocket {
        Descriptor descriptor;
        std::uint32_t index = 0;
        std::chrono::steady_clock::time_point opened_at{};  ///< by the clock of Memberships
    };
    void wait(RawSocket& socket);
    void receive_from(const SocketKey& key, RawSocket& socket, std::vector<node::Packet>& packets);

    Loop& loop_;
    std::function<void()> readable_;
    std::map<SocketKey, RawSocket> sockets_;
    std::set<SocketKey> failed_;  ///< what could not be opened the last time
};

}  // namespace lbconverge::daemon
