#include "lbconverge/kinds/address.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/setting.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

namespace lbconverge::kinds {

namespace {

struct VipPlace {
    InterfaceName interface;
    std::uint8_t prefix;
    Scope scope;
};

VipPlace on_loopback(const config::Vip& vip, const config::Config& config) {
    // Role both keeps the file's prefix for the interface; on lo anything shorter would make the whole net local.
    const std::uint8_t prefix = config.role == Role::both ? vip.address.bits() : vip.prefix;
    return {loopback, prefix, vip.scope.value_or(Scope::host)};
}

VipPlace on_interface(const config::Vip& vip) { return {vip.interface, vip.prefix, vip.scope.value_or(Scope::global)}; }

Address::Key key_of(const config::Vip& vip, const VipPlace& place) {
    return {vip.address, place.prefix, place.interface};
}

Address::Value value_of(const config::Vip& vip, const VipPlace& place) {
    Address::Value value;
    const bool ipv6 = vip.address.family == Family::ipv6;
    value.scope = ipv6 ? Scope::global : place.scope;  // IPv6 scopes follow from the address
    // Label ("eth0:vip") and broadcast address are those of the VIP's interface; on lo beside it they would only
    // mislead.
    const bool beside = place.interface.is_loopback() && !vip.interface.empty() && !vip.interface.is_loopback();
    const std::string_view label = vip.label.view();
    const bool misleads = place.interface.is_loopback() && label.substr(0, label.find(':')) != loopback.view();
    if (!ipv6 && !beside && !misleads && vip.label != place.interface) value.label = vip.label;
    if (!ipv6 && !beside) value.broadcast = vip.broadcast;
    value.deprecated = ipv6 && vip.deprecated;
    return value;
}

bool on_lo(const Address::Key& key) { return key.interface.is_loopback(); }

/// Whether the VIP is on lo of this node; that does not depend on who is master. A node of role both always has it
/// there: so it accepts what a new master balances to it at every moment, also while the VIP leaves its interface.
bool belongs_on_loopback(const config::Vip& vip, Role role) {
    if (role == Role::real_server) return vip.accept == config::Accept::loopback;
    return role == Role::both;
}

/// Whether the VIP should be on its interface now.
bool belongs_on_interface(const config::Vip& vip, Role role, ElectionState state) {
    return role == Role::real_server ? vip.accept == config::Accept::interface : state == ElectionState::master;
}

/// The same address is wanted on the same interface, with another prefix.
bool is_replaced(const Address::Key& key, const Inputs& inputs) {
    if (inputs.release) return false;
    return std::any_of(inputs.config.vips.begin(), inputs.config.vips.end(), [&](const config::Vip& vip) {
        if (vip.address != key.address) return false;
        const bool here = belongs_on_interface(vip, inputs.config.role, state_of(vip, inputs.election));
        return on_lo(key) ? belongs_on_loopback(vip, inputs.config.role) : here && vip.interface == key.interface;
    });
}

/// Reads what the flags say about the address itself.
void read_flags(std::uint32_t flags, Family family, Address::Value& value) {
    value.expires = (flags & IFA_F_PERMANENT) == 0;
    if (family != Family::ipv6) return;
    value.dadfailed = (flags & IFA_F_DADFAILED) != 0;
    value.tentative = (flags & IFA_F_TENTATIVE) != 0 && (flags & (IFA_F_OPTIMISTIC | IFA_F_DADFAILED)) == 0;
}

/// The kernel lists older addresses of IPv4 before newer ones, and those of IPv6 behind them (linux: inet_insert_ifa,
/// ipv6_link_dev_addr).
void compare_age(Seen<Address>& seen, const Address::Key& key, Address::Facts& facts) {
    if (key.prefix == key.address.bits() || key.address.is_link_local()) return;
    const bool ipv6 = key.address.family == Family::ipv6;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const Address::Key& other = seen.row(i).key;
        if (other.interface != key.interface || other.address.family != key.address.family) continue;
        if (other.prefix == other.address.bits() || other.address == key.address) continue;
        Address::Facts& newer = ipv6 ? seen.note(i) : facts;
        newer.later = true;
        const bool related = other.address.in_same_net(key.address, std::min(other.prefix, key.prefix));
        newer.beside = newer.beside || related;
    }
}

/// An address of the node itself, with another prefix, in the place of a new VIP: IPv6 has an address once per
/// interface.
const Address::Key* own_in_the_way(const Change<Address>& change, const Circumstances& at) {
    if (change.before != nullptr || change.key.address.family != Family::ipv6) return nullptr;
    const Seen<Address>& seen = at.observed.get<Address>();
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const Address::Key& there = seen.row(i).key;
        const bool same = there.address == change.key.address && there.interface == change.key.interface;
        if (same && Address::is_own(there, seen.note(i), at.desired, at.ledger)) return &there;
    }
    return nullptr;
}

