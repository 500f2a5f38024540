#include "lbconverge/wire/announcement.hpp"

#include "support/ip.hpp"
#include "unit/bytes.hpp"

#include <doctest/doctest.h>

namespace lbconverge::wire {

namespace {

using test::from_hex;
using test::hex;
using test::ip;

constexpr LinkAddress link{0x02, 0, 0, 0, 0, 0x01};
constexpr LinkAddress virtual4{0, 0, 0x5e, 0, 0x01, 0x1f};
constexpr LinkAddress virtual6{0, 0, 0x5e, 0, 0x02, 0x3d};

std::string normal(std::string_view text) { return hex(from_hex(text)); }

// Frames that keepalived 2.2.7 of Debian 12 sent.
const std::string arp = normal(
    "ffffffffffff 020000000001 0806 0001 0800 06 04 0001"
    "020000000001 c0000215 ffffffffffff c0000215");
const std::string v12_arp_from_virtual_mac = normal(
    "ffffffffffff 00005e00011f 0806 0001 0800 06 04 0001"
    "00005e00011f c000021f ffffffffffff c000021f");
const std::string v13_global = normal(
    "333300000001 020000000001 86dd 60000000 0020 3a ff"
    "20010db8000000000000000000000061 ff020000000000000000000000000001"
    "88 00 f86a 20000000 20010db8000000000000000000000061 02 01 020000000001");
const std::string v14_link_local_from_virtual_mac = normal(
    "333300000001 00005e00023d 86dd 60000000 0020 3a ff"
    "fe800000000000000000000000000061 ff020000000000000000000000000001"
    "88 00 f89e 20000000 fe800000000000000000000000000061 02 01 00005e00023d");

}  // namespace

TEST_CASE("a gratuitous ARP is byte for byte what keepalived sends") {
    CHECK(hex(gratuitous_arp(ip("192.0.2.21"), link)) == arp);
    CHECK(hex(gratuitous_arp(ip("192.0.2.31"), virtual4)) == v12_arp_from_virtual_mac);
    CHECK(gratuitous_arp(ip("192.0.2.21"), link).size() == 42);
}

TEST_CASE("a neighbour advertisement is byte for byte what keepalived sends") {
    CHECK(hex(neighbour_advertisement(ip("2001:db8::61"), link, false)) == v13_global);
    CHECK(hex(neighbour_advertisement(ip("fe80::61"), virtual6, false)) == v14_link_local_from_virtual_mac);
    CHECK(neighbour_advertisement(ip("fe80::61"), link, false).size() == 86);
}

TEST_CASE("a router says so in the flags and, with that, in the checksum") {
    std::string expected = v13_global;
    expected.replace(2 * 56, 4, "786a");
    expected.replace(2 * 58, 2, "a0");
    CHECK(hex(neighbour_advertisement(ip("2001:db8::61"), link, true)) == expected);
}

TEST_CASE("the family of an address says how it is announced, and only who forwards claims to be a router") {
    for (const bool router : {false, true}) {
        CHECK(hex(announcement(ip("192.0.2.31"), virtual4, router)) == v12_arp_from_virtual_mac);
        CHECK(hex(announcement(ip("2001:db8::61"), link, router)) ==
              hex(neighbour_advertisement(ip("2001:db8::61"), link, router)));
    }
}

}  // namespace lbconverge::wire
