#include "lbconverge/model/address.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace lbconverge {

namespace {

IpAddress ip(std::string_view text) {
    const auto address = IpAddress::parse(text);
    REQUIRE_MESSAGE(address.has_value(), text);
    return *address;
}

}  // namespace

TEST_CASE("an IPv4 address fills the first four bytes") {
    const IpAddress address = ip("192.0.2.1");
    CHECK(address.family == Family::ipv4);
    CHECK(address.bits() == 32);
    const std::array<std::uint8_t, 16> bytes{192, 0, 2, 1};
    CHECK(address.bytes == bytes);
}

TEST_CASE("an IPv6 address fills all bytes") {
    const IpAddress address = ip("2001:db8::1");
    CHECK(address.family == Family::ipv6);
    CHECK(address.bits() == 128);
    CHECK(address.bytes[0] == 0x20);
    CHECK(address.bytes[15] == 1);
}

TEST_CASE("what is written is the shortest form, and it can be read again") {
    for (const char* text :
         {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1"}) {
        CHECK(to_text(ip(text)) == text);
    }
    CHECK(to_text(ip("2001:DB8:0:0:0:0:0:1")) == "2001:db8::1");
}

TEST_CASE("nothing but an address is an address") {
    const std::vector<std::string_view> wrong = {"",
                                                 "192.0.2",
                                                 "192.0.2.256",
                                                 "192.0.2.01",
                                                 "192.0.2.1 ",
                                                 "192.0.2.1/24",
                                                 "192.0.2.1:80",
                                                 "[2001:db8::1]",
                                                 "fe80::1%eth0",
                                                 "2001:db8::1::2",
                                                 "lb1",
                                                 std::string_view("192.0.2.1\0", 10),
                                                 "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"};
    for (const std::string_view text : wrong) CHECK_MESSAGE(!IpAddress::parse(text), text);
}

TEST_CASE("text that is no address leaves the value alone") {
    IpAddress address = ip("192.0.2.1");
    CHECK_FALSE(from_text("nonsense", address));
    CHECK(address == ip("192.0.2.1"));
    CHECK(from_text("::1", address));
    CHECK(address == ip("::1"));
}

TEST_CASE("bytes from the kernel: an IPv4 address takes four of them") {
    const std::uint8_t bytes[16] = {192, 0, 2, 7, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};
    CHECK(IpAddress::from_bytes(Family::ipv4, bytes) == ip("192.0.2.7"));
    CHECK(IpAddress::from_bytes(Family::ipv6, bytes).bytes[15] == 99);
}

TEST_CASE("kinds of addresses") {
    CHECK(ip("0.0.0.0").is_unspecified());
    CHECK(ip("::").is_unspecified());
    CHECK_FALSE(ip("::1").is_unspecified());
    CHECK(ip("127.9.0.1").is_loopback());
    CHECK(ip("::1").is_loopback());
    CHECK_FALSE(ip("128.0.0.1").is_loopback());
    CHECK_FALSE(ip("1::1").is_loopback());
    CHECK(ip("224.0.0.18").is_multicast());
    CHECK(ip("239.255.0.1").is_multicast());
    CHECK(ip("ff02::12").is_multicast());
    CHECK_FALSE(ip("240.0.0.1").is_multicast());
    CHECK_FALSE(ip("fe80::1").is_multicast());
    CHECK(ip("169.254.1.1").is_link_local());
    CHECK(ip("fe80::1").is_link_local());
    CHECK(ip("febf::1").is_link_local());
    CHECK_FALSE(ip("fec0::1").is_link_local());
    CHECK_FALSE(ip("169.255.1.1").is_link_local());
}

TEST_CASE("the same net: the first bits decide, and the family") {
    CHECK(ip("192.0.2.1").in_same_net(ip("192.0.2.200"), 24));
    CHECK(ip("192.0.2.1").in_same_net(ip("192.0.2.126"), 25));
    CHECK_FALSE(ip("192.0.2.1").in_same_net(ip("192.0.2.129"), 25));
    CHECK_FALSE(ip("192.0.2.1").in_same_net(ip("192.0.2.2"), 32));
    CHECK(ip("192.0.2.1").in_same_net(ip("192.0.2.1"), 32));
    CHECK(ip("192.0.2.1").in_same_net(ip("10.0.0.1"), 0));
    CHECK(ip("2001:db8::1").in_same_net(ip("2001:db8::ffff"), 64));
    CHECK_FALSE(ip("2001:db8::1").in_same_net(ip("2001:db8:0:1::1"), 64));
    CHECK(ip("2001:db8::1").in_same_net(ip("2001:db8::1"), 128));
    CHECK_FALSE(ip("0.0.0.0").in_same_net(ip("::"), 0));
}

TEST_CASE("addresses sort by family, then by number") {
    std::vector<IpAddress> some = {ip("::1"), ip("10.0.0.2"), ip("9.255.0.0"), ip("10.0.0.1")};
    std::sort(some.begin(), some.end());
    CHECK(some == std::vector<IpAddress>{ip("9.255.0.0"), ip("10.0.0.1"), ip("10.0.0.2"), ip("::1")});
}

TEST_CASE("each byte of an address counts for its place in the order") {
    for (std::size_t place = 0; place < 16; ++place) {
        IpAddress lower{Family::ipv6, {}}, upper{Family::ipv6, {}};
        upper.bytes[place] = 1;
        for (std::size_t after = place + 1; after < 16; ++after) lower.bytes[after] = 0xff;
        CHECK(lower < upper);
        CHECK_FALSE(upper < lower);
        CHECK((upper <=> upper) == std::strong_ordering::equal);
    }
}

TEST_CASE("address and port") {
    CHECK(with_port(ip("192.0.2.1"), 80) == "192.0.2.1:80");
    CHECK(with_port(ip("2001:db8::1"), 443) == "[2001:db8::1]:443");
    const auto four = parse_with_port("192.0.2.1:65535");
    REQUIRE(four);
    CHECK(four->address == ip("192.0.2.1"));
    CHECK(four->port == 65535);
    const auto six = parse_with_port("[2001:db8::1]:0");
    REQUIRE(six);
    CHECK(six->address == ip("2001:db8::1"));
    CHECK(six->port == 0);
    for (const char* wrong : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:080", "192.0.2.1:+1",
                              "192.0.2.1:8x", "2001:db8::1:80", "[2001:db8::1]", "[192.0.2.1]:80", "[]:80", ":80"}) {
        CHECK_MESSAGE(!parse_with_port(wrong), wrong);
    }
}

TEST_CASE("address and prefix") {
    const auto bare = parse_with_prefix("192.0.2.1");
    REQUIRE(bare);
    CHECK(bare->prefix == 32);
    CHECK_FALSE(bare->prefix_given);
    const auto six = parse_with_prefix("2001:db8::1");
    REQUIRE(six);
    CHECK(six->prefix == 128);
    const auto net = parse_with_prefix("192.0.2.1/24");
    REQUIRE(net);
    CHECK(net->address == ip("192.0.2.1"));
    CHECK(net->prefix == 24);
    CHECK(net->prefix_given);
    for (const char* wrong :
         {"192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "192.0.2.1/024", "/24", "2001:db8::1/129"}) {
        CHECK_MESSAGE(!parse_with_prefix(wrong), wrong);
    }
}

}  // namespace lbconverge
