#include "lbconverge/wire/attributes.hpp"

#include "unit/bytes.hpp"

#include <doctest/doctest.h>

#include <linux/netlink.h>

#include <string>
#include <vector>

namespace lbconverge::wire {

namespace {

using test::from_hex;

/// "type:hex type:hex", as the walk sees them.
std::string walked(Bytes bytes) {
    std::string text;
    for (Attributes walk(bytes); walk.next();) {
        if (!text.empty()) text += ' ';
        text += std::to_string(walk.current().type) + ":" + test::hex(walk.current().data);
    }
    return text;
}

std::string walked(const std::string& hex) { return walked(from_hex(hex)); }

Attribute attribute(const std::vector<std::byte>& data) { return {.type = 1, .data = data}; }

}  // namespace

TEST_CASE("attributes are walked one behind the other, without their padding") {
    CHECK(walked("0500 0100 aa000000 0800 0200 01020304 0400 0300") == "1:aa 2:01020304 3:");
    CHECK(walked("") == "");
}

TEST_CASE("the flag bits are no part of the type") {
    CHECK(walked("0400 0180") == "1:");
    CHECK(walked("0400 0140") == "1:");
}

TEST_CASE("the last attribute may lack its padding") { CHECK(walked("0500 0100 aa") == "1:aa"); }

TEST_CASE("the walk ends at an attribute that does not fit") {
    CHECK(walked("0400 0100 0900 0200 01020304") == "1:");  // one byte more than there is
    CHECK(walked("0400 0100 ffff 0200 01020304") == "1:");  // the largest length there is
    CHECK(walked("0400 0100 0300 0200 01020304") == "1:");  // shorter than its own header
    CHECK(walked("0400 0100 0000 0200 01020304") == "1:");  // of no length: would never end
    CHECK(walked("0400 0100 08") == "1:");                  // not even a header
}

TEST_CASE("a value that is shorter than its type is extended with zeros, a longer one is cut off") {
    const auto two = from_hex("0102");
    CHECK(attribute(two).as<std::uint32_t>() == 0x0201);
    CHECK(Attribute{1, Bytes(two).first(0)}.as<std::uint32_t>() == 0);
    const auto eight = from_hex("0102030405060708");
    CHECK(attribute(eight).as<std::uint16_t>() == 0x0201);
}

TEST_CASE("ports are in network byte order") {
    const auto port = from_hex("0050");
    CHECK(attribute(port).be16() == 80);
    const auto half = from_hex("01");
    CHECK(attribute(half).be16() == 256);
}

TEST_CASE("a name ends at its NUL, or where the data ends, or where a name is full") {
    const auto terminated = from_hex("777272 00 7a7a");
    CHECK(attribute(terminated).name() == ShortName("wrr"));
    const auto open = from_hex("777272");
    CHECK(attribute(open).name() == ShortName("wrr"));
    CHECK(Attribute{1, Bytes(open).first(0)}.name().empty());
    const std::vector<std::byte> longest(40, std::byte{'x'});
    CHECK(attribute(longest).name().view() == std::string(15, 'x'));
}

TEST_CASE("what follows the fixed header is empty when the message ends before it") {
    const std::vector<std::byte> message(NLMSG_HDRLEN + 6);
    CHECK(attributes_of(message, 4).size() == 2);
    CHECK(attributes_of(message, 3).size() == 2);  // headers are padded to four bytes
    CHECK(attributes_of(message, 6).empty());
    CHECK(attributes_of(message, 64).empty());
    CHECK(attributes_of({}, 4).empty());
}

TEST_CASE("a fixed header that is not there in full is all zeros") {
    const auto message = from_hex("01020304 05060708");
    CHECK(fixed_header<std::uint32_t>(message, 4) == 0x08070605);
    CHECK(fixed_header<std::uint32_t>(message, 5) == 0);
    CHECK(fixed_header<std::uint32_t>({}, 0) == 0);
}

}  // namespace lbconverge::wire
