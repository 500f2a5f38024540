#include "lbconverge/wire/vrrp.hpp"

#include "support/ip.hpp"
#include "unit/bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lbconverge::wire {

namespace {

using std::chrono::milliseconds;
using test::from_hex;
using test::hex;
using test::ip;
using Message = std::vector<std::byte>;

/// Who sends to whom.
struct Way {
    IpAddress source;
    IpAddress destination;
};

const Way group4{ip("192.0.2.1"), ip("224.0.0.18")};
const Way unicast4{ip("192.0.2.1"), ip("192.0.2.2")};
const Way group6{ip("fe80::ff:fe00:1"), ip("ff02::12")};

struct Packet {
    Way way;
    Message message;
};

/// What is in an Ethernet frame: an IP header without options, then the message.
Packet unwrapped(std::string_view frame) {
    const Message bytes = from_hex(frame);
    const auto address = [&](Family family, std::size_t at) {
        return IpAddress::from_bytes(family, reinterpret_cast<const std::uint8_t*>(bytes.data()) + at);
    };
    if (bytes[12] == std::byte{0x08})
        return {{address(Family::ipv4, 26), address(Family::ipv4, 30)}, {bytes.begin() + 34, bytes.end()}};
    return {{address(Family::ipv6, 22), address(Family::ipv6, 38)}, {bytes.begin() + 54, bytes.end()}};
}

struct Captured {
    const char* name;
    const char* frame;
    Advertisement value;
};

constexpr std::array<std::uint8_t, 8> password{'s', '3', 'c', 'r', '3', 't', 'P', 'w'};

/// Frames that keepalived 2.2.7 of Debian 12 sent.
const std::vector<Captured> captures{
    {"V1: version 2",
     "01005e000012 020000000001 0800 45c0002800010000ff701891c0000201e0000012"
     "21146401 0001b8d4 c0000214 0000000000000000",
     {.version = 2, .vrid = 20, .priority = 100, .interval = milliseconds(1000), .addresses = {ip("192.0.2.20")}}},
    {"V2: version 2 with a password",
     "01005e000012 020000000001 0800 45c0002c00010000ff70188dc0000201e0000012"
     "21159602 01016929 c0000215 c0000216 7333637233745077",
     {.version = 2,
      .vrid = 21,
      .priority = 150,
      .interval = milliseconds(1000),
      .addresses = {ip("192.0.2.21"), ip("192.0.2.22")},
      .auth_type = 1,
      .auth_data = password}},
    {"V3: version 2, giving up",
     "01005e000012 020000000001 0800 45c0002c000a0000ff701884c0000201e0000012"
     "21150002 0101ff29 c0000215 c0000216 7333637233745077",
     {.version = 2,
      .vrid = 21,
      .priority = 0,
      .interval = milliseconds(1000),
      .addresses = {ip("192.0.2.21"), ip("192.0.2.22")},
      .auth_type = 1,
      .auth_data = password}},
    {"V4: version 3",
     "01005e000012 020000000001 0800 45c0002000010000ff701899c0000201e0000012"
     "311fc801 0032a1fc c000021f",
     {.version = 3, .vrid = 31, .priority = 200, .interval = milliseconds(500), .addresses = {ip("192.0.2.31")}}},
    {"V5: version 3, giving up",
     "01005e000012 020000000001 0800 45c0002000160000ff701884c0000201e0000012"
     "311f0001 003269fd c000021f",
     {.version = 3, .vrid = 31, .priority = 0, .interval = milliseconds(500), .addresses = {ip("192.0.2.31")}}},
    {"V6: version 3 by unicast",
     "020000000002 020000000001 0800 45c0002000010000ff7036a9c0000201c0000202"
     "31296e01 006419c7 c0000229",
     {.version = 3, .vrid = 41, .priority = 110, .interval = milliseconds(1000), .addresses = {ip("192.0.2.41")}}},
    {"V7: version 3 over IPv6",
     "333300000012 020000000001 86dd 6c0cf0fd002870ff"
     "fe80000000000000000000fffe000001 ff020000000000000000000000000012"
     "313d7802 00642c31 fe800000000000000000000000000061 20010db8000000000000000000000061",
     {.version = 3,
      .vrid = 61,
      .priority = 120,
      .interval = milliseconds(1000),
      .addresses = {ip("fe80::61"), ip("2001:db8::61")}}},
    {"V8: version 3 over IPv6 from the virtual MAC",
     "333300000012 00005e00023d 86dd 6c0cf0fd002870ff"
     "fe80000000000000000000fffe000001 ff020000000000000000000000000012"
     "313d7802 00642c31 fe800000000000000000000000000061 20010db8000000000000000000000061",
     {.version = 3,
      .vrid = 61,
      .priority = 120,
      .interval = milliseconds(1000),
      .addresses = {ip("fe80::61"), ip("2001:db8::61")}}},
    {"V9: version 3 over IPv6, giving up",
     "333300000012 00005e00023d 86dd 6c0cf0fd002870ff"
     "fe80000000000000000000fffe000001 ff020000000000000000000000000012"
     "313d0002 0064a431 fe800000000000000000000000000061 20010db8000000000000000000000061",
     {.version = 3,
      .vrid = 61,
      .priority = 0,
      .interval = milliseconds(1000),
      .addresses = {ip("fe80::61"), ip("2001:db8::61")}}},
    {"V10: version 3 from the owner",
     "01005e000012 020000000001 0800 45c0002000010000ff701899c0000201e0000012"
     "311fff01 00646aca c000021f",
     {.version = 3, .vrid = 31, .priority = 255, .interval = milliseconds(1000), .addresses = {ip("192.0.2.31")}}},
    {"V11: version 2 from the virtual MAC",
     "01005e000012 00005e000116 0800 45c0002800010000ff701891c0000201e0000012"
     "21167801 0001a4cf c0000217 0000000000000000",
     {.version = 2, .vrid = 22, .priority = 120, .interval = milliseconds(1000), .addresses = {ip("192.0.2.23")}}},
};

const Advertisement& v2 = captures[1].value;
const Advertisement& v4 = captures[3].value;

/// Empty where there is none.
std::optional<VrrpRefusal> refusal(const Message& message, const Way& way) {
    const auto read = decode_advertisement(message, way.source, way.destination);
    return read ? std::nullopt : std::optional(read.error());
}

std::optional<VrrpRefusal> refusal(const char* message, const Way& way) { return refusal(from_hex(message), way); }

/// Of a message that is good.
ChecksumDialect fitting(const Message& message, const Way& way) {
    // Once from each value, so that one that was left alone shows.
    auto dialect = ChecksumDialect::message;
    REQUIRE(decode_advertisement(message, way.source, way.destination, &dialect));
    auto again = ChecksumDialect::pseudo_header;
    REQUIRE(decode_advertisement(message, way.source, way.destination, &again));
    REQUIRE(dialect == again);
    return dialect;
}

std::string written(const Advertisement& value, const Way& way, ChecksumDialect dialect) {
    return hex(encode(value, way.source, way.destination, dialect));
}

/// `count` addresses, the first of which may be the first of an advertisement.
std::vector<IpAddress> some_addresses(Family family, std::size_t count) {
    std::vector<IpAddress> addresses(count, ip(family == Family::ipv4 ? "192.0.2.1" : "fe80::1"));
    for (std::size_t i = 1; i < count; ++i) addresses[i].bytes[2] = static_cast<std::uint8_t>(i);
    return addresses;
}

void check_round_trip(const Advertisement& value, const Way& way, ChecksumDialect dialect) {
    const auto message = encode(value, way.source, way.destination, dialect);
    auto fitted = ChecksumDialect::message;
    const auto read = decode_advertisement(message, way.source, way.destination, &fitted);
    REQUIRE(read);
    CHECK(*read == value);
    CHECK(fitted == dialect);
}

/// With every priority, id and number of addresses that stands at an edge.
void check_round_trips(Advertisement value, const Way& way, ChecksumDialect dialect) {
    for (const int vrid : {1, 2, 255}) {
        for (const int priority : {0, 1, 100, 254, 255}) {
            for (const std::size_t count : {1U, 2U, 20U, 255U}) {
                value.vrid = static_cast<std::uint8_t>(vrid);
                value.priority = static_cast<std::uint8_t>(priority);
                value.addresses = some_addresses(way.source.family, count);
                check_round_trip(value, way, dialect);
            }
        }
    }
}

}  // namespace

