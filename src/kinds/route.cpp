#include "lbconverge/kinds/route.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace lbconverge::kinds {

namespace {

constexpr std::string_view table_word = " table ";

/// The metric that the kernel gives a route without one (linux/ipv6_route.h: IP6_RT_PRIO_USER).
constexpr std::uint32_t usual_metric(Family family) { return family == Family::ipv4 ? 0 : 1024; }

/// A link-local gateway needs its interface; for any other gateway the interface follows from its address.
bool interface_matters(const std::optional<IpAddress>& via) { return !via || via->is_link_local(); }

Route::Key key_of(const config::Route& route) { return {route.to, route.prefix, route.table}; }

Route::Value value_of(const config::Route& route) {
    return {route.via, interface_matters(route.via) ? route.interface : InterfaceName(), route.source_address};
}

/// Only the mark counts, not the ledger. A route that was there before us, exactly as the file wants it, stays as it
/// is. A route by which another protocol has replaced ours belongs to that protocol. We neither change nor remove such
/// routes.
bool is_ours(const Route::Facts& facts) { return facts.protocol == Route::protocol_tag; }

/// 0 in a field: any.
void ask_for_routes(std::uint8_t family, std::uint32_t table, std::uint8_t protocol, wire::Requests& requests) {
    rtmsg header{};
    header.rtm_family = family;
    header.rtm_protocol = protocol;
    requests.begin(wire::Transport::route, RTM_GETROUTE, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    if (table != RT_TABLE_UNSPEC) requests.attribute_u32(RTA_TABLE, table);
    requests.end();
}

}  // namespace

std::string Route::id(const Key& key) {
    const bool is_default = key.prefix == 0 && key.to.family == Family::ipv4;
    std::string text = is_default ? "default" : to_text(key.to) + "/" + std::to_string(key.prefix);
    if (key.table != RT_TABLE_MAIN) text.append(table_word).append(std::to_string(key.table));
    return text;
}

std::optional<Route::Key> Route::parse_id(std::string_view id) {
    Key key;
    const std::size_t at = id.find(table_word);
    if (at != std::string_view::npos && !from_text(id.substr(at + table_word.size()), key.table)) return std::nullopt;
    id = id.substr(0, at);
    if (id == "default") return key;
    const auto to = parse_with_prefix(id);
    if (!to || network_of(to->address, to->prefix) != to->address) return std::nullopt;
    key.to = to->address;
    key.prefix = to->prefix;
    return key;
}

void Route::desire(const Inputs& inputs, Wanted<Route>& wanted) {
    for (const config::Route& route : inputs.config.routes) {
        const bool elected = !route.vrrp.empty();
        switch (elected ? state_of(route.vrrp, inputs.election) : ElectionState::master) {
            case ElectionState::undecided:
                wanted.held.push_back({key_of(route), "election of " + route.vrrp + " is undecided"});
                break;
            case ElectionState::yielding:
                wanted.held.push_back({key_of(route), "until the new master of " + route.vrrp + " is there"});
                break;
            case ElectionState::backup:
                wanted.unwanted.push_back(key_of(route));
                break;
            case ElectionState::master:
                wanted.rows.add(key_of(route), value_of(route),
                                {route.source, elected ? Cause::election : Cause::config});
                break;
        }
    }
}

/// A director may have a full routing table of the Internet, and the kernel lists only what passes the filter: our own
/// routes. Without a desired state everything is asked for.
void Route::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (!reads<Route>(reading)) return;
    if (reading.desired == nullptr) return ask_for_routes(0, RT_TABLE_UNSPEC, RTPROT_UNSPEC, requests);
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        ask_for_routes(static_cast<std::uint8_t>(family), RT_TABLE_UNSPEC, protocol_tag, requests);
    }
}

void Route::ask_more(const Reading& reading, const Observed& observed, wire::Requests& requests) {
    if (!reads<Route>(reading) || reading.desired == nullptr) return;
    std::set<std::pair<Family, std::uint32_t>> tables;
    for (const Row<Route>& row : reading.desired->get<Route>().rows.rows()) {
        const bool ours = observed.get<Route>().find(row.key) != Seen<Route>::npos;
        if (!ours) tables.emplace(row.key.to.family, row.key.table);
    }
    for (const auto& [family, table] : tables) {
        ask_for_routes(static_cast<std::uint8_t>(family), table, RTPROT_UNSPEC, requests);
    }
}

void Route::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::route) return;
    if (wire::fixed_header<nlmsghdr>(reply.bytes, 0).nlmsg_type != RTM_NEWROUTE) return;
    const auto header = wire::fixed_header<rtmsg>(reply.bytes, NLMSG_HDRLEN);
    const auto family = static_cast<Family>(header.rtm_family);
    if (family != Family::ipv4 && family != Family::ipv6) return;
    if (header.rtm_type != RTN_UNICAST || header.rtm_tos != 0 || (header.rtm_flags & RTM_F_CLONED) != 0) return;
    // The kernel makes and removes the route of an address's own network together with the address.
    if (header.rtm_protocol == RTPROT_KERNEL) return;

    Key key{{family, {}}, header.rtm_dst_len, header.rtm_table};
    if (key.prefix > key.to.bits()) return;
    Value value;
    std::uint32_t metric = 0;
    for (wire::Attributes walk(wire::attributes_of(reply.bytes, sizeof header)); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        const auto address = [&] {
            const auto bytes = attribute.as<std::array<std::uint8_t, 16>>();
            return IpAddress::from_bytes(family, bytes.data());
        };
        switch (attribute.type) {
            case RTA_DST:
                key.to = address();
                break;
            case RTA_TABLE:  // those above 255 do not fit into the header
                key.table = attribute.as<std::uint32_t>();
                break;
            case RTA_PRIORITY:
                metric = attribute.as<std::uint32_t>();
                break;
            case RTA_GATEWAY:
                value.via = address();
                break;
            case RTA_PREFSRC:
                value.source = address();
                break;
            case RTA_OIF:
                if (const Interface* interface = observed.facts.interface(attribute.as<std::uint32_t>())) {
                    value.interface = interface->name;
                }
                break;
            default:
                break;
        }
    }
    if (metric != usual_metric(family)) return;
    if (!interface_matters(value.via)) value.interface = {};
    observed.get<Route>().add(key, value, {header.rtm_protocol});
}

