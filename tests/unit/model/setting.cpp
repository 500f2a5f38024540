#include "lbconverge/model/setting.hpp"

#include <doctest/doctest.h>

using namespace lbconverge;

namespace {

/// The parts with a space between them; "-": not a path of that folder.
std::string parts(std::string_view path, std::string_view folder = "conf") {
    const auto setting = parse_setting_path(path, folder);
    if (!setting) return "-";
    return std::string(to_text(setting->family)) + " " + setting->interface.str() + " " + std::string(setting->name);
}

}  // namespace

TEST_CASE("the path of a setting names family and interface") {
    CHECK(setting_path("eth0.100", "rp_filter") == "net/ipv4/conf/eth0.100/rp_filter");
    CHECK(setting_path("all", "forwarding", Family::ipv6) == "net/ipv6/conf/all/forwarding");
    CHECK(forwarding_path(Family::ipv4) == "net/ipv4/ip_forward");
    CHECK(forwarding_path(Family::ipv6) == "net/ipv6/conf/all/forwarding");
}

TEST_CASE("a path below conf or neigh is taken apart, any other is not") {
    CHECK(parts("net/ipv4/conf/eth0.100/rp_filter") == "ipv4 eth0.100 rp_filter");
    CHECK(parts("net/ipv6/conf/default/forwarding") == "ipv6 default forwarding");
    CHECK(parts("net/ipv4/neigh/eth0/gc_stale_time", "neigh") == "ipv4 eth0 gc_stale_time");
    for (const char* other : {"net/ipv4/neigh/eth0/gc_stale_time", "net/ipv4/ip_forward", "net/ipv4/conf/eth0",
                              "net/ipv4/conf/", "", "net/ipv4/conf/interface0123456/rp_filter"}) {
        CHECK(parts(other) == "-");
    }
}

TEST_CASE("sysctl(8) has dots for slashes, and a slash for the dot of a VLAN") {
    CHECK(sysctl_name("net/ipv4/conf/eth0.100/rp_filter") == "net.ipv4.conf.eth0/100.rp_filter");
    CHECK(path_of_sysctl("net.ipv4.conf.eth0/100.rp_filter") == "net/ipv4/conf/eth0.100/rp_filter");
    CHECK(path_of_sysctl("net/ipv4/conf/eth0.100/rp_filter") == "net/ipv4/conf/eth0.100/rp_filter");
    CHECK(path_of_sysctl("net") == "net");
}
