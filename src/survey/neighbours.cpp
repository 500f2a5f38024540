// Asks other hosts on the links for addresses, and listens to their advertisements. It uses packet sockets, which get a
// frame before any packet filter.
#include "lbconverge/survey/survey.hpp"
#include "lbconverge/wire/neighbour_request.hpp"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <set>

namespace lbconverge::survey {

namespace {

using kinds::Address;

/// Time for everybody to answer ARP or a neighbour solicitation; each address is asked for `rounds` times within it.
constexpr std::chrono::milliseconds answer_patience{600};
constexpr int rounds = 2;
/// Adverts come once per interval; this many are waited for, of the longest interval among the instances.
constexpr int intervals_to_listen = 3;
constexpr std::chrono::seconds longest_listening{10};

class PacketSocket {
public:
    explicit PacketSocket(std::uint16_t protocol)
        : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, __builtin_bswap16(protocol))) {}
    ~PacketSocket() {
        if (fd_ >= 0) ::close(fd_);
    }
    PacketSocket(const PacketSocket&) = delete;
    PacketSocket& operator=(const PacketSocket&) = delete;

    [[nodiscard]] Error error() const {
        const bool permitted = errno != EPERM;
        return {permitted ? ErrorKind::failed : ErrorKind::not_permitted,
                std::string("packet socket: ") + std::strerror(errno), permitted ? "" : "run as root"};
    }
    [[nodiscard]] int fd() const { return fd_; }

    void send(std::span<const std::byte> frame, std::uint32_t interface) const {
        sockaddr_ll to{};
        to.sll_family = AF_PACKET;
        to.sll_ifindex = static_cast<int>(interface);
        ::sendto(fd_, frame.data(), frame.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }

    /// Joins a group: the network card drops frames for groups that this host has not joined.
    void hear_group(std::uint32_t interface, const wire::LinkAddress& group) const {
        packet_mreq request{};
        request.mr_ifindex = static_cast<int>(interface);
        request.mr_type = PACKET_MR_MULTICAST;
        request.mr_alen = static_cast<std::uint16_t>(group.size());
        std::memcpy(request.mr_address, group.data(), group.size());
        ::setsockopt(fd_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request);
    }

    /// All that is there now and was not sent by this host: the frame and the index of its interface.
    void receive(const std::function<void(std::span<const std::byte>, std::uint32_t)>& visit) const {
        std::byte frame[2048];
        sockaddr_ll from{};
        for (;;) {
            socklen_t length = sizeof from;
            const ssize_t size =
                ::recvfrom(fd_, frame, sizeof frame, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
            if (size < 0) return;
            if (from.sll_pkttype == PACKET_OUTGOING) continue;
            visit({frame, static_cast<std::size_t>(size)}, static_cast<std::uint32_t>(from.sll_ifindex));
        }
    }

private:
    int fd_;
};

/// Until the time is over; `readable` is called whenever something has come.
void wait_for(std::span<const PacketSocket* const> sockets, std::chrono::milliseconds patience,
              const std::function<void()>& readable) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::vector<pollfd> polled;
    for (const PacketSocket* each : sockets) polled.push_back({each->fd(), POLLIN, 0});
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return;
        if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) > 0) readable();
    }
}

/// The source of a request: an own address of the interface, from the same network if there is one.
std::optional<IpAddress> sender_for(const doctor::Question& question, const kinds::Observed& observed) {
    std::optional<IpAddress> best;
    for (const auto& row : observed.get<Address>().rows()) {
        const bool fits = row.key.interface == question.interface && row.key.address != question.address &&
                          row.key.address.family == question.address.family;
        if (!fits) continue;
        const bool same_net =
            row.key.prefix != row.key.address.bits() && row.key.address.in_same_net(question.address, row.key.prefix);
        if (!best || same_net) best = row.key.address;
    }
    return best;
}

}  // namespace

Result<void> ask_neighbours(doctor::Evidence& evidence) {
    const PacketSocket arp(ETH_P_ARP), ipv6(ETH_P_IPV6);
    if (arp.fd() < 0 || ipv6.fd() < 0) return tl::unexpected(arp.error());
    const auto questions = doctor::questions(evidence);
    const HostFacts& facts = evidence.kernel->facts;
    std::set<std::tuple<IpAddress, InterfaceName, wire::LinkAddress>> seen;
    const auto take = [&](std::span<const std::byte> frame, std::uint32_t index) {
        const auto reply = wire::neighbour_reply_in(frame);
        const Interface* interface = facts.interface(index);
        if (!reply || interface == nullptr) return;
        for (const doctor::Question& each : questions) {
            const bool ours = each.address == reply->address && each.interface == interface->name;
            if (!ours || !seen.emplace(each.address, each.interface, reply->link).second) continue;
            evidence.replies.push_back({each.address, each.interface, reply->link});
        }
    };
    const PacketSocket* const both[] = {&arp, &ipv6};
    for (int round = 0; round < rounds; ++round) {
        for (const doctor::Question& each : questions) {
            const Interface* interface = facts.interface(each.interface);
            const auto sender = sender_for(each, *evidence.kernel);
            if (interface == nullptr || !sender) continue;
            (each.address.family == Family::ipv4 ? arp : ipv6)
                .send(wire::neighbour_request(each.address, *sender, interface->link_address), interface->index);
        }
        wait_for(both, answer_patience / rounds, [&] {
            arp.receive(take);
            ipv6.receive(take);
        });
    }
    evidence.asked = true;
    return {};
}

