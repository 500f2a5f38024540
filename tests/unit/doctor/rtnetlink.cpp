#include "evidence.hpp"
#include "lbconverge/wire/request.hpp"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

namespace lbconverge::doctor {

namespace {

const HostFacts facts{.interfaces = {{.index = 2, .name = "eth0"}}};

/// A message with this header, and the attributes that `add` writes.
template <class Header, class Add>
std::vector<std::byte> message(std::uint16_t type, const Header& header, const Add& add) {
    wire::Requests requests;
    requests.begin(wire::Transport::route, type, 0, std::as_bytes(std::span(&header, 1)), 0);
    add(requests);
    requests.end();
    const auto bytes = requests.all_bytes();
    return {bytes.begin(), bytes.end()};
}

std::optional<RouteEntry> route(rtmsg header) {
    return parse_route(message(RTM_NEWROUTE, header,
                               [](wire::Requests& out) {
                                   const IpAddress net = ip("198.51.100.0"), via = ip("192.0.2.1");
                                   out.attribute(RTA_DST, net.bytes.data(), 4);
                                   out.attribute(RTA_GATEWAY, via.bytes.data(), 4);
                                   out.attribute_u32(RTA_OIF, 2);
                               }),
                       facts);
}

std::optional<TunnelDevice> device(std::uint16_t type, std::uint32_t flags) {
    ifinfomsg header{};
    header.ifi_type = type;
    header.ifi_flags = flags;
    return parse_ipip_device(
        message(RTM_NEWLINK, header, [](wire::Requests& out) { out.attribute_text(IFLA_IFNAME, "tunl0"); }));
}

}  // namespace

TEST_CASE("a route of the tables main and local, with the name of its interface") {
    rtmsg header{.rtm_family = AF_INET, .rtm_dst_len = 24, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
    const auto found = route(header);
    REQUIRE(found);
    CHECK(found->net == ip("198.51.100.0"));
    CHECK(found->prefix == 24);
    CHECK(found->via == ip("192.0.2.1"));
    CHECK(found->interface == InterfaceName("eth0"));
    CHECK_FALSE(found->local);
    header.rtm_table = RT_TABLE_LOCAL;
    header.rtm_type = RTN_LOCAL;
    REQUIRE(route(header));
    CHECK(route(header)->local);
}

TEST_CASE("other tables, other types of route and other messages are left out") {
    CHECK_FALSE(route({.rtm_family = AF_INET, .rtm_table = 100, .rtm_type = RTN_UNICAST}));
    CHECK_FALSE(route({.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_BLACKHOLE}));
    CHECK_FALSE(parse_route(message(RTM_NEWLINK, ifinfomsg{}, [](wire::Requests&) {}), facts));
    CHECK_FALSE(parse_route({}, facts));
}

TEST_CASE("a device of ipip, and whether it is up") {
    REQUIRE(device(ARPHRD_TUNNEL, IFF_UP));
    CHECK(device(ARPHRD_TUNNEL, IFF_UP)->interface == InterfaceName("tunl0"));
    CHECK(device(ARPHRD_TUNNEL, IFF_UP)->up);
    CHECK_FALSE(device(ARPHRD_TUNNEL, 0)->up);
    CHECK_FALSE(device(ARPHRD_ETHER, IFF_UP));
    CHECK_FALSE(parse_ipip_device({}));
}

}  // namespace lbconverge::doctor
