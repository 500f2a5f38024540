// What a node says, to whom and from where, and what it makes of what it hears.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

// ---- what is sent, and from where ----------------------------------------------------------------------------------

TEST_CASE("a source that changes is used from the next advertisement on, and is no transition") {
    Bench bench = master(director());
    bench.up.front().addresses = {ip("192.0.2.9")};
    CHECK(bench.links().say.empty());
    const Effects effects = bench.pass(seconds(1));
    REQUIRE(effects.send.size() == 1);
    CHECK(effects.send.front().source == ip("192.0.2.9"));
    CHECK(read(effects.send.front()).priority == 100);
}

TEST_CASE("by multicast one packet goes to the group, with TTL 255 (RFC 9568 §5.1.1)") {
    Bench bench = master(director());
    const Effects effects = bench.pass(seconds(1));
    REQUIRE(effects.send.size() == 1);
    const Packet& packet = effects.send.front();
    CHECK(packet.interface == InterfaceName("eth0"));
    CHECK(packet.source == ip("192.0.2.5"));
    CHECK(packet.destination == ip("224.0.0.18"));
    CHECK(packet.ttl == 255);
    CHECK(read(packet) == wire::Advertisement{.version = 3, .vrid = 51, .addresses = {ip("192.0.2.20")}});
}

TEST_CASE("by unicast one packet goes to each peer") {
    Bench bench = master(director(R"(peers = ["192.0.2.6", "192.0.2.7"])"));
    const Effects effects = bench.pass(seconds(1));
    CHECK(sent(effects) == "100 to 192.0.2.6\n100 to 192.0.2.7\n");  // read with the peer's pseudo-header
    for (const Packet& each : effects.send) CHECK(each.ttl == 255);
}

TEST_CASE("with the checksum over the message alone another dialect is sent") {
    Bench bench = master(director(R"(checksum = "message")"));
    const Effects effects = bench.pass(seconds(1));
    REQUIRE(effects.send.size() == 1);
    const Packet& packet = effects.send.front();
    auto dialect = wire::ChecksumDialect::pseudo_header;
    REQUIRE(wire::decode_advertisement(packet.message, packet.source, packet.destination, &dialect));
    CHECK(dialect == wire::ChecksumDialect::message);
}

TEST_CASE("version 2 carries the password") {
    Bench bench = master(director(R"(
        version = 2
        auth_pass = "s3cr3t"
    )"_text));
    const Effects effects = bench.pass(seconds(1));
    REQUIRE(effects.send.size() == 1);
    const wire::Advertisement said = read(effects.send.front());
    CHECK(said.version == 2);
    CHECK(said.auth_type == 1);
    CHECK(said.auth_data == std::array<std::uint8_t, 8>{'s', '3', 'c', 'r', '3', 't', 0, 0});
}

namespace {

std::string director6(const std::string& vips, const std::string& more = "") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = [$]
        [[vrrp]]
        name = "one"
        vrid = 61
    )"_with(vips) +
           more;
}

/// The addresses in the order in which they are sent.
std::string listed(const std::string& toml, const std::vector<IpAddress>& ours = {ip("2001:db8::5"), ip("fe80::5")}) {
    Bench bench(toml);
    bench.up.front().addresses = ours;
    bench.run();
    const Effects effects = bench.pass(bench.first().machine.down_interval());
    REQUIRE(effects.send.size() == 1);
    std::string text;
    for (const IpAddress& each : read(effects.send.front()).addresses) text += to_text(each) + " ";
    return text;
}

}  // namespace

TEST_CASE("over IPv6 the source is the link-local address (RFC 9568 §5.1.2.1)") {
    Bench bench(director6(R"("2001:db8::20")"));
    bench.up.front().addresses = {ip("2001:db8::5"), ip("fe80::5")};
    bench.run();
    CHECK(bench.first().machine.source() == ip("fe80::5"));
    bench.up.front().addresses = {ip("2001:db8::5")};
    bench.links();
    CHECK(bench.first().machine.why() == "interface eth0 has no link-local IPv6 address to send from");
    bench.up.front().addresses = {ip("fe80::5")};
    CHECK(bench.links().say.size() == 1);
    const Effects effects = bench.pass(bench.first().machine.down_interval());
    REQUIRE(effects.send.size() == 1);
    CHECK(effects.send.front().destination == ip("ff02::12"));
}

