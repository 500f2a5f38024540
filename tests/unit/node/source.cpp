// From which address a node sends: one of its own, and the same for as long as there is a choice.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

std::string own_of(const std::string& vip, const std::string& more = "") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["$"]
        [[vrrp]]
        name = "one"
        vrid = 51
    )"_with(vip) +
           more;
}

std::string own_six(const std::string& more = "") { return own_of("fe80::20", more); }

std::string source_with(Bench& bench, std::vector<IpAddress> addresses, std::vector<IpAddress> formed = {}) {
    bench.up.front().addresses = std::move(addresses);
    bench.up.front().formed = std::move(formed);
    bench.links();
    const auto source = bench.first().machine.source();
    return source ? to_text(*source) : "none";
}

}  // namespace

TEST_CASE("at the start the source is the first address of the family that the interface has") {
    Bench bench(director());
    CHECK(source_with(bench, {ip("fe80::5"), ip("192.0.2.9"), ip("192.0.2.5")}) == "192.0.2.9");
    bench.settle();
    CHECK(bench.first().machine.source() == ip("192.0.2.9"));
}

TEST_CASE("an address that comes does not become the source, wherever it is listed, by unicast as well") {
    for (const char* peers : {"", R"(peers = ["192.0.2.6"])"}) {
        Bench bench = master(director(peers));
        CHECK(source_with(bench, {ip("192.0.2.1"), ip("192.0.2.5")}) == "192.0.2.5");
        CHECK(source_with(bench, {ip("192.0.2.5"), ip("192.0.2.1"), ip("192.0.2.9")}) == "192.0.2.5");
    }
    Bench bench(own_of("2001:db8::20", R"(peers = ["2001:db8::6"])"));
    CHECK(source_with(bench, {ip("2001:db8::5")}) == "2001:db8::5");
    CHECK(source_with(bench, {ip("2001:db8::1"), ip("2001:db8::5")}) == "2001:db8::5");
}

TEST_CASE("by unicast the source is of the same scope as the peers, whichever came first") {
    Bench bench(own_of("2001:db8::20", R"(peers = ["2001:db8::6"])"));
    CHECK(source_with(bench, {ip("fe80::5")}, {ip("fe80::5")}) == "fe80::5");
    CHECK(source_with(bench, {ip("2001:db8::5"), ip("fe80::5")}, {ip("fe80::5")}) == "2001:db8::5");
    Bench local(own_six(R"(peers = ["fe80::6"])"));
    CHECK(source_with(local, {ip("2001:db8::5"), ip("fe80::5")}) == "fe80::5");
    Bench ipv4(director());
    CHECK(source_with(ipv4, {ip("169.254.3.4")}) == "169.254.3.4");
    CHECK(source_with(ipv4, {ip("169.254.3.4"), ip("192.0.2.5")}) == "192.0.2.5");
}

TEST_CASE("a source that was gone is the source again when it returns, and what stood in for it stays until then") {
    Bench bench = master(director());
    CHECK(source_with(bench, {ip("192.0.2.1"), ip("192.0.2.5")}) == "192.0.2.5");
    CHECK(source_with(bench, {ip("192.0.2.1")}) == "192.0.2.1");
    CHECK(source_with(bench, {ip("192.0.2.0"), ip("192.0.2.1")}) == "192.0.2.1");
    CHECK(source_with(bench, {ip("192.0.2.0"), ip("192.0.2.1"), ip("192.0.2.5")}) == "192.0.2.5");
    CHECK(source_with(bench, {}) == "192.0.2.5");
    CHECK(bench.state() == State::fault);
    source_with(bench, {ip("192.0.2.1")});
    CHECK(source_with(bench, {ip("192.0.2.1"), ip("192.0.2.5")}) == "192.0.2.5");
}

TEST_CASE("a reload keeps the source") {
    Bench bench = master(director());
    source_with(bench, {ip("192.0.2.1"), ip("192.0.2.5")});
    bench.reload(director("priority = 90"));
    CHECK(bench.first().machine.source() == ip("192.0.2.5"));
    bench.reload(director(R"(source = "192.0.2.1")"));
    CHECK(bench.first().machine.source() == ip("192.0.2.1"));
}

TEST_CASE("a link-local address that somebody chose is no source as long as there is one that was formed here") {
    const IpAddress own = ip("fe80::ff:fe00:105");
    Bench bench(own_six());
    bench.up.front().addresses = {ip("fe80::1"), own};
    bench.up.front().formed = {own};
    bench.run();
    CHECK(bench.first().machine.source() == own);
    CHECK(source_with(bench, {ip("fe80::1")}) == "fe80::1");
    CHECK(source_with(bench, {ip("fe80::1"), own}, {own}) == "fe80::ff:fe00:105");
    // At boot the kernel's own is the later one: it waits for duplicate address detection.
    Bench boot(own_six());
    boot.up.front().addresses = {ip("fe80::1")};
    boot.run();
    CHECK(source_with(boot, {ip("fe80::1"), own}, {own}) == "fe80::ff:fe00:105");
}

