#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("the short form: addresses, with a full prefix unless one is given") {
    const Reading reading = read_director(R"(vips = ["192.0.2.20", "192.0.2.21/24", "2001:db8::20"])");
    const auto& vips = reading.good().vips;
    REQUIRE(vips.size() == 3);
    CHECK(to_text(vips[0].address) == "192.0.2.20");
    CHECK(vips[0].prefix == 32);
    CHECK(vips[0].interface == InterfaceName("eth0"));
    CHECK(vips[0].source == Source{3, 9, 0});
    CHECK_FALSE(vips[0].scope);
    CHECK(vips[0].vrrp.empty());
    CHECK(vips[1].prefix == 24);
    CHECK(vips[2].prefix == 128);
}

TEST_CASE("the long form says everything") {
    const Reading reading = read_director(R"(
        [[vip]]
        address = "192.0.2.20/24"
        name = "web"
        interface = "eth1"
        label = "eth1:web"
        broadcast = "192.0.2.255"
        scope = "link"
        accept = "redirect"
    )"_text);
    REQUIRE(reading.good().vips.size() == 1);
    const Vip& vip = reading.good().vips[0];
    CHECK(vip.prefix == 24);
    CHECK(vip.name == "web");
    CHECK(vip.interface == InterfaceName("eth1"));
    CHECK(vip.label == ShortName("eth1:web"));
    CHECK(to_text(*vip.broadcast) == "192.0.2.255");
    CHECK(vip.scope == Scope::link);
    CHECK(vip.accept == Accept::redirect);
    CHECK(vip.source == Source{3, 1, 0});
}

TEST_CASE("what cannot be a VIP is refused") {
    for (const char* wrong :
         {"192.0.2.300", "192.0.2.1/33", "lb1", "0.0.0.0", "224.0.0.18", "127.0.0.1", "ff02::1", "::1", "10.0.0.1/0"}) {
        const Reading reading = read_director(R"(vips = ["$"])"_with(wrong));
        CHECK_SAYS_ONLY(reading, R"(lb.toml:3:9: error: ")" + std::string(wrong));
    }
    CHECK_SAYS_ONLY(read_director(R"(vips = "192.0.2.1")"),
                    R"("vips" of the file must be a list of addresses, not a string)");
    CHECK_SAYS_ONLY(read_director("vips = [1]\n"), R"(each element of "vips" must be a string, not a number)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vip]]
        name = "x"
    )"_text),
                    "lb.toml:3:1: error: a VIP needs an address");
}

TEST_CASE("mistakes in the long form") {
    const Reading reading = read_director(R"(
        [[vip]]
        address = "2001:db8::20"
        broadcast = "192.0.2.255"
        label = "a-label-that-is-too-long"
        scope = "universe"
        accept = "lo"
        interfac = "eth0"
    )"_text);
    CHECK_SAYS(reading, "lb.toml:5:13: error: only an IPv4 VIP has a broadcast address");
    CHECK_SAYS(reading, "lb.toml:6:9: error: a label has at most 15 characters");
    CHECK_SAYS(reading, R"("scope" of a VIP must be "global", "site", "link" or "host", not "universe")");
    CHECK_SAYS(reading, R"("accept" of a VIP must be "loopback", "interface" or "redirect", not "lo")");
    CHECK_SAYS(reading, R"(unknown key "interfac" in a VIP; hint: did you mean "interface"?)");
}

TEST_CASE("a prefix shared with directors is theirs: on lo of a real server the VIP has its full length") {
    const std::string file = R"(
        interface = "eth0"
        vips = ["192.0.2.20/24"]
        [nodes]
        lb = { role = "director" }
        all = { role = "both" }
        ws = { role = "real-server" }
        own = { role = "real-server", vips = ["192.0.2.20/24"] }
        [[vip]]
        address = "2001:db8::20/64"
        [[vip]]
        address = "192.0.2.21/24"
        accept = "interface"
    )"_text;
    CHECK(read(file, "lb").good().vips.at(0).prefix == 24);
    CHECK(read(file, "all").good().vips.at(0).prefix == 24);
    CHECK(read(file, "ws").good().vips.at(0).prefix == 32);
    CHECK(read(file, "ws").good().vips.at(1).prefix == 128);
    CHECK(read(file, "ws").good().vips.at(2).prefix == 24);
    CHECK(read(file, "own").good().vips.at(0).prefix == 24);
    CHECK(read(R"(
        role = "real-server"
        vips = ["192.0.2.20/24"]
    )"_text)
              .good()
              .vips.at(0)
              .prefix == 24);
}

TEST_CASE("one pair of brackets is not enough") {
    CHECK_SAYS_ONLY(read_director(R"(
        [vip]
        address = "192.0.2.1"
    )"_text),
                    "write it with two pairs of brackets: [[vip]]");
}

TEST_CASE("an address or a name twice is an error that names both places") {
    CHECK_SAYS_ONLY(read_director(R"(
        vips = ["192.0.2.1"]
        [[vip]]
        address = "192.0.2.1/24"
    )"_text),
                    "lb.toml:4:1: error: VIP 192.0.2.1 is there twice (first at lb.toml:3:9)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vip]]
        address = "192.0.2.1"
        name = "a"
        [[vip]]
        address = "192.0.2.2"
        name = "a"
    )"_text),
                    R"(two VIPs are named "a" (first at lb.toml:3:1))");
}

}  // namespace lbconverge::config
