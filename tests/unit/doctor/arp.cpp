#include "evidence.hpp"

#include <linux/if_addr.h>

using namespace lbconverge;
using namespace lbconverge::doctor;

TEST_CASE("hosts as they should be: nothing is found") {
    CHECK(Host().codes().empty());
    CHECK(real_server().codes().empty());
    CHECK(director().codes().empty());
}

TEST_CASE("LVS01: only lo is set, and LVS02 and LVS03 do not say it again") {
    CHECK(real_server().arp("eth0", 0, 0).arp("lo", 1, 2).codes() == "LVS01");
    CHECK(real_server().arp("lo", 1, 2).codes().empty());
}

TEST_CASE(R"(LVS02 and LVS03: this host answers and announces; "all" would do)") {
    Host host = real_server();
    host.arp("eth0", 0, 2);
    const Finding found = host.only();
    CHECK(found.code == "LVS02");
    CHECK(found.place == "eth0");
    CHECK(found.severity == config::Severity::error);
    CHECK(found.cure.text == "sysctl -w net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth0.arp_announce=2");
    CHECK(real_server().arp("eth0", 1, 0).codes() == "LVS03");
    CHECK(real_server().arp("eth0", 0, 0).arp("all", 1, 2).codes().empty());
}

TEST_CASE("LVS02 is about the VIP's network, where one interface has it") {
    CHECK(real_server().interface("docker0", 3).address("172.17.0.1/16", "docker0").codes().empty());
    // A VIP of no network of this host may be asked for anywhere.
    Host routed;
    routed.arp("eth0", 1, 2).address("203.0.113.9/32", "lo", Scope::host);
    CHECK(routed.interface("eth1", 3).address("10.0.0.3/8", "eth1").codes() == "LVS02 LVS03");
}

TEST_CASE("LVS04: numbers that are no mode") {
    CHECK(real_server().arp("eth0", 4, 2).codes() == "LVS04");
    CHECK(real_server().arp("all", 9, 0).codes() == "LVS04");
}

TEST_CASE("LVS03: above 2, arp_announce counts as 0") {
    CHECK(real_server().arp("all", 1, 3).codes() == "LVS03");
    CHECK(real_server().arp("eth0", 1, 4).codes() == "LVS03");
    Host host = real_server();
    host.arp("all", 0, 3).arp("eth0", 1, 2);
    CHECK(host.only().what.starts_with("arp_announce is 3, which counts as 0: "));
    CHECK(host.only().cure.text.find("conf.all.arp_announce=2") != std::string::npos);
}

TEST_CASE("LVS05: 3 is quiet about scope host alone") {
    CHECK(real_server().arp("all", 3, 0).codes().empty());
    Host host;
    host.address("192.0.2.20/32", "lo", Scope::link).arp("all", 3, 0).arp("eth0", 1, 2);
    CHECK(host.only().code == "LVS05");
    CHECK(host.only().cure.text.find("conf.all.arp_ignore=1") != std::string::npos);
}

TEST_CASE("LVS06: 8 is silent about everything") {
    CHECK(real_server().arp("eth0", 8, 2).codes() == "LVS06");
    CHECK(director().arp("eth0", 8, 0).codes() == "LVS06");
    CHECK(Host().arp("eth0", 8, 0).codes().empty());  // no LVS here
}

TEST_CASE("an ARP filter makes the settings superfluous, and an arptables that cannot be read may be one") {
    Host host = real_server();
    host.arp("eth0", 0, 0).all.firewall.arp_unknown = true;
    CHECK(host.codes().empty());
    Host filtered = real_server();
    FilterRule rule;
    rule.destinations = {AddressAndPrefix{ip("192.0.2.20"), 32, true}};
    rule.verdict = Verdict::drop;
    filtered.arp("eth0", 0, 0)
        .all.firewall.chains.push_back(
            {Layer::arp, "nftables arp lvs", "input", FilterHook::input, "", Verdict::accept, {rule}});
    CHECK(filtered.codes().empty());
    filtered.all.firewall.chains[0].rules[0].destinations[0].address = ip("192.0.2.21");
    CHECK(filtered.codes() == "LVS02 LVS03");
}

