#include "lbconverge/wire/signature.hpp"

#include "support/ip.hpp"
#include "unit/bytes.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace lbconverge::wire {

namespace {

using test::from_hex;
using test::hex;
using test::ip;

/// An advertisement that tests/vectors/vrrp-signed has signed without any code of ours.
struct SignedVector {
    std::string name;
    IpAddress source;
    IpAddress destination;
    SigningKey key;
    std::uint64_t sequence = 0;
    std::vector<std::byte> message;
};

std::vector<SignedVector> vectors() {
    std::ifstream file(std::string(LBCONVERGE_SOURCE_DIR) + "/tests/vectors/vrrp-signed.txt");
    std::vector<SignedVector> all;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string name, source, destination, key, message;
        unsigned id = 0;
        std::uint64_t sequence = 0;
        words >> name >> source >> destination >> id >> key >> std::hex >> sequence >> message;
        SignedVector vector{name, ip(source.c_str()), ip(destination.c_str()), {}, sequence, from_hex(message)};
        vector.key.id = static_cast<std::uint8_t>(id);
        for (const std::byte each : from_hex(key)) vector.key.secret.push_back(std::to_integer<std::uint8_t>(each));
        all.push_back(std::move(vector));
    }
    REQUIRE(all.size() == 6);
    return all;
}

SignedVector vector_named(std::string_view name) {
    for (SignedVector& each : vectors()) {
        if (each.name == name) return std::move(each);
    }
    FAIL("no vector");
    return {};
}

/// The four octets of a message's trailer or fixed part that begin there, turned over in one bit.
std::vector<std::byte> turned_over(std::vector<std::byte> message, std::size_t bit) {
    message[bit / 8] ^= std::byte{1} << (bit % 8);
    return message;
}

}  // namespace

TEST_CASE("what another implementation has signed is read and verified") {
    for (const SignedVector& each : vectors()) {
        CAPTURE(each.name);
        const auto read = decode_advertisement(each.message, each.source, each.destination);
        REQUIRE(read);
        REQUIRE(read->trailer);
        CHECK(read->trailer->key == each.key.id);
        CHECK(read->trailer->sequence == each.sequence);
        CHECK(is_signed_by(each.message, each.source, each.key));
    }
}

TEST_CASE("an advertisement is signed byte for byte as another implementation signs it") {
    for (const SignedVector& each : vectors()) {
        CAPTURE(each.name);
        auto dialect = ChecksumDialect::message;
        const auto read = decode_advertisement(each.message, each.source, each.destination, &dialect);
        REQUIRE(read);
        Advertisement value = *read;
        value.trailer.reset();
        sign(value, each.source, each.key, each.sequence);
        CHECK(value == *read);
        CHECK(hex(encode(value, each.source, each.destination, dialect)) == hex(each.message));
    }
}

TEST_CASE("the draft's own examples are among the vectors (draft-cassen-vrrp-auth-hmac, appendix)") {
    CHECK(hex(vector_named("appendix-ipv4").message) ==
          "3133c80100644402c0000264010100006800000080000000"
          "1b84bc4e8e43892dc6d98448f8ee2265");
    CHECK(hex(vector_named("appendix-ipv6").message) ==
          "3133c8010064a2e9fe800000000000000000000000000100010100006800000080000000"
          "c8c56146ebfd66ee10ec4d8186461b78");
}

TEST_CASE("with any bit turned over but those of the checksum the signature is wrong") {
    for (const SignedVector& each : vectors()) {
        CAPTURE(each.name);
        for (std::size_t bit = 0; bit < each.message.size() * 8; ++bit) {
            CAPTURE(bit);
            const bool of_checksum = bit / 8 == 6 || bit / 8 == 7;
            CHECK(is_signed_by(turned_over(each.message, bit), each.source, each.key) == of_checksum);
        }
    }
}

TEST_CASE("a signature is wrong from another source, and with another key") {
    for (const SignedVector& each : vectors()) {
        CAPTURE(each.name);
        IpAddress other = each.source;
        other.bytes[3] ^= 1;
        CHECK(!is_signed_by(each.message, other, each.key));
        SigningKey key = each.key;
        key.secret.back() ^= 1;
        CHECK(!is_signed_by(each.message, each.source, key));
    }
}

TEST_CASE("the checksum of IPv4 is not about the trailer, that of IPv6 is") {
    const SignedVector four = vector_named("multicast");
    const auto read = decode_advertisement(turned_over(four.message, 8 * 39), four.source, four.destination);
    REQUIRE(read);
    CHECK(read->trailer);
    const SignedVector six = vector_named("appendix-ipv6");
    const auto refused = decode_advertisement(turned_over(six.message, 8 * 51), six.source, six.destination);
    REQUIRE(!refused);
    CHECK(refused.error() == VrrpRefusal::checksum);
}

TEST_CASE("a trailer is whole, or the length is wrong") {
    for (const SignedVector& each : vectors()) {
        CAPTURE(each.name);
        const std::size_t without = each.message.size() - 28;
        for (std::size_t size = 0; size < each.message.size(); ++size) {
            const std::span<const std::byte> begin = std::span(each.message).first(size);
            const auto read = decode_advertisement(begin, each.source, each.destination);
            CHECK(read.has_value() == (size == without && each.source.family == Family::ipv4));
        }
        std::vector<std::byte> longer = each.message;
        longer.push_back(std::byte{0});
        CHECK(!decode_advertisement(longer, each.source, each.destination));
    }
}

TEST_CASE("what is too short for a trailer is not signed") {
    const SignedVector each = vector_named("multicast");
    for (std::size_t size = 0; size < each.message.size(); ++size) {
        CHECK(!is_signed_by(std::span(each.message).first(size), each.source, each.key));
    }
}

TEST_CASE("a trailer of another type is read as it is") {
    Advertisement value{.addresses = {ip("192.0.2.20")}};
    value.trailer = Trailer{.type = 2, .key = 0, .reserved = 0x0102, .sequence = 0x0123456789abcdef};
    value.trailer->hmac.back() = 0xff;
    const IpAddress source = ip("192.0.2.1"), group = vrrp_group(Family::ipv4);
    const auto message = encode(value, source, group, ChecksumDialect::pseudo_header);
    CHECK(hex(message).substr(24) == "020001020123456789abcdef000000000000000000000000000000ff");
    const auto read = decode_advertisement(message, source, group);
    REQUIRE(read);
    CHECK(*read == value);
}

}  // namespace lbconverge::wire
