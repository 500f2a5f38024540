#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// A real server with one VIP; what is given begins at line 3.
std::string real_server(const std::string& text) { return "role = \"real-server\"\nvips = [\"192.0.2.10\"]\n" + text; }
/// The same with the VIP as a table: its further keys are at line 5.
std::string real_server_vip(const std::string& keys, const std::string& arp = "") {
    return "role = \"real-server\"\ninterface = \"eth0\"\n[[vip]]\naddress = \"192.0.2.10\"\n" + keys + "\n" + arp;
}

}  // namespace

TEST_CASE("LVS01: ARP settings on lo alone leave the VIP exposed") {
    CHECK_MISTAKE(real_server("[arp]\ninterfaces = [\"lo\"]\n"), "4:14: error", "LVS01");
    CHECK_MISTAKE(real_server("[arp]\ninterfaces = [\"lo\", \"eth0\"]\n"), "4:14: warning", "LVS01");
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.lo.arp_ignore\" = 1\n"), "4:1: warning", "LVS01");
    CHECK_SILENT(real_server("[arp]\ninterfaces = [\"eth0\"]\n"));
    CHECK_SILENT(real_server("[arp]\ninterfaces = [\"all\", \"eth0\"]\n"));
}

TEST_CASE("LVS01 is not about a node that takes no packets for a VIP on lo") {
    CHECK_SILENT("role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.10\"]\n[arp]\ninterfaces = [\"lo\"]\n");
    CHECK_SILENT("role = \"real-server\"\nvips = [\"2001:db8::10\"]\n[arp]\ninterfaces = [\"lo\"]\n");
}

TEST_CASE("LVS02: a real server that answers ARP for everything") {
    CHECK_MISTAKE(real_server("[arp]\narp_ignore = 0\n"), "4:14: error", "LVS02");
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 0\n"), "4:1: error", "LVS02");
    CHECK_SILENT(real_server("[arp]\narp_ignore = 1\n"));
    CHECK_SILENT(real_server("[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 1\n"));
}

TEST_CASE("LVS02: the larger of \"all\" and the interface counts") {
    CHECK_SILENT(
        real_server("[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 0\n\"net.ipv4.conf.all.arp_ignore\" = 1\n"));
    CHECK_SILENT(real_server("[arp]\narp_ignore = 0\n[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 1\n"));
    CHECK_SILENT(real_server("[arp]\ninterfaces = [\"all\"]\n[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 0\n"));
    CHECK_MISTAKE(real_server("[arp]\ninterfaces = [\"eth0\"]\n[sysctl]\n\"net.ipv4.conf.eth1.arp_ignore\" = 0\n"),
                  "6:1: error", "LVS02");
}

TEST_CASE("LVS02: \"all\" and \"default\" alone expose no interface that [arp] takes care of") {
    CHECK_SILENT(real_server("[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 0\n"));
    CHECK_SILENT(real_server("[sysctl]\n\"net.ipv4.conf.default.arp_ignore\" = 0\n"));
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.lo.arp_ignore\" = 0\n"), "4:1: warning", "LVS01");
}

TEST_CASE("LVS02 is not about a node that filters ARP") {
    CHECK_SILENT(real_server(
        "[arp]\nmethod = \"filter\"\nsource = \"192.0.2.3\"\n[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 0\n"));
}

TEST_CASE("LVS02 and LVS03: no method at all is a warning, unless the settings are in [sysctl]") {
    const Reading nothing = lint_file(real_server("[arp]\nmethod = \"none\"\n"));
    CHECK_SAYS(nothing, "lb.toml:3:1: warning: [arp] method = \"none\": with arp_ignore 0");
    CHECK_SAYS(nothing, "lb.toml:3:1: warning: [arp] method = \"none\": with arp_announce 0");
    CHECK_SILENT(
        real_server("[arp]\nmethod = \"none\"\n[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 1\n"
                    "\"net.ipv4.conf.eth0.arp_announce\" = 2\n"));
}

TEST_CASE("LVS03: a real server whose own ARP requests carry the VIP") {
    CHECK_MISTAKE(real_server("[arp]\narp_announce = 0\n"), "4:16: error", "LVS03");
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.eth0.arp_announce\" = 0\n"), "4:1: error", "LVS03");
    CHECK_SILENT(real_server("[arp]\narp_announce = 1\n"));
}

