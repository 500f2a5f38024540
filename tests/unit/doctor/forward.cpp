#include "evidence.hpp"

using namespace lbconverge;
using namespace lbconverge::doctor;

TEST_CASE("LVS11: another port where nothing is rewritten") {
    Host host = director();
    host.server("tcp 192.0.2.20:80 192.0.2.5:8080");
    CHECK(host.only().code == "LVS11");
    CHECK(host.only().cure.text ==
          "ipvsadm -a -t 192.0.2.20:80 -r 192.0.2.5 -g; ipvsadm -d -t 192.0.2.20:80 -r 192.0.2.5:8080");
    CHECK(director().server("tcp 192.0.2.20:80 192.0.2.5:8080", Forward::masquerade).codes().empty());
}

TEST_CASE("LVS11: in a keepalived.conf that is not at work yet") {
    const auto with = [](const std::string& kind) {
        return Host()
            .file("/etc/keepalived/keepalived.conf", R"(
            virtual_server 192.0.2.20 80
            {
              lb_kind $ # how
              real_server 192.0.2.4 8080 {
              }
            }
        )"_with(kind))
            .findings();
    };
    REQUIRE(with("DR").size() == 1);
    CHECK(with("DR")[0].code == "LVS11");
    CHECK(with("DR")[0].place == "/etc/keepalived/keepalived.conf:4");
    CHECK(with("NAT").empty());
}

TEST_CASE("LVS11: each server of a keepalived.conf with the method of its own service, wherever that stands") {
    const auto places = [](const std::string& path, const std::string& text) {
        Host host;
        host.file(path, text);
        std::string all;
        for (const Finding& each : host.findings()) all += each.code + " " + each.place + "\n";
        return all;
    };
    const std::string conf = "/etc/keepalived/keepalived.conf";
    const std::string after = R"(
        virtual_server 192.0.2.20 80 {
         real_server 192.0.2.4 8080 {
         }
         real_server 192.0.2.5 8080 {
         }
         lb_kind DR
        }
        virtual_server 192.0.2.21 80 {
         real_server 192.0.2.6 8080 {
         }
        }
    )"_text;
    CHECK(places(conf, after) == R"(
        LVS11 $:2
        LVS11 $:4
    )"_with(conf, conf));
    CHECK(places("/etc/keepalived/conf.d/web.conf", after).starts_with("LVS11 /etc/keepalived/conf.d/web.conf:2\n"));
    CHECK(places("/etc/keepalived/keepalived.conf.bak", after).empty());
    CHECK(places("/etc/haproxy/haproxy.conf", after).empty());
    CHECK(places(conf, R"(
        virtual_server 192.0.2.20 80 {
         lb_kind DR
         real_server 192.0.2.4 {
         }
        }
    )"_text)
              .empty());
}

TEST_CASE("LVS12: direct routing to what is behind a router") {
    Host host = director(Forward::direct, "198.51.100.4");
    host.route("0.0.0.0/0", "192.0.2.254", "eth0");
    CHECK(host.only().code == "LVS12");
    CHECK(director(Forward::tunnel, "198.51.100.4").route("0.0.0.0/0", "192.0.2.254", "eth0").codes().empty());
    CHECK(host.route("198.51.100.0/24", nullptr, "eth0").codes().empty());
    CHECK(director(Forward::direct, "192.0.2.3").route("192.0.2.3/32", nullptr, "lo", true).codes().empty());
}

TEST_CASE("LVS13: masquerading without forwarding") {
    CHECK(director(Forward::masquerade).set("net/ipv4/ip_forward", "0").codes() == "LVS13");
    CHECK(director(Forward::masquerade).set("net/ipv4/ip_forward", "1").codes().empty());
    CHECK(director().set("net/ipv4/ip_forward", "0").codes().empty());
}

