#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// A director whose service begins at line 6; its further keys are from line 9, then other tables.
std::string director(const std::string& service, const std::string& tables = "") {
    return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[[vrrp]]\nvrid = 1\n[[service]]\n"
           "vip = \"192.0.2.10\"\nport = 80\n" +
           service + "\n" + tables;
}

/// Two nodes of role both; the service's further keys are at line 13, then other tables.
std::string self_balancing(const std::string& service, const std::string& tables = "") {
    return "role = \"both\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[nodes]\n"
           "web1 = { address = \"192.0.2.1\", priority = 150 }\nweb2 = { address = \"192.0.2.2\" }\n[[vrrp]]\nvrid = "
           "1\n"
           "[[service]]\nvip = \"192.0.2.10\"\nport = 80\nreal_servers = [\"web1\", \"web2\"]\n" +
           service + "\n" + tables;
}

/// Two directors, each with its own [[service]] for the same address.
std::string two_directors(const std::string& scheduler, const std::string& weight_on_lb2,
                          const std::string& port_on_lb2 = "80") {
    const auto service = [&](const std::string& weight, const std::string& port) {
        return "service = [{ vip = \"192.0.2.10\", port = " + port + ", scheduler = \"" + scheduler +
               "\", real_servers = [{ address = \"192.0.2.3\", weight = " + weight + " }] }]\n";
    };
    return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[[vrrp]]\nvrid = 1\n[nodes.lb1]\n"
           "priority = 150\n" +
           service("1", "80") + "[nodes.lb2]\n" + service(weight_on_lb2, port_on_lb2);
}

/// Two directors and two masqueraded services, one in each of two instances.
std::string two_instances(const std::string& priorities_on_lb2) {
    const auto service = [](const std::string& vip) {
        return "[[service]]\nvip = \"" + vip +
               "\"\nport = 80\nforward = \"masquerade\"\nreal_servers = [\"10.0.0.3\"]\n";
    };
    return "role = \"director\"\ninterface = \"eth0\"\n[sysctl]\n\"net.ipv4.ip_forward\" = 1\n[[vip]]\n"
           "address = \"192.0.2.10\"\nvrrp = \"A\"\n[[vip]]\naddress = \"192.0.2.11\"\nvrrp = \"B\"\n[[vrrp]]\nname = "
           "\"A\"\n"
           "vrid = 1\npriority = 100\n[[vrrp]]\nname = \"B\"\nvrid = 2\npriority = 100\n" +
           service("192.0.2.10") + service("192.0.2.11") + "[nodes.lb1]\n[nodes.lb2]\n" + priorities_on_lb2;
}

const std::string server = "real_servers = [\"192.0.2.3\"]\n";

}  // namespace

TEST_CASE("LVS19: a service whose address is no VIP") {
    const auto with = [](const std::string& vip) {
        return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[[vrrp]]\nvrid = "
               "1\n[[service]]\nvip = \"" +
               vip + "\"\nport = [80, 443]\nreal_servers = [\"192.0.2.3\"]\n";
    };
    CHECK_MISTAKE(with("192.0.2.11"), "6:1: warning: service tcp 192.0.2.11:80 (and 1 more)", "LVS19");
    CHECK_SILENT(with("192.0.2.10"));
}

TEST_CASE("LVS19 says it once, however many services there are") {
    std::string text = "role = \"director\"\n";
    for (int port = 1; port <= 50; ++port) {
        text += "[[service]]\nvip = \"192.0.2.10\"\nport = " + std::to_string(port) + "\n" + server;
    }
    const Reading linted = lint_file(text);
    REQUIRE_MESSAGE(linted.lines.size() == 1, linted.all());
    CHECK_SAYS(linted, "(and 49 more)");
}

TEST_CASE("LVS19 is not about real servers: there a service only names ports") {
    CHECK_SILENT("role = \"real-server\"\n[[service]]\nvip = \"192.0.2.10\"\nport = 80\n" + server);
}

TEST_CASE("LVS21: marked packets for an address that the director does not have") {
    const auto with = [](const std::string& vip) {
        return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"" + vip +
               "\"]\n[[vrrp]]\nvrid = 1\n[[service]]\nfwmark = 7\n" + server;
    };
    CHECK_SAYS(lint_file(with("2001:db8::10")), "6:1: warning: service fwmark 7: this file has no VIP of that family");
    CHECK_FALSE(lint_file(with("192.0.2.10")).says("LVS21"));
    const std::string marks = "marks = [\"tcp 192.0.2.10:80\", \"tcp 192.0.2.11:80\"]\n";
    CHECK_SAYS(lint_file(with("192.0.2.10") + marks), "this file has not every VIP that is marked");
}

TEST_CASE("LVS20: a firewall mark that this file does not set") {
    const std::string marked =
        "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[[vrrp]]\nvrid = 1\n[[service]]\n";
    CHECK_MISTAKE(marked + "fwmark = 7\n" + server, "6:1: warning: service fwmark 7", "LVS20");
    CHECK_SILENT(marked + "fwmark = 7\nmarks = [\"tcp 192.0.2.10:80\"]\n" + server);
    CHECK_SILENT(marked + "vip = \"192.0.2.10\"\nport = 80\n" + server);
}

