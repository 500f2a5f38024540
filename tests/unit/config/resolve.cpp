#include "reading.hpp"

namespace lbconverge::config {

namespace {
const std::string two = R"(
    [[vrrp]]
    name = "a"
    vrid = 1
    [[vrrp]]
    name = "b"
    vrid = 2
    interface = "eth1"
)"_text;
}

TEST_CASE("a VIP belongs to the only instance") {
    CHECK(read_director(R"(
        vips = ["192.0.2.1"]
        [[vrrp]]
        vrid = 51
    )"_text)
              .good()
              .vips.at(0)
              .vrrp == "vrrp-51");
    CHECK(read_director(R"(vips = ["192.0.2.1"])").good().vips.at(0).vrrp.empty());
}

TEST_CASE("with several instances, a VIP says to which it belongs") {
    const Reading reading = read_director(two + R"(
        [[vip]]
        address = "192.0.2.1"
        vrrp = "b"
    )"_text);
    CHECK(reading.good().vips.at(0).vrrp == "b");
    CHECK(reading.good().vips.at(0).interface == InterfaceName("eth1"));
    const Reading silent = read_director(two + R"(
        [[vip]]
        address = "192.0.2.1"
    )"_text);
    CHECK_SAYS_ONLY(
        silent,
        "lb.toml:10:1: warning: VIP 192.0.2.1 belongs to none of the VRRP instances: every director will hold it");
    CHECK(silent.config.has_value());
}

TEST_CASE("a name that is not there is an error with the nearest one") {
    CHECK_SAYS_ONLY(read_director(R"(
        [[vip]]
        address = "192.0.2.1"
        vrrp = "VI_2"
        [[vrrp]]
        name = "VI_1"
        vrid = 1
    )"_text),
                    R"(there is no VRRP instance named "VI_2"; hint: did you mean "VI_1"?)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        track = ["x"]
    )"_text),
                    R"(there is no track named "x")");
    CHECK_SAYS_ONLY(read_director(R"(
        [[hook]]
        on = ["master"]
        command = ["/x"]
        vrrp = "x"
    )"_text),
                    R"(there is no VRRP instance named "x")");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "default"
        via = "192.0.2.1"
        vrrp = "x"
    )"_text),
                    "there is no VRRP instance");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs.sync]
        follow = "x"
    )"_text),
                    "there is no VRRP instance");
    CHECK_SAYS_ONLY(read_director(R"(
        [[sync_group]]
        name = "g"
        members = ["x"]
    )"_text),
                    "there is no VRRP instance");
}

TEST_CASE("a sync group has one priority: another one does not count") {
    const std::string group = R"(
        [[sync_group]]
        name = "g"
        members = ["a", "b"]
    )"_text;
    const auto pair = [](const std::string& a, const std::string& b) {
        return R"(
            [[vrrp]]
            vrid = 1
            name = "a"
            priority = $
            [[vrrp]]
            vrid = 2
            name = "b"
            priority = $
        )"_with(a, b);
    };
    CHECK_SAYS_ONLY(read_director(pair("90", "150") + group),
                    R"(warning: priority 150 of VRRP instance "b" does not count: its sync group "g" has one )"
                    R"(priority, 90 of "a")");
    CHECK(read_director(pair("90", "90") + group).lines.empty());
    CHECK(read_director(pair("90", "150")).lines.empty());
}

TEST_CASE("names are unique") {
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        name = "a"
        [[vrrp]]
        vrid = 2
        name = "a"
    )"_text),
                    R"(two VRRP instances are named "a" (first at lb.toml:3:1))");
    CHECK_SAYS_ONLY(read_director(R"(
        [[track]]
        name = "a"
        file = "x"
        [[track]]
        name = "a"
        file = "x"
    )"_text),
                    R"(two tracks are named "a")");
    CHECK_SAYS_ONLY(read_director(two + R"(
        [[sync_group]]
        name = "g"
        members = ["a"]
        [[sync_group]]
        name = "g"
        members = ["b"]
    )"_text),
                    R"(two sync groups are named "g")");
    CHECK_SAYS_ONLY(read_director(two + R"(
        [[sync_group]]
        name = "g"
        members = ["a"]
        [[sync_group]]
        name = "h"
        members = ["a"]
    )"_text),
                    "is a member of sync groups twice");
}

