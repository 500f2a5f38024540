#include "explain.hpp"

#include "unit/plan/planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::cli {

namespace {

using kinds::Address;
using kinds::RealServer;
using kinds::Service;
using test::Node;

const std::vector<std::string> files{"lb.toml"};

const std::string file = R"(
    role = "director"
    interface = "eth0"
    vips = ["10.0.0.1", "2001:db8::1"]
    vrrp = [{ name = "LB", vrid = 51 }]
    [[service]]
    vip = "10.0.0.1"
    port = 80
    real_servers = ["10.0.0.3"]
)"_text;

std::string explained(const Node& node, const char* address) {
    return explain_text(*IpAddress::parse(address), node.plan(), node.ledger,
                        {node.world.config, node.world.election, files});
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every row with the address is explained: who wants it, what there is, what apply would do") {
    const Node node(test::world(file, {{"LB", ElectionState::master}}));
    const std::string text = explained(node, "10.0.0.1");
    CHECK(has(text, R"(
        VIP 10.0.0.1 (lb.toml:3:9) on this director
          election LB: master
    )"_text));
    CHECK(has(text, "address 10.0.0.1/32 eth0\n"));
    CHECK(has(text, "service tcp 10.0.0.1:80\n"));
    CHECK(has(text, "  wanted   wlc  by lb.toml:5:1\n"));
    CHECK(has(text, "  kernel   has none\n"));
    CHECK(has(text, "  apply    would create it in step 1 (load, config)\n"));
    CHECK(has(text, "server tcp 10.0.0.1:80 10.0.0.3:80\n"));
}

TEST_CASE("a row as it is wanted needs nothing; one of somebody else says whose it is") {
    Node node(test::world(file, {{"LB", ElectionState::master}}));
    node.converge();
    CHECK(has(explained(node, "10.0.0.3"), "  apply    nothing to do\n"));
    node.put<Service>("tcp 10.9.9.9:443", {.scheduler = "rr"});
    const std::string foreign = explained(node, "10.9.9.9");
    CHECK(has(foreign, "  wanted   no\n  kernel   rr\n  owner    foreign: shown, never touched\n"));
}

TEST_CASE("a held row says why") {
    const Node node(test::world(file, {{"LB", ElectionState::undecided}}));
    CHECK(has(explained(node, "10.0.0.1"), "  election LB: undecided\n"));
}

TEST_CASE("an address that nobody knows is said to be that") {
    const Node node(test::world(file));
    CHECK(explained(node, "10.0.0.99") == "10.0.0.99: neither the configuration nor the kernel knows this address\n");
}

TEST_CASE("only the whole address counts, not a part of another one") {
    Node node(test::world(R"(role = "director")"));
    for (const char* id : {"tcp 10.0.0.10:80", "tcp 110.0.0.1:80", "tcp [2001:db8::1:2]:80", "tcp [2001:db8::10]:80",
                           "tcp [a:2001:db8::1]:80"}) {
        node.put<Service>(id);
    }
    CHECK(has(explained(node, "10.0.0.1"), "neither"));
    CHECK(has(explained(node, "2001:db8::1"), "neither"));
    CHECK(has(explained(node, "10.0.0.10"), "service tcp 10.0.0.10:80"));
    CHECK(has(explained(node, "2001:db8::10"), "service tcp [2001:db8::10]:80"));
}

}  // namespace lbconverge::cli