/// IPv4 allows the same address several times: with different peers, and without one. The table has room for one of
/// them: it shows one with a peer, because that one must be removed.
void put_first(Seen<Address>& seen, const Address::Key& key, const Address::Value& value, const Address::Facts& facts) {
    Seen<Address> all;
    all.add(key, value, facts);
    for (std::size_t i = 0; i < seen.size(); ++i) all.add(seen.row(i).key, seen.row(i).value, seen.note(i));
    seen = std::move(all);
}

/// The addresses of one interface; 0: of all. The tag of the request is that index.
void ask_for_addresses(std::uint32_t index, wire::Requests& requests) {
    ifaddrmsg header{};
    header.ifa_index = index;
    requests.begin(wire::Transport::route, RTM_GETADDR, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), index);
    requests.end();
}

/// Of those that are there.
std::vector<std::uint32_t> indices_of(const std::vector<InterfaceName>& names, const HostFacts& facts) {
    std::vector<std::uint32_t> indices;
    for (const InterfaceName& name : names) {
        if (const Interface* interface = facts.interface(name)) indices.push_back(interface->index);
    }
    return indices;
}

void forget_those_of(const InterfaceName& interface, Seen<Address>& seen) {
    Seen<Address> others;
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        const Row<Address>& row = seen.row(i);
        if (row.key.interface != interface) others.add(row.key, row.value, seen.note(i));
    }
    seen = std::move(others);
}

void write_value(const Address::Value& value, Family family, bool is_new, wire::Requests& requests) {
    if (!value.label.empty()) requests.attribute_text(IFA_LABEL, value.label.view());
    if (value.broadcast) {
        requests.attribute(IFA_BROADCAST, value.broadcast->bytes.data(), value.broadcast->size());
    }
    // No duplicate address detection: a VIP moves between nodes, and would be silent for a second each time.
    if (family == Family::ipv6) requests.attribute_u32(IFA_FLAGS, IFA_F_NODAD);
    if (value.deprecated) {
        const ifa_cacheinfo forever{.ifa_prefered = 0, .ifa_valid = UINT32_MAX, .cstamp = 0, .tstamp = 0};
        requests.attribute(IFA_CACHEINFO, &forever, sizeof forever);
    }
    // Only a new address gets the mark: one whose lifetimes are changed may have been made by another program.
    if (is_new) requests.attribute_u8(IFA_PROTO, Address::protocol_tag);
}

}  // namespace

std::string Address::id(const Key& key) {
    return to_text(key.address) + "/" + std::to_string(key.prefix) + " " + key.interface.str();
}

std::string Address::display(const Key& key) {
    return to_text(key.address) + "/" + std::to_string(key.prefix) + " dev " + key.interface.str();
}

std::optional<Address::Key> Address::parse_id(std::string_view id) {
    const std::size_t space = id.find(' ');
    if (space == std::string_view::npos || !InterfaceName::fits(id.substr(space + 1))) return std::nullopt;
    const auto address = parse_with_prefix(id.substr(0, space));
    if (!address) return std::nullopt;
    return Key{address->address, address->prefix, InterfaceName(id.substr(space + 1))};
}

void Address::desire(const Inputs& inputs, Wanted<Address>& wanted) {
    const Role role = inputs.config.role;
    const auto want = [&](const config::Vip& vip, const VipPlace& place, Cause cause) {
        wanted.rows.add(key_of(vip, place), value_of(vip, place), {vip.source, cause});
    };
    for (const config::Vip& vip : inputs.config.vips) {
        const ElectionState state = state_of(vip, inputs.election);
        const bool elected = !vip.vrrp.empty() && role != Role::real_server;
        if (belongs_on_loopback(vip, role)) want(vip, on_loopback(vip, inputs.config), Cause::config);
        if (elected && state == ElectionState::undecided) {
            wanted.held.push_back({key_of(vip, on_interface(vip)), "election of " + vip.vrrp + " is undecided"});
        } else if (elected && state == ElectionState::yielding) {
            wanted.held.push_back({key_of(vip, on_interface(vip)), "until the new master of " + vip.vrrp + " has it"});
        } else if (belongs_on_interface(vip, role, state)) {
            want(vip, on_interface(vip), elected ? Cause::election : Cause::config);
        }
    }
}

void Address::ask(const Reading& reading, Observed& observed, wire::Requests& requests) {
    if (!reading.only_interfaces) return ask_for_addresses(0, requests);
    for (const std::uint32_t index : indices_of(reading.interfaces, observed.facts)) ask_for_addresses(index, requests);
}

