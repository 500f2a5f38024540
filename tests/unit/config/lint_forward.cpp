#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// A director with a service that has one real server; [sysctl] is the last table, from line 13.
std::string director(const std::string& forward, const std::string& vip, const std::string& sysctls) {
    return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"" + vip + "\"]\n[[vrrp]]\nvrid = 1\n[[service]]\n" +
           "vip = \"" + vip.substr(0, vip.find('/')) + "\"\nport = 80\nforward = \"" + forward +
           "\"\nreal_servers = [\n  \"192.0.2.3\"]\n[sysctl]\n" + sysctls;
}

const std::string forwarding = "\"net.ipv4.ip_forward\" = 1\n";
const std::string promote = "\"net.ipv4.conf.all.promote_secondaries\" = 1\n";
const std::string no_redirects =
    "\"net.ipv4.conf.all.send_redirects\" = 0\n\"net.ipv4.conf.eth0.send_redirects\" = 0\n";

/// A director and a real server; `real_server` are further keys of the latter's entry, line 8.
std::string pair(const std::string& forward, const std::string& real_server) {
    return "vips = [\"198.51.100.10\"]\n[sysctl.director]\n\"net.ipv4.ip_forward\" = 1\n[nodes.lb]\nrole = "
           "\"director\"\n"
           "interface = \"eth0\"\naddress = \"192.0.2.1\"\n[nodes.ws]\nrole = \"real-server\"\naddress = "
           "\"192.0.2.3\"\n" +
           real_server + "[[vrrp]]\nvrid = 1\n[[service]]\nvip = \"198.51.100.10\"\nport = 80\nforward = \"" + forward +
           "\"\nreal_servers = [\"ws\"]\n";
}

}  // namespace

TEST_CASE("LVS12: direct routing through a router") {
    const auto routed = [](const std::string& route) {
        return director("direct", "198.51.100.10", "") + "[[route]]\n" + route + "\n";
    };
    CHECK_MISTAKE(routed("to = \"192.0.2.0/24\"\nvia = \"198.51.100.1\""), "11:3: warning", "LVS12");
    CHECK_SILENT(routed("to = \"192.0.2.0/24\"\ninterface = \"eth1\""));
    CHECK_SILENT(routed("to = \"default\"\nvia = \"198.51.100.1\""));
    CHECK_SILENT(
        routed("to = \"192.0.2.0/25\"\nvia = \"198.51.100.1\"\n[[route]]\nto = \"192.0.2.0/28\"\n"
               "interface = \"eth1\""));
    CHECK_SILENT(routed("to = \"203.0.113.0/24\"\nvia = \"198.51.100.1\""));
}

TEST_CASE("LVS12: direct routing out of the only network that the file shows") {
    CHECK_MISTAKE(director("direct", "198.51.100.10/24", promote), "11:3: warning", "LVS12");
    CHECK_SILENT(director("direct", "192.0.2.10/24", promote));
    CHECK_SILENT(director("direct", "198.51.100.10", ""));
    CHECK_SILENT(director("direct", "198.51.100.10/24", promote) +
                 "[[vip]]\naddress = \"203.0.113.9\"\n"
                 "interface = \"eth1\"\nvrrp = \"vrrp-1\"\n");
    CHECK_SILENT(director("masquerade", "198.51.100.10/24", forwarding + promote + no_redirects));
}

TEST_CASE("LVS17: an IPv6 tunnel whose VIP is the director's own address") {
    const auto with = [](const std::string& vip, const std::string& server) {
        return "interface = \"eth0\"\nvips = [\"" + vip +
               "\"]\n[nodes]\nlb = { role = \"director\", address = \"2001:db8::1\" }\n[[vrrp]]\nvrid = 1\n"
               "[[service]]\nvip = \"" +
               vip + "\"\nport = 80\nforward = \"tunnel\"\nreal_servers = [\"" + server + "\"]\n";
    };
    CHECK_MISTAKE(with("2001:db8::1", "2001:db8::3"), "7:1: warning", "LVS17");
    CHECK_SILENT(with("2001:db8::10", "2001:db8::3"));
    CHECK_SILENT(with("2001:db8::1", "192.0.2.3"));
}

TEST_CASE("LVS13: masquerading needs forwarding") {
    CHECK_MISTAKE(director("masquerade", "198.51.100.10", "\"net.ipv4.ip_forward\" = 0\n"), "13:1: error", "LVS13");
    CHECK_MISTAKE(director("masquerade", "198.51.100.10", ""), "6:1: warning", "LVS13");
    CHECK_SILENT(director("masquerade", "198.51.100.10", forwarding));
    CHECK_SILENT(director("direct", "198.51.100.10", "\"net.ipv4.ip_forward\" = 0\n"));
}