TEST_CASE("an address that the file gives to another node, or to a peer, is no source") {
    const std::string nodes = R"(
        [nodes.a]
        address = "192.0.2.5"
        [nodes.b]
        address = "192.0.2.1"
    )"_text;
    Bench bench(director() + nodes, "a");
    bench.up.front().addresses = {ip("192.0.2.1"), ip("192.0.2.9")};
    bench.run();
    CHECK(bench.first().machine.source() == ip("192.0.2.9"));
    Bench unicast(director(R"(peers = ["192.0.2.1"])"));
    unicast.up.front().addresses = {ip("192.0.2.1"), ip("192.0.2.9")};
    unicast.run();
    CHECK(unicast.first().machine.source() == ip("192.0.2.9"));
}

TEST_CASE("the source is the node's own address where the interface has it") {
    const std::string toml = director() + R"(
        [nodes.a]
        address = "192.0.2.5"
        [nodes.b]
        address = "192.0.2.9"
    )"_text;
    Bench bench = backup(toml, "a");
    bench.up.front().addresses = {ip("192.0.2.9"), ip("192.0.2.5")};
    bench.links();
    CHECK(bench.first().machine.source() == ip("192.0.2.5"));
    bench.up.front().addresses = {ip("192.0.2.8")};
    bench.links();
    CHECK(bench.first().machine.source() == ip("192.0.2.8"));
    bench.up.front().addresses = {ip("192.0.2.8"), ip("192.0.2.5")};
    bench.links();
    CHECK(bench.first().machine.source() == ip("192.0.2.5"));
}

TEST_CASE("by unicast between nodes the source is the node's own address in [nodes], or the instance is in fault") {
    const std::string toml = director("unicast = true\n") + R"(
        [nodes.a]
        address = "192.0.2.5"
        [nodes.b]
        address = "192.0.2.6"
    )"_text;
    Bench bench(toml, "a");
    bench.up.front().addresses = {ip("192.0.2.8"), ip("192.0.2.5")};
    bench.run();
    bench.pass(bench.first().machine.down_interval());
    CHECK(bench.state() == State::master);
    CHECK(bench.first().machine.source() == ip("192.0.2.5"));
    source_with(bench, {ip("192.0.2.8")});
    CHECK(bench.state() == State::fault);
    CHECK(bench.first().machine.why() == "interface eth0 has no 192.0.2.5, the only address to send from");
    CHECK(source_with(bench, {ip("192.0.2.8"), ip("192.0.2.5")}) == "192.0.2.5");
    CHECK(bench.state() == State::backup);
    Bench without(toml, "a");
    without.up.front().addresses = {ip("192.0.2.8")};
    without.run();
    CHECK(without.state() == State::fault);
}

TEST_CASE("by unicast to peers that are no nodes of the file, the address in [nodes] may be on another interface") {
    Bench bench(director("peers = [\"192.0.2.6\"]\n") + R"(
        [nodes.a]
        address = "198.51.100.5"
        [nodes.b]
        address = "198.51.100.6"
    )"_text,
                "a");
    CHECK(source_with(bench, {ip("192.0.2.5")}) == "192.0.2.5");
}

TEST_CASE("by unicast to a list of peers nothing stands in for the first source") {
    Bench bench = master(director(R"(peers = ["192.0.2.6"])"));
    source_with(bench, {ip("192.0.2.1")});
    CHECK(bench.state() == State::fault);
    CHECK(source_with(bench, {ip("192.0.2.1"), ip("192.0.2.5")}) == "192.0.2.5");
    CHECK(bench.state() == State::backup);
    Bench six(own_of("2001:db8::20", R"(peers = ["2001:db8::6"])"));
    source_with(six, {ip("fe80::5")}, {ip("fe80::5")});  // not of the peers' scope
    CHECK(source_with(six, {ip("fe80::5"), ip("2001:db8::5")}, {ip("fe80::5")}) == "2001:db8::5");
    six.settle();
    source_with(six, {ip("fe80::5")}, {ip("fe80::5")});
    CHECK(six.state() == State::fault);
}

TEST_CASE("the source is what the instance says, or there is none") {
    Bench bench = backup(director(R"(source = "192.0.2.5")"));
    bench.up.front().addresses = {ip("192.0.2.9"), ip("192.0.2.5")};
    bench.links();
    CHECK(bench.first().machine.source() == ip("192.0.2.5"));
    bench.up.front().addresses = {ip("192.0.2.9")};
    bench.links();
    CHECK(bench.state() == State::fault);
}

