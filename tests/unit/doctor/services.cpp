#include "evidence.hpp"

using namespace lbconverge;
using namespace lbconverge::doctor;

namespace {

Host marked() {
    Host host = director();
    host.service("fwmark 7 ipv4").all.firewall.known = true;
    return host;
}

void add_mark(Host& host, std::optional<std::uint32_t> mark, const char* destination) {
    FilterRule rule;
    rule.mark = mark;
    rule.sets_unknown_mark = !mark;
    if (destination != nullptr) rule.destinations = {AddressAndPrefix{ip(destination), ip(destination).bits(), true}};
    host.all.firewall.chains.push_back(
        {Layer::ipv4, "iptables mangle", "PREROUTING", FilterHook::prerouting, "", Verdict::accept, {rule}});
}

constexpr kinds::Service::Value persistent{
    .scheduler = "wlc", .flags = {kinds::ServiceFlags::persistent}, .persistence = 300};

}  // namespace

TEST_CASE("LVS19: a service whose VIP is nowhere") {
    Host host = director();
    host.service("tcp 192.0.2.21:80");
    CHECK(host.only().code == "LVS19");
    CHECK(host.only().cure.text == "ip addr add 192.0.2.21/32 dev eth0");
    CHECK(host.route("192.0.2.21/32", nullptr, "lo", true).codes().empty());
}

TEST_CASE("LVS19: a backup has no VIP") {
    const std::string file = R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        vrid = 1
        priority = 50
        name = "A"
    )"_text;
    Host host;
    host.service("tcp 192.0.2.20:80").config(file);
    CHECK(host.codes().empty());
    host.all.election["A"] = ElectionState::master;
    CHECK(host.only().code == "LVS19");
    CHECK(host.only().cure.text == "lbconverge apply");
    CHECK(Host()
              .service("tcp 192.0.2.20:80")
              .file("/etc/keepalived/keepalived.conf", R"(
        vrrp_instance A {
         virtual_ipaddress {
         192.0.2.20
         }
        }
    )"_text)
              .codes()
              .empty());
}

TEST_CASE("LVS20: nothing sets the mark, unless that cannot be known") {
    CHECK(marked().codes() == "LVS20");
    Host other = marked();
    add_mark(other, 8, "192.0.2.20");
    CHECK(other.codes() == "LVS20");
    Host good = marked();
    add_mark(good, 7, "192.0.2.20");
    CHECK(good.codes().empty());
    Host unknown = marked();
    add_mark(unknown, std::nullopt, nullptr);
    CHECK(unknown.codes().empty());
    Host unread = marked();
    unread.all.firewall.known = false;
    CHECK(unread.codes().empty());
}

TEST_CASE("LVS21: the marked packets are for no address of this host") {
    Host host = marked();
    add_mark(host, 7, "192.0.2.21");
    CHECK(host.only().code == "LVS21");
    CHECK(host.address("192.0.2.21/32", "eth0").codes().empty());
}

TEST_CASE("LVS21: a mark for the other family's packets, or of no service, says nothing about a VIP") {
    Host other = marked();
    add_mark(other, 7, "192.0.2.20");
    add_mark(other, 7, "2001:db8::21");
    CHECK(other.codes().empty());
    Host unmarked = director();
    unmarked.all.firewall.known = true;
    add_mark(unmarked, 0, "192.0.2.99");
    CHECK(unmarked.codes().empty());
}

TEST_CASE("LVS23: persistence and weight 0") {
    const auto with = [](kinds::Service::Value service, std::uint32_t weight, const char* expire) {
        Host host;
        host.address("192.0.2.20/32", "eth0").service("tcp 192.0.2.20:80", service);
        host.server("tcp 192.0.2.20:80 192.0.2.4:80", Forward::direct, weight);
        return host.set("net/ipv4/vs/expire_quiescent_template", expire).codes();
    };
    CHECK(with(persistent, 0, "0") == "LVS23");
    CHECK(with(persistent, 0, "1").empty());
    CHECK(with(persistent, 1, "0").empty());
    CHECK(with({.scheduler = "wlc"}, 0, "0").empty());
}

TEST_CASE("LVS27: a scheduler whose module is missing") {
    const auto with = [](std::set<std::string> modules) {
        Host host;
        host.all.modules = {true, std::move(modules)};
        return host.file("/etc/keepalived/keepalived.conf", R"(
            virtual_server 192.0.2.20 80 {
              lb_algo mh
            }
        )"_text);
    };
    CHECK(with({"ip_vs_wlc"}).only().code == "LVS27");
    CHECK(with({"ip_vs_wlc"}).only().place == "/etc/keepalived/keepalived.conf:2");
    CHECK(with({"ip_vs_mh"}).codes().empty());
    Host unknown = with({});
    unknown.all.modules.known = false;
    CHECK(unknown.codes().empty());
}

