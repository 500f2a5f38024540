#include "evidence.hpp"

using namespace lbconverge;
using namespace lbconverge::doctor;

namespace {

constexpr wire::LinkAddress link(std::uint8_t last) { return {2, 0, 0, 0, 0, last}; }

const std::string cluster = R"(
    interface = "eth0"
    vips = ["192.0.2.20"]
    [nodes]
    lb1 = { role = "director", address = "192.0.2.3", priority = 150 }
    lb2 = { role = "director", address = "192.0.2.2" }
    ws = { role = "real-server", address = "192.0.2.4" }
    [[vrrp]]
    name = "A"
    vrid = 51
)"_text;

/// lb1 as master, with the answers of the others' own addresses.
Host master() {
    Host host;
    host.config(cluster, "lb1").address("192.0.2.20/32", "eth0").route("192.0.2.0/24", nullptr, "eth0");
    host.all.election["A"] = ElectionState::master;
    host.all.asked = true;
    host.all.replies = {{ip("192.0.2.2"), "eth0", link(0x22)}, {ip("192.0.2.4"), "eth0", link(0x44)}};
    return host;
}

void hears(Host& host, const char* source, std::uint8_t vrid, const char* vip, std::uint8_t priority = 100) {
    host.all.listened = true;
    host.all.heard.push_back({"eth0", ip(source), {.vrid = vrid, .priority = priority, .addresses = {ip(vip)}}});
}

}  // namespace

TEST_CASE("for each VIP and each node is asked where they are") {
    const auto all = questions(master().evidence());
    REQUIRE(all.size() == 4);
    CHECK(all[0].address == ip("192.0.2.20"));
    CHECK(all[0].interface == InterfaceName("eth0"));
    CHECK(questions(real_server().evidence()).size() == 1);
}

TEST_CASE("a VIP is asked for on its own interface, or where its network is, or not at all") {
    const std::string two = R"(
        role = "real-server"
        vips = ["192.0.2.20"]
        interface = "eth1"
    )"_text;
    const auto on_eth1 = questions(Host().interface("eth1", 3).address("10.0.0.3/8", "eth1").config(two).evidence());
    REQUIRE(on_eth1.size() == 1);
    CHECK(on_eth1[0].interface == InterfaceName("eth1"));
    const std::string six = R"(
        role = "real-server"
        vips = ["2001:db8::20"]
    )"_text;
    CHECK(questions(Host().config(six).evidence()).empty());
    const auto routed = questions(Host().config(six).route("2001:db8::/64", nullptr, "eth0").evidence());
    REQUIRE(routed.size() == 1);
    CHECK(routed[0].interface == InterfaceName("eth0"));
}

TEST_CASE("a MAC is told by the node that answers with it for its own address") {
    const Evidence evidence = master().evidence();
    CHECK(owner_of(evidence, link(0x44)) == "ws");
    CHECK(owner_of(evidence, link(2)) == "this node");
    CHECK(owner_of(evidence, link(0x99)).empty());
}

TEST_CASE("LVS02: a real server answers for the VIP") {
    Host host = master();
    CHECK(host.codes().empty());
    host.all.replies.push_back({ip("192.0.2.20"), "eth0", link(0x44)});
    CHECK(host.only().code == "LVS02");
    CHECK(host.only().what.find("02:00:00:00:00:44 (ws)") != std::string::npos);
}

TEST_CASE("LVS40: two have the VIP, and whether adverts arrive is said") {
    Host host = master();
    host.all.replies.push_back({ip("192.0.2.20"), "eth0", link(0x22)});
    CHECK(host.only().code == "LVS40");
    CHECK(host.only().what.find("advert") == std::string::npos);
    host.all.listened = true;
    CHECK(host.only().what.find("no advert of another node arrives here") != std::string::npos);
    hears(host, "192.0.2.2", 51, "192.0.2.20");
    CHECK(host.only().what.find("their adverts do arrive here") != std::string::npos);
}

TEST_CASE("LVS33 and LVS37: strangers, and peers with other VIPs") {
    Host peer = master();
    hears(peer, "192.0.2.2", 51, "192.0.2.20");
    hears(peer, "192.0.2.3", 51, "192.0.2.99");  // this node itself
    hears(peer, "192.0.2.9", 52, "192.0.2.99");  // another VRID
    CHECK(peer.codes().empty());
    Host other = master();
    hears(other, "192.0.2.2", 51, "192.0.2.21");
    CHECK(other.only().code == "LVS37");
    CHECK(other.only().place == "eth0 vrid 51 from 192.0.2.2");
    Host leaving = master();
    hears(leaving, "192.0.2.2", 51, "192.0.2.21", 0);
    CHECK(leaving.codes().empty());
    Host stranger = master();
    hears(stranger, "192.0.2.9", 51, "192.0.2.20");
    CHECK(stranger.only().code == "LVS33");
}

TEST_CASE("LVS37 by hand: keepalived's list counts, and who may send is not known") {
    Host host;
    host.file("/etc/keepalived/keepalived.conf", R"(
        vrrp_instance A {
         interface eth0
         virtual_router_id 51
         virtual_ipaddress {
         192.0.2.20
         }
        }
    )"_text);
    hears(host, "192.0.2.9", 51, "192.0.2.20");
    CHECK(host.codes().empty());
    hears(host, "192.0.2.10", 51, "192.0.2.21");
    CHECK(host.codes() == "LVS37");
}
