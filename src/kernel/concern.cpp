#include "lbconverge/kernel/concern.hpp"

#include "lbconverge/config/interfaces.hpp"
#include "lbconverge/kinds/interface.hpp"

#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

namespace lbconverge::kernel {

namespace {

template <class T>
void sort_once(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// An attribute of a message about a link, or an empty one.
wire::Attribute of_link(wire::Bytes message, std::uint16_t type) {
    for (wire::Attributes walk(wire::attributes_of(message, sizeof(ifinfomsg))); walk.next();) {
        if (walk.current().type == type) return walk.current();
    }
    return {};
}

std::optional<IpAddress> address_in(const wire::Attribute& attribute, std::uint8_t family) {
    const auto is = static_cast<Family>(family);
    if (is != Family::ipv4 && is != Family::ipv6) return std::nullopt;
    return IpAddress::from_bytes(is, attribute.as<std::array<std::uint8_t, 16>>().data());
}

}  // namespace

Notice& Notice::operator|=(const Notice& other) {
    disturbed = disturbed || other.disturbed;
    moved = moved || other.moved;
    elsewhere = elsewhere || other.elsewhere;
    return *this;
}

bool Concern::names(const InterfaceName& interface) const {
    return std::binary_search(interfaces.begin(), interfaces.end(), interface);
}

Concern concern_of(std::shared_ptr<const config::Config> config) {
    Concern concern{.config = std::move(config)};
    concern.interfaces = config::named_interfaces(*concern.config);
    concern.all_interfaces = kinds::concerns_all_interfaces(*concern.config);
    for (const config::Vip& each : concern.config->vips) concern.vips.push_back(each.address);
    for (const config::Route& each : concern.config->routes) {
        concern.routes.push_back({each.to, each.prefix, each.table});
        if (each.via) concern.gateways.push_back(*each.via);
    }
    sort_once(concern.vips);
    sort_once(concern.routes);
    return concern;
}

bool Judge::matters(const IpAddress& address, std::uint8_t prefix) const {
    if (std::binary_search(concern_.vips.begin(), concern_.vips.end(), address)) return true;
    return std::any_of(concern_.gateways.begin(), concern_.gateways.end(), [&](const IpAddress& each) {
        return !each.is_link_local() && each.in_same_net(address, prefix);
    });
}

void Judge::learn(const kinds::Observed& seen) {
    for (const Interface& each : seen.facts.interfaces) {
        if (concern_.names(each.name)) known_[each.index] = true;
    }
    for (const Row<kinds::Address>& row : seen.get<kinds::Address>().rows()) {
        if (!matters(row.key.address, row.key.prefix)) continue;
        const Interface* on = seen.facts.interface(row.key.interface);
        if (on != nullptr) known_.try_emplace(on->index, false);
    }
}

Notice Judge::judge(std::span<const std::byte> messages) {
    Notice all;
    auto rest = static_cast<int>(messages.size());
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(messages.data());
         NLMSG_OK(header, static_cast<unsigned>(rest)); header = NLMSG_NEXT(header, rest)) {
        const std::span message(reinterpret_cast<const std::byte*>(header), header->nlmsg_len);
        switch (header->nlmsg_type) {
            case RTM_NEWLINK:
            case RTM_DELLINK:
                all |= judge_link(message);
                break;
            case RTM_NEWADDR:
            case RTM_DELADDR:
                all |= judge_address(message);
                break;
            case RTM_NEWROUTE:
            case RTM_DELROUTE:
                all |= judge_route(message);
                break;
            case RTM_NEWNETCONF:
            case RTM_DELNETCONF:
                all |= judge_settings(message);
                break;
            default:
                break;
        }
    }
    return all;
}

Notice Judge::notice_on(std::uint32_t index) const {
    const auto at = known_.find(index);
    const bool concerned = at != known_.end() || concern_.all_interfaces;
    return {concerned, concerned, concerned && (at == known_.end() || !at->second)};
}

Notice Judge::judge_link(std::span<const std::byte> message) {
    const auto header = wire::fixed_header<ifinfomsg>(message, NLMSG_HDRLEN);
    const auto index = static_cast<std::uint32_t>(header.ifi_index);
    if (header.ifi_family != AF_UNSPEC) return {};  // of a bridge, about its ports
    const bool ends = wire::fixed_header<nlmsghdr>(message, 0).nlmsg_type == RTM_DELLINK;
    if (!ends && concern_.names(InterfaceName(of_link(message, IFLA_IFNAME).name()))) known_[index] = true;
    const Notice notice = notice_on(index);
    if (!notice.moved) return notice;
    if (ends) {
        known_.erase(index);
        said_.erase(index);
        return notice;
    }
    auto link = kinds::read_interface(message);
    if (!link) return notice;
    Said said{std::move(*link), of_link(message, IFLA_MTU).as<std::uint32_t>()};
    const auto [at, first] = said_.try_emplace(index, said);
    if (!first && at->second == said) return {};
    at->second = std::move(said);
    return notice;
}

Notice Judge::judge_address(std::span<const std::byte> message) const {
    const auto header = wire::fixed_header<ifaddrmsg>(message, NLMSG_HDRLEN);
    const Notice notice = notice_on(header.ifa_index);
    if (notice.moved) return notice;
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        if (walk.current().type != IFA_LOCAL && walk.current().type != IFA_ADDRESS) continue;
        const auto address = address_in(walk.current(), header.ifa_family);
        if (address && matters(*address, header.ifa_prefixlen)) return {true, true, true};
    }
    return notice;
}

Notice Judge::judge_route(std::span<const std::byte> message) const {
    const auto header = wire::fixed_header<rtmsg>(message, NLMSG_HDRLEN);
    if (header.rtm_protocol == kinds::Route::protocol_tag) return {.disturbed = true};
    kinds::Route::Key key{{static_cast<Family>(header.rtm_family), {}}, header.rtm_dst_len, header.rtm_table};
    for (wire::Attributes walk(wire::attributes_of(message, sizeof header)); walk.next();) {
        if (walk.current().type == RTA_TABLE) key.table = walk.current().as<std::uint32_t>();
        if (walk.current().type != RTA_DST) continue;
        if (const auto to = address_in(walk.current(), header.rtm_family)) key.to = *to;
    }
    return {.disturbed = std::binary_search(concern_.routes.begin(), concern_.routes.end(), key)};
}

Notice Judge::judge_settings(std::span<const std::byte> message) const {
    for (wire::Attributes walk(wire::attributes_of(message, sizeof(netconfmsg))); walk.next();) {
        if (walk.current().type != NETCONFA_IFINDEX) continue;
        const auto index = walk.current().as<std::int32_t>();
        if (index < 0) return {.disturbed = true};  // all, or default
        return {.disturbed = notice_on(static_cast<std::uint32_t>(index)).disturbed};
    }
    return {};
}

}  // namespace lbconverge::kernel