TEST_CASE("LVS14: a masqueraded real server whose default route leads elsewhere") {
    const std::string file = R"(
        interface = "eth0"
        vips = ["192.0.2.20"]
        [nodes]
        lb = { role = "director", address = "192.0.2.1" }
        ws = { role = "real-server", address = "192.0.2.3" }
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["ws"]
        forward = ")"_text;
    const auto with = [&](const std::string& forward, const char* gateway) {
        return real_server()
            .config(file + forward + R"(
            "
        )"_text,
                    "ws")
            .route("192.0.2.0/24", nullptr, "eth0")
            .route("0.0.0.0/0", gateway, "eth0");
    };
    Host past = with("masquerade", "192.0.2.254");
    CHECK(past.only().code == "LVS14");
    CHECK(past.only().cure.text == "ip route replace default via 192.0.2.20");
    CHECK(with("masquerade", "192.0.2.1").codes().empty());
    CHECK(with("masquerade", "192.0.2.20").codes().empty());
    CHECK(with("direct", "192.0.2.254").codes().empty());
}

TEST_CASE("LVS16: what comes out of a tunnel is dropped") {
    const auto with = [](bool up, int all, int own) {
        Host host = real_server();
        host.all.tunnels = {{"tunl0", up}};
        host.set("net/ipv4/conf/all/rp_filter", std::to_string(all));
        return host.set("net/ipv4/conf/tunl0/rp_filter", std::to_string(own));
    };
    CHECK(with(true, 0, 0).codes().empty());
    CHECK(with(false, 1, 1).codes().empty());  // the module's own device, not in use
    CHECK(with(true, 0, 1).codes() == "LVS16");
    CHECK(with(true, 2, 0).codes() == "LVS16");
    CHECK(with(true, 2, 0).address("192.0.2.20/32", "tunl0", Scope::host).codes().empty());
    CHECK(with(true, 1, 0).address("192.0.2.20/32", "tunl0", Scope::host).codes() == "LVS16");
}

TEST_CASE("LVS16: the file asks for a tunnel, and there is none") {
    Host host = real_server();
    host.config(R"(
        role = "real-server"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        forward = "tunnel"
        real_servers = ["192.0.2.3"]
    )"_text);
    CHECK(host.only().code == "LVS16");
    host.all.tunnels = {{"tunl0", true}};
    CHECK(host.codes().empty());
}

TEST_CASE("LVS17: the VIP as the source of an IPv6 tunnel") {
    const auto with = [](bool deprecated) {
        Host host;
        host.service("tcp [2001:db8::20]:80").server("tcp [2001:db8::20]:80 [2001:db8::4]:80", Forward::tunnel);
        auto kernel = std::make_shared<kinds::Observed>(*host.evidence().kernel);
        kernel->get<kinds::Address>().put({ip("2001:db8::20"), 128, "eth0"}, {.deprecated = deprecated});
        Evidence evidence = host.all;
        evidence.kernel = kernel;
        return diagnose(evidence);
    };
    REQUIRE(with(false).size() == 1);
    CHECK(with(false)[0].code == "LVS17");
    CHECK(with(false)[0].cure.text == "ip -6 addr change 2001:db8::20/128 dev eth0 preferred_lft 0");
    CHECK(with(true).empty());
}

TEST_CASE("LVS18: a tunnel without path MTU discovery") {
    CHECK(director(Forward::tunnel).set("net/ipv4/vs/pmtu_disc", "0").codes() == "LVS18");
    CHECK(director(Forward::tunnel).set("net/ipv4/ip_no_pmtu_disc", "1").codes() == "LVS18");
    CHECK(director().set("net/ipv4/vs/pmtu_disc", "0").codes().empty());
}

TEST_CASE("LVS44: strict reverse path filtering with two networks") {
    const auto two = [](int all) {
        return director()
            .interface("eth1", 3)
            .address("10.0.0.1/24", "eth1")
            .set("net/ipv4/conf/all/rp_filter", std::to_string(all));
    };
    CHECK(two(1).codes() == "LVS44 LVS44");
    CHECK(two(2).codes().empty());
    CHECK(director().set("net/ipv4/conf/all/rp_filter", "1").codes().empty());
}

TEST_CASE("LVS45: ICMP redirects from a director with one arm") {
    const auto with = [](const char* value) {
        return director(Forward::masquerade).set("net/ipv4/conf/eth0/send_redirects", value);
    };
    CHECK(with("1").codes() == "LVS45");
    CHECK(with("0").codes().empty());
    CHECK(director().set("net/ipv4/conf/eth0/send_redirects", "1").codes().empty());
}
