// On which interfaces the kernel takes the packets of VRRP's groups, as /proc/net/igmp and igmp6 say. It forgets that
// when it takes an interface's IPv4 or IPv6 away, with an MTU that is too small or another network namespace, and does
// not tell the socket. Private to src/daemon.
#pragma once

#include "lbconverge/config/config.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace lbconverge::daemon {

/// Where the groups of VRRP are listened to, by index of the interface; nullopt: not known.
struct Memberships {
    std::chrono::steady_clock::time_point read_at{};  ///< what was joined later may be missing
    std::optional<std::set<std::uint32_t>> ipv4{}, ipv6{};
    [[nodiscard]] const auto& of(Family family) const { return family == Family::ipv4 ? ipv4 : ipv6; }
};
/// Of the families of these instances. Its cost grows with the interfaces of the host: not for the loop.
Memberships read_memberships(const std::vector<config::Vrrp>& instances);

/// The indices of the interfaces.
std::set<std::uint32_t> members_in(std::string_view table, Family family);

}  // namespace lbconverge::daemon
