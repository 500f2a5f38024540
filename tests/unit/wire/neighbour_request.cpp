// RFC 826, RFC 4861 §4.3 and §4.4, octet by octet.
#include "lbconverge/wire/neighbour_request.hpp"

#include "support/ip.hpp"
#include "unit/bytes.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lbconverge;
using namespace lbconverge::wire;
using test::from_hex;
using test::hex;
using test::ip;

namespace {

constexpr LinkAddress asker{0x02, 0, 0, 0, 0, 1};

const std::string arp_reply =
    "020000000001"
    "020000000003"
    "0806"
    "0001080006040002"
    "020000000003"
    "c0000214"
    "020000000001"
    "c0000201";

}  // namespace

TEST_CASE("an ARP request is broadcast and says who asks") {
    CHECK(hex(neighbour_request(ip("192.0.2.20"), ip("192.0.2.1"), asker)) ==
          "ffffffffffff0200000000010806000108000604000102000000"
          "0001c0000201"
          "000000000000"
          "c0000214");
}

TEST_CASE("a neighbour solicitation goes to the solicited-node group with the sender's link address") {
    const std::string frame = hex(neighbour_request(ip("2001:db8::14:5678"), ip("2001:db8::1"), asker));
    CHECK(frame.substr(0, 28) ==
          "3333ff145678"
          "020000000001"
          "86dd");
    CHECK(frame.substr(28, 16) == "6000000000203aff");
    CHECK(frame.substr(44 + 32, 32) == "ff0200000000000000000001ff145678");
    CHECK(frame.substr(108, 4) == "8700");
    CHECK(frame.substr(116, 8) == "00000000");
    CHECK(frame.substr(124, 32) == "20010db8000000000000000000145678");
    CHECK(frame.substr(156) ==
          "0101"
          "020000000001");
}

TEST_CASE("an ARP reply says who has the address") {
    const auto claim = neighbour_reply_in(from_hex(arp_reply));
    REQUIRE(claim);
    CHECK(claim->address == ip("192.0.2.20"));
    CHECK(claim->link == LinkAddress{0x02, 0, 0, 0, 0, 3});
}

TEST_CASE("a request, another protocol or half a reply says nothing") {
    std::string request = arp_reply;
    request[43] = '1';
    CHECK_FALSE(neighbour_reply_in(from_hex(request)));
    std::string other = arp_reply;
    other[27] = '0';
    CHECK_FALSE(neighbour_reply_in(from_hex(other)));
    for (std::size_t size = 0; size < arp_reply.size(); size += 2)
        CHECK_FALSE(neighbour_reply_in(from_hex(arp_reply.substr(0, size))));
}

TEST_CASE("a neighbour advertisement says who has the address") {
    const auto frame = neighbour_advertisement(ip("2001:db8::20"), {0x02, 0, 0, 0, 0, 3}, false);
    const auto claim = neighbour_reply_in(frame);
    REQUIRE(claim);
    CHECK(claim->address == ip("2001:db8::20"));
    CHECK(claim->link == LinkAddress{0x02, 0, 0, 0, 0, 3});
    for (std::size_t size = 0; size < frame.size(); ++size)
        CHECK_FALSE(neighbour_reply_in(std::span(frame).first(size)));
}

TEST_CASE("an advertisement that came through a router counts for nothing (RFC 4861 §7.1.2)") {
    auto frame = neighbour_advertisement(ip("2001:db8::20"), asker, false);
    frame[14 + 7] = std::byte{254};
    CHECK_FALSE(neighbour_reply_in(frame));
}
