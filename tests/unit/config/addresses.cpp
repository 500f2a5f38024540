#include "linting.hpp"

namespace lbconverge::config {

namespace {

/// Three nodes and a VIP, which stands in line 1 at column 9.
Reading three_nodes(const std::string& vip, const std::string& more = "") {
    return lint_file(R"(
        vips = ["$"]
        [nodes]
        lb1 = { role = "director", address = "192.0.2.1", priority = 150 }
        lb2 = { role = "director", address = "192.0.2.2" }
        ws1 = { role = "real-server", address = "192.0.2.3" }
        [[vrrp]]
        vrid = 51
        interface = "eth0"
        [sysctl]
        "net.ipv4.conf.all.promote_secondaries" = 1
    )"_with(vip) + more);
}

/// A lone director with interface eth0; what is given begins at line 3.
Reading lone_director(const std::string& text) {
    return lint_file("role = \"director\"\ninterface = \"eth0\"\n" + text);
}

}  // namespace

TEST_CASE("a VIP is no node's own address") {
    CHECK_SAYS_ONLY(
        three_nodes("192.0.2.1"),
        R"(lb.toml:1:9: error: VIP 192.0.2.1 is the own address of node "lb1" (first at lb.toml:3:7); hint:)");
    CHECK_SAYS_ONLY(three_nodes("192.0.2.2/24"), R"(VIP 192.0.2.2 is the own address of node "lb2")");
    CHECK_SAYS_ONLY(three_nodes("192.0.2.3", R"(
        [[service]]
        vip = "192.0.2.3"
        port = 80
        real_servers = ["ws1"]
    )"_text),
                    R"(VIP 192.0.2.3 is the own address of node "ws1")");
    CHECK(three_nodes("192.0.2.20").lines.empty());
}

TEST_CASE("of role both, too, a VIP is nobody's own address, and every node's own one is a real server") {
    const std::string both = R"(
        role = "both"
        interface = "eth0"
        vips = ["$"]
        [nodes]
        n1 = { address = "192.0.2.1", priority = 150 }
        n2 = { address = "192.0.2.2" }
        [[vrrp]]
        vrid = 51
        [[service]]
        vip = "$"
        port = 80
        real_servers = ["n1", "n2"]
        fallback = "127.0.0.1"
    )"_with("192.0.2.20", "192.0.2.20");
    CHECK(lint_file(both).lines.empty());
}

TEST_CASE("the owner of an address has it as VIP, with priority 255") {
    const auto errors = [](const std::string& top, const std::string& of_node) {
        const Reading reading = lint_file(R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.1"]
            [[vrrp]]
            vrid = 51
            $
            [nodes]
            lb1 = { address = "192.0.2.1", $ }
            lb2 = { address = "192.0.2.2", priority = 100 }
        )"_with(top, of_node));
        return reading.says(": error: ");
    };
    CHECK_FALSE(errors("", "priority = 255"));
    CHECK_FALSE(errors("", R"(vrrp = [{ vrid = 51, interface = "eth0", priority = 255 }])"));
    CHECK(errors("", "priority = 254"));
    CHECK(errors("priority = 255", "priority = 100"));
    CHECK_FALSE(lone_director(R"(
        vips = ["192.0.2.1"]
        [[vrrp]]
        vrid = 51
        source = "192.0.2.1"
        priority = 255
    )"_text)
                    .says(": error: "));
}

TEST_CASE("a VIP is neither the source nor a peer of an instance") {
    CHECK_SAYS_ONLY(
        lone_director(R"(
        vips = ["192.0.2.1"]
        [[vrrp]]
        vrid = 51
        source = "192.0.2.1"
    )"_text),
        R"(lb.toml:3:9: error: VIP 192.0.2.1 is the own address of this node, the source of VRRP instance)");
    CHECK_SAYS_ONLY(lone_director(R"(
        vips = ["2001:db8::2"]
        [[vrrp]]
        vrid = 51
        peers = ["2001:db8::2"]
    )"_text),
                    R"(VIP 2001:db8::2 is the own address of another node, a peer of VRRP instance "vrrp-51")");
}

TEST_CASE("a VIP under election is no real server; a director alone may be one of its own") {
    const auto said = [](const std::string& server, const std::string& more) {
        return lone_director(R"(
            vips = ["192.0.2.20", "192.0.2.21"]
            [[service]]
            vip = "192.0.2.20"
            port = 80
            real_servers = ["192.0.2.3", "192.0.2.$"]
            $
        )"_with(server, more));
    };
    const std::string elected = "[[vrrp]]\nvrid = 51\n";
    CHECK_SAYS_ONLY(said("20", elected), "lb.toml:3:9: error: VIP 192.0.2.20 is the address of a real server");
    CHECK_SAYS_ONLY(said("21", elected), "lb.toml:3:23: error: VIP 192.0.2.21 is the address of a real server");
    CHECK_SAYS_ONLY(said("20", ""),
                    "lb.toml:7:30: warning: VIP 192.0.2.20 is the address of a real server: the "
                    "director answers these clients itself, beside the other real servers; hint: write "
                    "127.0.0.1");
    CHECK(said("4", elected + "[[service]]\nvip = \"192.0.2.21\"\nport = 80\nreal_servers = [\"192.0.2.4\"]\n"
                              "fallback = \"192.0.2.20\"\n")
              .lines.empty());
}

