#include "lbconverge/wire/dns.hpp"

#include <doctest/doctest.h>

#include <string>

namespace lbconverge::wire {

namespace {

std::vector<std::byte> bytes(std::string_view text) {
    std::vector<std::byte> out;
    for (const char each : text) out.push_back(static_cast<std::byte>(each));
    return out;
}

/// The answer to `question` with these records: each a pointer to the name, and what follows it.
std::vector<std::byte> answer(std::vector<std::byte> question, std::uint8_t code, std::vector<std::string> records) {
    question[2] |= std::byte{0x80};
    question[3] = static_cast<std::byte>(code);
    question[7] = static_cast<std::byte>(records.size());
    for (const std::string& each : records) {
        for (const std::byte one : bytes(std::string("\xc0\x0c", 2) + each)) question.push_back(one);
    }
    return question;
}

const std::string record_a("\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07", 14);
const std::string record_cname("\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c", 12);
const std::string record_aaaa(
    "\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07", 26);

}  // namespace

TEST_CASE("a question as RFC 1035 wants it") {
    const auto question = dns_question(0x1234, "www.example.org", DnsType::a);
    REQUIRE(question);
    CHECK(*question == bytes(std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
                                         "example\x03org\x00\x00\x01\x00\x01",
                                         33)));
    CHECK(dns_question(0x1234, "www.example.org.", DnsType::a) == question);
    CHECK(dns_question(1, ".", DnsType::soa) == dns_question(1, "", DnsType::soa));
}

TEST_CASE("what is no name is no question") {
    CHECK_FALSE(dns_question(1, "a..b", DnsType::a));
    CHECK_FALSE(dns_question(1, std::string(64, 'a'), DnsType::a));
    CHECK(dns_question(1, std::string(63, 'a'), DnsType::a));
    std::string endless = "a";
    while (endless.size() < 260) endless += ".a";
    CHECK_FALSE(dns_question(1, endless, DnsType::a));
}

TEST_CASE("addresses of an answer, behind aliases") {
    const auto question = *dns_question(7, "a.b", DnsType::a);
    const auto read = read_dns_answer(answer(question, 0, {record_cname, record_a, record_aaaa}), 7);
    REQUIRE(read);
    CHECK(read->code == 0);
    REQUIRE(read->addresses.size() == 2);
    CHECK(to_text(read->addresses[0]) == "192.0.2.7");
    CHECK(to_text(read->addresses[1]) == "2001:db8::7");
}

TEST_CASE("a refusal is an answer") {
    CHECK(read_dns_answer(answer(*dns_question(7, "a", DnsType::a), 5, {}), 7)->code == 5);
}

TEST_CASE("another id, a question, and what is cut off are no answers") {
    const auto question = *dns_question(7, "a.b", DnsType::a);
    const auto good = answer(question, 0, {record_a});
    CHECK_FALSE(read_dns_answer(good, 8));
    CHECK_FALSE(read_dns_answer(question, 7));
    for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(read_dns_answer(std::span(good).first(size), 7));
    auto reserved = good;
    reserved[12] = std::byte{0x40};  // a label type that does not exist
    CHECK_FALSE(read_dns_answer(reserved, 7));
}

}  // namespace lbconverge::wire
