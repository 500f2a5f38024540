#include "netlink.hpp"

#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace lbconverge::kernel {

namespace {

/// Room for the refusals of a whole batch: without it the kernel does the work, but its answers are lost (ENOBUFS).
constexpr int receive_buffer = 8 * 1024 * 1024;
/// If the kernel does not answer for this time, it will not answer.
constexpr timeval patience{.tv_sec = 60, .tv_usec = 0};

Error system_error(const std::string& what, int error) {
    const ErrorKind kind = error == EPERM || error == EACCES ? ErrorKind::not_permitted : ErrorKind::failed;
    return {kind, what + ": " + std::strerror(error), kind == ErrorKind::not_permitted ? "run as root" : ""};
}

Error reading_error(int error, bool generic) {
    if (generic && (error == ENOENT || error == EOPNOTSUPP)) {
        return {ErrorKind::world_moved, "a module of the kernel went while it was being read", {}};
    }
    return system_error("reading from the kernel", error);
}

/// The message with which an answer ends: 0 or errno. A list that failed says so in its last message, too.
std::optional<int> end_in(const nlmsghdr& header) {
    int status = 0;
    if (header.nlmsg_type != NLMSG_DONE && header.nlmsg_type != NLMSG_ERROR) return std::nullopt;
    if (header.nlmsg_len < NLMSG_LENGTH(sizeof status)) return 0;
    std::memcpy(&status, NLMSG_DATA(&header), sizeof status);
    return status < 0 ? -status : 0;
}

}  // namespace

void NetlinkSocket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

NetlinkSocket::NetlinkSocket(std::unique_ptr<nl_sock, Free> socket)
    : socket_(std::move(socket)), fd_(nl_socket_get_fd(socket_.get())), buffers_(2 * buffer_size) {}

Result<NetlinkSocket> NetlinkSocket::open(int protocol) {
    std::unique_ptr<nl_sock, Free> socket(nl_socket_alloc());
    if (!socket) return tl::unexpected(system_error("netlink socket", ENOMEM));
    if (const int error = nl_connect(socket.get(), protocol); error < 0) {
        return fail(ErrorKind::failed, std::string("netlink socket: ") + nl_geterror(error));
    }
    const int fd = nl_socket_get_fd(socket.get());
    const int yes = 1;
    // Acknowledgements without a copy of the request: small, so that many fit.
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) != 0) {
        // Not root: such a run only reads.
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const int send_buffer = 512 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof send_buffer);
    return NetlinkSocket(std::move(socket));
}

void NetlinkSocket::filter_dumps() {
    const int yes = 1;
    setsockopt(fd_, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes, sizeof yes);
}

Result<std::uint16_t> NetlinkSocket::resolve(const char* family) {
    const int id = genl_ctrl_resolve(socket_.get(), family);
    if (id < 0) {
        return fail(ErrorKind::kernel_lacks, std::string("the kernel has no generic netlink family ") + family,
                    "modprobe ip_vs; is the module installed for this kernel (uname -r)?");
    }
    return static_cast<std::uint16_t>(id);
}

std::uint32_t NetlinkSocket::number(std::span<std::byte> message, std::uint16_t flags) {
    nlmsghdr header;
    std::memcpy(&header, message.data(), sizeof header);
    if (type_ != 0) header.nlmsg_type = type_;
    header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
    header.nlmsg_seq = ++sequence_;
    std::memcpy(message.data(), &header, sizeof header);
    return sequence_;
}

Result<void> NetlinkSocket::send(std::span<const std::byte> bytes) const {
    while (::send(fd_, bytes.data(), bytes.size(), 0) < 0) {
        if (errno != EINTR) return tl::unexpected(system_error("netlink send", errno));
    }
    return {};
}

