#include "lbconverge/kernel/concern.hpp"

#include "support/ip.hpp"

#include <doctest/doctest.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace lbconverge::kernel {

namespace {

using test::ip;
using Bytes = std::vector<std::byte>;

constexpr Notice nothing{};
constexpr Notice moved{.disturbed = true, .moved = true};
constexpr Notice elsewhere{.disturbed = true, .moved = true, .elsewhere = true};
constexpr Notice disturbed{.disturbed = true};

template <class Header, class Fill>
Bytes message(std::uint16_t type, const Header& header, Fill&& fill) {
    wire::Requests requests;
    requests.begin(wire::Transport::route, type, 0, std::as_bytes(std::span(&header, 1)), 0);
    fill(requests);
    requests.end();
    const auto bytes = requests.all_bytes();
    return {bytes.begin(), bytes.end()};
}

Bytes link(const char* name, int index, unsigned flags = IFF_UP | IFF_RUNNING, std::uint32_t mtu = 1500,
           std::uint16_t type = RTM_NEWLINK) {
    const ifinfomsg header{.ifi_family = 0, .ifi_type = 1, .ifi_index = index, .ifi_flags = flags, .ifi_change = 0};
    return message(type, header, [&](wire::Requests& out) {
        out.attribute_text(IFLA_IFNAME, name);
        out.attribute_u32(IFLA_MTU, mtu);
    });
}

Bytes address(const std::string& text, std::uint8_t prefix, std::uint32_t index, std::uint16_t type = RTM_NEWADDR) {
    const IpAddress is = ip(text);
    const ifaddrmsg header{.ifa_family = static_cast<std::uint8_t>(is.family),
                           .ifa_prefixlen = prefix,
                           .ifa_flags = 0,
                           .ifa_scope = 0,
                           .ifa_index = index};
    return message(type, header, [&](wire::Requests& out) { out.attribute(IFA_ADDRESS, is.bytes.data(), is.size()); });
}

Bytes route(const std::string& to, std::uint8_t prefix, std::uint8_t protocol = RTPROT_BOOT,
            std::uint32_t table = RT_TABLE_MAIN) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_dst_len = prefix;
    header.rtm_protocol = protocol;
    return message(RTM_NEWROUTE, header, [&](wire::Requests& out) {
        out.attribute_u32(RTA_TABLE, table);
        if (prefix != 0) out.attribute(RTA_DST, ip(to).bytes.data(), ip(to).size());
    });
}

Bytes settings_of(std::int32_t index) {
    return message(RTM_NEWNETCONF, netconfmsg{.ncm_family = AF_INET}, [&](wire::Requests& out) {
        out.attribute_u32(NETCONFA_IFINDEX, static_cast<std::uint32_t>(index));
    });
}

Judge judge_of(const std::function<void(config::Config&)>& more = [](config::Config&) {}) {
    auto config = std::make_shared<config::Config>();
    config->interface = "eth0";
    config->vips.push_back({.address = ip("192.0.2.20"), .interface = "eth0"});
    more(*config);
    return Judge(concern_of(config));
}

}  // namespace

TEST_CASE("an interface of the file concerns the node, others do not, however many") {
    Judge judge = judge_of();
    CHECK(judge.judge(link("eth0", 2)) == moved);
    CHECK(judge.judge(link("veth1", 9)) == nothing);
    CHECK(judge.judge(address("198.51.100.1", 24, 9)) == nothing);
    CHECK(judge.judge(link("veth1", 9, 0, 1500, RTM_DELLINK)) == nothing);
    CHECK(judge.judge(address("198.51.100.1", 24, 2)) == moved);
}

TEST_CASE("an interface of the file is known by its index, and one that is made anew by its name") {
    Judge judge = judge_of();
    kinds::Observed seen;
    seen.facts.interfaces = {{.index = 2, .name = "eth0"}, {.index = 3, .name = "eth1"}};
    judge.learn(seen);
    CHECK(judge.judge(address("198.51.100.1", 24, 2, RTM_DELADDR)) == moved);
    CHECK(judge.judge(address("198.51.100.1", 24, 3, RTM_DELADDR)) == nothing);
    CHECK(judge.judge(link("gone", 2)) == moved);  // renamed
    CHECK(judge.judge(link("gone", 2, 0, 1500, RTM_DELLINK)) == moved);
    CHECK(judge.judge(address("198.51.100.1", 24, 2)) == nothing);
    CHECK(judge.judge(link("eth0", 12)) == moved);
    CHECK(judge.judge(address("198.51.100.1", 24, 12)) == moved);
}

