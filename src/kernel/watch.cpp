#include "lbconverge/kernel/watch.hpp"

#include "lbconverge/kernel/kernel.hpp"
#include "lbconverge/wire/attributes.hpp"
#include "lbconverge/wire/nft.hpp"
#include "netlink.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <thread>

namespace lbconverge::kernel {

namespace {

/// The time until the next attempt if the kernel could not be read.
constexpr int retry_ms = 500;

/// Whether one of the messages is about a table of our name. In every message of nftables but one the first attribute
/// is the name of the table; in that one it is a number.
bool concerns_us(std::span<const std::byte> messages) {
    auto rest = static_cast<int>(messages.size());
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(messages.data());
         NLMSG_OK(header, static_cast<unsigned>(rest)); header = NLMSG_NEXT(header, rest)) {
        const std::span message(reinterpret_cast<const std::byte*>(header), header->nlmsg_len);
        for (wire::Attributes walk(wire::attributes_of(message, sizeof(nfgenmsg))); walk.next();) {
            if (walk.current().type == NFTA_TABLE_NAME && walk.current().name().view() == wire::nft_name) return true;
        }
    }
    return false;
}

class LinuxWatch final : public Watch {
public:
    LinuxWatch(NetlinkSocket socket, int wake, Calls calls)
        : socket_(std::move(socket)), wake_(wake), calls_(std::move(calls)), thread_([this] { watch(); }) {}
    ~LinuxWatch() override {
        ending_ = true;
        wake();
        thread_.join();
        ::close(wake_);
    }
    LinuxWatch(const LinuxWatch&) = delete;
    LinuxWatch& operator=(const LinuxWatch&) = delete;

    void follow_nftables() override {
        if (!nftables_wanted_.exchange(true)) wake();
    }

private:
    void wake() const {
        const std::uint64_t one = 1;
        while (::write(wake_, &one, sizeof one) < 0 && errno == EINTR) {
        }
    }

    void watch() {
        for (int wait = look(); sleep(wait); wait = look()) {
        }
    }

    /// False: the thread must end. Else links or addresses have changed, or `wait_ms` are over.
    bool sleep(int wait_ms) {
        while (!ending_) {
            if (nftables_wanted_ && !nftables_) open_nftables();
            const int nftables = nftables_ ? nl_socket_get_fd(nftables_->handle()) : -1;
            std::array<pollfd, 3> polled{
                {{nl_socket_get_fd(socket_.handle()), POLLIN, 0}, {wake_, POLLIN, 0}, {nftables, POLLIN, 0}}};
            while (::poll(polled.data(), polled.size(), wait_ms) < 0 && errno == EINTR) {
            }
            std::uint64_t count = 0;
            if (polled[1].revents != 0 && ::read(wake_, &count, sizeof count) < 0) return false;
            if (polled[2].revents != 0 && drain_nftables(nftables)) calls_.disturbed();
            if (polled[0].revents != 0) {
                drain(polled[0].fd);
                calls_.disturbed();
                return true;
            }
            if (polled[1].revents == 0 && polled[2].revents == 0) return true;
        }
        return false;
    }

    /// The messages are not read: the next look shows what has changed. ENOBUFS (messages were lost) means the same.
    static void drain(int fd) {
        char rest[16384];
        while (::recv(fd, rest, sizeof rest, MSG_DONTWAIT) >= 0 || errno == ENOBUFS || errno == EINTR) {
        }
    }

    /// True: one of our tables may have changed. Other programs change theirs all the time.
    static bool drain_nftables(int fd) {
        bool ours = false;
        alignas(nlmsghdr) std::array<std::byte, 65536> buffer;
        for (;;) {
            const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
            if (size < 0 && errno != ENOBUFS && errno != EINTR) return ours;
            const bool lost = size < 0 ? errno == ENOBUFS : static_cast<std::size_t>(size) > buffer.size();
            ours = ours || lost || (size > 0 && concerns_us(std::span(buffer).first(static_cast<std::size_t>(size))));
        }
    }

    void open_nftables() {
        Result<NetlinkSocket> opened = NetlinkSocket::open(NETLINK_NETFILTER);
        const int error = opened ? nl_socket_add_memberships(opened->handle(), NFNLGRP_NFTABLES, 0) : -1;
        if (error == 0) nftables_.emplace(std::move(*opened));
        nftables_wanted_ = error == 0;  // a kernel without netfilter has no tables to watch
    }

    /// How long to wait for the next change, in milliseconds; -1: for ever.
    int look() {
        const Result<HostFacts> facts = kernel_->facts();
        auto seen = facts ? complete(kernel_->observe({}, *facts)) : tl::unexpected(facts.error());
        if (!seen) {
            calls_.problem(seen.error().what);
            return retry_ms;
        }
        calls_.now(std::move(*seen));
        return -1;
    }

    NetlinkSocket socket_;
    std::optional<NetlinkSocket> nftables_;  ///< used only by the thread
    std::atomic<bool> nftables_wanted_ = false;
    std::atomic<bool> ending_ = false;
    std::unique_ptr<plan::Kernel> kernel_ = linux_kernel({});
    int wake_;
    Calls calls_;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Watch>> Watch::start(Calls calls) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    RETURN_IF_ERROR(socket);
    const int error = nl_socket_add_memberships(socket->handle(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
                                                RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                                                RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, 0);
    if (error < 0) return fail(ErrorKind::failed, std::string("netlink notifications: ") + nl_geterror(error));
    const int wake = ::eventfd(0, EFD_CLOEXEC);
    if (wake < 0) return fail(ErrorKind::failed, std::string("eventfd: ") + std::strerror(errno));
    return std::make_unique<LinuxWatch>(std::move(*socket), wake, std::move(calls));
}

}  // namespace lbconverge::kernel
