#include "lbconverge/kinds/arp_filter.hpp"

#include "lbconverge/kinds/nft.hpp"
#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::key;
using test::nft_listed;
using test::nft_text;
using test::rows_text;
using test::world;

std::string real_server(const std::string& arp = "", const std::string& accept = "interface") {
    return R"(
        role = "real-server"
        interface = "eth0"
        [arp]
        method = "filter"
    )"_text +
           arp + R"(
        [[vip]]
        address = "192.168.1.200"
        accept = "$"
    )"_with(accept);
}

std::string rows(const std::string& toml, const char* own_address = "192.168.1.88") {
    auto node = world(toml);
    if (own_address != nullptr) node.facts.interfaces[1].address = IpAddress::parse(own_address);
    return rows_text(node.desired().get<ArpFilter>().rows);
}

/// As libnftables 1.0.6 lists it.
std::string listing(const std::string& sources, const std::string& comment = "lbconverge") {
    return R"({"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "arp", "name": "lbconverge"}},
{"set": {"family": "arp", "name": "vips", "table": "lbconverge", "type": "ipv4_addr", "elem": ["192.168.1.200"]}},
{"map": {"family": "arp", "name": "sources", "table": "lbconverge", "type": "ipv4_addr", "map": "ipv4_addr", "elem": [)" +
           sources + R"(]}},
{"chain": {"name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
{"chain": {"name": "out", "type": "filter", "hook": "output", "prio": 0, "policy": "accept"}},
{"rule": {"chain": "in", "comment": ")" +
           comment + R"(", "expr": [{"match": {"right": "@vips"}}, {"drop": null}]}},
{"rule": {"chain": "out", "comment": "lbconverge", "expr": [{"mangle": {"value": {"map": {"data": "@sources"}}}}]}}]})";
}

/// The same with one text in the place of another.
std::string changed(const std::string& what, const std::string& with) {
    std::string text = listing(R"(["192.168.1.200", "192.168.1.88"])");
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

std::string decoded(const std::string& text) { return rows_text(nft_listed<ArpFilter>(text).get<ArpFilter>()); }

}  // namespace

TEST_CASE("each VIP is filtered, wherever it is; outgoing ARP names the interface's first address") {
    CHECK(rows(real_server()) == "192.168.1.200 source=192.168.1.88\n");
    CHECK(rows(real_server("", "loopback")) == "192.168.1.200 source=192.168.1.88\n");
    CHECK(rows(real_server("", "redirect")).empty());
    CHECK(rows(R"(
        role = "real-server"
        vips = ["192.168.1.200"]
    )"_text)
              .empty());
}