TEST_CASE("over IPv6 a link-local VIP stands first, or else our own address (RFC 9568 §5.2.9)") {
    CHECK(listed(director6(R"("2001:db8::20", "fe80::20")")) == "fe80::20 2001:db8::20 ");
    CHECK(listed(director6(R"("2001:db8::20", "2001:db8::21")")) == "fe80::5 2001:db8::20 2001:db8::21 ");
}

TEST_CASE("over IPv6 by unicast a link-local address stands first too, whatever the source (RFC 9568 §5.2.9)") {
    const std::string toml = director6(R"("2001:db8::20")", R"(peers = ["2001:db8::6"])");
    CHECK(listed(toml) == "fe80::5 2001:db8::20 ");
    Bench bench(toml);
    bench.up.front().addresses = {ip("2001:db8::5"), ip("fe80::5")};
    bench.run();
    CHECK(bench.first().machine.source() == ip("2001:db8::5"));
}

// ---- what is heard -------------------------------------------------------------------------------------------------

TEST_CASE("a packet goes to the instance of its interface, its family and its VRID, or it is counted") {
    Bench bench = backup(director());
    const auto wake = bench.first().machine.wake_at();
    bench.now += milliseconds(900);
    Packet packet = bench.packet(200);
    packet.interface = "eth1";
    CHECK(nothing(bench.turn(Arrived{packet})));
    packet = bench.packet(200);
    packet.message[1] = std::byte{52};
    CHECK(nothing(bench.turn(Arrived{packet})));
    packet = bench.packet(200);
    packet.source = ip("fe80::6");
    CHECK(nothing(bench.turn(Arrived{packet})));
    packet.message.clear();
    CHECK(nothing(bench.turn(Arrived{packet})));
    CHECK(bench.node.strangers() == 4);
    CHECK(bench.first().machine.wake_at() == wake);
    bench.hear(200);
    CHECK(bench.node.strangers() == 4);
    CHECK(bench.first().machine.wake_at() > wake);
}

TEST_CASE("packets that cannot be read are counted by reason") {
    Bench bench = backup(director());
    const auto count = [&](Packet packet, wire::VrrpRefusal reason) {
        const std::uint64_t before = bench.first().refused[static_cast<std::size_t>(reason)];
        bench.turn(Arrived{std::move(packet)});
        return bench.first().refused[static_cast<std::size_t>(reason)] - before;
    };
    Packet packet = bench.packet(200);
    packet.message.resize(7);
    CHECK(count(packet, wire::VrrpRefusal::too_short) == 1);
    packet = bench.packet(200);
    packet.message[0] = std::byte{0x41};
    CHECK(count(packet, wire::VrrpRefusal::version) == 1);
    packet.message[0] = std::byte{0x32};
    CHECK(count(packet, wire::VrrpRefusal::type) == 1);
    packet = bench.packet(200);
    packet.message[6] ^= std::byte{1};
    CHECK(count(packet, wire::VrrpRefusal::checksum) == 1);
    CHECK(bench.first().machine.counters().heard == 0);
    CHECK(bench.node.strangers() == 0);
}

TEST_CASE("what was dropped is complained about once a minute per reason and sender") {
    Bench bench = backup(director());
    Packet packet = bench.packet(200);
    packet.ttl = 64;
    const Effects first = bench.turn(Arrived{packet});
    CHECK(told(first) == "one: dropped an advertisement of 192.0.2.6: ttl\n");
    CHECK(first.say.front().level == Level::warning);
    bench.now += milliseconds(59999);
    CHECK(told(bench.turn(Arrived{packet})).find("dropped") == std::string::npos);
    bench.now += milliseconds(1);
    CHECK(told(bench.turn(Arrived{packet})).find("dropped") != std::string::npos);
    packet = bench.packet(200, "192.0.2.7");
    packet.ttl = 64;
    CHECK(told(bench.turn(Arrived{packet})) == "one: dropped an advertisement of 192.0.2.7: ttl\n");
    packet.message[6] ^= std::byte{1};
    CHECK(told(bench.turn(Arrived{packet})) == "one: dropped an advertisement of 192.0.2.7: checksum\n");
}

