#include "lbconverge/wire/request.hpp"

#include "lbconverge/wire/attributes.hpp"
#include "unit/bytes.hpp"

#include <doctest/doctest.h>

#include <linux/netlink.h>

#include <string>

namespace lbconverge::wire {

namespace {

const std::vector<std::byte> header = test::from_hex("05010000");

std::string written(const Requests& requests, std::size_t index = 0) {
    return test::hex(requests.bytes(requests.list()[index]));
}

}  // namespace

TEST_CASE("a message is its netlink header, its fixed header and its attributes") {
    Requests requests;
    requests.begin(Transport::ipvs, 0x20, NLM_F_ACK, header, 7);
    requests.attribute_u8(1, 0xaa);
    requests.attribute_u16(2, 0x0102);
    requests.attribute_be16(3, 80);
    requests.attribute_u32(4, 0x01020304);
    requests.attribute_text(5, "wlc");
    requests.end();
    REQUIRE(requests.list().size() == 1);
    CHECK(requests.list()[0].tag == 7);
    CHECK(requests.list()[0].transport == Transport::ipvs);
    const std::string expected =
        "3c00000020000500"  // length, type, REQUEST and ACK
        "0000000000000000"  // sequence and port: the sender's business
        "05010000"
        "05000100aa000000"
        "0600020002010000"
        "0600030000500000"
        "0800040004030201"
        "08000500776c6300";  // with its NUL
    CHECK(written(requests) == expected);
}

TEST_CASE("a nest is as long as what is in it") {
    Requests requests;
    requests.begin(Transport::route, 0, 0, header, 0);
    const std::size_t outer = requests.begin_nest(1);
    const std::size_t inner = requests.begin_nest(2);
    requests.attribute_u8(3, 9);
    requests.end_nest(inner);
    requests.end_nest(outer);
    requests.attribute_u8(4, 1);
    requests.end();
    CHECK(written(requests).substr(40) ==
          "10000180"
          "0c000280"
          "0500030009000000"
          "0500040001000000");
}

TEST_CASE("messages stand one behind the other, each with its own length and tag") {
    Requests requests;
    for (std::uint32_t tag = 0; tag < 3; ++tag) {
        requests.begin(Transport::route, 0, 0, header, tag);
        if (tag == 1) requests.attribute_u32(1, 1);
        requests.end();
    }
    const auto& list = requests.list();
    REQUIRE(list.size() == 3);
    CHECK(list[1].offset == list[0].size);
    CHECK(list[2].offset == list[0].size + list[1].size);
    CHECK(list[1].size == list[0].size + 8);
    CHECK(list[2].tag == 2);
    CHECK(requests.all_bytes().size() == list[2].offset + list[2].size);
    CHECK(fixed_header<nlmsghdr>(requests.bytes(list[1]), 0).nlmsg_len == list[1].size);
}

TEST_CASE("only a dump is marked as one") {
    Requests requests;
    requests.begin(Transport::ipvs, 0, NLM_F_DUMP, header, 0);
    requests.end();
    requests.begin(Transport::ipvs, 0, NLM_F_ROOT, header, 0);  // one of the two bits of NLM_F_DUMP
    requests.end();
    CHECK(requests.list()[0].dump);
    CHECK_FALSE(requests.list()[1].dump);
}

TEST_CASE("a file to read is its path; a file to write is path, NUL and value") {
    Requests requests;
    const std::string_view value = "1";
    const std::string_view empty;
    requests.file("net/x", nullptr, 1);
    requests.file("net/x", &value, 2);
    requests.file("net/x", &empty, 3);
    const auto text = [&](std::size_t i) {
        const auto bytes = requests.bytes(requests.list()[i]);
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    CHECK(text(0) == "net/x");
    CHECK(text(1) == std::string("net/x\0"
                                 "1",
                                 7));
    CHECK(text(2) == std::string("net/x\0", 6));
    CHECK(requests.list()[1].transport == Transport::file);
}

TEST_CASE("cleared requests can be used again") {
    Requests requests;
    requests.file("net/x", nullptr, 1);
    CHECK_FALSE(requests.empty());
    requests.clear();
    CHECK(requests.empty());
    requests.begin(Transport::route, 0, 0, header, 0);
    requests.end();
    CHECK(requests.list()[0].offset == 0);
}

TEST_CASE("padding is zero, also where something else was before") {
    Requests requests;
    requests.begin(Transport::route, 0, 0, header, 0);
    for (int i = 0; i < 100; ++i) requests.attribute_u32(1, 0xffffffff);
    requests.end();
    requests.clear();
    requests.begin(Transport::route, 0, 0, header, 0);
    requests.attribute_u8(1, 0xaa);
    requests.end();
    CHECK(written(requests).ends_with("05000100aa000000"));
    CHECK(requests.all_bytes().size() == requests.list()[0].size);
}

}  // namespace lbconverge::wire
