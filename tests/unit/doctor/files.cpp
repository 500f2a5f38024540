#include "evidence.hpp"

using namespace lbconverge;
using namespace lbconverge::doctor;

namespace {

const std::string stanza = R"(
    auto lo:0
    iface lo:0 inet static
      address 192.0.2.20
)"_text;
constexpr const char* interfaces = "/etc/network/interfaces";

/// A director whose interface systemd-networkd manages by this file.
Host managed(const std::string& network) {
    Host host = director();
    host.all.managers = {"systemd-networkd"};
    return host.file("/etc/systemd/network/10-eth.network", network);
}

}  // namespace

TEST_CASE("LVS10: the settings come after the VIP") {
    Host host = real_server();
    host.file(interfaces, stanza + "  up sysctl -w net.ipv4.conf.all.arp_ignore=1\n");
    CHECK(host.only().code == "LVS10");
    CHECK(host.only().place == "/etc/network/interfaces:4");
    CHECK(real_server()
              .file(interfaces, stanza)
              .file("/etc/rc.local", "echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore\n")
              .codes() == "LVS10");
    CHECK(real_server()
              .file("/etc/rc.local", R"(
        ip addr add 192.0.2.20/32 dev lo
        sysctl -w net.ipv4.conf.all.arp_ignore=1
    )"_text)
              .codes() == "LVS10");
}

TEST_CASE("LVS10: before it is right, and what has nothing to do with it does not count") {
    CHECK(real_server().file(interfaces, stanza).codes().empty());
    CHECK(real_server()
              .file(interfaces, stanza)
              .file("/etc/sysctl.d/a.conf", "net.ipv4.conf.all.arp_ignore = 1\n")
              .codes()
              .empty());
    CHECK(
        real_server().file(interfaces, stanza + "  pre-up sysctl -w net.ipv4.conf.all.arp_ignore=1\n").codes().empty());
    CHECK(real_server().file(interfaces, stanza + "# up sysctl -w net.ipv4.conf.all.arp_ignore=1\n").codes().empty());
    CHECK(real_server()
              .file("/etc/rc.local", R"(
        sysctl -w net.ipv4.conf.all.arp_ignore=1
        ip addr add 192.0.2.20/32 dev lo
    )"_text)
              .codes()
              .empty());
}

TEST_CASE("LVS46: networkd removes what it does not know, unless it is told to keep it") {
    CHECK(managed(R"(
        [Match]
        Name=eth0
    )"_text)
              .only()
              .place == "/etc/systemd/network/10-eth.network");
    CHECK(managed(R"(
        [Match]
        Name=en* eth*
    )"_text)
              .codes() == "LVS46");
    CHECK(managed(R"(
        [Match]
        Name=eth1
    )"_text)
              .codes()
              .empty());
    CHECK(managed(R"(
        [Match]
        Name=eth0
        [Network]
        KeepConfiguration = yes
    )"_text)
              .codes()
              .empty());
    CHECK(managed(R"(
        [Match]
        Name=eth0
    )"_text)
              .file("/etc/systemd/network/10-eth.network.d/lvs.conf", R"(
        [Network]
        KeepConfiguration=static
    )"_text)
              .codes()
              .empty());
    Host idle = managed(R"(
        [Match]
        Name=eth0
    )"_text);
    idle.all.managers.clear();
    CHECK(idle.codes().empty());
    // The first by name is the one that counts.
    CHECK(managed(R"(
        [Match]
        Name=eth0
    )"_text)
              .file("/run/systemd/network/05-eth.network", R"(
        [Match]
        Name=eth0
        [Network]
        KeepConfiguration=yes
    )"_text)
              .codes()
              .empty());
}

TEST_CASE("LVS46: NetworkManager") {
    Host host = director();
    host.all.managers = {"NetworkManager"};
    CHECK(host.only().code == "LVS46");
    Host told = host;
    CHECK(told.file("/etc/NetworkManager/conf.d/a.conf", "unmanaged-devices=mac:02:00;interface-name:eth0\n")
              .codes()
              .empty());
    CHECK(host.file(interfaces, "iface eth0 inet dhcp\n").codes().empty());
}

TEST_CASE("LVS46: a file that cloud-init writes again") {
    const std::string generated = "# generated from information provided by the datasource.  Changes\n";
    CHECK(real_server().file("/etc/network/interfaces.d/50-cloud-init", generated + stanza).codes() == "LVS46");
    CHECK(real_server()
              .file("/etc/network/interfaces.d/50-cloud-init", generated + stanza)
              .file("/etc/cloud/cloud.cfg.d/99.cfg", "network: {config: disabled}\n")
              .codes()
              .empty());
}

TEST_CASE("LVS46: only cloud-init's network section switched off counts") {
    const std::string generated = "# generated from information provided by the datasource.  Changes\n";
    for (const char* text : {"network: {config: enabled}\n", "other: {config: disabled}\n"}) {
        CHECK(real_server()
                  .file("/etc/network/interfaces.d/50-cloud-init", generated + stanza)
                  .file("/etc/cloud/cloud.cfg.d/99.cfg", text)
                  .codes() == "LVS46");
    }
}

TEST_CASE("LVS47: a file that configures no addresses is no owner") {
    const std::string file = R"(
        role = "real-server"
        vips = ["192.0.2.20"]
    )"_text;
    CHECK(real_server().config(file).file("/etc/sysctl.d/a.conf", "net.example = 192.0.2.20\n").codes().empty());
}

TEST_CASE("LVS47: two owners by hand, one beside a configuration") {
    CHECK(real_server()
              .file(interfaces, stanza)
              .file("/etc/sysconfig/network-scripts/ifcfg-lo:0", "IPADDR=192.0.2.20\n")
              .only()
              .place == "/etc/sysconfig/network-scripts/ifcfg-lo:0:1");
    const std::string file = R"(
        role = "real-server"
        vips = ["192.0.2.20"]
    )"_text;
    CHECK(real_server().config(file).file(interfaces, stanza).only().code == "LVS47");
    CHECK(real_server()
              .config(file)
              .file(interfaces, R"(
        iface eth0 inet static
          address 192.0.2.200
          gateway 192.0.2.20
    )"_text)
              .codes()
              .empty());
    CHECK(real_server().config(file).file("/etc/init.d/ipvs", "ipvsadm -A -t 192.0.2.20:80\n").codes().empty());
    CHECK(real_server()
              .config(file)
              .file("/etc/init.d/lvsrs", "ifconfig lo:0 192.0.2.20 netmask 255.255.255.255\n")
              .codes() == "LVS47");
    CHECK(director()
              .config(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        vrid = 1
    )"_text)
              .file("/etc/keepalived/keepalived.conf", R"(
        vrrp_instance A {
          virtual_ipaddress { 192.0.2.20/32 dev eth0 }
        }
    )"_text)
              .codes() == "LVS47");
}
