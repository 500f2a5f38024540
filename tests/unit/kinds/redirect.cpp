#include "lbconverge/kinds/redirect.hpp"

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

const std::string s4c = R"(
role = "real-server"
interface = "ens32"
[[vip]]
address = "192.168.1.200"
accept = "redirect"
[[service]]
vip = "192.168.1.200"
port = 53
protocol = "udp"
real_servers = ["192.168.1.88"]
[[service]]
vip = "192.168.1.200"
port = 80
real_servers = ["192.168.1.88:3753"]
[[service]]
vip = "192.168.1.200"
port = [443, 8443]
)";

std::string rows(const std::string& toml, const std::string& node = "") {
    return rows_text(world(toml, {}, node).desired().get<Redirect>().rows);
}

std::string decoded(const std::string& elements, const std::string& hook = "prerouting") {
    const std::string text =
        R"({"nftables": [{"table": {"family": "ip", "name": "lbconverge"}},
{"map": {"family": "ip", "name": "ports", "type": ["ipv4_addr", "inet_proto", "inet_service"], "map": "inet_service",
"elem": [)" +
        elements + R"(]}}, {"chain": {"name": "in", "type": "nat", "prio": -100, "policy": "accept", "hook": ")" +
        hook + R"("}}, {"rule": {"chain": "in", "comment": "lbconverge", "expr": [{"redirect": "@ports"}]}}]})";
    return rows_text(nft_listed<Redirect>(text).get<Redirect>());
}

}  // namespace

TEST_CASE("the services of a VIP that is redirected, each to its local port") {
    CHECK(rows(s4c) == R"(
        tcp 192.168.1.200:80 to=3753
        tcp 192.168.1.200:443 to=443
        tcp 192.168.1.200:8443 to=8443
        udp 192.168.1.200:53 to=53
    )"_text);
    CHECK(world(s4c).desired().get<Address>().rows.empty());
}

TEST_CASE("in a shared file only the services of this node count, on a real server only") {
    const std::string shared = R"(
        interface = "eth0"
        [nodes]
        lb = { role = "director", address = "192.0.2.1" }
        ws1 = { role = "real-server", address = "192.0.2.3" }
        ws2 = { role = "real-server", address = "192.0.2.4" }
        [[vip]]
        address = "192.0.2.20"
        accept = "redirect"
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.3:8080"]
    )"_text;
    CHECK(rows(shared, "ws1") == "tcp 192.0.2.20:80 to=8080\n");
    CHECK(rows(shared, "ws2").empty());
    CHECK(rows(shared, "lb").empty());
}

TEST_CASE("a listing becomes rows; without its rule they do nothing") {
    const std::string element = R"([{"concat": ["192.168.1.200", "udp", 53]}, 5353])";
    CHECK(decoded(element) == "udp 192.168.1.200:53 to=5353\n");
    CHECK(decoded(element, "input") == "udp 192.168.1.200:53 to=5353 enforced=false\n");
    for (const char* nonsense : {"[]", "1", R"(["192.168.1.200", 53])", R"([{"concat": ["x", "udp", 53]}, 5353])",
                                 R"([{"concat": ["192.168.1.200", "icmp", 53]}, 5353])",
                                 R"([{"concat": ["192.168.1.200", "udp", 53]}, 70000])"}) {
        CHECK(decoded(nonsense).empty());
    }
}

TEST_CASE("both families are asked for, and only when something is wanted") {
    Observed observed;
    wire::Requests requests;
    Redirect::ask({}, observed, requests);
    CHECK(requests.empty());
    Redirect::ask({.kinds = kind_bit<Redirect>}, observed, requests);
    CHECK(requests.list().size() == 2);
}

TEST_CASE("a row comes with all that it needs, in one text") {
    const Redirect::Value value{.to = 3753};
    const Redirect::Value other{.to = 80};
    const Redirect::Key http = key<Redirect>("tcp 192.168.1.200:80");
    const std::string made = nft_text<Redirect>({http, nullptr, &value});
    CHECK(made.starts_with("add table ip lbconverge\n"));
    CHECK(made.ends_with("add element ip lbconverge ports { 192.168.1.200 . tcp . 80 : 3753 }\n"));
    CHECK(nft_text<Redirect>({http, &other, &value}).ends_with(R"(
        delete element ip lbconverge ports { 192.168.1.200 . tcp . 80 }
        add element ip lbconverge ports { 192.168.1.200 . tcp . 80 : 3753 }
    )"_text));
    CHECK(nft_text<Redirect>({key<Redirect>("udp [2001:db8::20]:53"), &value, nullptr}) ==
          "delete element ip6 lbconverge ports { 2001:db8::20 . udp . 53 }\n");
}

TEST_CASE("ids and refusals name the service") {
    for (const char* id : {"tcp 192.168.1.200:80", "sctp [2001:db8::20]:5000"}) {
        CHECK(Redirect::id(key<Redirect>(id)) == id);
    }
    for (const char* bad : {"", "tcp", "none 192.0.2.1:80", "tcp 192.0.2.1", "icmp 192.0.2.1:80"}) {
        CHECK_FALSE(Redirect::parse_id(bad));
    }
    const Error lacks = Redirect::refusal({key<Redirect>("tcp 192.0.2.1:80"), nullptr, nullptr}, EAFNOSUPPORT);
    CHECK(lacks.what == "redirection of tcp 192.0.2.1:80: the kernel has no nftables of family ip");
}

}  // namespace lbconverge::kinds