TEST_CASE("LVS14: a masqueraded real server whose default route leads past the directors") {
    const auto with_gateway = [](const std::string& forward, const std::string& via) {
        return pair(forward, "route = [{ to = \"default\", via = \"" + via + "\" }]\n");
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
    const std::string all_off = "\"net.ipv4.conf.all.rp_filter\" = 0\n";
    const std::string both_off = all_off + "\"net.ipv4.conf.tunl0.rp_filter\" = 0\n";
    const auto with = [](const std::string& sysctls) { return pair("tunnel", "[nodes.ws.sysctl]\n" + sysctls); };
    CHECK_SILENT(with(""));
    CHECK_MISTAKE(with(all_off + "\"net.ipv4.conf.tunl0.rp_filter\" = 2\n"), "13:1: error", "LVS16");
    CHECK_SILENT(with(both_off));
    CHECK_SILENT(pair("direct", ""));
}

TEST_CASE("LVS16 is about ipip over IPv4 and the node that is the real server") {
    const auto with = [](const std::string& vip, const std::string& server) {
        return "interface = \"eth0\"\nvips = [\"" + vip +
               "\"]\n[nodes]\nlb = { role = \"director\" }\nws = { role = \"real-server\", address = \"192.0.2.3\" }\n"
               "[sysctl.real-server]\n\"net.ipv4.conf.all.rp_filter\" = 1\n"
               "[[vrrp]]\nvrid = 1\n[[service]]\nvip = \"" +
               vip + "\"\nport = 80\nforward = \"tunnel\"\nreal_servers = [{ " + server + " }]\n";
    };
    CHECK_MISTAKE(with("198.51.100.10", "address = \"ws\""), "7:1: error", "LVS16");
    CHECK_SILENT(with("198.51.100.10", "address = \"ws\", tunnel_type = \"gre\""));
    CHECK_SILENT(with("198.51.100.10", "address = \"192.0.2.4\""));
    CHECK_SILENT(with("2001:db8::10", "address = \"2001:db8::3\""));
}

TEST_CASE("LVS16: a real server's own file, without [nodes]") {
    const std::string own =
        "role = \"real-server\"\nvips = [\"198.51.100.10\"]\n[[service]]\nvip = \"198.51.100.10\"\n"
        "port = 80\nforward = \"tunnel\"\nreal_servers = [\"192.0.2.3\"]\n";
    CHECK_SILENT(own);
    CHECK_MISTAKE(own + "[sysctl]\n\"net.ipv4.conf.all.rp_filter\" = 2\n", "9:1: error", "LVS16");
}

TEST_CASE("LVS18: a tunnel without path MTU discovery") {
    CHECK_MISTAKE(director("tunnel", "198.51.100.10", "\"net.ipv4.ip_no_pmtu_disc\" = 1\n"), "13:1: warning", "LVS18");
    CHECK_MISTAKE(director("tunnel", "198.51.100.10", "\"net.ipv4.vs.pmtu_disc\" = 0\n"), "13:1: warning", "LVS18");
    CHECK_SILENT(director("tunnel", "198.51.100.10", "\"net.ipv4.vs.pmtu_disc\" = 1\n"));
    CHECK_SILENT(director("direct", "198.51.100.10", "\"net.ipv4.ip_no_pmtu_disc\" = 1\n"));
}

TEST_CASE("LVS44: strict reverse path filtering on a node with several interfaces") {
    const auto with = [](const std::string& interface, const std::string& value) {
        return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[sysctl]\n\"net.ipv4.conf." +
               interface + ".rp_filter\" = " + value +
               "\n[[vip]]\naddress = \"198.51.100.10\"\ninterface = \"eth1\"\n" + "[[vrrp]]\nvrid = 1\n";
    };
    CHECK_MISTAKE(with("all", "1"), "5:1: warning", "LVS44");
    CHECK_MISTAKE(with("eth1", "1"), "5:1: warning", "LVS44");
    CHECK_SILENT(with("all", "2"));
    CHECK_SILENT(with("lo", "1"));
    CHECK_SILENT(director("direct", "198.51.100.10", "\"net.ipv4.conf.all.rp_filter\" = 1\n"));
}

TEST_CASE("LVS44 counts only interfaces that the node is said to have") {
    const std::string strict = "[sysctl]\n\"net.ipv4.conf.all.rp_filter\" = 1\n";
    CHECK_SILENT("role = \"director\"\n" + strict +
                 "[[vip]]\naddress = \"192.0.2.10\"\ninterface = \"eth0\"\n[[vrrp]]\nvrid = 1\ninterface = \"eth0\"\n");
    // On a real server a VIP's interface is for the directors of a shared file.
    CHECK_SILENT("role = \"real-server\"\ninterface = \"eth0\"\n" + strict +
                 "[[vip]]\naddress = \"192.0.2.10\"\ninterface = \"eth1\"\n");
    const auto route = [&](const std::string& where) {
        return "role = \"real-server\"\ninterface = \"eth0\"\n" + strict + "[[route]]\nto = \"default\"\n" + where +
               "\n";
    };
    CHECK_SILENT(route("via = \"192.0.2.1\""));
    CHECK_MISTAKE(route("interface = \"eth1\""), "4:1: warning", "LVS44");
}

TEST_CASE("LVS45: ICMP redirects from a director with one arm") {
    const std::string vip = "192.0.2.10/24";
    const Reading one_arm = lint_file(director("masquerade", vip, forwarding + promote));
    CHECK_SAYS(one_arm, "lb.toml:6:1: warning: the director sends ICMP redirects");
    CHECK_SAYS(one_arm, "[LVS45]");
    // Either of the two settings leaves them on.
    const Reading half =
        lint_file(director("masquerade", vip, forwarding + promote + "\"net.ipv4.conf.all.send_redirects\" = 0\n"));
    CHECK_SAYS(half, "[LVS45]");
    CHECK_FALSE(lint_file(director("masquerade", vip, forwarding + promote + no_redirects)).says("LVS45"));
    CHECK_MISTAKE(director("masquerade", "198.51.100.10", forwarding + "\"net.ipv4.conf.all.send_redirects\" = 1\n"),
                  "14:1: warning", "LVS45");
    CHECK_SILENT(director("direct", "198.51.100.10", "\"net.ipv4.conf.all.send_redirects\" = 1\n"));
}
