#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// Two directors; [nodes] begins at line 4, so that lb2 is at line 6; then other tables.
std::string directors(const std::string& lb1, const std::string& lb2, const std::string& tables = R"(
    [[vrrp]]
    vrid = 1
)"_text) {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [nodes]
        lb1 = { $ }
        lb2 = { $ }
    )"_with(lb1, lb2) +
           tables;
}

/// The same with priorities 101 and 50, an instance that uses these tracks, and the tracks from line 10.
std::string tracked(const std::string& names, const std::string& tracks) {
    return directors("priority = 101", "priority = 50", R"(
        [[vrrp]]
        vrid = 1
        track = $
    )"_with(names) + tracks);
}

std::string track(const std::string& name, const std::string& weight) {
    return R"(
        [[track]]
        name = "$"
        process = "haproxy"
        weight = $
    )"_with(name, weight);
}

}  // namespace

TEST_CASE("LVS34: two directors with the same priority") {
    CHECK_MISTAKE(directors("", ""), "6:7: warning: lb2 and lb1 both have priority 100", "LVS34");
    CHECK_MISTAKE(directors("priority = 50", "priority = 50"), "6:7: warning", "LVS34");
    CHECK_SILENT(directors("priority = 101", ""));
}

TEST_CASE("LVS34 is not about real servers: they take no part in an election") {
    CHECK_SILENT(directors("", R"(role = "real-server")"));
}

TEST_CASE("LVS35: a track weight that never changes who wins") {
    CHECK_MISTAKE(tracked(R"(["p"])", track("p", "2")), "10:1: warning: weight 2 never changes", "LVS35");
    CHECK_MISTAKE(tracked(R"(["p"])", track("p", "-51")), "10:1: warning", "LVS35");
    CHECK_SILENT(tracked(R"(["p"])", track("p", "-52")));
    CHECK_SILENT(tracked(R"(["p"])", track("p", "52")));
    CHECK_SILENT(tracked(R"(["p"])", track("p", "0")));
}

TEST_CASE("LVS35 counts what several tracks do together") {
    CHECK_SILENT(tracked(R"(["p", "q"])", track("p", "-30") + track("q", "-30")));
    CHECK_MISTAKE(tracked(R"(["p", "q"])", track("p", "-20") + track("q", "-20")), "1", "LVS35");
}

