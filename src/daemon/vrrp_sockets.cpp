#include "vrrp_sockets.hpp"

#include "endpoint.hpp"

#include <netinet/ip.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace lbconverge::daemon {

namespace {

/// Room for the packets that arrive while this process does not run: a few seconds of 255 instances. In octets.
constexpr int receive_room = 1 << 20;
/// In octets; larger than an advertisement with 255 IPv6 addresses and all headers.
constexpr std::size_t largest_packet = 8192;
/// Internetwork control (RFC 791, RFC 4594), as in keepalived.
constexpr int traffic_class = 0xc0;

class SocketOptions {
public:
    explicit SocketOptions(int fd) : fd_(fd) {}
    template <class T>
    void set(int level, int name, const T& value) {
        if (error_ == 0 && ::setsockopt(fd_, level, name, &value, sizeof value) != 0) error_ = errno;
    }
    [[nodiscard]] int error() const { return error_; }

private:
    int fd_;
    int error_ = 0;
};

void ipv4_options(SocketOptions& options, std::uint32_t index) {
    ip_mreqn group{};
    group.imr_ifindex = static_cast<int>(index);
    const IpAddress all = wire::vrrp_group(Family::ipv4);
    std::memcpy(&group.imr_multiaddr, all.bytes.data(), sizeof group.imr_multiaddr);
    options.set(IPPROTO_IP, IP_ADD_MEMBERSHIP, group);
    options.set(IPPROTO_IP, IP_MULTICAST_IF, group);
    options.set(IPPROTO_IP, IP_MULTICAST_ALL, 0);
    options.set(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    options.set(IPPROTO_IP, IP_MULTICAST_TTL, int{wire::vrrp_ttl});
    options.set(IPPROTO_IP, IP_TTL, int{wire::vrrp_ttl});
    options.set(IPPROTO_IP, IP_TOS, traffic_class);
    options.set(IPPROTO_IP, IP_MTU_DISCOVER, int{IP_PMTUDISC_DONT});  // no DF, as keepalived
}

void ipv6_options(SocketOptions& options, std::uint32_t index) {
    ipv6_mreq group{};
    group.ipv6mr_interface = index;
    const IpAddress all = wire::vrrp_group(Family::ipv6);
    std::memcpy(&group.ipv6mr_multiaddr, all.bytes.data(), sizeof group.ipv6mr_multiaddr);
    options.set(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, group);
    options.set(IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
    options.set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
    options.set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int{wire::vrrp_ttl});
    options.set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, int{wire::vrrp_ttl});
    options.set(IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
    options.set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    options.set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

/// Returns the socket, or -errno.
int open_door(const InterfaceName& interface, std::uint32_t index, Family family) {
    const int domain = family == Family::ipv4 ? AF_INET : AF_INET6;
    const int fd = ::socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, wire::vrrp_protocol);
    if (fd < 0) return -errno;
    SocketOptions options(fd);
    const std::string name = interface.str();
    if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), static_cast<socklen_t>(name.size())) != 0) {
        const int error = errno;
        ::close(fd);
        return -error;
    }
    // SO_RCVBUFFORCE is not bound to the limit of the system. Where it is refused, SO_RCVBUF gives as much as the limit
    // allows.
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_room, sizeof receive_room) != 0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_room, sizeof receive_room);
    }
    if (family == Family::ipv4) ipv4_options(options, index);
    if (family == Family::ipv6) ipv6_options(options, index);
    if (options.error() == 0) return fd;
    ::close(fd);
    return -options.error();
}

/// IPv4: the packet begins with its IP header. False: the header is not complete.
bool take_ipv4(std::span<const std::byte> bytes, node::Packet& packet) {
    iphdr header{};
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::size_t length = header.ihl * std::size_t{4};
    if (length < sizeof header || length > bytes.size()) return false;
    packet.ttl = header.ttl;
    packet.destination = IpAddress::from_bytes(Family::ipv4, reinterpret_cast<const std::uint8_t*>(&header.daddr));
    packet.message.assign(bytes.begin() + static_cast<std::ptrdiff_t>(length), bytes.end());
    return true;
}

/// IPv6: the kernel gives the fields of the IP header beside the packet (RFC 3542).
void take_ipv6(std::span<const std::byte> bytes, msghdr& message, node::Packet& packet) {
    packet.message.assign(bytes.begin(), bytes.end());
    packet.ttl = 0;
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != IPPROTO_IPV6) continue;
        if (each->cmsg_type == IPV6_HOPLIMIT) {
            int hops = 0;
            std::memcpy(&hops, CMSG_DATA(each), sizeof hops);
            packet.ttl = static_cast<std::uint8_t>(hops);
        } else if (each->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(each), sizeof info);
            packet.destination = IpAddress::from_bytes(Family::ipv6, info.ipi6_addr.s6_addr);
        }
    }
}

}  // namespace