TEST_CASE("what keepalived sends is read as what it was told to send") {
    for (const Captured& captured : captures) {
        CAPTURE(captured.name);
        const Packet packet = unwrapped(captured.frame);
        const auto read = decode_advertisement(packet.message, packet.way.source, packet.way.destination);
        REQUIRE(read);
        CHECK(*read == captured.value);
    }
}

TEST_CASE("an advertisement is written byte for byte as keepalived writes it") {
    for (const Captured& captured : captures) {
        CAPTURE(captured.name);
        const Packet packet = unwrapped(captured.frame);
        CHECK(written(captured.value, packet.way, ChecksumDialect::pseudo_header) == hex(packet.message));
    }
}

TEST_CASE("version 3 over IPv4 is written in either dialect of the checksum") {
    CHECK(written(v4, group4, ChecksumDialect::pseudo_header) == "311fc8010032a1fcc000021f");
    CHECK(written(v4, group4, ChecksumDialect::message) == "311fc8010032448dc000021f");
    CHECK(written(captures[5].value, unicast4, ChecksumDialect::message) == "31296e0100649e47c0000229");
    CHECK(written(captures[9].value, group4, ChecksumDialect::message) == "311fff0100640d5bc000021f");
}

TEST_CASE("version 3 over IPv4 is read in either dialect of the checksum, and which one it was is told") {
    CHECK(fitting(from_hex("311fc801 0032a1fc c000021f"), group4) == ChecksumDialect::pseudo_header);
    CHECK(fitting(from_hex("311fc801 0032448d c000021f"), group4) == ChecksumDialect::message);
    CHECK(decode_advertisement(from_hex("311fc801 0032448d c000021f"), group4.source, group4.destination) == v4);
}