TEST_CASE("LVS35 is said once of a track, however many instances use it") {
    const Reading linted = lint_file(directors("priority = 101", "priority = 50", R"(
        [[vrrp]]
        vrid = 1
        track = ["p"]
        [[vrrp]]
        vrid = 2
        track = ["p"]
        [[vip]]
        address = "192.0.2.11"
        vrrp = "vrrp-2"
    )"_text + track("p", "2")));
    CHECK(std::count_if(linted.lines.begin(), linted.lines.end(),
                        [](const std::string& line) { return line.find("LVS35") != std::string::npos; }) == 1);
}

TEST_CASE("LVS35 needs to know the others' priorities") {
    CHECK_SILENT(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [[vrrp]]
        vrid = 1
        track = ["p"]
    )"_text + track("p", "2"));
}

TEST_CASE("LVS36: priority 255 is the address owner's") {
    CHECK_MISTAKE(directors("priority = 255", ""), "5:7: warning", "LVS36");
    CHECK_MISTAKE(directors("", "priority = 90", R"(
        [[vrrp]]
        vrid = 1
        priority = 255
    )"_text),
                  "7:1: warning", "LVS36");
    CHECK_SILENT(directors("priority = 254", ""));
}

TEST_CASE("LVS37: different VIPs in one instance") {
    CHECK_MISTAKE(
        directors("priority = 150", R"(vips = ["192.0.2.10", "192.0.2.11"])"),
        "6:7: warning: lb2 and lb1 have different VIPs in VRRP instance vrrp-1: after a failover some are on no "
        "node, and peers with a keepalived before 2.3.3 drop such adverts",
        "LVS37");
    CHECK_SILENT(
        directors(R"(priority = 150, vips = ["192.0.2.10", "192.0.2.11"])", R"(vips = ["192.0.2.11", "192.0.2.10"])"));
    CHECK_SILENT(directors("priority = 150", ""));
}

TEST_CASE("LVS42: a peer that is listed on one side only") {
    const auto with = [](const std::string& peers_on_lb2) {
        return directors(R"(address = "192.0.2.1", priority = 150)",
                         R"(address = "192.0.2.2", vrrp = [{ vrid = 1, peers = ["$"] }])"_with(peers_on_lb2), R"(
            [[vrrp]]
            vrid = 1
            peers = ["192.0.2.2"]
        )"_text);
    };
    CHECK_MISTAKE(with("192.0.2.3"), "6:40: warning", "LVS42");
    CHECK_SILENT(with("192.0.2.1"));
    CHECK_SILENT(directors(R"(address = "192.0.2.1", priority = 150)", R"(address = "192.0.2.2")", R"(
        [[vrrp]]
        vrid = 1
        unicast = true
    )"_text));
    CHECK_SILENT(directors(R"(address = "192.0.2.1", priority = 150)", R"(address = "192.0.2.2")", R"(
        [[vrrp]]
        vrid = 1
        peers = ["192.0.2.1", "192.0.2.2"]
    )"_text));
}

TEST_CASE("LVS42 needs the addresses of both") {
    const std::string peers_on_lb1 = R"(vrrp = [{ vrid = 1, peers = ["192.0.2.2"] }])";
    const std::string peers_on_lb2 = R"(vrrp = [{ vrid = 1, peers = ["192.0.2.9"] }])";
    CHECK_SILENT(directors("priority = 150, " + peers_on_lb1, R"(address = "192.0.2.2", )" + peers_on_lb2, ""));
    CHECK_SILENT(directors(R"(address = "192.0.2.1", priority = 150, )" + peers_on_lb1, peers_on_lb2, ""));
    // The sender of the adverts need not be the node's address.
    const std::string source = R"(vrrp = [{ vrid = 1, source = "192.0.2.2", peers = ["192.0.2.9"] }])";
    CHECK_MISTAKE(directors(R"(address = "192.0.2.1", priority = 150, )" + peers_on_lb1,
                            R"(address = "192.0.2.7", )" + source, ""),
                  "6:40: warning", "LVS42");
}

TEST_CASE("LVS43: a VIP that dies with the primary address of its subnet") {
    const auto with = [](const std::string& vip, const std::string& sysctl) {
        return R"(
            role = "director"
            interface = "eth0"
            vips = ["$"]
            [[vrrp]]
            vrid = 1
            [sysctl]
        )"_with(vip) +
               sysctl;
    };
    const auto promote = [](const std::string& interface, const std::string& value) {
        return R"(
            "net.ipv4.conf.$.promote_secondaries" = $
        )"_with(interface, value);
    };
    CHECK_MISTAKE(with("192.0.2.10/24", ""), "3:9: warning", "LVS43");
    CHECK_MISTAKE(with("192.0.2.10/24", promote("eth1", "1")), "3:9: warning", "LVS43");
    CHECK_MISTAKE(with("192.0.2.10/24", promote("eth0", "0")), "3:9: warning", "LVS43");
    CHECK_MISTAKE(with(R"(192.0.2.10/24", "192.0.2.11/24)", ""), "3:9: warning: VIP 192.0.2.10/24 (and 1 more)",
                  "LVS43");
    const Reading vlan = lint_file(R"(
        role = "director"
        interface = "eth0.100"
        vips = ["192.0.2.10/24"]
        [[vrrp]]
        vrid = 1
    )"_text);
    CHECK(vlan.all().find(R"([sysctl] "net.ipv4.conf.eth0/100.promote_secondaries" = 1)") != std::string::npos);
    CHECK_SILENT(with("192.0.2.10/24", promote("eth0", "1")));
    CHECK_SILENT(with("192.0.2.10/24", promote("all", "1")));
    CHECK_SILENT(with("192.0.2.10/24", promote("default", "1")));
    CHECK_SILENT(with("192.0.2.10", ""));
    CHECK_SILENT(with("2001:db8::10/64", ""));
}
