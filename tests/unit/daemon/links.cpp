#include "links.hpp"

#include "support/ip.hpp"

#include <doctest/doctest.h>
#include <linux/if_addr.h>

namespace lbconverge::daemon {

namespace {

using kinds::Address;
using test::ip;

struct Host {
    kinds::Observed seen;
    config::Config config;

    Host() {
        config.interface = "eth0";
        seen.facts.interfaces = {{.index = 1, .name = "lo", .up = true, .loopback = true},
                                 {.index = 2, .name = "eth0", .up = true, .link_address = {2, 0, 0, 0, 1, 5}}};
    }
    void add(const char* address, std::uint8_t prefix, const Address::Facts& facts = {},
             const Address::Value& value = {}, const char* interface = "eth0") {
        seen.get<Address>().add({ip(address), prefix, interface}, value, facts);
    }
    static std::string text(const std::vector<IpAddress>& list) {
        std::string all;
        for (const IpAddress& each : list) all += to_text(each) + " ";
        return all;
    }
    [[nodiscard]] node::InterfaceState eth0() const { return links_of(seen, config).links.back(); }
    [[nodiscard]] std::string addresses() const { return text(eth0().addresses); }
    [[nodiscard]] std::string formed() const { return text(eth0().formed); }
};

}  // namespace

TEST_CASE("an interface is up with a carrier only, and has its link address") {
    Host host;
    CHECK(host.eth0().up);
    CHECK(host.eth0().link_address == wire::LinkAddress{2, 0, 0, 0, 1, 5});
    host.seen.facts.interfaces.back().carrier = false;
    CHECK_FALSE(host.eth0().up);
}

TEST_CASE("the kernel's first IPv4 address with a net stands first, and those without a net of their own last") {
    Host host;
    host.add("192.0.2.1", 32);
    host.add("192.0.2.3", 24, {.later = true});
    host.add("192.0.2.4", 24, {.later = true});
    host.add("192.0.2.5", 24);
    CHECK(host.addresses() == "192.0.2.5 192.0.2.3 192.0.2.4 192.0.2.1 ");
    host.seen.facts.interfaces.back().address = ip("192.0.2.4");
    CHECK(host.addresses() == "192.0.2.4 192.0.2.5 192.0.2.3 192.0.2.1 ");
    host.seen.facts.interfaces.back().address = ip("192.0.2.1");
    CHECK(host.addresses() == "192.0.2.5 192.0.2.3 192.0.2.4 192.0.2.1 ");
    Host cloud;
    cloud.add("192.0.2.1", 32);
    cloud.add("192.0.2.2", 32);
    cloud.seen.facts.interfaces.back().address = ip("192.0.2.2");
    CHECK(cloud.addresses() == "192.0.2.2 192.0.2.1 ");
}

TEST_CASE("of IPv6 addresses the oldest that lasts stands first") {
    Host host;
    host.add("2001:db8::1", 128);
    host.add("2001:db8::2", 64, {.flags = IFA_F_TEMPORARY});
    host.add("2001:db8::3", 64, {}, {.deprecated = true});
    host.add("2001:db8::4", 64, {.later = true});
    host.add("2001:db8::5", 64);
    CHECK(host.addresses() == "2001:db8::5 2001:db8::4 2001:db8::1 2001:db8::2 2001:db8::3 ");
}

TEST_CASE("link-local addresses that were formed here are told from those that somebody chose") {
    Host host;
    host.add("fe80::1", 64);
    host.add("fe80::2", 64, {.protocol = 3});
    host.add("fe80::3", 64, {.flags = IFA_F_STABLE_PRIVACY});
    host.add("fe80::ff:fe00:105", 64);  // of the MAC: kernels before 5.18 say no more
    host.add("2001:db8::5", 64, {.protocol = 3});
    CHECK(host.formed() == "fe80::2 fe80::3 fe80::ff:fe00:105 ");
}

TEST_CASE("of interfaces that the file does not name nothing is told; of those that the next file names, it is") {
    Host host;
    host.seen.facts.interfaces.push_back({.index = 3, .name = "eth1", .up = true});
    host.add("192.0.2.5", 24, {}, {}, "eth1");
    CHECK(links_of(host.seen, host.config).links.size() == 2);
    config::Config next;
    next.interface = "eth1";
    const auto all = links_of(host.seen, host.config, &next).links;
    REQUIRE(all.size() == 3);
    CHECK(all.back().name.view() == "eth1");
    CHECK(Host::text(all.back().addresses) == "192.0.2.5 ");
    host.config.role = Role::real_server;
    host.config.vips.push_back({.address = ip("192.0.2.20")});
    CHECK(links_of(host.seen, host.config).links.size() == 3);
}

TEST_CASE("VIPs are held and no addresses of the node, neither are those that have left the file or are not usable") {
    Host host;
    host.config.vips.push_back({.address = ip("192.0.2.20"), .interface = "eth0"});
    host.add("192.0.2.20", 32);
    host.add("192.0.2.20", 32, {}, {}, "lo");
    host.add("192.0.2.21", 32, {.protocol = Address::protocol_tag});
    host.add("fe80::7", 64, {.flags = IFA_F_TENTATIVE});
    host.add("fe80::8", 64, {.flags = IFA_F_DADFAILED});
    CHECK(host.addresses().empty());
    CHECK(Host::text(links_of(host.seen, host.config).holding) == "192.0.2.20 ");
    host.config.vips.clear();
    CHECK(links_of(host.seen, host.config).holding.empty());
}

TEST_CASE("a VIP that the node owns (priority 255) is held, and is an address to send from as well") {
    Host host;
    host.config.node = "a";
    host.config.nodes.push_back({.name = "a", .address = ip("192.0.2.20")});
    host.config.vips.push_back({.address = ip("192.0.2.20"), .interface = "eth0", .vrrp = "one"});
    host.config.vrrp.push_back({.name = "one", .priority = 255});
    host.add("192.0.2.20", 24);
    host.add("192.0.2.20", 32, {.protocol = Address::protocol_tag});  // the copy that we made
    CHECK(host.addresses() == "192.0.2.20 ");
    CHECK(Host::text(links_of(host.seen, host.config).holding) == "192.0.2.20 192.0.2.20 ");
    SUBCASE("without [nodes] the kernel says what is own") {
        host.config.nodes.clear();
        CHECK(host.addresses() == "192.0.2.20 ");
    }
    SUBCASE("255 alone makes no VIP an own address") {
        host.config.nodes.clear();
        Host made;
        made.config = host.config;
        made.add("192.0.2.20", 32);  // (kernels before 5.18 have no marks)
        CHECK(made.addresses().empty());
        Host beside;
        beside.config = host.config;
        beside.add("192.0.2.20", 24, {.flags = IFA_F_SECONDARY, .beside = true});
        CHECK(beside.addresses().empty());
    }
    SUBCASE("it is only the owner's") {
        host.config.vrrp.front().priority = 254;
        CHECK(host.addresses().empty());
    }
    SUBCASE("the owner of one VIP does not own those of another instance") {
        host.config.vips.front().vrrp = "two";
        CHECK(host.addresses().empty());
    }
}

}  // namespace lbconverge::daemon