TEST_CASE("the pseudo-header of a unicast has the destination of its IP header, not the group") {
    CHECK(refusal("31296e01 006419c7 c0000229", unicast4) == std::nullopt);
    CHECK(refusal("31296e01 006419c7 c0000229", group4) == VrrpRefusal::checksum);
}

TEST_CASE("version 2 never has a pseudo-header, whatever the dialect") {
    CHECK(written(v2, group4, ChecksumDialect::message) == written(v2, group4, ChecksumDialect::pseudo_header));
    CHECK(fitting(from_hex("21159602 01016929 c0000215 c0000216 7333637233745077"), group4) ==
          ChecksumDialect::message);
    CHECK(refusal("21159602 0101c68c c0000215 c0000216 7333637233745077", group4) == VrrpRefusal::checksum);
}

TEST_CASE("IPv6 always has a pseudo-header, whatever the dialect") {
    const Advertisement& v7 = captures[6].value;
    CHECK(written(v7, group6, ChecksumDialect::message) == written(v7, group6, ChecksumDialect::pseudo_header));
    CHECK(fitting(unwrapped(captures[6].frame).message, group6) == ChecksumDialect::pseudo_header);
    CHECK(refusal("313d7802 00642960 fe800000000000000000000000000061 20010db8000000000000000000000061", group6) ==
          VrrpRefusal::checksum);
}

TEST_CASE("the checksum of version 2 covers the authentication data") {
    CHECK(refusal("21159602 0101c3ba c0000215 c0000216 7333637233745077", group4) == VrrpRefusal::checksum);
}

TEST_CASE("the reserved bits of version 3 are ignored, and zero when sent") {
    const auto read = decode_advertisement(from_hex("311fc801 f032b1fb c000021f"), group4.source, group4.destination);
    REQUIRE(read);
    CHECK(*read == v4);
    Advertisement longest = v4;
    longest.interval = milliseconds(40950);
    CHECK(written(longest, group4, ChecksumDialect::pseudo_header).substr(8, 4) == "0fff");
}

TEST_CASE("the authentication type of version 2 is given as it is, known or not") {
    Advertisement value = v2;
    for (const int type : {0, 1, 2, 255}) {
        value.auth_type = static_cast<std::uint8_t>(type);
        check_round_trip(value, group4, ChecksumDialect::message);
    }
}

TEST_CASE("what is shorter than the fixed part is too short") {
    CHECK(refusal("", group4) == VrrpRefusal::too_short);
    CHECK(refusal("31", group4) == VrrpRefusal::too_short);
    CHECK(refusal("311fc801 0032a1", group4) == VrrpRefusal::too_short);
    CHECK(refusal("", group6) == VrrpRefusal::too_short);
}