TEST_CASE("no host has the first or the last address of its network") {
    CHECK_SAYS_ONLY(lone_director(R"(vips = ["192.0.2.255/24"])"),
                    R"(lb.toml:3:9: error: VIP "192.0.2.255/24" is the broadcast address of 192.0.2.0/24; hint:)");
    CHECK_SAYS_ONLY(lone_director(R"(vips = ["192.0.2.64/26"])"), "is the network address of 192.0.2.64/26");
    CHECK_SAYS_ONLY(lone_director(R"(vips = ["2001:db8::/64"])"), "is the network address of 2001:db8::/64");
    CHECK_SAYS_ONLY(lone_director(R"(vips = ["255.255.255.255"])"), "cannot be a VIP");
    for (const char* good : {"192.0.2.0/31", "192.0.2.255/31", "192.0.2.255/23", "192.0.2.0", "192.0.2.255",
                             "2001:db8::/127", "2001:db8::ffff:ffff:ffff:ffff/64"}) {
        CHECK_FALSE(lone_director(R"(vips = ["$"])"_with(good)).says("error"));
    }
}

TEST_CASE("nor has a VIP without a prefix, where another line tells the network") {
    CHECK_SAYS(lone_director(R"(vips = ["192.0.2.20/24", "192.0.2.255"])"),
               "lb.toml:3:26: error: VIP 192.0.2.255 is the broadcast address of 192.0.2.0/24 (first at lb.toml:3:9)");
    CHECK_SAYS_ONLY(lone_director(R"(
        vips = ["192.0.2.255"]
        [[route]]
        to = "192.0.2.0/24"
        interface = "eth0"
    )"_text),
                    "lb.toml:3:9: error: VIP 192.0.2.255 is the broadcast address of 192.0.2.0/24");
    CHECK(lone_director(R"(
        vips = ["198.51.100.255"]
        [[route]]
        to = "198.51.100.0/24"
        via = "192.0.2.254"
    )"_text)
              .lines.empty());
}

TEST_CASE("a real server that the kernel refuses") {
    const auto said = [](const std::string& server) {
        return lone_director(R"(
            vips = ["192.0.2.20/24"]
            [[service]]
            vip = "192.0.2.20"
            port = 80
            real_servers = ["$"]
        )"_with(server));
    };
    CHECK_SAYS(said("192.0.2.255"),
               "lb.toml:7:17: error: 192.0.2.255 cannot be a real server: it is the broadcast address of 192.0.2.0/24");
    CHECK_SAYS(said("fe80::3"), "fe80::3 cannot be a real server");
    CHECK_FALSE(said("192.0.3.255").says("error"));
    CHECK_FALSE(said("127.0.0.1").says("error"));
}

TEST_CASE("a prefix as short as that of no network") {
    CHECK_SAYS_ONLY(lone_director(R"(vips = ["10.0.0.1/7"])"),
                    R"(lb.toml:3:9: error: "10.0.0.1/7" has a shorter prefix than any network)");
    CHECK_SAYS_ONLY(lone_director(R"(vips = ["2001:db8::1/7"])"), "has a shorter prefix than any network");
    CHECK_FALSE(lone_director(R"(vips = ["10.0.0.1/8"])").says("error"));
}

TEST_CASE("on lo nobody finds a director") {
    CHECK_SAYS_ONLY(lone_director("[[vip]]\naddress = \"192.0.2.20\"\ninterface = \"lo\"\n"),
                    "lb.toml:3:1: error: VIP 192.0.2.20 cannot be on lo here");
    CHECK_SAYS_ONLY(lone_director("[[vrrp]]\nvrid = 51\ninterface = \"lo\"\n"),
                    R"(lb.toml:3:1: error: VRRP instance "vrrp-51" is on lo, where no peer hears it)");
    CHECK(lint_file("role = \"real-server\"\n[[vip]]\naddress = \"192.0.2.20\"\ninterface = \"lo\"\n").lines.empty());
}

TEST_CASE("an advertisement names 255 addresses at most, all of its family") {
    const auto said = [](std::size_t count, const std::string& begin, const std::string& more = "") {
        std::string text = "[[vrrp]]\nvrid = 51\n" + more;
        for (std::size_t i = 1; i <= count; ++i) {
            std::string number = std::to_string(i);
            if (begin.find(':') == std::string::npos)
                number = std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
            text.append("[[vip]]\naddress = \"").append(begin).append(number).append("\"\n");
        }
        return lone_director(text);
    };
    CHECK(said(255, "10.9.").lines.empty());
    CHECK_SAYS_ONLY(said(256, "10.9."),
                    "lb.toml:3:1: error: VRRP instance \"vrrp-51\" has 256 VIPs: an advertisement can name 255; hint:");
    CHECK_SAYS_ONLY(said(256, "10.9.", "version = 2\nauth_pass = \"x\"\n"), "can name 255");
    CHECK(said(254, "2001:db8::").lines.empty());
    CHECK_SAYS_ONLY(said(255, "2001:db8::"), "can name 254, for it begins with a link-local address");
    const std::string link_local = "[[vip]]\naddress = \"fe80::20\"\n";
    CHECK(said(254, "2001:db8::", link_local).lines.empty());
    CHECK_SAYS_ONLY(said(255, "2001:db8::", link_local), "has 256 VIPs: an advertisement can name 255");
    // Those of the other family go with the instance, and are not in its advertisements.
    const std::string ipv4 = "source = \"10.0.0.1\"\n[[vip]]\naddress = \"10.0.0.20\"\n";
    CHECK(said(300, "2001:db8::", ipv4).lines.empty());
    CHECK_SAYS_ONLY(said(1, "2001:db8::", "source = \"10.0.0.1\"\n"),
                    "speaks IPv4, and all its VIPs are of the other family");
}

}  // namespace lbconverge::config
