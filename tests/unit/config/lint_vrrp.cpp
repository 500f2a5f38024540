#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// Two directors; [nodes] begins at line 4, so that lb2 is at line 6; then other tables.
std::string directors(const std::string& lb1, const std::string& lb2,
                      const std::string& tables = "[[vrrp]]\nvrid = 1\n") {
    return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[nodes]\nlb1 = { " + lb1 +
           " }\nlb2 = { " + lb2 + " }\n" + tables;
}

/// The same with priorities 101 and 50, an instance that uses these tracks, and the tracks from line 10.
std::string tracked(const std::string& names, const std::string& tracks) {
    return directors("priority = 101", "priority = 50", "[[vrrp]]\nvrid = 1\ntrack = " + names + "\n" + tracks);
}

std::string track(const std::string& name, const std::string& weight) {
    return "[[track]]\nname = \"" + name + "\"\nprocess = \"haproxy\"\nweight = " + weight + "\n";
}

}  // namespace

TEST_CASE("LVS34: two directors with the same priority") {
    CHECK_MISTAKE(directors("", ""), "6:7: warning: lb2 and lb1 both have priority 100", "LVS34");
    CHECK_MISTAKE(directors("priority = 50", "priority = 50"), "6:7: warning", "LVS34");
    CHECK_SILENT(directors("priority = 101", ""));
}

TEST_CASE("LVS34 is not about real servers: they take no part in an election") {
    CHECK_SILENT(directors("", "role = \"real-server\""));
}

TEST_CASE("LVS35: a track weight that never changes who wins") {
    CHECK_MISTAKE(tracked("[\"p\"]", track("p", "2")), "10:1: warning: weight 2 never changes", "LVS35");
    CHECK_MISTAKE(tracked("[\"p\"]", track("p", "-51")), "10:1: warning", "LVS35");
    CHECK_SILENT(tracked("[\"p\"]", track("p", "-52")));
    CHECK_SILENT(tracked("[\"p\"]", track("p", "52")));
    CHECK_SILENT(tracked("[\"p\"]", track("p", "0")));
}

TEST_CASE("LVS35 counts what several tracks do together") {
    CHECK_SILENT(tracked("[\"p\", \"q\"]", track("p", "-30") + track("q", "-30")));
    CHECK_MISTAKE(tracked("[\"p\", \"q\"]", track("p", "-20") + track("q", "-20")), "1", "LVS35");
}

TEST_CASE("LVS35 is said once of a track, however many instances use it") {
    const Reading linted =
        lint_file(directors("priority = 101", "priority = 50",
                            "[[vrrp]]\nvrid = 1\ntrack = [\"p\"]\n[[vrrp]]\nvrid = 2\ntrack = [\"p\"]\n"
                            "[[vip]]\naddress = \"192.0.2.11\"\nvrrp = \"vrrp-2\"\n" +
                                track("p", "2")));
    CHECK(std::count_if(linted.lines.begin(), linted.lines.end(),
                        [](const std::string& line) { return line.find("LVS35") != std::string::npos; }) == 1);
}

TEST_CASE("LVS35 needs to know the others' priorities") {
    CHECK_SILENT(
        "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[[vrrp]]\nvrid = 1\ntrack = [\"p\"]\n" +
        track("p", "2"));
}

TEST_CASE("LVS36: priority 255 is the address owner's") {
    CHECK_MISTAKE(directors("priority = 255", ""), "5:7: warning", "LVS36");
    CHECK_MISTAKE(directors("", "priority = 90", "[[vrrp]]\nvrid = 1\npriority = 255\n"), "7:1: warning", "LVS36");
    CHECK_SILENT(directors("priority = 254", ""));
}