TEST_CASE("the node's own link-local address of [nodes] is the source by multicast, too") {
    Bench bench(own_six() + R"(
        [nodes.a]
        address = "fe80::a"
    )"_text,
                "a");
    bench.up.front().addresses = {ip("fe80::5"), ip("fe80::a")};
    bench.up.front().formed = {ip("fe80::5")};
    bench.run();
    CHECK(bench.first().machine.source() == ip("fe80::a"));
}

TEST_CASE("by IPv6 multicast a global address of [nodes] is no source: RFC 9568 §5.1.2.1 wants a link-local one") {
    Bench bench(own_six() + R"(
        [nodes.a]
        address = "2001:db8::a"
    )"_text,
                "a");
    bench.up.front().addresses = {ip("2001:db8::a"), ip("fe80::5")};
    bench.run();
    CHECK(bench.first().machine.source() == ip("fe80::5"));
}

// ---- an address that another node has as well ----------------------------------------------------------------------

TEST_CASE("who hears its own source from somebody else sends from another address from then on") {
    Bench bench(own_six());
    bench.up.front().addresses = {ip("fe80::1"), ip("fe80::5")};
    bench.run();
    CHECK(bench.first().machine.source() == ip("fe80::1"));
    bench.pass(seconds(2));
    CHECK(told(bench.hear(200, "fe80::1")) ==
          "one: dropped an advertisement of fe80::1: own\n"
          "one: another node sends from fe80::1 as well; from now on this one sends from fe80::5\n");
    CHECK(bench.first().machine.source() == ip("fe80::5"));
    CHECK(told(bench.hear(200, "fe80::1")) == "");
    CHECK(bench.first().machine.peer()->address == ip("fe80::1"));
    CHECK(source_with(bench, {ip("fe80::1"), ip("fe80::5"), ip("fe80::7")}) == "fe80::5");
    CHECK(source_with(bench, {ip("fe80::1")}) == "fe80::1");  // better than none
}

TEST_CASE("an address that went and came back is not remembered as another node's") {
    Bench bench(own_six());
    bench.up.front().addresses = {ip("fe80::1"), ip("fe80::5")};
    bench.run();
    bench.pass(seconds(2));
    bench.hear(200, "fe80::1");
    CHECK(source_with(bench, {ip("fe80::5")}) == "fe80::5");
    CHECK(source_with(bench, {ip("fe80::1")}) == "fe80::1");
    CHECK(source_with(bench, {ip("fe80::1"), ip("fe80::7")}) == "fe80::1");
}

TEST_CASE("a master that hears another one from its own source sends from another address") {
    Bench bench(own_six());
    bench.up.front().addresses = {ip("fe80::1"), ip("fe80::5")};
    bench.run();
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == State::master);
    bench.hear(100, "fe80::1");  // a loop in the switches can say so, too
    CHECK(bench.first().machine.source() == ip("fe80::1"));
    bench.hear(200, "fe80::1");
    CHECK(bench.first().machine.source() == ip("fe80::5"));
    bench.hear(200, "fe80::1");
    CHECK(bench.state() == State::backup);
}

TEST_CASE("what a backup said as a master may come back a moment later") {
    Bench bench(own_six());
    bench.up.front().addresses = {ip("fe80::4"), ip("fe80::5")};
    bench.run();
    bench.pass(bench.first().machine.down_interval());
    bench.hear(200, "fe80::6");
    REQUIRE(bench.state() == State::backup);
    bench.hear(100, "fe80::4");
    CHECK(bench.first().machine.source() == ip("fe80::4"));
    bench.pass(seconds(2));
    bench.hear(100, "fe80::4");
    CHECK(bench.first().machine.source() == ip("fe80::5"));
}

TEST_CASE("a source without an alternative stays, and so does one that a peer's list knows") {
    Bench bench = backup(own_six());
    bench.pass(seconds(2));
    CHECK(told(bench.hear(200, "fe80::5")).find("another node has fe80::5 as well") != std::string::npos);
    CHECK(bench.first().machine.source() == ip("fe80::5"));
    CHECK(told(bench.hear(200, "fe80::5")) == "");
    Bench unicast = backup(director(R"(peers = ["192.0.2.6"])"));
    source_with(unicast, {ip("192.0.2.5"), ip("192.0.2.7")});
    unicast.pass(seconds(2));
    unicast.hear(200, "192.0.2.5");
    CHECK(unicast.first().machine.source() == ip("192.0.2.5"));
}

}  // namespace lbconverge::node
