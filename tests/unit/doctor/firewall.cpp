#include "lbconverge/doctor/firewall.hpp"

#include "support/ip.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lbconverge;
using namespace lbconverge::doctor;
using test::ip;

namespace {

/// An nftables ruleset with one input chain and these expressions, one rule each.
Firewall input(const std::string& policy, const std::string& rules, const std::string& others = "") {
    Firewall firewall;
    firewall.known = true;
    std::string json =
        R"({"nftables":[{"metainfo":{"version":"1.0.6"}},{"table":{"family":"inet","name":"filter","handle":1}},)"
        R"({"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter","hook":"input","prio":0,"policy":")" +
        policy + R"("}})" + others;
    std::size_t handle = 2;
    for (std::size_t start = 0; start < rules.size(); ++handle) {
        const std::size_t end = std::min(rules.find('\n', start), rules.size());
        json += R"(,{"rule":{"family":"inet","table":"filter","chain":"input","handle":)" + std::to_string(handle) +
                R"(,"expr":[)" + rules.substr(start, end - start) + "]}}";
        start = end + 1;
    }
    REQUIRE(parse_nftables(json + "]}", firewall));
    return firewall;
}

Judgement of_port(const Firewall& firewall, std::uint16_t port) {
    return judge(firewall, {6, ip("192.0.2.20"), port, "eth0"});
}

const std::string web =
    R"({"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[80,{"range":[8000,8100]}]}}})";
const std::string known = R"({"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}})";

}  // namespace

TEST_CASE("without rules everything passes; where nothing could be read, nobody knows") {
    CHECK(of_port(input("accept", ""), 80).fate == Fate::passes);
    CHECK(of_port({}, 80).fate == Fate::unknown);
}

TEST_CASE("a policy of drop, and what is let in before it") {
    const Firewall firewall = input("drop", R"(
        $,{"accept":null}
        $,{"counter":{"packets":1,"bytes":2}},{"accept":null})"_with(known, web));
    CHECK(of_port(firewall, 80).fate == Fate::passes);
    CHECK(of_port(firewall, 8080).fate == Fate::passes);
    CHECK(of_port(firewall, 443).fate == Fate::dropped);
    CHECK(of_port(firewall, 443).insert == "nft insert rule inet filter input");
    CHECK(judge(firewall, {17, ip("192.0.2.20"), 80, "eth0"}).fate == Fate::dropped);
    CHECK(judge(firewall, {112, ip("224.0.0.18"), 0, "eth0"}).fate == Fate::dropped);
}

TEST_CASE("a rule that drops is named") {
    const Firewall firewall = input("accept", web + R"(,{"drop":null})");
    CHECK(of_port(firewall, 80).place == "nftables inet filter input handle 2");
    CHECK(of_port(firewall, 443).fate == Fate::passes);
}

TEST_CASE("addresses, prefixes and interfaces") {
    const std::string to =
        R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"192.0.2.20"}})";
    const std::string net =
        R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"198.51.100.0","len":24}}}})";
    const std::string lo = R"({"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}})";
    CHECK(of_port(input("drop", to + R"(,{"accept":null})"), 80).fate == Fate::passes);
    CHECK(of_port(input("drop", net + R"(,{"accept":null})"), 80).fate == Fate::dropped);
    CHECK(of_port(input("drop", lo + R"(,{"accept":null})"), 80).fate == Fate::dropped);
}

