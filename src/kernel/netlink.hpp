// A netlink socket: batches of requests with one acknowledgement, and dumps. It uses a socket of libnl-3; the kinds
// make the messages. Private to src/kernel.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/wire/request.hpp"

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

    /// Sends one request that reads and calls `receive` with each message of the answer. True: the answer came in more
    /// than one piece, and the kernel's tables may have changed in between.
    /// world_moved when the kernel says that the dump is not consistent (NLM_F_DUMP_INTR), or when there is no generic
    /// netlink family of that number any more. A single row that is not there is an answer without a message.
    Result<bool> query(wire::Requests& requests, const wire::Request& request,
                       const std::function<void(std::span<const std::byte>)>& receive);

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

    static constexpr std::size_t buffer_size = 64 * 1024;
    std::unique_ptr<nl_sock, Free> socket_;
    int fd_ = -1;
    std::uint16_t type_ = 0;
    std::uint32_t sequence_ = 0;
    std::vector<std::byte> buffers_;
    std::size_t received_[2]{};
};

}  // namespace lbconverge::kernel
