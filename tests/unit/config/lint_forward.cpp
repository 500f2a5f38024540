#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// A director with a service that has one real server; [sysctl] is the last table, from line 13.
std::string director(const std::string& forward, const std::string& vip, const std::string& sysctls) {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["$"]
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "$"
        port = 80
        forward = "$"
        real_servers = [
          "192.0.2.3"]
        [sysctl]
    )"_with(vip, vip.substr(0, vip.find('/')), forward) +
           sysctls;
}

const std::string forwarding = R"(
    "net.ipv4.ip_forward" = 1
)"_text;
const std::string promote = R"(
    "net.ipv4.conf.all.promote_secondaries" = 1
)"_text;
const std::string no_redirects = R"(
    "net.ipv4.conf.all.send_redirects" = 0
    "net.ipv4.conf.eth0.send_redirects" = 0
)"_text;

/// A director and a real server; `real_server` are further keys of the latter's entry, line 8.
std::string pair(const std::string& forward, const std::string& real_server) {
    return R"(
        vips = ["198.51.100.10"]
        [sysctl.director]
        "net.ipv4.ip_forward" = 1
        [nodes.lb]
        role = "director"
        interface = "eth0"
        address = "192.0.2.1"
        [nodes.ws]
        role = "real-server"
        address = "192.0.2.3"
    )"_text +
           real_server + R"(
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "198.51.100.10"
        port = 80
        forward = "$"
        real_servers = ["ws"]
    )"_with(forward);
}

}  // namespace

