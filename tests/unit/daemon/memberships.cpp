#include "memberships.hpp"

#include <doctest/doctest.h>

#include <bit>

namespace lbconverge::daemon {

TEST_CASE("where the kernel listens to VRRP's group of IPv6") {
    CHECK(members_in("1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
                     "2    eth0            ff020000000000000000000000000012     1 00000004 0\n"
                     "2    eth0            ff0200000000000000000001ff000002     2 00000004 0\n"
                     "13   eth1            ff020000000000000000000000000012     1 00000004 0\n",
                     Family::ipv6) == std::set<std::uint32_t>{2, 13});
    CHECK(members_in("2    eth0            ff020000000000000000000000000001     1 0000000C 0\n", Family::ipv6).empty());
    CHECK(members_in("", Family::ipv6).empty());
}

TEST_CASE("where the kernel listens to VRRP's group of IPv4") {
    if constexpr (std::endian::native != std::endian::little) return;
    CHECK(members_in("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
                     "1\tlo        :     1      V3\n"
                     "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
                     "12\teth0      :     2      V3\n"
                     "\t\t\t\t120000E0     1 0:00000000\t\t0\n"
                     "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
                     "13\teth1      :     1      V3\n"
                     "\t\t\t\t010000E0     1 0:00000000\t\t0\n",
                     Family::ipv4) == std::set<std::uint32_t>{12});
}

}  // namespace lbconverge::daemon
