#include "lbconverge/kinds/sysctl.hpp"

#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::key;
using test::rows_text;
using test::World;
using test::world;

const std::string server = R"(
    role = "real-server"
    vips = ["192.0.2.20"]
)"_text;

std::string wanted(const World& node) { return rows_text(node.desired().get<Sysctl>().rows); }

/// The value that stands in a file below /proc/sys, as a row has it.
std::string read_value(const std::string& path, std::string_view text) {
    Observed observed;
    Sysctl::decode({wire::Transport::file, 0, std::as_bytes(std::span(text))}, {.sysctls = {path}}, observed);
    REQUIRE(observed.get<Sysctl>().size() == 1);
    return observed.get<Sysctl>().row(0).value.value;
}

}  // namespace

TEST_CASE("a VIP on lo wants every interface that speaks ARP quiet, and those to come") {
    CHECK(wanted(world(server)) == R"(
        net.ipv4.conf.default.arp_announce value=2
        net.ipv4.conf.default.arp_ignore value=1
        net.ipv4.conf.eth0.arp_announce value=2
        net.ipv4.conf.eth0.arp_ignore value=1
        net.ipv4.conf.eth1.arp_announce value=2
        net.ipv4.conf.eth1.arp_ignore value=1
    )"_text);
}

TEST_CASE("nothing is quiet that has no VIP on lo, or another way to be quiet") {
    CHECK(wanted(world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text))
              .empty());
    CHECK(wanted(world(R"(
        role = "real-server"
        vips = ["2001:db8::20"]
    )"_text))
              .empty());
    CHECK(wanted(world(server + R"(
        [arp]
        method = "none"
    )"_text))
              .empty());
    CHECK(wanted(world(R"(
        role = "real-server"
        vip = [{ address = "192.0.2.20", accept = "redirect" }]
    )"_text))
              .empty());
}

TEST_CASE("interfaces that are listed are all that is set") {
    CHECK(wanted(world(server + R"(
        [arp]
        interfaces = ["all", "eth1"]
        arp_ignore = 2
        arp_announce = 1
    )"_text)) == R"(
        net.ipv4.conf.all.arp_announce value=1
        net.ipv4.conf.all.arp_ignore value=2
        net.ipv4.conf.eth1.arp_announce value=1
        net.ipv4.conf.eth1.arp_ignore value=2
    )"_text);
}

TEST_CASE("what the file sets itself stays as it says") {
    const std::string text = wanted(world(server + R"(
        [sysctl]
        "net.ipv4.conf.eth0.arp_ignore" = 2
    )"_text));
    CHECK(text.find("net.ipv4.conf.eth0.arp_ignore value=2\n") != std::string::npos);
    CHECK(text.find("net.ipv4.conf.eth0.arp_ignore value=1\n") == std::string::npos);
}

TEST_CASE("a value of all that is so loud that it wins over the interfaces is set right") {
    World node = world(server);
    const auto wanted_of_all = [&](const std::string& name) {
        const Desired desired = node.desired();
        const auto& rows = desired.get<Sysctl>().rows;
        const std::uint32_t at = rows.find(key<Sysctl>("net.ipv4.conf.all." + name));
        return at == Table<Sysctl, Origin>::npos ? "as it is" : rows.row(at).value.value;
    };
    const auto all = [&](std::uint32_t now) {
        node.facts.all_arp_ignore = now;
        return wanted_of_all("arp_ignore");
    };
    const auto all_announce = [&](std::uint32_t now) {
        node.facts.all_arp_announce = now;
        return wanted_of_all("arp_announce");
    };
    CHECK(all(0) == "as it is");
    CHECK(all(1) == "1");  // quiet, and kept so
    CHECK(all(2) == "2");
    CHECK(all(3) == "1");  // 3 answers for a VIP of any scope but host
    CHECK(all(5) == "1");  // 4 to 7 answer everything
    CHECK(all_announce(0) == "as it is");
    CHECK(all_announce(1) == "1");
    CHECK(all_announce(2) == "2");
    CHECK(all_announce(3) == "2");  // above 2 it counts as 0
    CHECK(all_announce(UINT32_MAX) == "2");
}

TEST_CASE("settings that overwrite others are written before them") {
    const Desired desired = world(R"(
        role = "director"
        [sysctl]
        "net.ipv4.conf.eth0.forwarding" = 0
        "net.ipv4.conf.all.rp_filter" = 0
        "net.ipv4.conf.default.rp_filter" = 0
        "net.ipv4.conf.eth0.rp_filter" = 0
        "net.ipv6.conf.all.forwarding" = 1
        "net.ipv4.ip_forward" = 1
    )"_text)
                                .desired();
    CHECK(rows_text(desired.get<Sysctl>().rows) == R"(
        net.ipv4.ip_forward value=1
        net.ipv6.conf.all.forwarding value=1
        net.ipv4.conf.all.rp_filter value=0
        net.ipv4.conf.default.rp_filter value=0
        net.ipv4.conf.eth0.forwarding value=0
        net.ipv4.conf.eth0.rp_filter value=0
    )"_text);
}

TEST_CASE("ARP settings of an interface are read with the interfaces, all others from their files") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.facts.interfaces[1].ipv4_devconf[IPV4_DEVCONF_ARP_IGNORE - 1] = 1;
    const Reading reading{.sysctls = {"net/ipv4/conf/all/arp_ignore", "net/ipv4/conf/eth0/arp_ignore",
                                      "net/ipv4/conf/eth0/rp_filter", "net/ipv4/conf/eth9/arp_ignore"}};
    wire::Requests requests;
    Sysctl::ask(reading, observed, requests);
    CHECK(rows_text(observed.get<Sysctl>()) == "net.ipv4.conf.eth0.arp_ignore value=1\n");
    std::string asked;
    for (const wire::Request& each : requests.list()) {
        const auto bytes = std::as_const(requests).bytes(each);
        asked += std::to_string(each.tag) + " " +
                 std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) + "\n";
    }
    CHECK(asked == R"(
        0 net/ipv4/conf/all/arp_ignore
        2 net/ipv4/conf/eth0/rp_filter
        3 net/ipv4/conf/eth9/arp_ignore
    )"_text);
}

TEST_CASE("white space in a value is one space between words") {
    CHECK(read_value("net/ipv4/ip_forward", "1\n") == "1");
    CHECK(read_value("net/ipv4/tcp_rmem", "4096\t131072\t6291456\n") == "4096 131072 6291456");
    CHECK(read_value("net/ipv4/ip_local_reserved_ports", "\n") == "");
}

TEST_CASE("what the kernel itself switches between 1 and 2 is one value") {
    for (const char* name : {"drop_entry", "drop_packet", "secure_tcp"}) {
        CHECK(read_value(std::string("net/ipv4/vs/") + name, "2\n") == "1");
        CHECK(read_value(std::string("net/ipv4/vs/") + name, "3\n") == "3");
    }
    CHECK(wanted(world(R"(
        role = "director"
        [sysctl]
        "net.ipv4.vs.drop_entry" = 2
    )"_text)) == "net.ipv4.vs.drop_entry value=1\n");
    CHECK(read_value("net/ipv4/conf/eth0/arp_announce", "2\n") == "2");
}

TEST_CASE("an answer that nobody asked for is passed over") {
    Observed observed;
    Sysctl::decode({wire::Transport::file, 1, {}}, {.sysctls = {"net/x"}}, observed);
    Sysctl::decode({wire::Transport::route, 0, {}}, {.sysctls = {"net/x"}}, observed);
    CHECK(observed.get<Sysctl>().empty());
}

TEST_CASE("an ARP setting of an interface is written over netlink") {
    const Sysctl::Value before{"0"};
    const Sysctl::Value after{"1"};
    CHECK(test::encoded<Sysctl>({key<Sysctl>("net.ipv4.conf.eth0.arp_ignore"), &before, &after}, test::plain_facts()) ==
          "0000000002000000"
          "0000000000000000"  // interface 2
          "14001a80"
          "10000280"
          "0c000180"  // IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF
          "0800130001000000"
          "\n");  // IPV4_DEVCONF_ARP_IGNORE
}

TEST_CASE("all other settings, and values that are no number, are written to their files") {
    const Sysctl::Value before{"0"};
    const Sysctl::Value after{"1"};
    const Sysctl::Value words{"3 50"};
    const auto file = [&](const char* id, const Sysctl::Value& value) {
        const auto bytes =
            test::from_hex(test::encoded<Sysctl>({key<Sysctl>(id), &before, &value}, test::plain_facts()));
        std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const std::size_t nul = text.find('\0');
        REQUIRE(nul != std::string::npos);
        return text.replace(nul, 1, " = ");
    };
    CHECK(file("net.ipv4.conf.all.arp_ignore", after) == "net/ipv4/conf/all/arp_ignore = 1");
    CHECK(file("net.ipv4.conf.eth0.rp_filter", after) == "net/ipv4/conf/eth0/rp_filter = 1");
    CHECK(file("net.ipv4.conf.eth9.arp_ignore", after) == "net/ipv4/conf/eth9/arp_ignore = 1");
    CHECK(file("net.ipv4.vs.sync_threshold", words) == "net/ipv4/vs/sync_threshold = 3 50");
    CHECK(file("net.ipv4.conf.eth0.arp_ignore", words) == "net/ipv4/conf/eth0/arp_ignore = 3 50");
}

TEST_CASE("settings are tightened before a VIP comes and relaxed after it is gone") {
    const World node = world(server);
    const Sysctl::Value zero{"0"};
    const Sysctl::Value one{"1"};
    const Sysctl::Key ignore = key<Sysctl>("net.ipv4.conf.eth0.arp_ignore");
    const Sysctl::Key forward = key<Sysctl>("net.ipv4.ip_forward");
    CHECK(Sysctl::phase({ignore, &zero, &one}, node.inputs()) == Phase::tighten);
    CHECK(Sysctl::phase({ignore, &one, &zero}, node.inputs()) == Phase::relax);
    CHECK(Sysctl::phase({ignore, &zero, &one, Cause::restore}, node.inputs()) == Phase::relax);
    CHECK(Sysctl::phase({forward, &one, &zero}, node.inputs()) == Phase::tighten);
}

TEST_CASE("arp_ignore is quiet about a VIP on lo with these values alone") {
    for (std::uint32_t value = 0; value < 12; ++value) {
        const bool for_any = value == 1 || value == 2 || value == 8;
        CHECK_MESSAGE(quiet_arp_ignore(value, Scope::global) == for_any, value);
        CHECK_MESSAGE(quiet_arp_ignore(value, Scope::host) == (for_any || value == 3), value);
    }
}

TEST_CASE("a refusal says what to do") {
    const Sysctl::Value value{"9"};
    const auto refused = [&](const char* id, int error) {
        return Sysctl::refusal({key<Sysctl>(id), nullptr, &value}, error);
    };
    CHECK(refused("net.ipv4.conf.eth9.arp_ignore", ENOENT).kind == ErrorKind::kernel_lacks);
    CHECK(refused("net.ipv4.conf.eth9.arp_ignore", ENOENT).what ==
          "the kernel has no setting net.ipv4.conf.eth9.arp_ignore");
    CHECK(refused("net.ipv4.conf.eth9.arp_ignore", ENODEV).hint.find("interface") != std::string::npos);
    CHECK(refused("net.ipv4.vs.conntrack", ENOENT).hint.find("ip_vs") != std::string::npos);
    CHECK(refused("net.core.nonsense", ENOENT).hint.find("module") != std::string::npos);
    CHECK(refused("net.ipv4.ip_forward", EINVAL).what == R"(net.ipv4.ip_forward: the kernel refuses the value "9")");
    CHECK(refused("net.ipv4.ip_forward", EACCES).kind == ErrorKind::not_permitted);
    CHECK(refused("net.ipv4.ip_forward", EROFS).what == "net.ipv4.ip_forward: /proc/sys is read-only here");
}

TEST_CASE("an id has dots where the path has slashes, and the other way round") {
    CHECK(key<Sysctl>("net.ipv4.conf.eth0/100.arp_ignore").path == "net/ipv4/conf/eth0.100/arp_ignore");
    CHECK(key<Sysctl>("net/ipv4/conf/eth0.100/arp_ignore").path == "net/ipv4/conf/eth0.100/arp_ignore");
    CHECK(Sysctl::id(Sysctl::Key("net/ipv4/conf/eth0.100/arp_ignore")) == "net.ipv4.conf.eth0/100.arp_ignore");
    for (const char* id : {"", "net", "kernel.hostname", "netfilter.x"})
        CHECK_MESSAGE(!Sysctl::parse_id(id), std::string(id));
}

TEST_CASE("who may stand in for the owner of a VIP hears it, although it sends from that VIP") {
    const std::string file = R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.1"]
        [nodes]
        a = { address = "192.0.2.1", priority = 255 }
        b = { address = "192.0.2.2" }
        [[vrrp]]
        vrid = 51
    )"_text;
    CHECK(rows_text(world(file, {}, "b").desired().get<Sysctl>().rows) == "net.ipv4.conf.eth0.accept_local value=1\n");
    CHECK(rows_text(world(file, {}, "a").desired().get<Sysctl>().rows).empty());
}

}  // namespace lbconverge::kinds