void Address::ask_again(const Reading& reading, std::span<const std::uint32_t> open, Observed& observed,
                        wire::Requests& requests) {
    if (reading.interfaces.empty() && !open.empty()) {
        observed.get<Address>() = {};
        return ask_for_addresses(0, requests);
    }
    const auto doubtful = [&](std::uint32_t index) {
        return std::any_of(open.begin(), open.end(), [&](std::uint32_t tag) { return tag == 0 || tag == index; });
    };
    for (const std::uint32_t index : indices_of(reading.interfaces, observed.facts)) {
        if (!doubtful(index)) continue;
        forget_those_of(observed.facts.interface(index)->name, observed.get<Address>());
        ask_for_addresses(index, requests);
    }
}

void Address::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::route) return;
    if (wire::fixed_header<nlmsghdr>(reply.bytes, 0).nlmsg_type != RTM_NEWADDR) return;
    const auto header = wire::fixed_header<ifaddrmsg>(reply.bytes, NLMSG_HDRLEN);
    const auto family = static_cast<Family>(header.ifa_family);
    if (family != Family::ipv4 && family != Family::ipv6) return;
    if (reply.tag != 0 && reply.tag != header.ifa_index) return;  // a kernel that does not filter what it lists
    const Interface* interface = observed.facts.interface(header.ifa_index);
    if (interface == nullptr) return;

    Key key{{family, {}}, header.ifa_prefixlen, interface->name};
    if (key.prefix > key.address.bits()) return;
    Value value{.scope = static_cast<Scope>(header.ifa_scope)};
    Facts facts{.flags = header.ifa_flags};
    std::optional<IpAddress> local;  // the node's own end
    std::optional<IpAddress> whole;  // the same, or the peer's, of which the prefix is then
    for (wire::Attributes walk(wire::attributes_of(reply.bytes, sizeof header)); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        const auto address = [&] {
            const auto bytes = attribute.as<std::array<std::uint8_t, 16>>();
            return IpAddress::from_bytes(family, bytes.data());
        };
        switch (attribute.type) {
            case IFA_LOCAL:
                local = address();
                break;
            case IFA_ADDRESS:
                whole = address();
                break;
            case IFA_LABEL:
                value.label = attribute.name();
                break;
            case IFA_BROADCAST:
                value.broadcast = address();
                break;
            case IFA_FLAGS:
                facts.flags = attribute.as<std::uint32_t>();
                break;
            case IFA_PROTO:
                facts.protocol = attribute.as<std::uint8_t>();
                break;
            case IFA_CACHEINFO:
                value.deprecated = family == Family::ipv6 && attribute.as<ifa_cacheinfo>().ifa_prefered == 0;
                break;
            default:
                break;
        }
    }
    if (!local && !whole) return;
    key.address = local ? *local : *whole;
    if (whole && *whole != key.address) value.peer = whole;
    if (value.label == key.interface) value.label = {};
    if (family == Family::ipv6) value.scope = Scope::global;
    read_flags(facts.flags, family, value);
    compare_age(observed.get<Address>(), key, facts);
    if (value.peer) return put_first(observed.get<Address>(), key, value, facts);
    observed.get<Address>().add(key, value, facts);
}

Owner Address::owner(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger) {
    // While the election of a VIP is not known, the VIP stays on every interface where it is, with every prefix. (A
    // director must never have it on lo.)
    const auto& held = desired.get<Address>().held;
    const auto same = [&](const Held<Address>& each) {
        return each.key.address == key.address && on_lo(each.key) == on_lo(key);
    };
    if (std::any_of(held.begin(), held.end(), same)) return Owner::unrelated;
    const bool is_vip = std::binary_search(desired.vips.begin(), desired.vips.end(), key.address);
    if (is_own(key, facts, desired, ledger)) return is_vip ? Owner::foreign : Owner::unrelated;
    if (is_vip) return Owner::named;  // on every interface, and also if another program put it there
    if (made_by_us(key, facts, desired, ledger)) return Owner::ours;
    // An address that we adopted is removed like one that we made. If another program has replaced an address that we
    // made, it belongs to that program.
    const Claim<Address>* claim = ledger.claim<Address>(key);
    return claim != nullptr && claim->origin != ClaimOrigin::made ? Owner::ours : Owner::unrelated;
}

bool Address::made_by_us(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger) {
    const Claim<Address>* claim = ledger.claim<Address>(key);
    // An adopted address has our mark, too, if we have changed it.
    if (claim != nullptr && claim->origin == ClaimOrigin::adopted) return false;
    if (facts.protocol == protocol_tag) return true;
    return !desired.marks && claim != nullptr && claim->origin == ClaimOrigin::made;
}

