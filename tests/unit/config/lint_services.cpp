#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// A director whose service begins at line 6; its further keys are from line 9, then other tables.
std::string director(const std::string& service, const std::string& tables = "") {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "192.0.2.10"
        port = 80
        $
    )"_with(service) +
           tables;
}

/// Two nodes of role both; the service's further keys are at line 13, then other tables.
std::string self_balancing(const std::string& service, const std::string& tables = "") {
    return R"(
        role = "both"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [nodes]
        web1 = { address = "192.0.2.1", priority = 150 }
        web2 = { address = "192.0.2.2" }
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "192.0.2.10"
        port = 80
        real_servers = ["web1", "web2"]
        $
    )"_with(service) +
           tables;
}

/// Two directors, each with its own [[service]] for the same address.
std::string two_directors(const std::string& scheduler, const std::string& weight_on_lb2,
                          const std::string& port_on_lb2 = "80") {
    const auto service = [&](const std::string& weight, const std::string& port) {
        return R"(
            service = [{ vip = "192.0.2.10", port = $, scheduler = "$", real_servers = [{ address = "192.0.2.3", weight = $ }] }]
        )"_with(port, scheduler, weight);
    };
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [[vrrp]]
        vrid = 1
        [nodes.lb1]
        priority = 150
    )"_text +
           service("1", "80") + R"(
        [nodes.lb2]
    )"_text +
           service(weight_on_lb2, port_on_lb2);
}

/// Two directors and two masqueraded services, one in each of two instances.
std::string two_instances(const std::string& priorities_on_lb2) {
    const auto service = [](const std::string& vip) {
        return R"(
            [[service]]
            vip = "$"
            port = 80
            forward = "masquerade"
            real_servers = ["10.0.0.3"]
        )"_with(vip);
    };
    return R"(
        role = "director"
        interface = "eth0"
        [sysctl]
        "net.ipv4.ip_forward" = 1
        [[vip]]
        address = "192.0.2.10"
        vrrp = "A"
        [[vip]]
        address = "192.0.2.11"
        vrrp = "B"
        [[vrrp]]
        name = "A"
        vrid = 1
        priority = 100
        [[vrrp]]
        name = "B"
        vrid = 2
        priority = 100
    )"_text +
           service("192.0.2.10") + service("192.0.2.11") + R"(
        [nodes.lb1]
        [nodes.lb2]
    )"_text +
           priorities_on_lb2;
}

const std::string server = R"(
    real_servers = ["192.0.2.3"]
)"_text;

}  // namespace

TEST_CASE("LVS19: a service whose address is no VIP") {
    const auto with = [](const std::string& vip) {
        return R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.10"]
            [[vrrp]]
            vrid = 1
            [[service]]
            vip = "$"
            port = [80, 443]
            real_servers = ["192.0.2.3"]
        )"_with(vip);
    };
    CHECK_MISTAKE(with("192.0.2.11"), "6:1: warning: service tcp 192.0.2.11:80 (and 1 more)", "LVS19");
    CHECK_SILENT(with("192.0.2.10"));
}

TEST_CASE("LVS19 says it once, however many services there are") {
    std::string text = R"(
        role = "director"
    )"_text;
    for (int port = 1; port <= 50; ++port) {
        text += R"(
            [[service]]
            vip = "192.0.2.10"
            port = $
        )"_with(std::to_string(port)) +
                server;
    }
    const Reading linted = lint_file(text);
    REQUIRE_MESSAGE(linted.lines.size() == 1, linted.all());
    CHECK_SAYS(linted, "(and 49 more)");
}

TEST_CASE("LVS19 is not about real servers: there a service only names ports") {
    CHECK_SILENT(R"(
        role = "real-server"
        [[service]]
        vip = "192.0.2.10"
        port = 80
    )"_text + server);
}

TEST_CASE("LVS21: marked packets for an address that the director does not have") {
    const auto with = [](const std::string& vip) {
        return R"(
            role = "director"
            interface = "eth0"
            vips = ["$"]
            [[vrrp]]
            vrid = 1
            [[service]]
            fwmark = 7
        )"_with(vip) +
               server;
    };
    CHECK_SAYS(lint_file(with("2001:db8::10")), "6:1: warning: service fwmark 7: this file has no VIP of that family");
    CHECK_FALSE(lint_file(with("192.0.2.10")).says("LVS21"));
    const std::string marks = R"(
        marks = ["tcp 192.0.2.10:80", "tcp 192.0.2.11:80"]
    )"_text;
    CHECK_SAYS(lint_file(with("192.0.2.10") + marks), "this file has not every VIP that is marked");
}