TEST_CASE("LVS33: a VRID once per link and family") {
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        [[vrrp]]
        vrid = 1
        name = "b"
    )"_text),
                    "lb.toml:5:1: error: vrid 1 is there twice on eth0");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        [[vrrp]]
        vrid = 1
        name = "b"
    )"_text),
                    "[LVS33]");
    CHECK(read_director(R"(
        [[vrrp]]
        vrid = 1
        [[vrrp]]
        vrid = 1
        name = "b"
        interface = "eth1"
    )"_text)
              .good()
              .vrrp.size() == 2);
    const std::string six = R"(
        [[vip]]
        address = "2001:db8::1"
        vrrp = "b"
    )"_text;
    CHECK(read_director(six + R"(
        [[vrrp]]
        vrid = 1
        [[vrrp]]
        vrid = 1
        name = "b"
    )"_text)
              .good()
              .vrrp.at(1)
              .family == Family::ipv6);
}

TEST_CASE("a director's VIP needs an interface; a real server's on lo does not") {
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        vips = ["192.0.2.1"]
    )"_text),
                    "lb.toml:2:9: error: VIP 192.0.2.1 needs an interface");
    CHECK(read(R"(
        role = "real-server"
        vips = ["192.0.2.1"]
    )"_text)
              .good()
              .vips.at(0)
              .interface.empty());
    CHECK_SAYS_ONLY(read(R"(
        role = "real-server"
        [[vip]]
        address = "192.0.2.1"
        accept = "interface"
    )"_text),
                    "needs an interface");
    CHECK(read(R"(
        role = "both"
        interface = "eth0"
        vips = ["192.0.2.1"]
    )"_text)
              .good()
              .vips.at(0)
              .interface == InterfaceName("eth0"));
}

TEST_CASE("a real server takes no part in elections, but its file is checked") {
    const std::string file = R"(
        role = "real-server"
        [[vip]]
        address = "192.0.2.1"
        vrrp = )"_text;
    const Reading reading = read(file + R"(
        "a"
        [[vrrp]]
        name = "a"
        vrid = 1
    )"_text);
    CHECK(reading.good().vrrp.empty());
    CHECK(reading.good().vips.at(0).vrrp.empty());
    CHECK_SAYS_ONLY(read(file + R"("x")"), R"(there is no VRRP instance named "x")");
}

TEST_CASE("unicast: the peers are the other directors") {
    const std::string file = R"(
        interface = "eth0"
        [nodes]
        a = { role = "director", address = "192.0.2.1" }
        b = { role = "both", address = "192.0.2.2" }
        w = { role = "real-server" }
        [[vrrp]]
        vrid = 1
        unicast = true
    )"_text;
    const Reading reading = read(file, "a");
    REQUIRE(reading.good().vrrp.at(0).peers.size() == 1);
    CHECK(to_text(reading.good().vrrp[0].peers[0]) == "192.0.2.2");
    CHECK(to_text(read(file, "b").good().vrrp.at(0).peers.at(0)) == "192.0.2.1");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        unicast = true
    )"_text),
                    "unicast = true needs [nodes] to know the peers");
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        interface = "eth0"
        [nodes]
        a = { address = "192.0.2.1" }
        b = {}
        [[vrrp]]
        vrid = 1
        unicast = true
    )"_text,
                         "a"),
                    R"(lb.toml:5:5: error: node "b" needs an IPv4 address: it is a unicast peer)");
}

TEST_CASE("an instance has one family") {
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        peers = ["192.0.2.2", "2001:db8::2"]
    )"_text),
                    "are of both address families");
    CHECK_SAYS_ONLY(read_director(R"(
        vips = ["2001:db8::1"]
        [[vrrp]]
        vrid = 1
        version = 2
    )"_text),
                    "VRRP version 2 knows no IPv6");
    CHECK(read_director(R"(
        [[vrrp]]
        vrid = 1
        source = "fe80::1"
    )"_text)
              .good()
              .vrrp.at(0)
              .family == Family::ipv6);
    CHECK(read_director(R"(
        [[vrrp]]
        vrid = 1
    )"_text)
              .good()
              .vrrp.at(0)
              .family == Family::ipv4);
}

}  // namespace lbconverge::config