TEST_CASE("only versions 2 and 3 are read") {
    CHECK(refusal("411fc801 003291fc c000021f", group4) == VrrpRefusal::version);
    CHECK(refusal("111fc801 0032c1fc c000021f", group4) == VrrpRefusal::version);
    CHECK(refusal("f11fc801 0032e1fb c000021f", group4) == VrrpRefusal::version);
}

TEST_CASE("there is no version 2 over IPv6") {
    const char* const message =
        "213d7802 00013c8c fe800000000000000000000000000061 20010db8000000000000000000000061 0000000000000000";
    CHECK(refusal(message, group6) == VrrpRefusal::version);
}

TEST_CASE("only advertisements are read") {
    CHECK(refusal("321fc801 0032a0fc c000021f", group4) == VrrpRefusal::type);
    CHECK(refusal("301fc801 0032a2fc c000021f", group4) == VrrpRefusal::type);
    CHECK(refusal("22159602 01016829 c0000215 c0000216 7333637233745077", group4) == VrrpRefusal::type);
}

TEST_CASE("a checksum that fits in no dialect is refused") {
    CHECK(refusal("311fc801 0032a1fd c000021f", group4) == VrrpRefusal::checksum);
    CHECK(refusal("311fc801 00320000 c000021f", group4) == VrrpRefusal::checksum);
    CHECK(refusal("21159602 01016928 c0000215 c0000216 7333637233745077", group4) == VrrpRefusal::checksum);
    CHECK(refusal("313d7802 00642c30 fe800000000000000000000000000061 20010db8000000000000000000000061", group6) ==
          VrrpRefusal::checksum);
}

TEST_CASE("an advertisement with one bit turned over is none") {
    for (const Captured& captured : captures) {
        CAPTURE(captured.name);
        Packet packet = unwrapped(captured.frame);
        for (std::size_t bit = 0; bit < packet.message.size() * 8; ++bit) {
            CAPTURE(bit);
            packet.message[bit / 8] ^= std::byte{1} << (bit % 8);
            CHECK(refusal(packet.message, packet.way).has_value());
            packet.message[bit / 8] ^= std::byte{1} << (bit % 8);
        }
    }
}

TEST_CASE("virtual router 0 is refused") {
    CHECK(refusal("3100c801 0032a21b c000021f", group4) == VrrpRefusal::vrid_zero);
    CHECK(refusal("21009602 0101693e c0000215 c0000216 7333637233745077", group4) == VrrpRefusal::vrid_zero);
}

TEST_CASE("an advertisement of no address is refused") {
    CHECK(refusal("311fc800 00326421", group4) == VrrpRefusal::count_zero);
    CHECK(refusal("311fc800 0032a1fd c000021f", group4) == VrrpRefusal::count_zero);
    CHECK(refusal("21159600 0101ed57 7333637233745077", group4) == VrrpRefusal::count_zero);
    CHECK(refusal("313d7800 0064594f", group6) == VrrpRefusal::count_zero);
}

TEST_CASE("a list of fewer addresses than the count says is refused") {
    CHECK(refusal("311fc801 00326420", group4) == VrrpRefusal::length);
    CHECK(refusal("311fc801 0032a21c c00002", group4) == VrrpRefusal::length);
    CHECK(refusal("311fc802 0032a1fb c000021f", group4) == VrrpRefusal::length);
    CHECK(refusal("313d7803 00642c30 fe800000000000000000000000000061 20010db8000000000000000000000061", group6) ==
          VrrpRefusal::length);
}

TEST_CASE("bytes behind the addresses are refused") {
    CHECK(refusal("311fc801 0032a1fb c000021f 00", group4) == VrrpRefusal::length);
    CHECK(refusal("311fc801 0032a1f8 c000021f 00000000", group4) == VrrpRefusal::length);
    CHECK(refusal("311fc801 0032448d c000021f 00000000", group4) == VrrpRefusal::length);
    CHECK(refusal("311fc801 0032a1f4 c000021f 0000000000000000", group4) == VrrpRefusal::length);
    CHECK(refusal("21159602 01016929 c0000215 c0000216 7333637233745077 00000000", group4) == VrrpRefusal::length);
}

TEST_CASE("an IPv4 address over IPv6 is refused") {
    CHECK(refusal("313d7801 0064972a c000021f", group6) == VrrpRefusal::length);
}

