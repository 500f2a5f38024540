#include "lbconverge/kernel/watch.hpp"

#include "lbconverge/kernel/kernel.hpp"
#include "lbconverge/wire/attributes.hpp"
#include "lbconverge/wire/nft.hpp"
#include "neighbours.hpp"
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

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
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

/// From so many interfaces on, one list of all is cheaper than a question for each.
constexpr std::size_t few_interfaces = 32;
/// So many datagrams are judged before the thread looks at anything else.
constexpr int datagrams_at_once = 1024;

using std::chrono::steady_clock;

class LinuxWatch final : public Watch {
public:
    LinuxWatch(NetlinkSocket socket, int wake, Concern concern, Calls calls)
        : socket_(std::move(socket)),
          judge_(std::move(concern)),
          wake_(wake),
          calls_(std::move(calls)),
          thread_([this] { watch(); }) {}
    ~LinuxWatch() override {
        ending_ = true;
        wake();
        thread_.join();
        ::close(wake_);
    }
    LinuxWatch(const LinuxWatch&) = delete;
    LinuxWatch& operator=(const LinuxWatch&) = delete;

    void follow(Concern concern) override {
        {
            const std::lock_guard guard(mutex_);
            next_ = std::move(concern);
        }
        wake();
    }
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

    /// False: the thread must end. Else it is time to look: links or addresses have changed, or `wait_ms` are over.
    bool sleep(int wait_ms) {
        const auto end = steady_clock::now() + std::chrono::milliseconds(wait_ms);
        while (!ending_) {
            if (takes_concern()) return true;
            if (nftables_wanted_ && !nftables_) open_nftables();
            const int nftables = nftables_ ? nl_socket_get_fd(nftables_->handle()) : -1;
            std::array<pollfd, 3> polled{
                {{nl_socket_get_fd(socket_.handle()), POLLIN, 0}, {wake_, POLLIN, 0}, {nftables, POLLIN, 0}}};
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
            const int wait = wait_ms < 0 ? -1 : static_cast<int>(std::max<std::int64_t>(left, 0));
            while (::poll(polled.data(), polled.size(), wait) < 0 && errno == EINTR) {
            }
            std::uint64_t count = 0;
            if (polled[1].revents != 0 && ::read(wake_, &count, sizeof count) < 0) return false;
            if (polled[2].revents != 0 && drain_nftables(nftables)) calls_.disturbed();
            if (polled[0].revents != 0 && has_moved(polled[0].fd)) return true;
            if (wait_ms >= 0 && steady_clock::now() >= end) return true;
        }
        return false;
    }

    bool takes_concern() {
        const std::lock_guard guard(mutex_);
        if (!next_) return false;
        judge_ = Judge(*std::exchange(next_, std::nullopt));
        at_all_ = true;
        return true;
    }

    /// Reads what has been notified.
    bool has_moved(int fd) {
        const Notice notice = drain(fd);
        at_all_ = at_all_ || notice.elsewhere;
        if (notice.disturbed) calls_.disturbed();
        return notice.moved;
    }

    /// If messages were lost (ENOBUFS) anything may have changed.
    Notice drain(int fd) {
        constexpr Notice everything{.disturbed = true, .moved = true, .elsewhere = true};
        Notice all;
        for (int i = 0; i < datagrams_at_once; ++i) {
            const ssize_t size = ::recv(fd, datagram_.data(), datagram_.size(), MSG_DONTWAIT | MSG_TRUNC);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0 && errno != ENOBUFS) break;
            const bool lost = size < 0 || static_cast<std::size_t>(size) > datagram_.size();
            all |= lost ? everything : judge_.judge(std::span(datagram_).first(static_cast<std::size_t>(size)));
        }
        return all;
    }

    /// True: one of our tables may have changed. Other programs change theirs all the time.
    bool drain_nftables(int fd) {
        bool ours = false;
        for (;;) {
            const ssize_t size = ::recv(fd, datagram_.data(), datagram_.size(), MSG_DONTWAIT | MSG_TRUNC);
            if (size < 0 && errno != ENOBUFS && errno != EINTR) return ours;
            const bool lost = size < 0 ? errno == ENOBUFS : static_cast<std::size_t>(size) > datagram_.size();
            ours =
                ours || lost || (size > 0 && concerns_us(std::span(datagram_).first(static_cast<std::size_t>(size))));
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
        const std::vector<InterfaceName>& names = judge_.concern().interfaces;
        const bool all = at_all_ || names.size() > few_interfaces;
        auto seen = look_at(names, all ? *kernel_ : *few_, !all);
        if (ending_) return -1;
        if (!seen) {
            calls_.problem(seen.error().what);
            return retry_ms;
        }
        at_all_ = judge_.concern().all_interfaces;
        judge_.learn(**seen);
        neighbours_.look((*seen)->facts);
        calls_.now(std::move(*seen), judge_.concern());
        return -1;
    }

    static Result<Surroundings> look_at(const std::vector<InterfaceName>& names, plan::Kernel& kernel, bool only) {
        const Result<HostFacts> facts = kernel.facts(names);
        RETURN_IF_ERROR(facts);
        return complete(kernel.observe({.interfaces = names, .only_interfaces = only}, *facts));
    }

    NetlinkSocket socket_;
    std::optional<NetlinkSocket> nftables_;  ///< used only by the thread
    std::atomic<bool> nftables_wanted_ = false;
    std::atomic<bool> ending_ = false;
    Judge judge_;  ///< used only by the thread, as the rest down to wake_
    alignas(nlmsghdr) std::array<std::byte, 65536> datagram_;
    SilentNeighbours neighbours_;
    bool at_all_ = true;  ///< the next look is at all interfaces
    std::unique_ptr<plan::Kernel> kernel_ = linux_kernel({.cut_short = &ending_});
    std::unique_ptr<plan::Kernel> few_ = linux_kernel({.cut_short = &ending_, .only_needed = true});
    std::mutex mutex_;
    std::optional<Concern> next_;
    int wake_;
    Calls calls_;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Watch>> Watch::start(Concern concern, Calls calls) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    RETURN_IF_ERROR(socket);
    const int error = nl_socket_add_memberships(socket->handle(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
                                                RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                                                RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, 0);
    if (error < 0) return fail(ErrorKind::failed, std::string("netlink notifications: ") + nl_geterror(error));
    const int wake = ::eventfd(0, EFD_CLOEXEC);
    if (wake < 0) return fail(ErrorKind::failed, std::string("eventfd: ") + std::strerror(errno));
    return std::make_unique<LinuxWatch>(std::move(*socket), wake, std::move(concern), std::move(calls));
}

}  // namespace lbconverge::kernel