TEST_CASE("whoever sends from many addresses does not fill the log") {
    Bench bench = backup(director());
    std::size_t lines = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 250; ++i) {
            Packet packet = bench.packet(200, ("198.51.100." + std::to_string(i)).c_str());
            packet.ttl = 64;
            lines += bench.turn(Arrived{packet}).say.size();
        }
    }
    CHECK(lines <= 20);
    CHECK(bench.first().warned.size() <= 20);
    bench.pass(seconds(61));
    Packet packet = bench.packet(200, "203.0.113.1");
    packet.ttl = 64;
    CHECK(told(bench.turn(Arrived{packet})) == "one: dropped an advertisement of 203.0.113.1: ttl\n");
}

TEST_CASE("another list of VIPs or another interval is heard, and complained about once") {
    Bench bench = backup(director());
    Packet packet = bench.packet(200);
    const auto sends = [&](std::vector<IpAddress> addresses, milliseconds interval) {
        auto said = bench.first().machine.advertisement(200);
        said.addresses = std::move(addresses);
        said.interval = interval;
        packet.message = wire::encode(said, packet.source, packet.destination, wire::ChecksumDialect::message);
        return told(bench.turn(Arrived{packet}));
    };
    CHECK(sends({ip("192.0.2.20")}, seconds(1)).empty());
    CHECK(sends({ip("192.0.2.21")}, seconds(1)) ==
          "one: 192.0.2.6 has another list of VIPs; if it is a keepalived before 2.3.3, it drops our advertisements\n");
    CHECK(sends({ip("192.0.2.20")}, seconds(2)) == "one: 192.0.2.6 has another advertisement interval\n");
    CHECK(sends({ip("192.0.2.21")}, seconds(2)).empty());
    CHECK(bench.first().machine.counters().heard == 4);
}

// ---- telling the neighbours ----------------------------------------------------------------------------------------

TEST_CASE("a new master repeats what it told the neighbours, once") {
    Bench bench = backup(director(R"(garp = { count = 3, repeat = "5s" })"));
    bench.pass(bench.first().machine.down_interval());
    bench.arrive();
    CHECK(announced(bench.pass(milliseconds(4999))) == "");
    CHECK(announced(bench.pass(milliseconds(1))) == "192.0.2.20 on eth0 x3\n");
    CHECK(announced(bench.pass(seconds(60))) == "");
}

TEST_CASE("a master tells the neighbours again and again when it shall") {
    for (const char* repeat : {"5s", "0s"}) {
        Bench bench = backup(director(R"(garp = { count = 1, repeat = "$", refresh = "20s" })"_with(repeat)));
        bench.pass(bench.first().machine.down_interval());
        bench.arrive();
        if (repeat == std::string("5s")) CHECK(announced(bench.pass(seconds(5))) == "192.0.2.20 on eth0 x1\n");
        for (int i = 0; i < 3; ++i) CHECK(announced(bench.pass(seconds(20))) == "192.0.2.20 on eth0 x1\n");
    }
}