TEST_CASE("LVS12: direct routing through a router") {
    const auto routed = [](const std::string& route) {
        return director("direct", "198.51.100.10", "") + R"(
            [[route]]
            $
        )"_with(route);
    };
    CHECK_MISTAKE(routed(R"(
        to = "192.0.2.0/24"
        via = "198.51.100.1")"_text),
                  "11:3: warning", "LVS12");
    CHECK_SILENT(routed(R"(
        to = "192.0.2.0/24"
        interface = "eth1")"_text));
    CHECK_SILENT(routed(R"(
        to = "default"
        via = "198.51.100.1")"_text));
    CHECK_SILENT(routed(R"(
        to = "192.0.2.0/25"
        via = "198.51.100.1"
        [[route]]
        to = "192.0.2.0/28"
        interface = "eth1")"_text));
    CHECK_SILENT(routed(R"(
        to = "203.0.113.0/24"
        via = "198.51.100.1")"_text));
}

TEST_CASE("LVS12: direct routing out of the only network that the file shows") {
    CHECK_MISTAKE(director("direct", "198.51.100.10/24", promote), "11:3: warning", "LVS12");
    CHECK_SILENT(director("direct", "192.0.2.10/24", promote));
    CHECK_SILENT(director("direct", "198.51.100.10", ""));
    CHECK_SILENT(director("direct", "198.51.100.10/24", promote) + R"(
        [[vip]]
        address = "203.0.113.9"
        interface = "eth1"
        vrrp = "vrrp-1"
    )"_text);
    CHECK_SILENT(director("masquerade", "198.51.100.10/24", forwarding + promote + no_redirects));
}

TEST_CASE("LVS17: an IPv6 tunnel whose VIP is the director's own address") {
    const auto with = [](const std::string& vip, const std::string& server) {
        return R"(
            interface = "eth0"
            vips = ["2001:db8::10"]
            [nodes]
            lb = { role = "director", address = "2001:db8::1" }
            [[vrrp]]
            vrid = 1
            [[service]]
            vip = "$"
            port = 80
            forward = "tunnel"
            real_servers = ["$"]
        )"_with(vip, server);
    };
    CHECK_SAYS(lint_file(with("2001:db8::1", "2001:db8::3")),
               "lb.toml:7:1: warning: VIP 2001:db8::1 is the director's own address: IPVS takes it as the source");
    CHECK_SILENT(with("2001:db8::10", "2001:db8::3"));
    CHECK_FALSE(lint_file(with("2001:db8::1", "192.0.2.3")).says("LVS17"));
}

TEST_CASE("LVS17: an IPv6 tunnel whose VIP may be chosen as a source") {
    const auto with = [](const char* deprecated) {
        return R"(
            role = "director"
            vip = [{ address = "2001:db8::10", interface = "eth0", deprecated = $ }]
            [[service]]
            vip = "2001:db8::10"
            port = 80
            forward = "tunnel"
            real_servers = ["2001:db8::3"]
        )"_with(deprecated);
    };
    CHECK_MISTAKE(with("false"), "3:1: warning", "LVS17");
    CHECK_SILENT(with("true"));
}

TEST_CASE("LVS13: masquerading needs forwarding") {
    CHECK_MISTAKE(director("masquerade", "198.51.100.10", R"("net.ipv4.ip_forward" = 0)"), "13:1: error", "LVS13");
    CHECK_MISTAKE(director("masquerade", "198.51.100.10", ""), "6:1: warning", "LVS13");
    CHECK_SILENT(director("masquerade", "198.51.100.10", forwarding));
    CHECK_SILENT(director("direct", "198.51.100.10", R"("net.ipv4.ip_forward" = 0)"));
}

TEST_CASE("LVS14: a masqueraded real server whose default route leads past the directors") {
    const auto with_gateway = [](const std::string& forward, const std::string& via) {
        return pair(forward, R"(
            route = [{ to = "default", via = "$" }]
        )"_with(via));
    };
    CHECK_MISTAKE(with_gateway("masquerade", "192.0.2.254"), "11:10: warning", "LVS14");
    CHECK_SILENT(with_gateway("masquerade", "192.0.2.1"));
    CHECK_SILENT(with_gateway("direct", "192.0.2.254"));
}

TEST_CASE("LVS15: masqueraded real servers in the clients' own subnet") {
    CHECK_MISTAKE(director("masquerade", "192.0.2.10/24", forwarding + promote + no_redirects), "11:3: warning",
                  "LVS15");
    CHECK_SILENT(director("masquerade", "198.51.100.10/24", forwarding + promote + no_redirects));
    CHECK_SILENT(director("direct", "192.0.2.10/24", promote));
}

TEST_CASE("LVS16: a tunnel's real server with reverse path filtering") {
    const std::string all_off = R"(
        "net.ipv4.conf.all.rp_filter" = 0
    )"_text;
    const std::string both_off = all_off + R"(
        "net.ipv4.conf.tunl0.rp_filter" = 0
    )"_text;
    const auto with = [](const std::string& sysctls) {
        return pair("tunnel", R"(
            [nodes.ws.sysctl]
        )"_text + sysctls);
    };
    CHECK_SILENT(with(""));
    CHECK_MISTAKE(with(all_off + R"(
        "net.ipv4.conf.tunl0.rp_filter" = 2
    )"_text),
                  "13:1: error", "LVS16");
    CHECK_SILENT(with(both_off));
    CHECK_SILENT(pair("direct", ""));
}

TEST_CASE("LVS16 is about ipip over IPv4 and the node that is the real server") {
    const auto with = [](const std::string& vip, const std::string& server) {
        return R"(
            interface = "eth0"
            vips = ["$"]
            [nodes]
            lb = { role = "director" }
            ws = { role = "real-server", address = "192.0.2.3" }
            [sysctl.real-server]
            "net.ipv4.conf.all.rp_filter" = 1
            [[vrrp]]
            vrid = 1
            [[service]]
            vip = "$"
            port = 80
            forward = "tunnel"
            real_servers = [{ $ }]
        )"_with(vip, vip, server);
    };
    CHECK_MISTAKE(with("198.51.100.10", R"(address = "ws")"), "7:1: error", "LVS16");
    CHECK_SILENT(with("198.51.100.10", R"(address = "ws", tunnel_type = "gre")"));
    CHECK_SILENT(with("198.51.100.10", R"(address = "192.0.2.4")"));
    CHECK_SILENT(with("2001:db8::10", R"(address = "2001:db8::3")"));
}