TEST_CASE("protocols and ports in all their shapes; a shape that is not known is not guessed at") {
    const auto accepting = [](const std::string& of, const std::string& field, const std::string& right) {
        return input("drop", R"({"match":{"op":"==","left":{"payload":{"protocol":")" + of + R"(","field":")" + field +
                                 R"("}},"right":)" + right + R"(}},{"accept":null})");
    };
    const auto fate = [](const Firewall& firewall, std::uint8_t protocol, const char* address, std::uint16_t port) {
        return judge(firewall, {protocol, ip(address), port, "eth0"}).fate;
    };
    const Firewall tcp = accepting("ip", "protocol", R"("tcp")");
    CHECK(fate(tcp, 6, "192.0.2.20", 80) == Fate::passes);
    CHECK(fate(tcp, 17, "192.0.2.20", 80) == Fate::dropped);
    const Firewall udp6 = accepting("ip6", "nexthdr", R"("udp")");
    CHECK(fate(udp6, 17, "2001:db8::20", 53) == Fate::passes);
    CHECK(fate(udp6, 6, "2001:db8::20", 53) == Fate::dropped);
    const Firewall any = accepting("th", "dport", R"({"range":[80,90]})");
    CHECK(fate(any, 17, "192.0.2.20", 90) == Fate::passes);
    CHECK(fate(any, 132, "192.0.2.20", 91) == Fate::dropped);
    for (const char* range : {R"({"range":["x",90]})", R"({"range":[80,"x"]})", R"({"range":[80]})"}) {
        CHECK(fate(accepting("tcp", "dport", range), 6, "192.0.2.20", 80) == Fate::unknown);
    }
    CHECK(fate(accepting("dccp", "dport", "80"), 6, "192.0.2.20", 80) == Fate::unknown);
    CHECK(fate(accepting("tcp", "sport", "80"), 6, "192.0.2.20", 80) == Fate::unknown);
    CHECK(fate(accepting("ip6", "hoplimit", R"("tcp")"), 6, "192.0.2.20", 80) == Fate::unknown);
    CHECK(fate(accepting("arp", "nexthdr", R"("tcp")"), 6, "192.0.2.20", 80) == Fate::unknown);
}

TEST_CASE("connection states: what counts is whether new packets are among them") {
    const auto with = [](const std::string& states) {
        return of_port(input("drop", R"({"match":{"op":"in","left":{"ct":{"key":"state"}},"right":)" + states +
                                         R"(}},{"accept":null})"),
                       80)
            .fate;
    };
    CHECK(with(R"(["established","new"])") == Fate::passes);
    CHECK(with(R"("new")") == Fate::passes);
    CHECK(with(R"("established")") == Fate::dropped);
    CHECK(with(R"({"set":["established","untracked"]})") == Fate::passes);
}

TEST_CASE("jumps come back, gotos do not, and what is not understood makes the answer unknown") {
    const std::string chain =
        R"(,{"chain":{"family":"inet","table":"filter","name":"mine","handle":9}},{"rule":{"family":"inet","table":"filter","chain":"mine","handle":10,"expr":[)" +
        web + R"(,{"accept":null}]}})";
    CHECK(of_port(input("drop", R"({"jump":{"target":"mine"}})", chain), 80).fate == Fate::passes);
    CHECK(of_port(input("drop", R"({"jump":{"target":"mine"}})", chain), 443).fate == Fate::dropped);
    CHECK(of_port(input("accept", R"(
        {"goto":{"target":"mine"}}
        {"drop":null})"_text,
                        chain),
                  443)
              .fate == Fate::passes);
    CHECK(of_port(input("accept", R"(
        {"jump":{"target":"mine"}}
        {"drop":null})"_text,
                        chain),
                  443)
              .fate == Fate::dropped);
    CHECK(of_port(input("drop", R"({"jump":{"target":"none"}})"), 80).fate == Fate::unknown);
    CHECK(of_port(input("drop", web + R"(,{"limit":{"rate":1}},{"accept":null})"), 80).fate == Fate::unknown);
    CHECK(of_port(input("accept", web + R"(,{"limit":{"rate":1}},{"drop":null})"), 80).fate == Fate::passes);
    CHECK(of_port(input("drop", R"({"vmap":{"key":{},"data":{}}})"), 80).fate == Fate::unknown);
    CHECK(of_port(input("drop", R"({"xt":{"type":"target","name":"REDIRECT"}})"), 80).fate == Fate::unknown);
}