TEST_CASE("version 2 without authentication data is refused, even where the type is none") {
    CHECK(refusal("21159602 0101c3ba c0000215 c0000216", group4) == VrrpRefusal::length);
    CHECK(refusal("21146401 0001b8d4 c0000214", group4) == VrrpRefusal::length);
}

TEST_CASE("an interval of 0 is refused") {
    CHECK(refusal("311fc801 0000a22e c000021f", group4) == VrrpRefusal::interval_zero);
    CHECK(refusal("311fc801 f000b22d c000021f", group4) == VrrpRefusal::interval_zero);
    CHECK(refusal("21159602 0100692a c0000215 c0000216 7333637233745077", group4) == VrrpRefusal::interval_zero);
}

TEST_CASE("over IPv6 the first address must be link-local") {
    CHECK(refusal("313d7802 00642c31 20010db8000000000000000000000061 fe800000000000000000000000000061", group6) ==
          VrrpRefusal::not_link_local);
    CHECK(refusal("313d7801 00642b24 20010db8000000000000000000000061", group6) == VrrpRefusal::not_link_local);
    CHECK(refusal("313d7801 00645a1c fec00000000000000000000000000061", group6) == VrrpRefusal::not_link_local);
    CHECK(refusal("313d7801 00645a1d febf0000000000000000000000000061", group6) == std::nullopt);
}

TEST_CASE("of many things that are wrong the first in the order of the checks is told") {
    CHECK(refusal("42000000 00000000", group4) == VrrpRefusal::version);
    CHECK(refusal("32000000 00000000", group4) == VrrpRefusal::type);
    CHECK(refusal("31000000 00000000", group4) == VrrpRefusal::checksum);
    CHECK(refusal("31000000 0000ceff", group4) == VrrpRefusal::vrid_zero);
    CHECK(refusal("31010000 0000cefe", group4) == VrrpRefusal::count_zero);
    CHECK(refusal("31010001 0000cefd", group4) == VrrpRefusal::length);
}

TEST_CASE("a message that ends anywhere before its end is refused") {
    for (const Captured& captured : captures) {
        CAPTURE(captured.name);
        const Packet packet = unwrapped(captured.frame);
        for (std::size_t size = 0; size < packet.message.size(); ++size) {
            CAPTURE(size);
            const Message beginning(packet.message.begin(), packet.message.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(refusal(beginning, packet.way).has_value());
        }
    }
}

TEST_CASE("a refusal leaves the dialect alone") {
    for (auto dialect : {ChecksumDialect::message, ChecksumDialect::pseudo_header}) {
        const auto before = dialect;
        for (const char* const message : {"311fc801 0000a22e c000021f", "311fc801 000044bf c000021f", "31"})
            CHECK(!decode_advertisement(from_hex(message), group4.source, group4.destination, &dialect));
        CHECK(dialect == before);
    }
}

TEST_CASE("what is written is read as the same") {
    for (const int hundredths : {1, 2, 100, 255, 256, 4095}) {
        const Advertisement value{.version = 3, .interval = milliseconds(10) * hundredths};
        check_round_trips(value, group4, ChecksumDialect::pseudo_header);
        check_round_trips(value, group4, ChecksumDialect::message);
        check_round_trips(value, unicast4, ChecksumDialect::pseudo_header);
        check_round_trips(value, group6, ChecksumDialect::pseudo_header);
    }
    for (const int seconds : {1, 2, 254, 255}) {
        const Advertisement value{
            .version = 2, .interval = milliseconds(1000) * seconds, .auth_type = 1, .auth_data = password};
        check_round_trips(value, group4, ChecksumDialect::message);
        check_round_trips(value, unicast4, ChecksumDialect::message);
    }
}

TEST_CASE("each family has its group") {
    CHECK(vrrp_group(Family::ipv4) == ip("224.0.0.18"));
    CHECK(vrrp_group(Family::ipv6) == ip("ff02::12"));
}

TEST_CASE("each refusal has a text of its own") {
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < vrrp_refusal_count; ++i) texts.insert(to_text(static_cast<VrrpRefusal>(i)));
    CHECK(texts.size() == vrrp_refusal_count);
    CHECK(texts.count("?") == 0);
    CHECK(to_text(static_cast<VrrpRefusal>(vrrp_refusal_count)) == "?");
}

}  // namespace lbconverge::wire
