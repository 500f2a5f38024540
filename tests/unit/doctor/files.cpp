#include "evidence.hpp"

using namespace lbconverge;
using namespace lbconverge::doctor;

namespace {

const std::string stanza = "auto lo:0\niface lo:0 inet static\n  address 192.0.2.20\n";
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
              .file("/etc/rc.local", "ip addr add 192.0.2.20/32 dev lo\nsysctl -w net.ipv4.conf.all.arp_ignore=1\n")
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
              .file("/etc/rc.local", "sysctl -w net.ipv4.conf.all.arp_ignore=1\nip addr add 192.0.2.20/32 dev lo\n")
              .codes()
              .empty());
}

TEST_CASE("LVS46: networkd removes what it does not know, unless it is told to keep it") {
    CHECK(managed("[Match]\nName=eth0\n").only().place == "/etc/systemd/network/10-eth.network");
    CHECK(managed("[Match]\nName=en* eth*\n").codes() == "LVS46");
    CHECK(managed("[Match]\nName=eth1\n").codes().empty());
    CHECK(managed("[Match]\nName=eth0\n[Network]\nKeepConfiguration = yes\n").codes().empty());
    CHECK(managed("[Match]\nName=eth0\n")
              .file("/etc/systemd/network/10-eth.network.d/lvs.conf", "[Network]\nKeepConfiguration=static\n")
              .codes()
              .empty());
    Host idle = managed("[Match]\nName=eth0\n");
    idle.all.managers.clear();
    CHECK(idle.codes().empty());
    // The first by name is the one that counts.
    CHECK(managed("[Match]\nName=eth0\n")
              .file("/run/systemd/network/05-eth.network", "[Match]\nName=eth0\n[Network]\nKeepConfiguration=yes\n")
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
    const std::string file = "role = \"real-server\"\nvips = [\"192.0.2.20\"]\n";
    CHECK(real_server().config(file).file("/etc/sysctl.d/a.conf", "net.example = 192.0.2.20\n").codes().empty());
}

TEST_CASE("LVS47: two owners by hand, one beside a configuration") {
    CHECK(real_server()
              .file(interfaces, stanza)
              .file("/etc/sysconfig/network-scripts/ifcfg-lo:0", "IPADDR=192.0.2.20\n")
              .only()
              .place == "/etc/sysconfig/network-scripts/ifcfg-lo:0:1");
    const std::string file = "role = \"real-server\"\nvips = [\"192.0.2.20\"]\n";
    CHECK(real_server().config(file).file(interfaces, stanza).only().code == "LVS47");
    CHECK(real_server()
              .config(file)
              .file(interfaces, "iface eth0 inet static\n  address 192.0.2.200\n  gateway 192.0.2.20\n")
              .codes()
              .empty());
    CHECK(real_server().config(file).file("/etc/init.d/ipvs", "ipvsadm -A -t 192.0.2.20:80\n").codes().empty());
    CHECK(real_server()
              .config(file)
              .file("/etc/init.d/lvsrs", "ifconfig lo:0 192.0.2.20 netmask 255.255.255.255\n")
              .codes() == "LVS47");
    CHECK(director()
              .config("role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.20\"]\n[[vrrp]]\nvrid = 1\n")
              .file("/etc/keepalived/keepalived.conf",
                    "vrrp_instance A {\n  virtual_ipaddress { 192.0.2.20/32 dev eth0 }\n}\n")
              .codes() == "LVS47");
}