TEST_CASE("LVS20: a firewall mark that this file does not set") {
    const std::string marked = R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [[vrrp]]
        vrid = 1
        [[service]]
    )"_text;
    CHECK_MISTAKE(marked + R"(
        fwmark = 7
    )"_text + server,
                  "6:1: warning: service fwmark 7", "LVS20");
    CHECK_SILENT(marked + R"(
        fwmark = 7
        marks = ["tcp 192.0.2.10:80"]
    )"_text + server);
    CHECK_SILENT(marked + R"(
        vip = "192.0.2.10"
        port = 80
    )"_text + server);
}

TEST_CASE("LVS27: a scheduler that no kernel has") {
    const Reading reading = lint_file(director(server + R"(scheduler = "wlcc")"));
    CHECK_SAYS(reading, R"(error: there is no scheduler "wlcc")");
    CHECK_SAYS(reading, R"([LVS27]; hint: did you mean "wlc"?)");
    CHECK_SILENT(director(server + R"(scheduler = "wlc")"));
}

TEST_CASE("LVS49: a health check that says nothing of the service") {
    CHECK_MISTAKE(director(server + R"(check = { type = "http", port = 8080 })"), "6:1: warning", "LVS49");
    CHECK_SILENT(director(server + R"(check = { type = "http", port = 8080, via = "vip" })"));
    CHECK_SILENT(director(server + R"(check = { type = "tcp", port = 80 })"));
    CHECK_SILENT(director(server + R"(check = "tcp")"));
    // A masqueraded server gets its packets on its own address: a port for checks is as good as any other.
    CHECK_SILENT(director(server + R"(
        forward = "masquerade"
        check = { type = "http", port = 8080 })"_text,
                          R"(
        [sysctl]
        "net.ipv4.ip_forward" = 1
    )"_text));
    CHECK_MISTAKE(director(R"(real_servers = [{ address = "192.0.2.3", check = { type = "tcp", port = 81 } }])"),
                  "6:1: warning", "LVS49");
}

TEST_CASE("LVS23: persistence brings clients back to a drained real server") {
    const std::string persistent = server + R"(
        persistence = "5m"
    )"_text;
    const std::string expire = R"(
        [sysctl]
        "net.ipv4.vs.expire_quiescent_template" = )"_text;
    CHECK_MISTAKE(director(persistent, expire + "0\n"), "6:1: warning", "LVS23");
    CHECK_SILENT(director(persistent, expire + "1\n"));
    CHECK_SILENT(director(persistent + R"(check = "tcp")"));
    CHECK_SILENT(director(server, expire + "0\n"));
}

TEST_CASE("LVS24: without expire_nodest_conn a removed server swallows packets") {
    const std::string expire = R"(
        [sysctl]
        "net.ipv4.vs.expire_nodest_conn" = )"_text;
    CHECK_MISTAKE(director(server, expire + "0\n"), "6:1: warning", "LVS24");
    CHECK_SILENT(director(server, expire + "1\n"));
    CHECK_SILENT(director(server));
}