namespace {

/// The VRRP message of an IPv4 or IPv6 packet, if it is one, with the addresses of its header.
std::optional<doctor::ReceivedAdvert> advert_in(std::span<const std::byte> frame, const InterfaceName& interface) {
    const auto octet = [&](std::size_t at) { return std::to_integer<std::uint8_t>(frame[at]); };
    constexpr std::size_t shortest = 20, of_ipv6 = 40;
    if (frame.size() < ETH_HLEN + shortest) return std::nullopt;
    const bool ipv6 = octet(ETH_HLEN) >> 4 == 6;
    if (ipv6 && frame.size() < ETH_HLEN + of_ipv6) return std::nullopt;
    const std::size_t header = ipv6 ? of_ipv6 : std::size_t{4} * (octet(ETH_HLEN) & 15);
    const std::size_t length = std::size_t{octet(ETH_HLEN + (ipv6 ? 4 : 2))} << 8 | octet(ETH_HLEN + (ipv6 ? 5 : 3));
    const std::size_t end = ETH_HLEN + length + (ipv6 ? header : 0);
    const std::uint8_t protocol = octet(ETH_HLEN + (ipv6 ? 6 : 9));
    const bool whole = header >= shortest && ETH_HLEN + header <= end && end <= frame.size();
    if (protocol != wire::vrrp_protocol || !whole) return std::nullopt;
    const auto address = [&](std::size_t at) {
        return IpAddress::from_bytes(ipv6 ? Family::ipv6 : Family::ipv4,
                                     reinterpret_cast<const std::uint8_t*>(frame.data()) + ETH_HLEN + at);
    };
    const IpAddress source = address(ipv6 ? 8 : 12), destination = address(ipv6 ? 24 : 16);
    auto advert =
        wire::decode_advertisement(frame.subspan(ETH_HLEN + header, end - ETH_HLEN - header), source, destination);
    if (!advert) return std::nullopt;
    return doctor::ReceivedAdvert{interface, source, std::move(*advert)};
}

/// How long adverts of all instances take to come several times.
std::chrono::milliseconds time_to_listen(const doctor::Evidence& evidence) {
    std::chrono::milliseconds longest = std::chrono::seconds(1);
    if (evidence.config) {
        for (const config::Vrrp& each : evidence.config->vrrp) longest = std::max(longest, each.advert_interval);
    }
    return std::min<std::chrono::milliseconds>(longest * intervals_to_listen, longest_listening);
}

}  // namespace

Result<void> hear_adverts(doctor::Evidence& evidence) {
    constexpr wire::LinkAddress group{0x01, 0x00, 0x5e, 0, 0, 18};  // 224.0.0.18 (RFC 1112 §6.4)
    constexpr wire::LinkAddress group6{0x33, 0x33, 0, 0, 0, 0x12};  // ff02::12 (RFC 2464 §7)
    const PacketSocket ipv4(ETH_P_IP), ipv6(ETH_P_IPV6);
    if (ipv4.fd() < 0 || ipv6.fd() < 0) return tl::unexpected(ipv4.error());
    std::set<std::uint32_t> wanted;
    for (const Interface& interface : evidence.kernel->facts.interfaces) {
        if (!interface.up || !interface.speaks_arp) continue;
        wanted.insert(interface.index);
        ipv4.hear_group(interface.index, group);
        ipv6.hear_group(interface.index, group6);
    }
    const auto take = [&](std::span<const std::byte> frame, std::uint32_t index) {
        if (!wanted.contains(index)) return;
        auto advert = advert_in(frame, evidence.kernel->facts.interface(index)->name);
        if (advert) evidence.heard.push_back(std::move(*advert));
    };
    const PacketSocket* const both[] = {&ipv4, &ipv6};
    wait_for(both, time_to_listen(evidence), [&] {
        ipv4.receive(take);
        ipv6.receive(take);
    });
    evidence.listened = true;
    return {};
}

}  // namespace lbconverge::survey