TEST_CASE("LVS04: values of arp_ignore that mean nothing") {
    for (const char* value : {"4", "7", "9", "77"}) {
        CAPTURE(value);
        CHECK_MISTAKE(real_server("[arp]\narp_ignore = " + std::string(value) + "\n"), "4:14: error", "LVS04");
    }
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 5\n"), "4:1: error", "LVS04");
    for (const char* value : {"1", "2", "3"}) {
        CAPTURE(value);
        CHECK_SILENT(real_server("[arp]\narp_ignore = " + std::string(value) + "\n"));
    }
}

TEST_CASE("LVS05: arp_ignore 3 answers for a VIP of global scope") {
    const Reading both_wrong = lint_file(real_server_vip("scope = \"global\"", "[arp]\narp_ignore = 3\n"));
    CHECK_SAYS(both_wrong, "lb.toml:7:14: error: arp_ignore 3 stays quiet only for addresses of scope host");
    CHECK_SAYS(both_wrong, "[LVS05]");
    const Reading on_all =
        lint_file(real_server_vip("scope = \"global\"", "[arp]\narp_ignore = 3\ninterfaces = [\"all\"]\n"));
    CHECK_SAYS(on_all, "lb.toml:7:14: error: arp_ignore 3 stays quiet only");
    CHECK_SILENT(real_server_vip("scope = \"host\"", "[arp]\narp_ignore = 3\n"));
    CHECK_SILENT(real_server_vip("", "[arp]\narp_ignore = 3\n"));
}

TEST_CASE("LVS05: 3 on \"all\" weakens 1 on the interface") {
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 3\n"), "4:1: warning", "LVS05");
    CHECK_MISTAKE(real_server("[arp]\narp_ignore = 2\n[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 3\n"),
                  "6:1: warning", "LVS05");
    CHECK_SILENT(real_server("[arp]\narp_ignore = 3\n[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 3\n"));
    CHECK_SILENT(real_server("[sysctl]\n\"net.ipv4.conf.all.arp_ignore\" = 1\n"));
}

TEST_CASE("LVS06: arp_ignore 8 silences the node's own address as well") {
    CHECK_MISTAKE(real_server("[arp]\narp_ignore = 8\n"), "4:14: error", "LVS06");
    CHECK_MISTAKE(real_server("[sysctl]\n\"net.ipv4.conf.eth0.arp_ignore\" = 8\n"), "4:1: error", "LVS06");
    CHECK_SILENT(real_server("[arp]\narp_ignore = 2\n"));
}

TEST_CASE("LVS07: a VIP on lo with a short prefix makes its whole network local") {
    CHECK_MISTAKE("role = \"real-server\"\nvips = [\"192.0.2.10/24\"]\n", "2:9: error", "LVS07");
    CHECK_MISTAKE("role = \"real-server\"\nvips = [\"2001:db8::10/64\"]\n", "2:9: error", "LVS07");
    CHECK_SILENT("role = \"real-server\"\nvips = [\"192.0.2.10\", \"192.0.2.11/32\", \"2001:db8::10\"]\n");
}

TEST_CASE("LVS07 is not about a shared file, where the prefix is meant for the directors") {
    CHECK_SILENT(
        "interface = \"eth0\"\nvips = [\"192.0.2.10/24\"]\n[sysctl.director]\n"
        "\"net.ipv4.conf.eth0.promote_secondaries\" = 1\n[nodes]\nlb = { role = \"director\" }\n"
        "ws = { role = \"real-server\" }\n[[vrrp]]\nvrid = 1\n");
}

TEST_CASE("LVS08: a VIP on lo with global scope") {
    CHECK_MISTAKE(real_server_vip("scope = \"global\""), "3:1: warning", "LVS08");
    CHECK_SILENT(real_server_vip("scope = \"host\""));
}

TEST_CASE("LVS09: the VIP on the answering interface of a real server") {
    CHECK_MISTAKE(real_server_vip("accept = \"interface\""), "3:1: error", "LVS09");
    CHECK_SILENT(real_server_vip("accept = \"interface\"", "[arp]\nmethod = \"filter\"\n"));
}
