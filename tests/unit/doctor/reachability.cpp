#include "evidence.hpp"

using namespace lbconverge;
using namespace lbconverge::doctor;

namespace {

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
    port = 8000
    real_servers = ["ws"]
)"_text;

Host configured() { return real_server().config(file, "ws"); }

void takes(Host& host, const char* address, std::uint16_t port) {
    host.all.listeners.push_back({Protocol::tcp, ip(address), port});
}

/// A filter that drops this protocol (and port) to that address.
void drops(Host& host, std::uint8_t protocol, std::uint16_t port, const char* destination) {
    FilterRule rule;
    rule.protocol = protocol;
    rule.verdict = Verdict::drop;
    rule.place = "iptables filter INPUT rule 1";
    if (port != 0) rule.ports = {{port, port}};
    if (destination != nullptr) rule.destinations = {AddressAndPrefix{ip(destination), ip(destination).bits(), true}};
    host.all.firewall.known = true;
    host.all.firewall.chains = {{Layer::ipv4,
                                 "iptables filter",
                                 "INPUT",
                                 FilterHook::input,
                                 "iptables -t filter -I INPUT",
                                 Verdict::accept,
                                 {rule}}};
}

}  // namespace

TEST_CASE("LVS48: a server on the host's own address alone") {
    Host host = configured();
    takes(host, "192.0.2.3", 8000);
    CHECK(host.only().code == "LVS48");
    takes(host, "192.0.2.20", 8000);
    CHECK(host.codes().empty());
    for (const char* any : {"0.0.0.0", "::"}) {
        Host all = configured();
        takes(all, any, 8000);
        CHECK(all.codes().empty());
    }
    CHECK(configured().codes().empty());  // nobody listens at all: for the health checks
}

TEST_CASE("LVS48 without a configuration knows the usual ports") {
    Host web = real_server();
    takes(web, "192.0.2.3", 443);
    CHECK(web.codes() == "LVS48");
    Host other = real_server();
    takes(other, "192.0.2.3", 8000);
    CHECK(other.codes().empty());
}

TEST_CASE("LVS48: another family's address, or a server behind masquerading, is as it should be") {
    Host other = real_server();
    other.address("2001:db8::3/64", "eth0");
    takes(other, "2001:db8::3", 443);
    CHECK(other.codes().empty());
    Host masqueraded = real_server().config(file + R"(
        forward = "masquerade"
    )"_text,
                                            "ws");
    takes(masqueraded, "192.0.2.3", 8000);
    CHECK(masqueraded.codes().find("LVS48") == std::string::npos);
}

TEST_CASE("LVS49: checks are answered, and the VIP is not here") {
    Host host;
    host.config(file, "ws").arp("eth0", 1, 2);
    CHECK(host.codes().empty());
    takes(host, "0.0.0.0", 8000);
    CHECK(host.only().code == "LVS49");
    CHECK(host.only().cure.text == "lbconverge apply");
}

TEST_CASE("LVS50 and LVS41: what the firewall drops for clients, and for checks") {
    Host clients = configured();
    takes(clients, "0.0.0.0", 8000);
    drops(clients, 6, 8000, "192.0.2.20");
    CHECK(clients.only().code == "LVS50");
    CHECK(clients.only().place == "iptables filter INPUT rule 1");
    CHECK(clients.only().cure.text == "iptables -t filter -I INPUT -d 192.0.2.20 -p tcp --dport 8000 -j ACCEPT");
    Host both = configured();
    takes(both, "0.0.0.0", 8000);
    drops(both, 6, 8000, nullptr);
    CHECK(both.only().code == "LVS41");
    Host other = configured();
    takes(other, "0.0.0.0", 8000);
    drops(other, 6, 8001, nullptr);
    CHECK(other.codes().empty());
}

TEST_CASE("LVS50: the cure speaks the filter's language, and the family's") {
    const auto cure = [](const char* vip, const char* insert) {
        const bool six = ip(vip).family == Family::ipv6;
        Host host = Host()
                        .config(R"(
            role = "real-server"
            vips = ["$"]
            [[service]]
            vip = "$"
            port = 8000
            real_servers = ["$"]
        )"_with(vip, vip, (six ? "2001:db8::3" : "192.0.2.3")))
                        .arp("eth0", 1, 2)
                        .address("2001:db8::3/64", "eth0");
        host.address((vip + std::string(six ? "/128" : "/32")).c_str(), "lo", Scope::host);
        takes(host, "0.0.0.0", 8000);
        takes(host, "::", 8000);
        drops(host, 6, 8000, vip);
        host.all.firewall.chains[0].layer = Layer::inet;
        host.all.firewall.chains[0].insert = insert;
        return host.only().cure.text;
    };
    CHECK(cure("192.0.2.20", "nft insert rule inet filter input") ==
          "nft insert rule inet filter input ip daddr 192.0.2.20 tcp dport 8000 accept");
    CHECK(cure("2001:db8::20", "nft insert rule inet filter input") ==
          "nft insert rule inet filter input ip6 daddr 2001:db8::20 tcp dport 8000 accept");
}

TEST_CASE("LVS41: VRRP is dropped, on a director") {
    Host host;
    host.config(file, "lb");
    drops(host, 112, 0, nullptr);
    CHECK(host.only().code == "LVS41");
    host.all.firewall.chains[0].insert = "nft insert rule inet filter input";
    CHECK(host.only().cure.text == "nft insert rule inet filter input meta l4proto 112 accept");
    Host server = configured();
    drops(server, 112, 0, nullptr);
    CHECK(server.codes().empty());
}

TEST_CASE("sockets that take connections, as /proc/net has them") {
    const std::string tcp =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0302 00C0:0050 x\n"
        "   0: 030200C0:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
        "   1: 030200C0:01BB 0A0200C0:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1\n";
    const auto listeners = parse_sockets(tcp, Family::ipv4, Protocol::tcp);
    REQUIRE(listeners.size() == 1);
    CHECK(listeners[0].address == ip("192.0.2.3"));
    CHECK(listeners[0].port == 80);
    const auto udp =
        parse_sockets("  10: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 \n",
                      Family::ipv6, Protocol::udp);
    REQUIRE(udp.size() == 1);
    CHECK(udp[0].address == ip("::1"));
    CHECK(udp[0].port == 53);
    CHECK(parse_sockets(R"(
        no such
        thing)"_text,
                        Family::ipv4, Protocol::tcp)
              .empty());
}