TEST_CASE("iptables-nft: names alone, and what they can only mean") {
    const std::string state = R"({"xt":{"type":"match","name":"conntrack"}})", accept = R"(,{"accept":null})";
    CHECK(of_port(input("drop", state + accept), 80).fate == Fate::dropped);
    CHECK(of_port(input("drop", web + "," + state + accept), 80).fate == Fate::unknown);
    CHECK(of_port(input("drop", web + "," + state + accept), 443).fate == Fate::dropped);
    CHECK(of_port(input("drop", R"({"xt":{"type":"match","name":"multiport"}})" + accept), 80).fate == Fate::unknown);
    CHECK(of_port(input("drop", R"({"xt":{"type":"match","name":"comment"}})" + accept), 80).fate == Fate::passes);
    CHECK(of_port(input("accept", R"({"xt":{"type":"target","name":"REJECT"}})"), 80).fate == Fate::dropped);
    CHECK(of_port(input("accept", R"({"xt":{"type":"target","name":"LOG"}})"), 80).fate == Fate::passes);
    CHECK(input("accept", R"({"xt":{"type":"target","name":"MARK"}})").chains[0].rules[0].sets_unknown_mark);
}

TEST_CASE("marks: a number, or something that cannot be foreseen") {
    const auto rule = [](const std::string& value) {
        return input("accept", R"({"mangle":{"key":{"meta":{"key":"mark"}},"value":)" + value + "}}")
            .chains[0]
            .rules[0];
    };
    CHECK(rule("7").mark == 7U);
    CHECK_FALSE(rule("7").sets_unknown_mark);
    CHECK(rule(R"({"ct":{"key":"mark"}})").sets_unknown_mark);
}

TEST_CASE("an ARP filter is one that drops requests for the address") {
    Firewall firewall;
    REQUIRE(parse_nftables(
        R"({"nftables":[{"chain":{"family":"arp","table":"f","name":"in","handle":1,"type":"filter","hook":"input","prio":0,"policy":"accept"}},)"
        R"({"rule":{"family":"arp","table":"f","chain":"in","handle":2,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"daddr ip"}},"right":"192.0.2.20"}},{"drop":null}]}}]})",
        firewall));
    CHECK(arp_is_filtered(firewall, ip("192.0.2.20")));
    CHECK_FALSE(arp_is_filtered(firewall, ip("192.0.2.21")));
}

TEST_CASE("sets, with a name and without one") {
    const auto with = [](const std::string& elements, const std::string& right) {
        Firewall firewall;
        REQUIRE(parse_nftables(
            R"({"nftables":[{"set":{"family":"arp","name":"vips","table":"lbconverge","type":"ipv4_addr","handle":1)" +
                elements +
                R"(}},{"chain":{"family":"arp","table":"lbconverge","name":"in","handle":2,"type":"filter","hook":"input","prio":0,"policy":"accept"}},)"
                R"({"rule":{"family":"arp","table":"lbconverge","chain":"in","handle":3,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"arp","field":"daddr ip"}},"right":)" +
                right + R"(}},{"drop":null}]}}]})",
            firewall));
        return arp_is_filtered(firewall, ip("192.0.2.20"));
    };
    const std::string both = R"(,"elem":["192.0.2.19","192.0.2.20"])";
    CHECK(with(both, R"("@vips")"));
    CHECK_FALSE(with(both, R"("@others")"));
    CHECK_FALSE(with("", R"("@vips")"));
    CHECK(with("", R"({"set":["192.0.2.19",{"prefix":{"addr":"192.0.2.16","len":28}}]})"));
    CHECK_FALSE(with(R"(,"elem":["192.0.2.19"])", R"("@vips")"));
}

TEST_CASE("what is no ruleset is refused, and nonsense in one does no harm") {
    Firewall firewall;
    CHECK_FALSE(parse_nftables("", firewall));
    CHECK_FALSE(parse_nftables(R"({"nftables":1})", firewall));
    CHECK(parse_nftables(R"({"nftables":[1,{"chain":{}},{"rule":{}},{"rule":{"expr":[{}]}}]})", firewall));
}