TEST_CASE("the node wakes up to tell the neighbours, not only to advertise") {
    Bench bench = backup(director(R"(
        advert_interval = "40s"
        garp = { repeat = "5s" }
    )"_text));
    bench.pass(bench.first().machine.down_interval());
    bench.arrive();
    CHECK(announced(bench.pass(seconds(5))) == "192.0.2.20 on eth0 x5\n");
}

TEST_CASE("who is no master any more tells the neighbours nothing") {
    Bench bench = master(director(R"(garp = { repeat = "2s", refresh = "2s" })"));
    bench.hear(200);
    for (int i = 0; i < 5; ++i) {
        CHECK(announced(bench.pass(seconds(1))) == "");
        bench.hear(200);
    }
}

TEST_CASE("a master of lower priority is answered at once, and the neighbours are told, in the end once per second") {
    Bench bench = master(director());
    bench.pass(milliseconds(100));
    for (int i = 0; i < answers_in_a_row; ++i) {  // as with the last words of several nodes
        const Effects effects = bench.hear(99);
        CHECK(sent(effects) == "100 to 224.0.0.18\n");
        CHECK(announced(effects) == "192.0.2.20 on eth0 x5\n");
        CHECK(effects.converge.empty());
    }
    bench.now += milliseconds(800);
    const Effects next = bench.hear(99);
    CHECK(sent(next) == "100 to 224.0.0.18\n");
    CHECK(announced(next) == "");
    bench.now += milliseconds(200);
    CHECK(announced(bench.hear(99)) == "192.0.2.20 on eth0 x5\n");
}

TEST_CASE("a second after a master of lower priority was heard last the neighbours are told once more") {
    for (const std::string& more : {std::string(), R"(
        advert_interval = "40s"
    )"_text}) {
        Bench bench = master(director(more + R"(
            garp = { repeat = "0s" }
        )"_text));
        for (int i = 0; i < answers_in_a_row; ++i) bench.hear(99);
        bench.now += milliseconds(700);
        CHECK(announced(bench.hear(99)) == "");
        CHECK(announced(bench.pass(milliseconds(299))) == "");
        CHECK(announced(bench.pass(milliseconds(1))) == "192.0.2.20 on eth0 x5\n");  // after the first ones
        CHECK(announced(bench.pass(milliseconds(699))) == "");
        CHECK(announced(bench.pass(milliseconds(1))) == "192.0.2.20 on eth0 x5\n");
        CHECK(announced(bench.pass(seconds(30))) == "");
    }
}

TEST_CASE("who is no master any more does not tell the neighbours once more") {
    Bench bench = master(director());
    bench.hear(99);
    bench.now += milliseconds(500);
    bench.hear(101);
    CHECK(announced(bench.pass(seconds(2))) == "");
}

TEST_CASE("what is not here is not announced") {
    Bench bench = master(director());
    bench.links();  // the VIP is gone
    CHECK(announced(bench.hear(99)) == "");
    CHECK(announced(bench.pass(seconds(1))) == "");
    bench.arrive();
    bench.pass(seconds(1));
    CHECK(announced(bench.hear(99)) == "192.0.2.20 on eth0 x5\n");
}

TEST_CASE("who becomes master of what is here already tells the neighbours at once") {
    Bench bench(director());
    bench.run({ip("192.0.2.20")});
    bench.settle();
    CHECK(announced(bench.pass(seconds(2))) == "192.0.2.20 on eth0 x5\n");
}

namespace {

/// One that has become master, and whose VIP is not here yet.
Bench won() {
    Bench bench = backup(director());
    bench.settle();
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == State::master);
    return bench;
}

}  // namespace

TEST_CASE("what a run has bound is announced at once, whoever tells of it first, and once") {
    Bench run_first = won();
    CHECK(announced(run_first.bound({"192.0.2.20"})) == "192.0.2.20 on eth0 x5\n");
    CHECK(announced(run_first.links({ip("192.0.2.20")})) == "");
    CHECK(announced(run_first.settle()) == "");
    Bench kernel_first = won();
    CHECK(announced(kernel_first.links({ip("192.0.2.20")})) == "192.0.2.20 on eth0 x5\n");
    CHECK(announced(kernel_first.bound({"192.0.2.20"})) == "");
    Bench late = won();
    late.bound({"192.0.2.20"});
    late.links();  // written down before it was there
    CHECK(announced(late.links({ip("192.0.2.20")})) == "");
}

TEST_CASE("what is bound anew, because it had gone, is announced again") {
    Bench bench = master(director());
    bench.pass(seconds(6));
    bench.links();
    bench.turn(Disturbed{});
    CHECK(announced(bench.bound({"192.0.2.20"})) == "192.0.2.20 on eth0 x5\n");
}

TEST_CASE("what a run bound before it was overtaken is announced all the same: the next run finds it there") {
    Bench bench = backup(pair("priority = 90\n"));
    bench.settle();
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == State::master);
    const Effects effects = bench.pass(milliseconds(50));
    REQUIRE(effects.overtaken == std::vector<Lane>{Lane::network});
    CHECK(announced(bench.cut_off(Lane::network)) == "");
    CHECK(announced(bench.links({ip("192.0.2.20")})) == "192.0.2.20 on eth0 x5\n");
    CHECK(announced(bench.links({ip("192.0.2.20"), ip("192.0.2.30")})) == "192.0.2.30 on eth0 x5\n");
}