TEST_CASE("the file's source comes first, then the node's own address") {
    CHECK(rows(real_server(R"(
        source = "192.168.1.7"
    )"_text)) == "192.168.1.200 source=192.168.1.7\n");
    const auto node = world(R"(
        interface = "eth0"
        vips = ["192.168.1.200"]
        arp = { method = "filter" }
        [nodes]
        ws = { role = "real-server", address = "192.168.1.3" }
    )"_text,
                            {}, "ws");
    CHECK(rows_text(node.desired().get<ArpFilter>().rows) == "192.168.1.200 source=192.168.1.3\n");
}

TEST_CASE("without an address to say instead there is no filter, and that is said") {
    CHECK(rows(real_server(), nullptr).empty());
    CHECK(rows(real_server(), "192.168.1.200").empty());
    CHECK(test::held_text(world(real_server()).desired().get<ArpFilter>()) ==
          "192.168.1.200: no address known to say instead of it: [arp] source\n");
}

TEST_CASE("IPv6 needs no filter") {
    CHECK(rows(R"(
        role = "real-server"
        arp = { method = "filter" }
        vips = ["2001:db8::20"]
    )"_text)
              .empty());
}

TEST_CASE("a VIP with its source and both rules is a row") {
    CHECK(decoded(listing(R"(["192.168.1.200", "192.168.1.88"])")) == "192.168.1.200 source=192.168.1.88\n");
}

TEST_CASE("a table that somebody changed does not count as a filter") {
    CHECK(decoded(listing("")) == "192.168.1.200\n");
    CHECK(decoded(listing(R"(["192.168.1.200", "192.168.1.88"])", "mine")) ==
          "192.168.1.200 source=192.168.1.88 enforced=false\n");
    CHECK(decoded(listing(R"(["192.168.1.200", "192.168.1.88"], ["192.168.1.201", "192.168.1.88"])")) ==
          "192.168.1.200 source=192.168.1.88\n192.168.1.201 source=192.168.1.88 enforced=false\n");
    for (const char* nonsense : {"", "{}", "[]", R"({"nftables": 1})", R"({"nftables": [{"set": {}}]})"}) {
        CHECK(decoded(nonsense).empty());
    }
    CHECK(decoded(R"({"nftables": [{"table": {"family": "ip", "name": "lbconverge"}}]})").empty());
}

TEST_CASE("whatever else somebody makes of the table, the VIPs in it do not count as filtered, and it is made anew") {
    const std::pair<std::string, std::string> changes[] = {
        {R"("name": "lbconverge"}})", R"("name": "lbconverge", "flags": "dormant"}})"},
        {R"("policy": "accept")", R"("policy": "drop")"},
        {R"("prio": 0)", R"("prio": 100)"},
        {R"("hook": "input")", R"("hook": "forward")"},
        {R"({"rule": )", R"({"chain": {"name": "more"}}, {"rule": )"},
        {R"({"rule": )", R"({"set": {"name": "more", "type": "ipv4_addr"}}, {"rule": )"},
        {R"("type": "ipv4_addr", "map")", R"("type": "ipv4_addr", "flags": "timeout", "map")"},
    };
    for (const auto& [what, with] : changes) {
        const std::string& made_of = with;
        const std::string text = changed(what, made_of);
        CHECK_MESSAGE(decoded(text) == "192.168.1.200 source=192.168.1.88 enforced=false\n", made_of);
        const std::string repair = nft_repair(*wire::parse_nft_table(text));
        CHECK_MESSAGE(repair.starts_with("delete table arp lbconverge\nadd table arp lbconverge\n"), made_of);
        CHECK_MESSAGE(repair.find("add element arp lbconverge vips { 192.168.1.200 }\n") != std::string::npos, made_of);
    }
}

TEST_CASE("what a row brings along anyway needs no new table") {
    for (const auto& [what, with] : {std::pair<std::string, std::string>{R"({"drop": null})", R"({"accept": null})"},
                                     {R"("@vips")", R"("@sources")"},
                                     {R"({"rule": )", R"({"rule": {"chain": "in"}}, {"rule": )"}}) {
        const std::string& made_of = with;
        const std::string text = changed(what, made_of);
        CHECK_MESSAGE(decoded(text) == "192.168.1.200 source=192.168.1.88 enforced=false\n", made_of);
        CHECK(nft_repair(*wire::parse_nft_table(text)).empty());
    }
    CHECK(nft_repair(*wire::parse_nft_table(listing(""))).empty());
}

TEST_CASE("a row comes with all that it needs, in one text") {
    const ArpFilter::Value value{.source = *IpAddress::parse("192.168.1.88")};
    const ArpFilter::Value broken{.source = *IpAddress::parse("192.168.1.7"), .enforced = false};
    const ArpFilter::Key vip = key<ArpFilter>("192.168.1.200");
    const std::string made = nft_text<ArpFilter>({vip, nullptr, &value});
    CHECK(made.starts_with("add table arp lbconverge\n"));
    CHECK(made.find("flush chain arp lbconverge in\n") != std::string::npos);
    CHECK(made.ends_with(R"(
        add element arp lbconverge vips { 192.168.1.200 }
        add element arp lbconverge sources { 192.168.1.200 : 192.168.1.88 }
    )"_text));
    CHECK(nft_text<ArpFilter>({vip, &broken, &value}).ends_with(R"(
        add element arp lbconverge vips { 192.168.1.200 }
        delete element arp lbconverge sources { 192.168.1.200 }
        add element arp lbconverge sources { 192.168.1.200 : 192.168.1.88 }
    )"_text));
    CHECK(nft_text<ArpFilter>({vip, &value, nullptr}) == R"(
        add element arp lbconverge vips { 192.168.1.200 }
        delete element arp lbconverge sources { 192.168.1.200 }
        delete element arp lbconverge vips { 192.168.1.200 }
    )"_text);
}

TEST_CASE("the filter stands before the VIP and outlives it") {
    const auto node = world(real_server());
    const ArpFilter::Value value;
    CHECK(ArpFilter::phase({key<ArpFilter>("192.0.2.1"), nullptr, &value}, node.inputs()) == Phase::tighten);
    CHECK(ArpFilter::phase({key<ArpFilter>("192.0.2.1"), &value, nullptr}, node.inputs()) == Phase::relax);
    CHECK(ArpFilter::owner(key<ArpFilter>("192.0.2.1"), {}, {}, {}) == Owner::ours);
}

TEST_CASE("refusals say what the kernel lacks") {
    const auto refusal = [](int error) {
        return ArpFilter::refusal({key<ArpFilter>("192.0.2.1"), nullptr, nullptr}, error);
    };
    CHECK(refusal(EOPNOTSUPP).kind == ErrorKind::kernel_lacks);
    CHECK(refusal(EOPNOTSUPP).what == "ARP filter for 192.0.2.1: the kernel has no nftables of family arp");
    CHECK(refusal(ENOENT).kind == ErrorKind::world_moved);
    CHECK(refusal(EBUSY).hint.find("nft delete table arp lbconverge") != std::string::npos);
}

}  // namespace lbconverge::kinds
