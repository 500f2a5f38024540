#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// A real server with one VIP; what is given begins at line 3.
std::string real_server(const std::string& text) {
    return R"(
        role = "real-server"
        vips = ["192.0.2.10"]
    )"_text +
           text;
}
/// The same with the VIP as a table: its further keys are at line 5.
std::string real_server_vip(const std::string& keys, const std::string& arp = "") {
    return R"(
        role = "real-server"
        interface = "eth0"
        [[vip]]
        address = "192.0.2.10"
        $
    )"_with(keys) +
           arp;
}

}  // namespace

TEST_CASE("LVS01: ARP settings on lo alone leave the VIP exposed") {
    CHECK_MISTAKE(real_server(R"(
        [arp]
        interfaces = ["lo"]
    )"_text),
                  "4:14: error", "LVS01");
    CHECK_MISTAKE(real_server(R"(
        [arp]
        interfaces = ["lo", "eth0"]
    )"_text),
                  "4:14: warning", "LVS01");
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.lo.arp_ignore" = 1
    )"_text),
                  "4:1: warning", "LVS01");
    CHECK_SILENT(real_server(R"(
        [arp]
        interfaces = ["eth0"]
    )"_text));
    CHECK_SILENT(real_server(R"(
        [arp]
        interfaces = ["all", "eth0"]
    )"_text));
}

TEST_CASE("LVS01 is not about a node that takes no packets for a VIP on lo") {
    CHECK_SILENT(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.10"]
        [arp]
        interfaces = ["lo"]
    )"_text);
    CHECK_SILENT(R"(
        role = "real-server"
        vips = ["2001:db8::10"]
        [arp]
        interfaces = ["lo"]
    )"_text);
}

TEST_CASE("LVS02: a real server that answers ARP for everything") {
    CHECK_MISTAKE(real_server(R"(
        [arp]
        arp_ignore = 0
    )"_text),
                  "4:14: error", "LVS02");
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 0
    )"_text),
                  "4:1: error", "LVS02");
    CHECK_SILENT(real_server(R"(
        [arp]
        arp_ignore = 1
    )"_text));
    CHECK_SILENT(real_server(R"(
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 1
    )"_text));
}

TEST_CASE(R"(LVS02: the larger of "all" and the interface counts)") {
    CHECK_SILENT(real_server(R"(
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 0
        "net.ipv4.conf.all.arp_ignore" = 1
    )"_text));
    CHECK_SILENT(real_server(R"(
        [arp]
        arp_ignore = 0
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 1
    )"_text));
    CHECK_SILENT(real_server(R"(
        [arp]
        interfaces = ["all"]
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 0
    )"_text));
    CHECK_MISTAKE(real_server(R"(
        [arp]
        interfaces = ["eth0"]
        [sysctl]
        "net.ipv4.conf.eth1.arp_ignore" = 0
    )"_text),
                  "6:1: error", "LVS02");
}

TEST_CASE(R"(LVS02: "all" and "default" alone expose no interface that [arp] takes care of)") {
    CHECK_SILENT(real_server(R"(
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 0
    )"_text));
    CHECK_SILENT(real_server(R"(
        [sysctl]
        "net.ipv4.conf.default.arp_ignore" = 0
    )"_text));
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.lo.arp_ignore" = 0
    )"_text),
                  "4:1: warning", "LVS01");
}

TEST_CASE("LVS02 is not about a node that filters ARP") {
    CHECK_SILENT(real_server(R"(
        [arp]
        method = "filter"
        source = "192.0.2.3"
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 0
    )"_text));
}

TEST_CASE("LVS02 and LVS03: no method at all is a warning, unless the settings are in [sysctl]") {
    const Reading nothing = lint_file(real_server(R"(
        [arp]
        method = "none"
    )"_text));
    CHECK_SAYS(nothing, R"(lb.toml:3:1: warning: [arp] method = "none": with arp_ignore 0)");
    CHECK_SAYS(nothing, R"(lb.toml:3:1: warning: [arp] method = "none": with arp_announce 0)");
    CHECK_SILENT(real_server(R"(
        [arp]
        method = "none"
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 1
        "net.ipv4.conf.eth0.arp_announce" = 2
    )"_text));
}

TEST_CASE("LVS03: above 2, arp_announce counts as 0, and that of all counts for every interface") {
    const std::string server = R"(
        role = "real-server"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text;
    CHECK_MISTAKE(server + "[sysctl]\n\"net.ipv4.conf.all.arp_announce\" = 3\n", "5:1: error", "LVS03");
    CHECK_MISTAKE(server + "[sysctl]\n\"net.ipv4.conf.eth0.arp_announce\" = 9\n", "5:1: error", "LVS03");
    CHECK_SILENT(server + "[sysctl]\n\"net.ipv4.conf.all.arp_announce\" = 1\n");
    CHECK_SILENT(server + "[sysctl]\n\"net.ipv4.conf.all.arp_announce\" = 2\n");
    CHECK_SILENT(server + "[arp]\nmethod = \"filter\"\n[sysctl]\n\"net.ipv4.conf.all.arp_announce\" = 3\n");
    CHECK_SILENT(std::string("role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.20\"]\n") +
                 "[sysctl]\n\"net.ipv4.conf.all.arp_announce\" = 3\n");
}

TEST_CASE("LVS03: a real server whose own ARP requests carry the VIP") {
    CHECK_MISTAKE(real_server(R"(
        [arp]
        arp_announce = 0
    )"_text),
                  "4:16: error", "LVS03");
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.eth0.arp_announce" = 0
    )"_text),
                  "4:1: error", "LVS03");
    CHECK_SILENT(real_server(R"(
        [arp]
        arp_announce = 1
    )"_text));
}

TEST_CASE("LVS04: values of arp_ignore that mean nothing") {
    for (const char* value : {"4", "7", "9", "77"}) {
        CAPTURE(value);
        CHECK_MISTAKE(real_server(R"(
            [arp]
            arp_ignore = $
        )"_with(value)),
                      "4:14: error", "LVS04");
    }
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 5
    )"_text),
                  "4:1: error", "LVS04");
    for (const char* value : {"1", "2", "3"}) {
        CAPTURE(value);
        CHECK_SILENT(real_server(R"(
            [arp]
            arp_ignore = $
        )"_with(value)));
    }
}

TEST_CASE("LVS05: arp_ignore 3 answers for a VIP of global scope") {
    const Reading both_wrong = lint_file(real_server_vip(R"(scope = "global")", R"(
        [arp]
        arp_ignore = 3
    )"_text));
    CHECK_SAYS(both_wrong, "lb.toml:7:14: error: arp_ignore 3 stays quiet only for addresses of scope host");
    CHECK_SAYS(both_wrong, "[LVS05]");
    const Reading on_all = lint_file(real_server_vip(R"(scope = "global")", R"(
        [arp]
        arp_ignore = 3
        interfaces = ["all"]
    )"_text));
    CHECK_SAYS(on_all, "lb.toml:7:14: error: arp_ignore 3 stays quiet only");
    CHECK_SILENT(real_server_vip(R"(scope = "host")", R"(
        [arp]
        arp_ignore = 3
    )"_text));
    CHECK_SILENT(real_server_vip("", R"(
        [arp]
        arp_ignore = 3
    )"_text));
}

TEST_CASE(R"(LVS05: 3 on "all" weakens 1 on the interface)") {
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 3
    )"_text),
                  "4:1: warning", "LVS05");
    CHECK_MISTAKE(real_server(R"(
        [arp]
        arp_ignore = 2
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 3
    )"_text),
                  "6:1: warning", "LVS05");
    CHECK_SILENT(real_server(R"(
        [arp]
        arp_ignore = 3
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 3
    )"_text));
    CHECK_SILENT(real_server(R"(
        [sysctl]
        "net.ipv4.conf.all.arp_ignore" = 1
    )"_text));
}

TEST_CASE("LVS06: arp_ignore 8 silences the node's own address as well") {
    CHECK_MISTAKE(real_server(R"(
        [arp]
        arp_ignore = 8
    )"_text),
                  "4:14: error", "LVS06");
    CHECK_MISTAKE(real_server(R"(
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 8
    )"_text),
                  "4:1: error", "LVS06");
    CHECK_SILENT(real_server(R"(
        [arp]
        arp_ignore = 2
    )"_text));
}

TEST_CASE("LVS07: a VIP on lo with a short prefix makes its whole network local") {
    CHECK_MISTAKE(R"(
        role = "real-server"
        vips = ["192.0.2.10/24"]
    )"_text,
                  "2:9: error", "LVS07");
    CHECK_MISTAKE(R"(
        role = "real-server"
        vips = ["2001:db8::10/64"]
    )"_text,
                  "2:9: error", "LVS07");
    CHECK_SILENT(R"(
        role = "real-server"
        vips = ["192.0.2.10", "192.0.2.11/32", "2001:db8::10"]
    )"_text);
}

TEST_CASE("LVS07 is not about a shared file, where the prefix is meant for the directors") {
    CHECK_SILENT(R"(
        interface = "eth0"
        vips = ["192.0.2.10/24"]
        [sysctl.director]
        "net.ipv4.conf.eth0.promote_secondaries" = 1
        [nodes]
        lb = { role = "director" }
        ws = { role = "real-server" }
        [[vrrp]]
        vrid = 1
    )"_text);
}

TEST_CASE("LVS08: a VIP on lo with global scope") {
    CHECK_MISTAKE(real_server_vip(R"(scope = "global")"), "3:1: warning", "LVS08");
    CHECK_SILENT(real_server_vip(R"(scope = "host")"));
}

TEST_CASE("LVS09: the VIP on the answering interface of a real server") {
    CHECK_MISTAKE(real_server_vip(R"(accept = "interface")"), "3:1: error", "LVS09");
    CHECK_SILENT(real_server_vip(R"(accept = "interface")", R"(
        [arp]
        method = "filter"
    )"_text));
}
