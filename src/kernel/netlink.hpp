// A netlink socket: batches of requests with one acknowledgement, and dumps. It uses a socket of libnl-3; the kinds
// make the messages. Private to src/kernel.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/wire/request.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

struct nl_sock;

namespace lbconverge::kernel {

class NetlinkSocket {
public:
    /// `protocol` as for socket(2): NETLINK_ROUTE or NETLINK_GENERIC.
    static Result<NetlinkSocket> open(int protocol);

    /// Looks up a generic netlink family, which loads its module. kernel_lacks when there is none.
    Result<std::uint16_t> resolve(const char* family);
    /// nlmsg_type of the messages to come; 0 leaves what the requests say.
    void set_type(std::uint16_t type) { type_ = type; }

    struct Refused {
        std::uint32_t tag = 0;
        int error = 0;
    };
    /// Sends requests (none a dump) in one system call and returns those that the kernel refused. An Error means that
    /// it is not known what was done.
    Result<std::vector<Refused>> send_batch(wire::Requests& requests, std::span<const wire::Request> batch);

    struct Answer {
        bool in_pieces = false;    ///< more than one; the kernel's tables may have changed in between
        bool interrupted = false;  ///< they have, says the kernel (NLM_F_DUMP_INTR): rows may be missing, or be old
    };
    using Receive = std::function<void(std::span<const std::byte>)>;
    /// Sends one request that reads and calls `receive` with each message of the answer. world_moved when there is no
    /// generic netlink family of that number any more. What is not there (a single row, the interface or the table that
    /// was asked for) is an answer without a message.
    Result<Answer> query(wire::Requests& requests, const wire::Request& request, const Receive& receive);

    /// A query ends with an error as soon as this is true. It must outlive the socket.
    void cut_short_by(const std::atomic<bool>* flag) { cut_short_ = flag; }
    /// The kernel filters what it lists by the interface, the table and the protocol of the request (since 4.20).
    void filter_dumps();
    /// A query ended before its answer did. The kernel begins no other list on this socket then.
    [[nodiscard]] bool is_midway() const { return midway_; }

    [[nodiscard]] nl_sock* handle() const { return socket_.get(); }

private:
    struct Free {
        void operator()(nl_sock* socket) const;
    };
    explicit NetlinkSocket(std::unique_ptr<nl_sock, Free> socket);
    std::uint32_t number(std::span<std::byte> message, std::uint16_t flags);
    Result<void> send(std::span<const std::byte> bytes) const;
    /// Receives up to two datagrams, the data of a small dump and its end, in one system call.
    Result<int> receive();
    [[nodiscard]] std::span<const std::byte> datagram(int index) const;
    Result<bool> take(std::span<const std::byte> messages, bool dump, const Receive& receive_one, Answer& answer);
    [[nodiscard]] bool is_absence(int error, bool dump) const;

    static constexpr std::size_t buffer_size = 64 * 1024;
    std::unique_ptr<nl_sock, Free> socket_;
    int fd_ = -1;
    std::uint16_t type_ = 0;
    std::uint32_t sequence_ = 0;
    std::vector<std::byte> buffers_;
    std::size_t received_[2]{};
    std::size_t pieces_ = 0;  ///< of the answer that is being received
    bool midway_ = false;
    const std::atomic<bool>* cut_short_ = nullptr;
};

}  // namespace lbconverge::kernel
