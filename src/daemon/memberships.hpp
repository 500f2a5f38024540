// The interfaces on which the kernel receives packets to VRRP's multicast groups, from /proc/net/igmp and igmp6. The
// kernel drops a membership, without an error for the socket, when it takes IPv4 or IPv6 away from the interface:
// because the MTU is too small, or the interface moves to another network namespace. Private to src/daemon.
#pragma once

#include "lbconverge/config/config.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace lbconverge::daemon {

/// The indices of the interfaces that are members of VRRP's group, per family; nullopt: not known.
struct Memberships {
    std::chrono::steady_clock::time_point read_at{};  ///< memberships that are newer may be missing
    std::optional<std::set<std::uint32_t>> ipv4{}, ipv6{};
    [[nodiscard]] const auto& of(Family family) const { return family == Family::ipv4 ? ipv4 : ipv6; }
};
/// Reads the families of these instances. The time grows with the number of interfaces, so the loop must not call it.
Memberships read_memberships(const std::vector<config::Vrrp>& instances);

/// The indices of the interfaces that such a table lists as members.
std::set<std::uint32_t> members_in(std::string_view table, Family family);

}  // namespace lbconverge::daemon