std::vector<node::NoSocket> VrrpSockets::match(const std::set<SocketKey>& needed, const HostFacts& facts,
                                               const Memberships& memberships) {
    std::vector<node::NoSocket> news;
    const std::set<SocketKey> before = std::exchange(failed_, {});
    std::erase_if(sockets_, [&](const auto& socket) {
        const auto& [interface, family] = socket.first;
        const Interface* is = facts.interface(interface);
        const auto& hears = memberships.of(family);
        const bool told = hears && socket.second.opened_at < memberships.read_at;
        const bool deaf = told && !hears->contains(socket.second.index);
        return !needed.contains(socket.first) || is == nullptr || is->index != socket.second.index || deaf;
    });
    for (const SocketKey& key : needed) {
        const Interface* is = facts.interface(key.first);
        if (is == nullptr || sockets_.contains(key)) continue;
        const int fd = open_door(key.first, is->index, key.second);
        if (fd < 0) {
            news.push_back({key.first, key.second, std::strerror(-fd)});
            failed_.insert(key);
            continue;
        }
        wait(sockets_.emplace(key, RawSocket{Descriptor(loop_, fd), is->index, std::chrono::steady_clock::now()})
                 .first->second);
    }
    for (const SocketKey& key : before) {
        if (!failed_.contains(key)) news.push_back({key.first, key.second, {}});
    }
    return news;
}

void VrrpSockets::wait(RawSocket& socket) {
    socket.descriptor.when_readable([this, &socket] {
        readable_();
        wait(socket);
    });
}

std::vector<node::Packet> VrrpSockets::receive() {
    std::vector<node::Packet> packets;
    for (auto& [key, socket] : sockets_) receive_from(key, socket, packets);
    return packets;
}

void VrrpSockets::receive_from(const SocketKey& key, RawSocket& socket, std::vector<node::Packet>& packets) {
    std::array<std::byte, largest_packet> bytes;
    std::array<std::byte, 256> beside;
    // A flood of packets must not keep the loop from other work: packets that are left are taken in the next round.
    constexpr int most = 1024;
    for (int count = 0; count < most; ++count) {
        sockaddr_storage from{};
        iovec room{bytes.data(), bytes.size()};
        msghdr message{};
        message.msg_name = &from;
        message.msg_namelen = sizeof from;
        message.msg_iov = &room;
        message.msg_iovlen = 1;
        message.msg_control = beside.data();
        message.msg_controllen = beside.size();
        const ssize_t size = ::recvmsg(socket.descriptor.fd(), &message, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return;  // no packet is left, or the interface is gone, which the watch reports
        node::Packet packet{.interface = key.first, .source = address_of(from), .destination = {}, .message = {}};
        const auto whole = std::span<const std::byte>(bytes).first(static_cast<std::size_t>(size));
        if (key.second == Family::ipv4 && !take_ipv4(whole, packet)) continue;
        if (key.second == Family::ipv6) take_ipv6(whole, message, packet);
        packets.push_back(std::move(packet));
    }
}

int VrrpSockets::send(const node::Packet& packet) {
    const auto at = sockets_.find({packet.interface, packet.source.family});
    if (at == sockets_.end()) return ENODEV;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> beside{};
    Endpoint to(packet.destination, 0);
    msghdr message{};
    iovec content{const_cast<std::byte*>(packet.message.data()), packet.message.size()};
    message.msg_name = &to.storage;
    message.msg_namelen = to.size;
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    // The source is chosen here and not by the kernel, which might take a VIP.
    if (packet.source.family == Family::ipv4) {
        message.msg_controllen = CMSG_SPACE(sizeof(in_pktinfo));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        *header = {.cmsg_len = CMSG_LEN(sizeof(in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
        in_pktinfo info{};
        info.ipi_ifindex = static_cast<int>(at->second.index);
        std::memcpy(&info.ipi_spec_dst, packet.source.bytes.data(), sizeof info.ipi_spec_dst);
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
    } else {
        reinterpret_cast<sockaddr_in6&>(to.storage).sin6_scope_id = at->second.index;
        message.msg_controllen = CMSG_SPACE(sizeof(in6_pktinfo));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        *header = {.cmsg_len = CMSG_LEN(sizeof(in6_pktinfo)), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
        in6_pktinfo info{};
        info.ipi6_ifindex = at->second.index;
        std::memcpy(&info.ipi6_addr, packet.source.bytes.data(), sizeof info.ipi6_addr);
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
    }
    return ::sendmsg(at->second.descriptor.fd(), &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

}  // namespace lbconverge::daemon