TEST_CASE("the kernel says again what it has said, and nobody looks") {
    Judge judge = judge_of();
    CHECK(judge.judge(link("eth0", 2)) == moved);
    CHECK(judge.judge(link("eth0", 2)) == nothing);
    CHECK(judge.judge(link("eth0", 2, IFF_UP)) == moved);
    CHECK(judge.judge(link("eth0", 2)) == moved);
    CHECK(judge.judge(link("eth0", 2, IFF_UP | IFF_RUNNING, 1000)) == moved);
    CHECK(judge.judge(link("eth0", 2, 0, 1500, RTM_DELLINK)) == moved);
    CHECK(judge.judge(link("eth0", 2)) == moved);
}

TEST_CASE("a VIP and the net of a gateway concern the node wherever they are") {
    Judge judge = judge_of([](config::Config& config) {
        config.routes.push_back({.to = ip("10.0.0.0"), .prefix = 8, .via = ip("203.0.113.1")});
        config.routes.push_back({.to = ip("::"), .via = ip("fe80::1")});
    });
    CHECK(judge.judge(address("192.0.2.20", 32, 9)) == elsewhere);
    CHECK(judge.judge(address("203.0.113.7", 24, 9)) == elsewhere);
    CHECK(judge.judge(address("fe80::7", 64, 9)) == nothing);
    CHECK(judge.judge(link("tun0", 9)) == nothing);
    kinds::Observed seen;
    seen.facts.interfaces = {{.index = 9, .name = "tun0"}};
    seen.get<kinds::Address>().add({ip("203.0.113.7"), 24, "tun0"}, {});
    judge.learn(seen);
    CHECK(judge.judge(link("tun0", 9)) == elsewhere);
}

TEST_CASE("where the settings of all interfaces follow from the file, all concern it") {
    Judge judge = judge_of([](config::Config& config) { config.role = Role::real_server; });
    CHECK(judge.judge(link("veth1", 9)) == elsewhere);
    CHECK(judge.judge(link("eth0", 2)) == moved);
}

TEST_CASE("of routes those of the file and our own") {
    Judge judge = judge_of([](config::Config& config) {
        config.routes.push_back({.to = ip("10.0.0.0"), .prefix = 8, .via = ip("203.0.113.1"), .table = 1000});
    });
    CHECK(judge.judge(route("10.0.0.0", 8, RTPROT_BOOT, 1000)) == disturbed);
    CHECK(judge.judge(route("10.0.0.0", 8)) == nothing);
    CHECK(judge.judge(route("10.0.0.0", 9, RTPROT_BOOT, 1000)) == nothing);
    CHECK(judge.judge(route("172.16.0.0", 12, kinds::Route::protocol_tag)) == disturbed);
}

TEST_CASE("of settings those of all interfaces, and of the interfaces of the file") {
    Judge judge = judge_of();
    judge.judge(link("eth0", 2));
    CHECK(judge.judge(settings_of(NETCONFA_IFINDEX_ALL)) == disturbed);
    CHECK(judge.judge(settings_of(NETCONFA_IFINDEX_DEFAULT)) == disturbed);
    CHECK(judge.judge(settings_of(2)) == disturbed);
    CHECK(judge.judge(settings_of(9)) == nothing);
}

TEST_CASE("several messages in one datagram, and a datagram that is cut off anywhere") {
    Judge judge = judge_of();
    Bytes all = link("veth1", 9);
    const Bytes more = address("192.0.2.20", 32, 9);
    all.insert(all.end(), more.begin(), more.end());
    CHECK(judge.judge(all) == elsewhere);
    for (std::size_t size = 0; size < all.size(); ++size) {
        const Bytes part(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(judge.judge(part) == nothing);
    }
}

}  // namespace lbconverge::kernel