TEST_CASE("what was announced in an earlier mastership says nothing of this one") {
    Bench bench = master(director());
    bench.hear(101);
    bench.pass(vrrp::hand_over_grace);
    bench.settle();
    bench.links();
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == State::master);
    CHECK(announced(bench.links({ip("192.0.2.20")})) == "192.0.2.20 on eth0 x5\n");
}

TEST_CASE("what a run has bound is not announced by who is no master any more") {
    Bench bench = won();
    bench.turn(VipsBound{{{ip("192.0.2.20"), "eth0"}}});
    CHECK(announced(bench.hear(200)) == "");  // in the queue before the Tick
    CHECK(announced(bench.bound({"192.0.2.20"})) == "");
    CHECK(announced(bench.links({ip("192.0.2.20")})) == "");
}

TEST_CASE("frames that a device did not take are offered again, and not after the node has given way") {
    Bench bench = won();
    REQUIRE(announced(bench.bound({"192.0.2.20"})) == "192.0.2.20 on eth0 x5\n");
    const Untaken untaken{{{ip("192.0.2.20"), "eth0", 4}}, ""};
    CHECK(bench.turn(untaken).say.empty());
    CHECK(announced(bench.pass(last_offer)) == "192.0.2.20 on eth0 x4\n");
    bench.turn(untaken);
    bench.hear(200);
    CHECK(announced(bench.pass(milliseconds(300))) == "");
    bench.turn(untaken);
    CHECK(announced(bench.pass(milliseconds(300))) == "");
}

TEST_CASE("a device that takes nothing for long is in the log, and so is a kernel that refuses frames") {
    Bench bench = won();
    bench.bound({"192.0.2.20"});
    std::string log;
    for (int i = 0; i < 100; ++i) {
        log += told(bench.turn(Untaken{{{ip("192.0.2.20"), "eth0", 5}}, ""}));
        bench.pass(milliseconds(100));
    }
    CHECK(log == "gratuitous ARP on eth0: the interface takes no more frames\n");
    CHECK(told(bench.turn(Untaken{{}, "Network is down"})) == "gratuitous ARP: Network is down\n");
}

TEST_CASE("a VIP that no election decides is announced when it is bound") {
    Bench bench(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text);
    bench.links();
    CHECK(announced(bench.bound({"192.0.2.20"})) == "192.0.2.20 on eth0 x5\n");
    Bench server(director("", "real-server"));
    server.links();
    CHECK(announced(server.bound({"192.0.2.20"})) == "");
}

TEST_CASE("after a reload each VIP is announced for the instance that has it now") {
    const std::string second = R"(
        [[vip]]
        address = "192.0.2.40"
        vrrp = "one"
    )"_text;
    Bench bench = master(pair(second));
    bench.pass(seconds(6));
    std::string moved = pair(second);
    moved.replace(moved.rfind("\"one\""), 5, "\"two\"");
    bench.reload(moved);
    CHECK(announced(bench.hear(99)) == "192.0.2.20 on eth0 x5\n");
    bench.reload(pair());
    bench.pass(seconds(2));
    CHECK(announced(bench.bound({"192.0.2.40"})) == "");
    bench.reload(pair(second));
    CHECK(announced(bench.bound({"192.0.2.40"})) == "192.0.2.40 on eth0 x5\n");
}

TEST_CASE("all addresses that hang on an instance are told, of both families, and no others") {
    Bench bench = master(R"(
        role = "director"
        interface = "eth0"
        [[vip]]
        address = "192.0.2.20"
        vrrp = "one"
        [[vip]]
        address = "2001:db8::20"
        vrrp = "one"
        interface = "eth1"
        [[vip]]
        address = "192.0.2.30"
        vrrp = "two"
        [[vrrp]]
        name = "one"
        vrid = 51
        [[vrrp]]
        name = "two"
        vrid = 52
    )"_text,
                         "", {{"eth1", true, {}}});
    CHECK(announced(bench.hear(99)) == "192.0.2.20 on eth0 x5\n2001:db8::20 on eth1 x5\n");
}

}  // namespace lbconverge::node
