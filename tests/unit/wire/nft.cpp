#include "lbconverge/wire/nft.hpp"

#include <doctest/doctest.h>

using lbconverge::wire::NftTable;
using lbconverge::wire::parse_nft_table;

namespace {

std::string table(const std::string& rest, const std::string& name = "lbconverge") {
    return R"({"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "ip", "name": ")" + name +
           R"("}})" + rest + "]}";
}
}  // namespace

TEST_CASE("elements are words: plain, a map's pair, a concatenation") {
    const auto parsed = parse_nft_table(table(R"(, {"set": {"name": "vips", "elem": ["192.0.2.1", "192.0.2.2"]}},
{"map": {"name": "ports", "elem": [[{"concat": ["192.0.2.1", "udp", 53]}, 5353]]}}, {"set": {"name": "none"}})"));
    REQUIRE(parsed);
    CHECK(parsed->family == "ip");
    CHECK(parsed->sets.at("vips").elements == std::vector<std::vector<std::string>>{{"192.0.2.1"}, {"192.0.2.2"}});
    CHECK(parsed->sets.at("ports").elements ==
          std::vector<std::vector<std::string>>{{"192.0.2.1", "udp", "53", "5353"}});
    CHECK(parsed->sets.at("none").elements.empty());
    CHECK_FALSE(parsed->empty());
    CHECK(parse_nft_table(table(R"(, {"set": {"name": "none"}})"))->empty());
}

TEST_CASE("a table, its sets and its chains say what they are") {
    const auto parsed = parse_nft_table(table(R"(, {"set": {"name": "vips", "type": "ipv4_addr", "handle": 1}},
{"map": {"name": "ports", "type": ["ipv4_addr", "inet_proto"], "map": "mark", "flags": ["timeout"]}},
{"chain": {"name": "in", "handle": 2, "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}},
{"chain": {"name": "plain"}})"));
    REQUIRE(parsed);
    CHECK(parsed->plain);
    CHECK(parsed->sets.at("vips").type == "ipv4_addr");
    CHECK(parsed->sets.at("ports").type == "ipv4_addr inet_proto : mark flags");
    CHECK(parsed->chains.at("in").base == "nat prerouting -100 accept");
    CHECK(parsed->chains.at("plain").base.empty());
    for (const char* flags : {R"("dormant")", R"(["dormant", "owner"])"}) {
        const auto off =
            parse_nft_table(std::string(R"({"nftables": [{"table": {"family": "ip", "name": "lbconverge", "flags": )") +
                            flags + "}}]}");
        REQUIRE(off);
        CHECK_FALSE(off->plain);
    }
}

TEST_CASE("rules are counted, ours apart, with all the words of them") {
    const auto parsed = parse_nft_table(table(R"(, {"rule": {"chain": "in", "comment": "lbconverge", "expr":
[{"match": {"op": "==", "left": {"payload": {"protocol": "arp", "field": "daddr ip"}}, "right": "@vips"}},
{"drop": null}]}}, {"rule": {"chain": "in", "comment": "mine"}})"));
    REQUIRE(parsed);
    const NftTable::Chain& chain = parsed->chains.at("in");
    CHECK(chain.rules == 2);
    CHECK(chain.ours == 1);
    CHECK(chain.words == std::vector<std::string>{"match", "op", "==", "left", "payload", "protocol", "arp", "field",
                                                  "daddr ip", "right", "@vips", "drop"});
}

TEST_CASE("what is no listing of a table of ours is nothing") {
    CHECK_FALSE(parse_nft_table(table("", "filter")));
    for (const char* text :
         {"", "x", "{}", "[]", R"({"nftables": 7})", R"({"nftables": [1]})",
          R"({"nftables": [{"table": {"name": 7}}]})", R"({"nftables": [{"chain": {"name": 7}}]})"}) {
        CHECK_FALSE(parse_nft_table(text));
    }
}
