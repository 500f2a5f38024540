#include "lbconverge/kinds/interface.hpp"

#include "lbconverge/wire/request.hpp"

#include <doctest/doctest.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace lbconverge::kinds {

namespace {

std::vector<std::byte> link_message(std::uint16_t type, unsigned flags, std::size_t mac_size = 6) {
    const ifinfomsg header{.ifi_family = 0, .ifi_type = 1, .ifi_index = 7, .ifi_flags = flags, .ifi_change = 0};
    wire::Requests requests;
    requests.begin(wire::Transport::route, type, 0, std::as_bytes(std::span(&header, 1)), 0);
    requests.attribute_text(IFLA_IFNAME, "eth0");
    const std::array<std::uint8_t, 20> mac{2, 0, 0, 0, 1, 5};
    requests.attribute(IFLA_ADDRESS, mac.data(), mac_size);
    const std::size_t spec = requests.begin_nest(IFLA_AF_SPEC);
    const std::size_t ipv6 = requests.begin_nest(10);
    requests.attribute_u32(IFLA_INET_CONF, 9);
    requests.end_nest(ipv6);
    const std::size_t ipv4 = requests.begin_nest(2);
    const std::array<std::uint32_t, 3> settings{1, 0, 2};
    requests.attribute(IFLA_INET_CONF, settings.data(), sizeof settings);
    requests.end_nest(ipv4);
    requests.end_nest(spec);
    requests.end();
    const auto bytes = requests.all_bytes();
    return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("what the kernel says of an interface") {
    const auto link = read_interface(link_message(RTM_NEWLINK, IFF_UP | IFF_RUNNING));
    REQUIRE(link);
    CHECK(link->index == 7);
    CHECK(link->name.view() == "eth0");
    CHECK((link->up && link->carrier && link->speaks_arp && !link->loopback));
    CHECK(link->link_address == std::array<std::uint8_t, 6>{2, 0, 0, 0, 1, 5});
    CHECK(link->ipv4_devconf == std::vector<std::uint32_t>{1, 0, 2});
}

TEST_CASE("an interface without a carrier, without ARP, with a link address of another size, or lo") {
    CHECK_FALSE(read_interface(link_message(RTM_NEWLINK, IFF_UP))->carrier);
    CHECK_FALSE(read_interface(link_message(RTM_NEWLINK, IFF_RUNNING))->up);
    CHECK_FALSE(read_interface(link_message(RTM_NEWLINK, IFF_NOARP))->speaks_arp);
    CHECK_FALSE(read_interface(link_message(RTM_NEWLINK, IFF_LOOPBACK))->speaks_arp);
    CHECK(read_interface(link_message(RTM_NEWLINK, IFF_LOOPBACK))->loopback);
    CHECK(read_interface(link_message(RTM_NEWLINK, IFF_UP, 20))->link_address == std::array<std::uint8_t, 6>{});
}

TEST_CASE("other messages, and those that are cut off anywhere, are no danger") {
    CHECK_FALSE(read_interface(link_message(RTM_DELLINK, 0)));
    const auto whole = link_message(RTM_NEWLINK, IFF_UP);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto link = read_interface(part);
        if (link) CHECK(link->name.view() == "eth0");
    }
}

}  // namespace lbconverge::kinds
