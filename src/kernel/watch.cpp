#include "lbconverge/kernel/watch.hpp"

#include "lbconverge/kernel/kernel.hpp"
#include "netlink.hpp"

#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace lbconverge::kernel {

namespace {

/// When the kernel could not be read, it is tried again after so long.
constexpr int retry_ms = 500;

class LinuxWatch final : public Watch {
public:
    LinuxWatch(NetlinkSocket socket, int stop, Calls calls)
        : socket_(std::move(socket)), stop_(stop), calls_(std::move(calls)), thread_([this] { watch(); }) {}
    ~LinuxWatch() override {
        const std::uint64_t one = 1;
        if (::write(stop_, &one, sizeof one) == sizeof one) thread_.join();
        ::close(stop_);
    }
    LinuxWatch(const LinuxWatch&) = delete;
    LinuxWatch& operator=(const LinuxWatch&) = delete;

private:
    void watch() {
        for (int wait = look(); sleep(wait); wait = look()) {
        }
    }

    /// False: the end. Else something has changed, or `wait_ms` are over.
    bool sleep(int wait_ms) {
        std::array<pollfd, 2> polled{{{nl_socket_get_fd(socket_.handle()), POLLIN, 0}, {stop_, POLLIN, 0}}};
        while (::poll(polled.data(), polled.size(), wait_ms) < 0 && errno == EINTR) {
        }
        if (polled[1].revents != 0) return false;
        if (polled[0].revents == 0) return true;
        // What exactly has changed is found by looking; ENOBUFS, messages lost, means the same.
        char rest[16384];
        while (::recv(polled[0].fd, rest, sizeof rest, MSG_DONTWAIT) >= 0 || errno == ENOBUFS || errno == EINTR) {
        }
        calls_.disturbed();
        return true;
    }

    /// How long to wait for the next change, in milliseconds; -1: as long as it takes.
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
    std::unique_ptr<Kernel> kernel_ = linux_kernel({});
    int stop_;
    Calls calls_;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Watch>> Watch::start(Calls calls) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    RETURN_IF_ERROR(socket);
    const int error = nl_socket_add_memberships(socket->handle(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
                                                RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, 0);
    if (error < 0) return fail(ErrorKind::failed, std::string("netlink notifications: ") + nl_geterror(error));
    const int stop = ::eventfd(0, EFD_CLOEXEC);
    if (stop < 0) return fail(ErrorKind::failed, std::string("eventfd: ") + std::strerror(errno));
    return std::make_unique<LinuxWatch>(std::move(*socket), stop, std::move(calls));
}

}  // namespace lbconverge::kernel
