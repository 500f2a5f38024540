#include "lbconverge/config/interfaces.hpp"

#include "support/ip.hpp"

#include <doctest/doctest.h>

namespace lbconverge::config {

TEST_CASE("the interfaces that a file names, each once and in order") {
    Config config;
    CHECK(named_interfaces(config) == std::vector<InterfaceName>{"lo"});
    config.interface = "eth0";
    config.vips.push_back({.address = {}, .interface = "eth1"});
    config.vips.push_back({.address = {}, .interface = "eth0"});
    config.vrrp.push_back({.name = "V", .interface = "vlan9"});
    config.routes.push_back({.to = {}, .interface = "wan0"});
    config.arp.interfaces = {"all", "default", "arp0"};
    config.tracks.push_back({.name = "t", .type = TrackType::interface, .target = "uplink0"});
    config.tracks.push_back({.name = "p", .type = TrackType::process, .target = "nginx"});
    config.sysctls.push_back({"net/ipv4/conf/set0/rp_filter", "0", {}});
    config.sysctls.push_back({"net/ipv4/neigh/gh0/gc_stale_time", "9", {}});
    config.sysctls.push_back({"net/ipv4/conf/all/rp_filter", "0", {}});
    config.sysctls.push_back({"net/ipv4/ip_forward", "1", {}});
    config.ipvs.sync = IpvsSync{.interface = "sync0"};
    const std::vector<InterfaceName> expected{"arp0", "eth0",  "eth1",    "gh0",   "lo",
                                              "set0", "sync0", "uplink0", "vlan9", "wan0"};
    CHECK(named_interfaces(config) == expected);
    Config tunnelled;
    tunnelled.role = Role::real_server;
    tunnelled.node = "ws1";
    tunnelled.nodes.push_back({.name = "ws1", .role = {}, .address = test::ip("192.0.2.3")});
    tunnelled.services.emplace_back().real_servers.push_back(
        {.address = test::ip("192.0.2.3"), .forward = Forward::tunnel});
    CHECK(named_interfaces(tunnelled) == std::vector<InterfaceName>{"lo", "tunl0"});
}

}  // namespace lbconverge::config