TEST_CASE("LVS51: mh and sh need their fallback") {
    CHECK_SILENT(director(server + R"(scheduler = "mh")"));
    CHECK_SILENT(director(server + R"(
        scheduler = "sh"
        scheduler_flags = ["sh-fallback", "sh-port"])"_text));
    CHECK_MISTAKE(director(server + R"(
        scheduler = "mh"
        scheduler_flags = ["mh-port"])"_text),
                  "6:1: warning", "LVS51");
    CHECK_MISTAKE(director(server + R"(
        scheduler = "sh"
        scheduler_flags = [])"_text),
                  "6:1: warning", "LVS51");
}

TEST_CASE("LVS52: weights of mh are best without a common divisor") {
    const std::string mh = R"(
        scheduler = "mh"
        real_servers = [{ address = "192.0.2.3", weight = 100 }, { address = "192.0.2.4", weight = )"_text;
    CHECK_MISTAKE(director(mh + "100 }]"), "6:1: warning", "LVS52");
    CHECK_MISTAKE(director(mh + "40 }]"), "6:1: warning", "LVS52");
    CHECK_SILENT(director(mh + "99 }]"));
    CHECK_SILENT(director(mh + "0 }]"));
    CHECK_SILENT(director(server + R"(scheduler = "mh")"));
}

TEST_CASE("LVS53: dh with one VIP is one server for all") {
    const std::string two = R"(real_servers = ["192.0.2.3", "192.0.2.4"])";
    CHECK_MISTAKE(director(two + "\nscheduler = \"dh\""), "6:1: warning", "LVS53");
    CHECK_SILENT(director(two + "\nscheduler = \"sh\""));
}

TEST_CASE("LVS54: ovf takes the weight for a number of connections") {
    CHECK_MISTAKE(director(server + R"(scheduler = "ovf")"), "6:1: warning", "LVS54");
    CHECK_SILENT(director(R"(
        scheduler = "ovf"
        real_servers = [{ address = "192.0.2.3", weight = 1000 }, { address = "192.0.2.4", weight = 1 }])"_text));
}

TEST_CASE("LVS25: one-packet scheduling is for UDP") {
    CHECK_MISTAKE(director(server + "one_packet = true"), "6:1: error", "LVS25");
    CHECK_SILENT(director(server + R"(
        one_packet = true
        protocol = "udp")"_text));
    CHECK_SILENT(director(server + "one_packet = false"));
}

TEST_CASE("LVS28: synchronisation in both states with backup_only") {
    const auto with = [](const std::string& sync, const std::string& backup_only) {
        return director(server, R"(
            [ipvs.sync]
            id = 1
        )"_text + sync + R"(
            [sysctl]
            "net.ipv4.vs.backup_only" = $
        )"_with(backup_only));
    };
    CHECK_MISTAKE(with("", "1"), "14:1: warning", "LVS28");
    CHECK_SILENT(with(R"(
        follow = "vrrp-1"
    )"_text,
                      "1"));
    CHECK_SILENT(with("", "0"));
}

TEST_CASE("LVS29: role both with a table that is always loaded") {
    CHECK_MISTAKE(self_balancing(R"(active = "always")"), "9:1: error", "LVS29");
    CHECK_SILENT(self_balancing(R"(active = "master")"));
    CHECK_SILENT(self_balancing(""));
    CHECK_SILENT(director(server + R"(active = "always")"));
}

TEST_CASE("LVS30: role both with connection synchronisation") {
    const std::string sync = R"(
        [ipvs.sync]
        follow = "vrrp-1"
    )"_text;
    CHECK_MISTAKE(self_balancing("", sync), "14:1: error", "LVS30");
    CHECK_SILENT(self_balancing("", sync + R"(
        [sysctl]
        "net.ipv4.vs.backup_only" = 1
    )"_text));
    CHECK_SILENT(director(server, sync));
}

TEST_CASE("LVS31: hashing schedulers with other real servers on another director") {
    CHECK_MISTAKE(two_directors("mh", "2"), "10:12: warning", "LVS31");
    CHECK_MISTAKE(two_directors("sh", "2"), "10:12: warning", "LVS31");
    CHECK_SILENT(two_directors("mh", "1"));
    CHECK_SILENT(two_directors("wrr", "2"));
    CHECK_SILENT(two_directors("mh", "2", "79"));
    CHECK_SILENT(two_directors("mh", "2", "81"));
}

TEST_CASE("LVS32: masquerading on two directors at a time") {
    const auto priorities = [](const std::string& a, const std::string& b) {
        return R"(
            vrrp = [{ name = "A", vrid = 1, priority = $ }, { name = "B", vrid = 2, priority = $ }]
        )"_with(a, b);
    };
    CHECK_MISTAKE(two_instances(priorities("150", "50")), "24:1: warning", "LVS32");
    CHECK_SILENT(two_instances(priorities("150", "150")));
    CHECK_SILENT(two_instances(priorities("50", "50")));
}

TEST_CASE("LVS32: a masqueraded VIP without an election is on every director") {
    const auto cluster = [](const std::string& forward, const std::string& vrrp) {
        return R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.10"]
            [sysctl]
            "net.ipv4.ip_forward" = 1
            [[service]]
            vip = "192.0.2.10"
            port = 80
            forward = "$"
        )"_with(forward) +
               server + vrrp + R"(
            [nodes]
            lb1 = { priority = 150 }
            lb2 = {}
        )"_text;
    };
    CHECK_MISTAKE(cluster("masquerade", ""), "6:1: warning", "LVS32");
    CHECK_SILENT(cluster("masquerade", R"(
        [[vrrp]]
        vrid = 1
    )"_text));
    CHECK_SILENT(cluster("direct", ""));
}