bool Address::is_own(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger) {
    if (std::binary_search(desired.own.begin(), desired.own.end(), key.address)) return true;
    // A /32, or one on lo, or beside an older address of its net, is a VIP for sure.
    const bool second = is_secondary(key, facts) || facts.beside;
    const bool vip_for_sure = key.prefix == key.address.bits() || on_lo(key) || second;
    return !vip_for_sure && !made_by_us(key, facts, desired, ledger);
}

Phase Address::phase(const Change<Address>& change, const Inputs& inputs) {
    if (change.action() != Action::remove) return Phase::bind;
    // IPv4 can have an address with two prefixes at the same time, so the old one can be removed after the new one is
    // made. IPv6 has an address only once per interface, so the old one must be removed first.
    if (is_replaced(change.key, inputs)) {
        return change.key.address.family == Family::ipv4 ? Phase::unbind : Phase::withdraw;
    }
    return on_lo(change.key) ? Phase::unbind : Phase::withdraw;
}

void Address::encode(const Change<Address>& change, const HostFacts& facts, std::uint32_t tag,
                     wire::Requests& requests) {
    const Key& key = change.key;
    const Interface* interface = facts.interface(key.interface);
    const auto write = [&](std::uint16_t type, std::uint16_t flags, const Value& value) {
        ifaddrmsg header{};
        header.ifa_family = static_cast<std::uint8_t>(key.address.family);
        header.ifa_prefixlen = key.prefix;
        header.ifa_index = interface == nullptr ? 0 : interface->index;
        header.ifa_scope = static_cast<std::uint8_t>(type == RTM_DELADDR ? Scope::global : value.scope);
        requests.begin(wire::Transport::route, type, flags, std::as_bytes(std::span(&header, 1)), tag);
        requests.attribute(IFA_LOCAL, key.address.bytes.data(), key.address.size());
        // IPv4 removes only an address with this net (linux: inet_rtm_deladdr).
        const IpAddress& whole = value.peer ? *value.peer : key.address;
        requests.attribute(IFA_ADDRESS, whole.bytes.data(), whole.size());
        if (type == RTM_NEWADDR) write_value(value, key.address.family, (flags & NLM_F_CREATE) != 0, requests);
        requests.end();
    };

    if (change.action() == Action::create) return write(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, *change.after);
    if (change.action() == Action::remove) return write(RTM_DELADDR, 0, *change.before);
    // The kernel changes only the lifetimes of an address in place; anything else needs a new one.
    Value same = *change.before;
    same.deprecated = change.after->deprecated;
    same.expires = change.after->expires;
    if (same == *change.after) return write(RTM_NEWADDR, NLM_F_REPLACE, *change.after);
    write(RTM_DELADDR, 0, *change.before);
    write(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, *change.after);
}

Error Address::refusal(const Change<Address>& change, int error) {
    const std::string what = "address " + display(change.key);
    if (error == ENODEV) {
        return {ErrorKind::failed, what + ": there is no interface " + change.key.interface.str(),
                "name an interface of this node (ip link), or bring it up before lbconverge runs"};
    }
    const bool ipv6 = change.key.address.family == Family::ipv6;
    if (ipv6 && error == EACCES) {  // a lack of privilege is EPERM
        return {ErrorKind::failed, what + ": IPv6 is switched off on " + change.key.interface.str(),
                "set " + sysctl_name(setting_path(change.key.interface, "disable_ipv6", Family::ipv6)) +
                    " to 0, or take the VIP out of the file"};
    }
    if (ipv6 && (error == EOPNOTSUPP || error == EAFNOSUPPORT)) {
        return {ErrorKind::kernel_lacks, what + ": the kernel has no IPv6",
                "was it started with ipv6.disable=1? Else take the VIP out of the file"};
    }
    if (error == EEXIST || error == EADDRNOTAVAIL) return {ErrorKind::world_moved, what + " changed meanwhile", {}};
    return plain_refusal(what, error);
}

bool Address::is_secondary(const Key& key, const Facts& facts) {
    return key.address.family == Family::ipv4 && (facts.flags & IFA_F_SECONDARY) != 0;
}

std::optional<Error> Address::obstacle(const Change<Address>& change, const Facts*, const Circumstances& at) {
    if (change.after == nullptr) return std::nullopt;
    if (lacks_interface(change.key.interface, at)) return refusal(change, ENODEV);
    const Key* own = own_in_the_way(change, at);
    if (own == nullptr) return std::nullopt;
    return Error{ErrorKind::refused,
                 "address " + display(change.key) + ": the node has it there as an address of its own, " +
                     display(*own) + ", and IPv6 has an address once",
                 "take it off the node (ip address del " + display(*own) + ") if it was put there as a VIP"};
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Address)