TEST_CASE("LVS27: a scheduler that no kernel has") {
    const Reading reading = lint_file(director(server + "scheduler = \"wlcc\""));
    CHECK_SAYS(reading, "error: there is no scheduler \"wlcc\"");
    CHECK_SAYS(reading, "[LVS27]; hint: did you mean \"wlc\"?");
    CHECK_SILENT(director(server + "scheduler = \"wlc\""));
}

TEST_CASE("LVS49: a health check that says nothing of the service") {
    CHECK_MISTAKE(director(server + "check = { type = \"http\", port = 8080 }"), "6:1: warning", "LVS49");
    CHECK_SILENT(director(server + "check = { type = \"http\", port = 8080, via = \"vip\" }"));
    CHECK_SILENT(director(server + "check = { type = \"tcp\", port = 80 }"));
    CHECK_SILENT(director(server + "check = \"tcp\""));
    // A masqueraded server gets its packets on its own address: a port for checks is as good as any other.
    CHECK_SILENT(director(server + "forward = \"masquerade\"\ncheck = { type = \"http\", port = 8080 }",
                          "[sysctl]\n\"net.ipv4.ip_forward\" = 1\n"));
    CHECK_MISTAKE(director("real_servers = [{ address = \"192.0.2.3\", check = { type = \"tcp\", port = 81 } }]"),
                  "6:1: warning", "LVS49");
}

TEST_CASE("LVS23: persistence brings clients back to a drained real server") {
    const std::string persistent = server + "persistence = \"5m\"\n";
    const std::string expire = "[sysctl]\n\"net.ipv4.vs.expire_quiescent_template\" = ";
    CHECK_MISTAKE(director(persistent + "check = \"tcp\""), "6:1: warning", "LVS23");
    CHECK_MISTAKE(director(persistent + "check = \"tcp\"", expire + "0\n"), "6:1: warning", "LVS23");
    CHECK_MISTAKE(director("persistence = \"5m\"\nreal_servers = [{ address = \"192.0.2.3\", weight = 0 }]"),
                  "6:1: warning", "LVS23");
    CHECK_SILENT(director(persistent + "check = \"tcp\"", expire + "1\n"));
    CHECK_SILENT(director(persistent + "check = \"tcp\"\non_down = \"remove\""));
    CHECK_SILENT(director(server + "check = \"tcp\""));
}

TEST_CASE("LVS24: removal with expire_nodest_conn resets connections") {
    const std::string expire = "[sysctl]\n\"net.ipv4.vs.expire_nodest_conn\" = ";
    CHECK_MISTAKE(director(server + "on_down = \"remove\"", expire + "1\n"), "6:1: warning", "LVS24");
    CHECK_SILENT(director(server + "on_down = \"remove\"", expire + "0\n"));
    CHECK_SILENT(director(server, expire + "1\n"));
}

TEST_CASE("LVS25: one-packet scheduling is for UDP") {
    CHECK_MISTAKE(director(server + "one_packet = true"), "6:1: error", "LVS25");
    CHECK_SILENT(director(server + "one_packet = true\nprotocol = \"udp\""));
    CHECK_SILENT(director(server + "one_packet = false"));
}

TEST_CASE("LVS28: synchronisation in both states with backup_only") {
    const auto with = [](const std::string& sync, const std::string& backup_only) {
        return director(
            server, "[ipvs.sync]\nid = 1\n" + sync + "[sysctl]\n\"net.ipv4.vs.backup_only\" = " + backup_only + "\n");
    };
    CHECK_MISTAKE(with("", "1"), "14:1: warning", "LVS28");
    CHECK_SILENT(with("follow = \"vrrp-1\"\n", "1"));
    CHECK_SILENT(with("", "0"));
}

TEST_CASE("LVS29: role both with a table that is always loaded") {
    CHECK_MISTAKE(self_balancing("active = \"always\""), "9:1: error", "LVS29");
    CHECK_SILENT(self_balancing("active = \"master\""));
    CHECK_SILENT(self_balancing(""));
    CHECK_SILENT(director(server + "active = \"always\""));
}

TEST_CASE("LVS30: role both with connection synchronisation") {
    const std::string sync = "[ipvs.sync]\nfollow = \"vrrp-1\"\n";
    CHECK_MISTAKE(self_balancing("", sync), "14:1: error", "LVS30");
    CHECK_SILENT(self_balancing("", sync + "[sysctl]\n\"net.ipv4.vs.backup_only\" = 1\n"));
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
        return "vrrp = [{ name = \"A\", vrid = 1, priority = " + a + " }, { name = \"B\", vrid = 2, priority = " + b +
               " }]\n";
    };
    CHECK_MISTAKE(two_instances(priorities("150", "50")), "24:1: warning", "LVS32");
    CHECK_SILENT(two_instances(priorities("150", "150")));
    CHECK_SILENT(two_instances(priorities("50", "50")));
}

TEST_CASE("LVS32: a masqueraded VIP without an election is on every director") {
    const auto cluster = [](const std::string& forward, const std::string& vrrp) {
        return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[sysctl]\n\"net.ipv4.ip_forward\" "
               "= 1\n"
               "[[service]]\nvip = \"192.0.2.10\"\nport = 80\nforward = \"" +
               forward + "\"\n" + server + vrrp + "[nodes]\nlb1 = { priority = 150 }\nlb2 = {}\n";
    };
    CHECK_MISTAKE(cluster("masquerade", ""), "6:1: warning", "LVS32");
    CHECK_SILENT(cluster("masquerade", "[[vrrp]]\nvrid = 1\n"));
    CHECK_SILENT(cluster("direct", ""));
}
