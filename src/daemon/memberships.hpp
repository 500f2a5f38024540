// On which interfaces the kernel takes the packets of VRRP's groups, as /proc/net/igmp and igmp6 say. It forgets that
// when it takes an interface's IPv4 or IPv6 away, with an MTU that is too small or another network namespace, and does
// not tell the socket. Private to src/daemon.
#pragma once

#include "lbconverge/model/address.hpp"

#include <cstdint>
#include <set>
#include <string_view>

namespace lbconverge::daemon {

/// The indices of the interfaces.
std::set<std::uint32_t> members_in(std::string_view table, Family family);

}  // namespace lbconverge::daemon