TEST_CASE("LVS27: a scheduler of the file") {
    Host host;
    host.all.modules = {true, {"ip_vs_wlc"}};
    host.config(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "192.0.2.20"
        port = 80
        scheduler = "mh"
        real_servers = ["192.0.2.4"]
    )"_text);
    CHECK(host.only().code == "LVS27");
    CHECK(host.only().place == "lb.toml:6:1");
    host.all.modules.names.insert("ip_vs_mh");
    CHECK(host.codes().empty());
}

TEST_CASE("LVS55: more connections than the table has buckets for") {
    const auto with = [](std::optional<std::uint32_t> bits, std::uint32_t active, const char* more) {
        Host host = director();
        host.server("tcp 192.0.2.20:80 192.0.2.5:80", Forward::direct, 1, {.active = active, .inactive = 1});
        host.all.connection_bits = bits;
        return host.config(R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.20"]
            [[service]]
            vip = "192.0.2.20"
            port = 80
            real_servers = ["192.0.2.4", "192.0.2.5"]
        )"_text + "[ipvs]\n" +
                           more);
    };
    CHECK(with(12, 16383, "").codes().empty());
    CHECK(with(12, 16384 + 3, "").only().code == "LVS55");
    CHECK(with(12, 0, "connections = 4096").codes().empty());
    CHECK(with(std::nullopt, 0, "connections = 5000").codes().empty());
    CHECK(with(20, 0, "connections = 5_000_000").codes().empty());  // there is no more
    const Finding found = with(12, 0, "connections = 2_000_000").only();
    CHECK(found.what ==
          "the table of connections has 2^12 buckets, and 2000000 connections are expected: each packet searches 488 "
          "of them");
    CHECK(found.cure.text ==
          "/etc/modprobe.d/ip_vs.conf: options ip_vs conn_tab_bits=20; it counts when the module is loaded next, as at "
          "a boot");
    CHECK(with(12, 0, "connections = 4097").only().cure.text.find("conn_tab_bits=13;") != std::string::npos);
}

TEST_CASE("LVS28: both sides of synchronisation with backup_only") {
    const auto with = [](std::vector<kinds::SyncState> states, const char* backup_only) {
        Host host = director();
        for (const kinds::SyncState each : states) host.sync_daemon(each);
        return host.set("net/ipv4/vs/backup_only", backup_only).codes();
    };
    CHECK(with({kinds::SyncState::master, kinds::SyncState::backup}, "1") == "LVS28");
    CHECK(with({kinds::SyncState::master, kinds::SyncState::backup}, "0").empty());
    CHECK(with({kinds::SyncState::backup}, "1").empty());
}

TEST_CASE("LVS29: a backup of role both with its table loaded") {
    const auto with = [](const char* first, const char* second) {
        Host host = real_server();
        host.service("tcp 192.0.2.20:80");
        host.server(first).server(second);
        return host.codes();
    };
    CHECK(with("tcp 192.0.2.20:80 192.0.2.3:80", "tcp 192.0.2.20:80 192.0.2.4:80") == "LVS29");
    // A director that has its VIP on lo and announces it by routing is not one of its own real servers.
    CHECK(with("tcp 192.0.2.20:80 192.0.2.4:80", "tcp 192.0.2.20:80 192.0.2.5:80").empty());
}

TEST_CASE("LVS29: the master of role both has its VIP on the interface as well, and its table loaded") {
    Host host = real_server();
    host.address("192.0.2.20/32", "eth0").arp("eth0", 0, 0).service("tcp 192.0.2.20:80");
    host.server("tcp 192.0.2.20:80 192.0.2.3:80").server("tcp 192.0.2.20:80 192.0.2.4:80");
    CHECK(host.codes().find("LVS29") == std::string::npos);
}

TEST_CASE("LVS30: synchronised connections beside a VIP on lo") {
    const auto with = [](Host host, const char* backup_only) {
        host.sync_daemon(kinds::SyncState::backup);
        return host.set("net/ipv4/vs/backup_only", backup_only).codes();
    };
    CHECK(with(real_server(), "0") == "LVS30");
    CHECK(with(real_server(), "1").empty());
    CHECK(with(director(), "0").empty());
}

TEST_CASE("LVS31: a hash table from weight 0") {
    const auto with = [](const char* scheduler, std::uint32_t weight) {
        Host host;
        host.address("192.0.2.20/32", "eth0").service("tcp 192.0.2.20:80", {.scheduler = scheduler});
        return host.server("tcp 192.0.2.20:80 192.0.2.4:80", Forward::direct, weight).codes();
    };
    CHECK(with("mh", 0) == "LVS31");
    CHECK(with("sh", 0) == "LVS31");
    CHECK(with("mh", 1).empty());
    CHECK(with("wlc", 0).empty());
}
