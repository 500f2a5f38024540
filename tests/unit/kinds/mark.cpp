#include "lbconverge/kinds/mark.hpp"

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

std::string file(const std::string& role) {
    return R"(
        role = "$"
        interface = "eth0"
        vips = ["192.0.2.20", "2001:db8::20"]
        [[service]]
        fwmark = 7
        marks = ["tcp 192.0.2.20:80", "udp 192.0.2.20:443"]
        real_servers = ["192.0.2.3"]
        [[service]]
        fwmark = 7
        family = "ipv6"
        marks = ["tcp [2001:db8::20]:80"]
        [[service]]
        fwmark = 8
    )"_with(role);
}

std::string rows(const std::string& role) { return rows_text(world(file(role)).desired().get<Mark>().rows); }

Observed decoded(const std::string& elements, const std::string& hook = "prerouting") {
    const std::string text =
        R"({"nftables": [{"table": {"family": "ip", "name": "lbconverge"}},
{"map": {"family": "ip", "name": "marks", "type": ["ipv4_addr", "inet_proto", "inet_service"], "map": "mark",
"elem": [)" +
        elements +
        R"(]}}, {"chain": {"name": "marking", "type": "filter", "prio": -150, "policy": "accept", "hook": ")" + hook +
        R"("}}, {"rule": {"chain": "marking", "comment": "lbconverge", "expr": [{"mangle": "@marks"}]}}]})";
    return nft_listed<Mark>(text);
}

}  // namespace

TEST_CASE("what a service names gets its mark, on directors") {
    const std::string all = R"(
        tcp 192.0.2.20:80 fwmark=7
        udp 192.0.2.20:443 fwmark=7
        tcp [2001:db8::20]:80 fwmark=7
    )"_text;
    CHECK(rows("director") == all);
    CHECK(rows("both") == all);
    CHECK(rows("real-server").empty());
}

TEST_CASE("marks are read; without their rule they do nothing") {
    const std::string element = R"([{"concat": ["192.0.2.20", "udp", 443]}, 4294967295])";
    CHECK(rows_text(decoded(element).get<Mark>()) == "udp 192.0.2.20:443 fwmark=4294967295\n");
    CHECK(rows_text(decoded(element, "input").get<Mark>()) == "udp 192.0.2.20:443 fwmark=4294967295 enforced=false\n");
    CHECK(decoded(R"([{"concat": ["192.0.2.20", "udp", 443]}, 4294967296])").get<Mark>().empty());
}

TEST_CASE("both families are asked for, and only when something is wanted") {
    Observed observed;
    wire::Requests requests;
    Mark::ask({}, observed, requests);
    CHECK(requests.empty());
    Mark::ask({.kinds = kind_bit<Mark>}, observed, requests);
    CHECK(requests.list().size() == 2);
}

TEST_CASE("a mark comes with its rule, and is changed in one text") {
    const Mark::Value seven{.fwmark = 7};
    const Mark::Value eight{.fwmark = 8};
    const Mark::Key http = key<Mark>("tcp 192.0.2.20:80");
    const std::string made = nft_text<Mark>({http, nullptr, &seven});
    CHECK(made.find(R"(
        add rule ip lbconverge marking meta l4proto { tcp, udp, sctp } meta mark set ip daddr . meta l4proto . th dport map @marks comment "lbconverge"
    )"_text) != std::string::npos);
    CHECK(made.ends_with("add element ip lbconverge marks { 192.0.2.20 . tcp . 80 : 7 }\n"));
    CHECK(nft_text<Mark>({http, &seven, &eight}).ends_with(R"(
        delete element ip lbconverge marks { 192.0.2.20 . tcp . 80 }
        add element ip lbconverge marks { 192.0.2.20 . tcp . 80 : 8 }
    )"_text));
    CHECK(nft_text<Mark>({key<Mark>("tcp [2001:db8::20]:80"), &seven, nullptr}) ==
          "delete element ip6 lbconverge marks { 2001:db8::20 . tcp . 80 }\n");
    const auto node = world(file("director"));
    CHECK(Mark::phase({http, nullptr, &seven}, node.inputs()) == Phase::load);
    CHECK(Mark::phase({http, &seven, &eight}, node.inputs()) == Phase::load);
    CHECK(Mark::phase({http, &seven, nullptr}, node.inputs()) == Phase::unload);
    CHECK(Mark::refusal({http, nullptr, nullptr}, EAFNOSUPPORT).what ==
          "mark for tcp 192.0.2.20:80: the kernel has no nftables of family ip");
}

}  // namespace lbconverge::kinds
