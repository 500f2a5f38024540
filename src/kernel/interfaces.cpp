#include "interfaces.hpp"

#include "lbconverge/kinds/interface.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

namespace lbconverge::kernel {

namespace {

using Interfaces = std::vector<Interface>;

/// Who does not say what is needed wants all. This is how often an interrupted list is begun again for them.
constexpr int list_attempts = 5;

/// All interfaces, or that of this name. Nobody here counts packets, and the counters are most of an answer.
wire::Requests link_request(const InterfaceName* name) {
    wire::Requests requests;
    const ifinfomsg header{};
    requests.begin(wire::Transport::route, RTM_GETLINK, name == nullptr ? NLM_F_DUMP : 0,
                   std::as_bytes(std::span(&header, 1)), 0);
    if (name != nullptr) requests.attribute_text(IFLA_IFNAME, name->view());
    requests.attribute_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    requests.end();
    return requests;
}

/// The IPv4 addresses of one interface; 0: of all.
wire::Requests address_request(std::uint32_t index) {
    wire::Requests requests;
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_index = index;
    requests.begin(wire::Transport::route, RTM_GETADDR, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
    return requests;
}

/// Sorted, each index once: of two descriptions the later one is right.
void put_in_order(Interfaces& all) {
    std::reverse(all.begin(), all.end());
    const auto before = [](const Interface& a, const Interface& b) { return a.index < b.index; };
    std::stable_sort(all.begin(), all.end(), before);
    const auto same = [](const Interface& a, const Interface& b) { return a.index == b.index; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
}

/// The first address of an interface is that which has its name as label (linux: devinet_ioctl, SIOCGIFADDR).
void take_address(wire::Bytes message, Interfaces& all) {
    if (wire::fixed_header<nlmsghdr>(message, 0).nlmsg_type != RTM_NEWADDR) return;
    const auto header = wire::fixed_header<ifaddrmsg>(message, NLMSG_HDRLEN);
    const auto at = std::lower_bound(all.begin(), all.end(), header.ifa_index,
                                     [](const Interface& each, std::uint32_t index) { return each.index < index; });
    if (header.ifa_family != AF_INET || at == all.end() || at->index != header.ifa_index) return;
    if (at->address || !at->speaks_arp) return;
    std::optional<IpAddress> local;
    ShortName label;
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        if (walk.current().type == IFA_LABEL) label = walk.current().name();
        if (walk.current().type != IFA_LOCAL) continue;
        local = IpAddress::from_bytes(Family::ipv4, walk.current().as<std::array<std::uint8_t, 4>>().data());
    }
    if (label == at->name) at->address = local;
}

Result<NetlinkSocket::Answer> ask(NetlinkSocket& socket, wire::Requests requests,
                                  const NetlinkSocket::Receive& receive) {
    return socket.query(requests, requests.list().front(), receive);
}

Result<void> ask_for_each(NetlinkSocket& socket, const InterfaceNames& names, Interfaces& all) {
    for (const InterfaceName& name : names) {
        std::erase_if(all, [&](const Interface& each) { return each.name == name; });
        RETURN_IF_ERROR(ask(socket, link_request(&name), [&](wire::Bytes message) {
            if (auto link = kinds::read_interface(message)) all.push_back(std::move(*link));
        }));
    }
    put_in_order(all);
    return {};
}

Result<void> ask_for_addresses_of(NetlinkSocket& socket, const InterfaceNames& names, Interfaces& all) {
    for (Interface& each : all) {
        if (std::find(names.begin(), names.end(), each.name) == names.end()) continue;
        each.address.reset();
        RETURN_IF_ERROR(ask(socket, address_request(each.index), [&](wire::Bytes message) {
            if (wire::fixed_header<ifaddrmsg>(message, NLMSG_HDRLEN).ifa_index == each.index) {
                take_address(message, all);
            }
        }));
    }
    return {};
}

}  // namespace

Result<Interfaces> read_interfaces(NetlinkSocket& socket, const InterfaceNames& needed) {
    for (int attempt = 1;; ++attempt) {
        Interfaces all;
        const auto links = ask(socket, link_request(nullptr), [&](wire::Bytes message) {
            if (auto link = kinds::read_interface(message)) all.push_back(std::move(*link));
        });
        RETURN_IF_ERROR(links);
        put_in_order(all);
        if (links->interrupted) RETURN_IF_ERROR(ask_for_each(socket, needed, all));
        const auto addresses =
            ask(socket, address_request(0), [&](wire::Bytes message) { take_address(message, all); });
        RETURN_IF_ERROR(addresses);
        if (addresses->interrupted) RETURN_IF_ERROR(ask_for_addresses_of(socket, needed, all));
        const bool whole = !links->interrupted && !addresses->interrupted;
        if (whole || !needed.empty() || attempt == list_attempts) return all;
    }
}

Result<Interfaces> read_these_interfaces(NetlinkSocket& socket, const InterfaceNames& names) {
    Interfaces all;
    RETURN_IF_ERROR(ask_for_each(socket, names, all));
    RETURN_IF_ERROR(ask_for_addresses_of(socket, names, all));
    return all;
}

}  // namespace lbconverge::kernel