TEST_CASE("LVS37: different VIPs in one instance") {
    CHECK_MISTAKE(directors("priority = 150", "vips = [\"192.0.2.10\", \"192.0.2.11\"]"), "6:7: warning: lb2 and lb1",
                  "LVS37");
    CHECK_SILENT(directors("priority = 150, vips = [\"192.0.2.10\", \"192.0.2.11\"]",
                           "vips = [\"192.0.2.11\", \"192.0.2.10\"]"));
    CHECK_SILENT(directors("priority = 150", ""));
}

TEST_CASE("LVS42: a peer that is listed on one side only") {
    const auto with = [](const std::string& peers_on_lb2) {
        return directors("address = \"192.0.2.1\", priority = 150",
                         "address = \"192.0.2.2\", vrrp = [{ vrid = 1, peers = [\"" + peers_on_lb2 + "\"] }]",
                         "[[vrrp]]\nvrid = 1\npeers = [\"192.0.2.2\"]\n");
    };
    CHECK_MISTAKE(with("192.0.2.3"), "6:40: warning", "LVS42");
    CHECK_SILENT(with("192.0.2.1"));
    CHECK_SILENT(directors("address = \"192.0.2.1\", priority = 150", "address = \"192.0.2.2\"",
                           "[[vrrp]]\nvrid = 1\nunicast = true\n"));
    CHECK_SILENT(directors("address = \"192.0.2.1\", priority = 150", "address = \"192.0.2.2\"",
                           "[[vrrp]]\nvrid = 1\npeers = [\"192.0.2.1\", \"192.0.2.2\"]\n"));
}

TEST_CASE("LVS42 needs the addresses of both") {
    const std::string peers_on_lb1 = "vrrp = [{ vrid = 1, peers = [\"192.0.2.2\"] }]";
    const std::string peers_on_lb2 = "vrrp = [{ vrid = 1, peers = [\"192.0.2.9\"] }]";
    CHECK_SILENT(directors("priority = 150, " + peers_on_lb1, "address = \"192.0.2.2\", " + peers_on_lb2, ""));
    CHECK_SILENT(directors("address = \"192.0.2.1\", priority = 150, " + peers_on_lb1, peers_on_lb2, ""));
    // The sender of the adverts need not be the node's address.
    const std::string source = "vrrp = [{ vrid = 1, source = \"192.0.2.2\", peers = [\"192.0.2.9\"] }]";
    CHECK_MISTAKE(
        directors("address = \"192.0.2.1\", priority = 150, " + peers_on_lb1, "address = \"192.0.2.7\", " + source, ""),
        "6:40: warning", "LVS42");
}

TEST_CASE("LVS43: a VIP that dies with the primary address of its subnet") {
    const auto with = [](const std::string& vip, const std::string& sysctl) {
        return "role = \"director\"\ninterface = \"eth0\"\nvips = [\"" + vip + "\"]\n[[vrrp]]\nvrid = 1\n[sysctl]\n" +
               sysctl;
    };
    const auto promote = [](const std::string& interface, const std::string& value) {
        return "\"net.ipv4.conf." + interface + ".promote_secondaries\" = " + value + "\n";
    };
    CHECK_MISTAKE(with("192.0.2.10/24", ""), "3:9: warning", "LVS43");
    CHECK_MISTAKE(with("192.0.2.10/24", promote("eth1", "1")), "3:9: warning", "LVS43");
    CHECK_MISTAKE(with("192.0.2.10/24", promote("eth0", "0")), "3:9: warning", "LVS43");
    CHECK_MISTAKE(with("192.0.2.10/24\", \"192.0.2.11/24", ""), "3:9: warning: VIP 192.0.2.10/24 (and 1 more)",
                  "LVS43");
    CHECK_SILENT(with("192.0.2.10/24", promote("eth0", "1")));
    CHECK_SILENT(with("192.0.2.10/24", promote("all", "1")));
    CHECK_SILENT(with("192.0.2.10/24", promote("default", "1")));
    CHECK_SILENT(with("192.0.2.10", ""));
    CHECK_SILENT(with("2001:db8::10/64", ""));
}