TEST_CASE("LVS07 and LVS08: prefix and scope on lo") {
    Host host = real_server();
    host.address("198.51.100.20/24", "lo", Scope::host);
    CHECK(host.only().code == "LVS07");
    CHECK(host.only().place == "198.51.100.20/24 dev lo");
    Host global;
    global.arp("eth0", 1, 2).address("192.0.2.20/32", "lo");
    CHECK(global.only().code == "LVS08");
    CHECK(global.only().severity == config::Severity::warning);
}

TEST_CASE("LVS07: an IPv6 address has no scope to be told") {
    Host host;
    host.address("2001:db8::20/64", "lo");
    CHECK(host.only().code == "LVS07");
    CHECK(host.only().cure.text == "ip addr add 2001:db8::20/128 dev lo; ip addr del 2001:db8::20/64 dev lo");
}

TEST_CASE("127.0.0.1, ::1 and link-local addresses of lo are nobody's VIP") {
    CHECK(Host()
              .address("127.0.0.1/8", "lo", Scope::host)
              .address("::1/128", "lo")
              .address("fe80::1/64", "lo")
              .codes()
              .empty());
}

TEST_CASE("LVS09: a real server whose VIP came to the answering interface") {
    CHECK(real_server().address("192.0.2.20/32", "eth0").codes() == "LVS09");
    Host alone;
    alone.arp("eth0", 1, 2).address("192.0.2.20/32", "eth0");
    CHECK(alone.only().code == "LVS09");
    CHECK(alone.only().cure.text ==
          "ip addr del 192.0.2.20/32 dev eth0; ip addr replace 192.0.2.20/32 dev lo scope host");
    // A director with the same settings has it there on purpose.
    CHECK(director().arp("eth0", 1, 2).codes().empty());
    // So has keepalived's master.
    CHECK(Host()
              .arp("eth0", 1, 2)
              .address("192.0.2.20/32", "eth0")
              .file("/etc/keepalived/keepalived.conf", R"(
        vrrp_instance A {
        virtual_ipaddress {
        192.0.2.20/32
        }
        }
    )"_text)
              .codes()
              .empty());
}

TEST_CASE("LVS09: the modes of arp_ignore that a real server is quiet with") {
    for (const int mode : {1, 2, 3})
        CHECK(Host().arp("eth0", mode, 2).address("192.0.2.20/32", "eth0").codes() == "LVS09");
    for (const int mode : {0, 5}) {
        CHECK(Host().arp("eth0", mode, 2).address("192.0.2.20/32", "eth0").codes().find("LVS09") == std::string::npos);
    }
}

TEST_CASE("LVS43: a VIP that goes with the primary address") {
    Host host;
    host.service("tcp 192.0.2.20:80").address("192.0.2.20/24", "eth0", Scope::global, IFA_F_SECONDARY);
    CHECK(host.only().code == "LVS43");
    CHECK(host.set("net/ipv4/conf/all/promote_secondaries", "1").codes().empty());
}

TEST_CASE("with a configuration, what apply would do anyway is its cure") {
    const std::string file = R"(
        role = "real-server"
        vips = ["192.0.2.20"]
    )"_text;
    Host host = real_server();
    host.config(file).arp("eth0", 0, 2);
    CHECK(host.only().cure.text == "lbconverge apply");
    Host doubled = real_server();
    doubled.config(file).address("192.0.2.20/32", "eth0");
    CHECK(doubled.only().code == "LVS09");
    CHECK(doubled.only().cure.text == "lbconverge apply");
    // An address on lo that the file does not name is nobody's VIP.
    CHECK(real_server().config(file).address("198.51.100.1/32", "lo").codes().empty());
}
