#include "lbconverge/wire/nft.hpp"

#include <doctest/doctest.h>

using lbconverge::wire::NftTable;
using lbconverge::wire::parse_nft_table;

namespace {

std::string table(const std::string& rest, const std::string& name = "lbconverge") {
    return R"({"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "ip", "name": ")" + name +
           R"("}})" + rest + "]}";
}
std::string chain(const std::string& hook) {
    return R"(, {"chain": {"name": "in", "type": "nat", "hook": ")" + hook + R"("}})";
}
std::string rule(const std::string& comment) {
    return R"(, {"rule": {"chain": "in", "handle": 7, "comment": ")" + comment + R"(", "expr": [{"drop": null}]}})";
}

bool intact(const std::string& rest) {
    const auto parsed = parse_nft_table(table(rest));
    REQUIRE(parsed);
    return parsed->intact("in", "prerouting");
}

}  // namespace

TEST_CASE("elements are words: plain, a map's pair, a concatenation") {
    const auto parsed = parse_nft_table(table(R"(, {"set": {"name": "vips", "elem": ["192.0.2.1", "192.0.2.2"]}},
{"map": {"name": "ports", "elem": [[{"concat": ["192.0.2.1", "udp", 53]}, 5353]]}}, {"set": {"name": "none"}})"));
    REQUIRE(parsed);
    CHECK(parsed->family == "ip");
    CHECK(parsed->sets.at("vips") == std::vector<std::vector<std::string>>{{"192.0.2.1"}, {"192.0.2.2"}});
    CHECK(parsed->sets.at("ports") == std::vector<std::vector<std::string>>{{"192.0.2.1", "udp", "53", "5353"}});
    CHECK(parsed->sets.at("none").empty());
    CHECK_FALSE(parsed->empty());
    CHECK(parse_nft_table(table(R"(, {"set": {"name": "none"}})"))->empty());
}

TEST_CASE("a chain is intact with our one rule at its hook") {
    CHECK(intact(chain("prerouting") + rule("lbconverge")));
    CHECK_FALSE(intact(chain("input") + rule("lbconverge")));
    CHECK_FALSE(intact(chain("prerouting")));
    CHECK_FALSE(intact(chain("prerouting") + rule("mine")));
    CHECK_FALSE(intact(chain("prerouting") + rule("mine") + rule("lbconverge")));
    CHECK_FALSE(intact(chain("prerouting") + rule("lbconverge") + rule("lbconverge")));
    CHECK_FALSE(intact(rule("lbconverge")));
    CHECK_FALSE(intact(""));
}

TEST_CASE("what is no listing of a table of ours is nothing") {
    CHECK_FALSE(parse_nft_table(table("", "filter")));
    for (const char* text :
         {"", "x", "{}", "[]", R"({"nftables": 7})", R"({"nftables": [1]})",
          R"({"nftables": [{"table": {"name": 7}}]})", R"({"nftables": [{"chain": {"name": 7}}]})"}) {
        CHECK_FALSE(parse_nft_table(text));
    }
}