Result<int> NetlinkSocket::receive() {
    iovec vectors[2];
    mmsghdr messages[2]{};
    for (int i = 0; i < 2; ++i) {
        vectors[i] = {buffers_.data() + static_cast<std::size_t>(i) * buffer_size, buffer_size};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count = 0;
    do {
        count = recvmmsg(fd_, messages, 2, MSG_WAITFORONE, nullptr);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
        return fail(ErrorKind::world_moved, "the kernel's answers were lost: the state is read again");
    }
    if (count < 0) return tl::unexpected(system_error("netlink receive", errno));
    for (int i = 0; i < count; ++i) received_[i] = messages[i].msg_len;
    return count;
}

Result<std::vector<NetlinkSocket::Refused>> NetlinkSocket::send_batch(wire::Requests& requests,
                                                                      std::span<const wire::Request> batch) {
    std::vector<Refused> refused;
    if (batch.empty()) return refused;
    std::uint32_t last = 0;
    for (const wire::Request& request : batch) {
        last = number(requests.bytes(request), &request == &batch.back() ? NLM_F_ACK : 0);
    }
    const std::uint32_t first = last - static_cast<std::uint32_t>(batch.size()) + 1;
    const wire::Request& end = batch.back();
    const std::size_t size = end.offset + end.size - batch.front().offset;
    RETURN_IF_ERROR(send(requests.all_bytes().subspan(batch.front().offset, size)));

    for (bool done = false; !done;) {
        const Result<int> count = receive();
        RETURN_IF_ERROR(count);
        for (int i = 0; i < *count; ++i) {
            auto rest = static_cast<int>(received_[i]);
            const std::byte* at = buffers_.data() + static_cast<std::size_t>(i) * buffer_size;
            for (const auto* header = reinterpret_cast<const nlmsghdr*>(at);
                 NLMSG_OK(header, static_cast<unsigned>(rest)); header = NLMSG_NEXT(header, rest)) {
                if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_seq - first >= batch.size()) continue;
                const auto* answer = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
                if (answer->error != 0) refused.push_back({batch[header->nlmsg_seq - first].tag, -answer->error});
                done = done || header->nlmsg_seq == last;
            }
        }
    }
    return refused;
}

std::span<const std::byte> NetlinkSocket::datagram(int index) const {
    const auto at = static_cast<std::size_t>(index);
    return std::span(buffers_).subspan(at * buffer_size, std::min(received_[at], buffer_size));
}

Result<NetlinkSocket::Answer> NetlinkSocket::query(wire::Requests& requests, const wire::Request& request,
                                                   const Receive& receive_one) {
    const std::span<std::byte> message = requests.bytes(request);
    number(message, request.dump ? 0 : NLM_F_ACK);
    RETURN_IF_ERROR(send(message));
    Answer answer;
    pieces_ = 0;
    midway_ = true;
    while (midway_) {
        if (cut_short_ != nullptr && *cut_short_) return fail(ErrorKind::failed, "reading from the kernel: cut short");
        const Result<int> count = receive();
        RETURN_IF_ERROR(count);
        for (int i = 0; i < *count; ++i) {
            const Result<bool> end = take(datagram(i), request.dump, receive_one, answer);
            RETURN_IF_ERROR(end);
            midway_ = midway_ && !*end;
        }
    }
    answer.in_pieces = pieces_ > 1;
    return answer;
}

/// Hands over the messages of one datagram. True: the answer ends with it.
Result<bool> NetlinkSocket::take(std::span<const std::byte> messages, bool dump, const Receive& receive_one,
                                 Answer& answer) {
    auto rest = static_cast<int>(messages.size());
    bool rows = false;
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(messages.data());
         NLMSG_OK(header, static_cast<unsigned>(rest)); header = NLMSG_NEXT(header, rest)) {
        if (header->nlmsg_seq != sequence_) continue;
        answer.interrupted = answer.interrupted || (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (const auto status = end_in(*header)) {
            midway_ = false;
            if (*status != 0 && !is_absence(*status, dump)) return tl::unexpected(reading_error(*status, type_ != 0));
            return true;
        }
        if (!std::exchange(rows, true)) ++pieces_;
        receive_one({reinterpret_cast<const std::byte*>(header), header->nlmsg_len});
    }
    return false;
}

bool NetlinkSocket::is_absence(int error, bool dump) const {
    if (type_ != 0) return error == ESRCH && !dump;
    return error == ENODEV || error == ENOENT;
}

}  // namespace lbconverge::kernel
