// The sockets of VRRP: one raw socket per interface and family, for sending and receiving, never blocking. Private to
// src/daemon; lives on the loop.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/node/node.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace lbconverge::daemon {

class VrrpSockets {
public:
    /// `readable` is called when there may be packets; receive() takes them.
    VrrpSockets(boost::asio::io_context& loop, std::function<void()> readable)
        : loop_(loop), readable_(std::move(readable)) {}

    /// Opens what these instances need and closes what they do not; an interface with a new index is another one.
    /// Returns what could not be opened, in words.
    std::vector<std::string> match(const std::vector<node::Instance>& instances, const HostFacts& facts);

    /// All that has arrived.
    std::vector<node::Packet> receive();
    /// 0 or errno.
    int send(const node::Packet& packet);

private:
    struct RawSocket {
        boost::asio::posix::stream_descriptor descriptor;
        std::uint32_t index = 0;
    };
    using SocketKey = std::pair<InterfaceName, Family>;

    void wait(RawSocket& socket);
    void receive_from(const SocketKey& key, RawSocket& socket, std::vector<node::Packet>& packets);

    boost::asio::io_context& loop_;
    std::function<void()> readable_;
    std::map<SocketKey, std::unique_ptr<RawSocket>> sockets_;
};

}  // namespace lbconverge::daemon