Owner Route::owner(const Key& key, const Facts& facts, const Desired& desired, const Ledger&) {
    if (!is_ours(facts)) return Owner::unrelated;
    const auto& unwanted = desired.get<Route>().unwanted;
    return std::binary_search(unwanted.begin(), unwanted.end(), key) ? Owner::named : Owner::ours;
}

Phase Route::phase(const Change<Route>& change, const Inputs&) {
    // The source of the route may be a VIP. So the route is made after the VIP and removed before it: the kernel
    // removes a route together with its source address, and then the step would find nothing to remove.
    return change.action() == Action::remove ? Phase::withdraw : Phase::announce;
}

void Route::encode(const Change<Route>& change, const HostFacts& facts, std::uint32_t tag, wire::Requests& requests) {
    const Key& key = change.key;
    const bool remove = change.action() == Action::remove;
    const Value& value = remove ? *change.before : *change.after;
    const Interface* interface = facts.interface(value.interface);
    const bool ipv4 = key.to.family == Family::ipv4;

    rtmsg header{};
    header.rtm_family = static_cast<std::uint8_t>(key.to.family);
    header.rtm_dst_len = key.prefix;
    header.rtm_table = key.table < 256 ? static_cast<std::uint8_t>(key.table) : std::uint8_t{RT_TABLE_UNSPEC};
    header.rtm_protocol = remove ? std::uint8_t{RTPROT_UNSPEC} : protocol_tag;
    header.rtm_scope = remove ? RT_SCOPE_NOWHERE : ipv4 && !value.via ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    // A link-local IPv4 gateway is in no network of the interface.
    if (ipv4 && value.via && value.via->is_link_local()) header.rtm_flags = RTNH_F_ONLINK;

    const int create = NLM_F_CREATE | (change.action() == Action::update ? NLM_F_REPLACE : NLM_F_EXCL);
    requests.begin(wire::Transport::route, remove ? RTM_DELROUTE : RTM_NEWROUTE,
                   static_cast<std::uint16_t>(remove ? 0 : create), std::as_bytes(std::span(&header, 1)), tag);
    if (key.prefix != 0) requests.attribute(RTA_DST, key.to.bytes.data(), key.to.size());
    requests.attribute_u32(RTA_TABLE, key.table);
    if (value.via) requests.attribute(RTA_GATEWAY, value.via->bytes.data(), value.via->size());
    // An interface that is not there has index 0, which the kernel refuses, unless it finds one by the gateway.
    if (!value.interface.empty()) requests.attribute_u32(RTA_OIF, interface == nullptr ? 0 : interface->index);
    if (value.source) requests.attribute(RTA_PREFSRC, value.source->bytes.data(), value.source->size());
    if (!ipv4) requests.attribute_u32(RTA_PRIORITY, usual_metric(key.to.family));
    requests.end();
}

Error Route::refusal(const Change<Route>& change, int error) {
    const std::string what = "route " + id(change.key);
    const Value* value = change.after != nullptr ? change.after : change.before;
    if (error == ESRCH) return {ErrorKind::world_moved, what + " changed meanwhile", {}};
    if (error == EEXIST) {
        return {ErrorKind::failed, what + ": the kernel has one already, of its own or of another type",
                "see ip route show " + id(change.key) + "; remove it, or take [[route]] out of the file"};
    }
    if (error == ENETUNREACH || error == EHOSTUNREACH) {
        return {ErrorKind::failed, what + ": its gateway is in no network of this node",
                "is the interface up, and the address of via right?"};
    }
    if (error == ENODEV || (error == EINVAL && value != nullptr && !value->interface.empty())) {
        return {ErrorKind::failed, what + ": there is no interface " + value->interface.str(), "see ip link"};
    }
    if (error == EINVAL && value != nullptr && value->source) {
        return {ErrorKind::failed, what + ": its source " + to_text(*value->source) + " is no address of this node",
                "a VIP as source: name its instance, vrrp = \"…\", so that the route is there on the master only"};
    }
    return plain_refusal(what, error);
}

std::optional<Error> Route::obstacle(const Change<Route>& change, const Facts* facts, const Circumstances& at) {
    if (change.after == nullptr) return std::nullopt;
    const InterfaceName& interface = change.after->interface;
    if (!interface.empty() && lacks_interface(interface, at)) return refusal(change, ENODEV);
    if (change.action() != Action::update || is_ours(*facts)) return std::nullopt;
    const Value& there = *change.before;
    std::string text = "route " + id(change.key) + ": there is another one already";
    if (there.via) text += ", via " + to_text(*there.via);
    if (!there.interface.empty()) text += ", dev " + there.interface.str();
    return Error{ErrorKind::refused, text + ", and it is not ours to replace",
                 "take it out of the system's network configuration and off the node (ip route del " + id(change.key) +
                     "), or give it a metric"};
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Route)