TEST_CASE("LVS16: a real server's own file, without [nodes]") {
    const std::string own = R"(
        role = "real-server"
        vips = ["198.51.100.10"]
        [[service]]
        vip = "198.51.100.10"
        port = 80
        forward = "tunnel"
        real_servers = ["192.0.2.3"]
    )"_text;
    CHECK_SILENT(own);
    CHECK_MISTAKE(own + R"(
        [sysctl]
        "net.ipv4.conf.all.rp_filter" = 2
    )"_text,
                  "9:1: error", "LVS16");
}

TEST_CASE("LVS18: a tunnel without path MTU discovery") {
    CHECK_MISTAKE(director("tunnel", "198.51.100.10", R"("net.ipv4.ip_no_pmtu_disc" = 1)"), "13:1: warning", "LVS18");
    CHECK_MISTAKE(director("tunnel", "198.51.100.10", R"("net.ipv4.vs.pmtu_disc" = 0)"), "13:1: warning", "LVS18");
    CHECK_SILENT(director("tunnel", "198.51.100.10", R"("net.ipv4.vs.pmtu_disc" = 1)"));
    CHECK_SILENT(director("direct", "198.51.100.10", R"("net.ipv4.ip_no_pmtu_disc" = 1)"));
}

TEST_CASE("LVS44: strict reverse path filtering on a node with several interfaces") {
    const auto with = [](const std::string& interface, const std::string& value) {
        return R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.10"]
            [sysctl]
            "net.ipv4.conf.$.rp_filter" = $
            [[vip]]
            address = "198.51.100.10"
            interface = "eth1"
            [[vrrp]]
            vrid = 1
        )"_with(interface, value);
    };
    CHECK_MISTAKE(with("all", "1"), "5:1: warning", "LVS44");
    CHECK_MISTAKE(with("eth1", "1"), "5:1: warning", "LVS44");
    CHECK_SILENT(with("all", "2"));
    CHECK_SILENT(with("lo", "1"));
    CHECK_SILENT(director("direct", "198.51.100.10", R"("net.ipv4.conf.all.rp_filter" = 1)"));
}

TEST_CASE("LVS44 counts only interfaces that the node is said to have") {
    const std::string strict = R"(
        [sysctl]
        "net.ipv4.conf.all.rp_filter" = 1
    )"_text;
    CHECK_SILENT(R"(
        role = "director"
    )"_text + strict +
                 R"(
        [[vip]]
        address = "192.0.2.10"
        interface = "eth0"
        [[vrrp]]
        vrid = 1
        interface = "eth0"
    )"_text);
    // On a real server a VIP's interface is for the directors of a shared file.
    CHECK_SILENT(R"(
        role = "real-server"
        interface = "eth0"
    )"_text + strict +
                 R"(
        [[vip]]
        address = "192.0.2.10"
        interface = "eth1"
    )"_text);
    const auto route = [&](const std::string& where) {
        return R"(
            role = "real-server"
            interface = "eth0"
        )"_text +
               strict + R"(
            [[route]]
            to = "default"
            $
        )"_with(where);
    };
    CHECK_SILENT(route(R"(via = "192.0.2.1")"));
    CHECK_MISTAKE(route(R"(interface = "eth1")"), "4:1: warning", "LVS44");
}

TEST_CASE("LVS45: ICMP redirects from a director with one arm") {
    const std::string vip = "192.0.2.10/24";
    const Reading one_arm = lint_file(director("masquerade", vip, forwarding + promote));
    CHECK_SAYS(one_arm, "lb.toml:6:1: warning: the director sends ICMP redirects");
    CHECK_SAYS(one_arm, "[LVS45]");
    // Either of the two settings leaves them on.
    const Reading half = lint_file(director("masquerade", vip, forwarding + promote + R"(
        "net.ipv4.conf.all.send_redirects" = 0
    )"_text));
    CHECK_SAYS(half, "[LVS45]");
    CHECK_FALSE(lint_file(director("masquerade", vip, forwarding + promote + no_redirects)).says("LVS45"));
    CHECK_MISTAKE(director("masquerade", "198.51.100.10", forwarding + R"(
        "net.ipv4.conf.all.send_redirects" = 1
    )"_text),
                  "14:1: warning", "LVS45");
    CHECK_SILENT(director("direct", "198.51.100.10", R"("net.ipv4.conf.all.send_redirects" = 1)"));
}
