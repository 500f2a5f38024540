#include "lbconverge/kinds/service.hpp"

#include "instantiate.hpp"
#include "ipvs.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/via_vip.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>

namespace lbconverge::kinds {

static_assert(ServiceFlags::persistent == IP_VS_SVC_F_PERSISTENT && ServiceFlags::hashed == IP_VS_SVC_F_HASHED &&
              ServiceFlags::one_packet == IP_VS_SVC_F_ONEPACKET && ServiceFlags::scheduler_1 == IP_VS_SVC_F_SCHED1);

namespace {

struct FlagName {
    std::string_view name;
    std::uint32_t bit;
};
constexpr FlagName flag_names[] = {
    {"persistent", ServiceFlags::persistent}, {"one-packet", ServiceFlags::one_packet},
    {"flag-1", ServiceFlags::scheduler_1},    {"flag-2", ServiceFlags::scheduler_2},
    {"flag-3", ServiceFlags::scheduler_3},
};

Netmask full_mask(Family family) { return {family == Family::ipv4 ? 0xffffffffU : 128U}; }

Netmask mask_of(Family family, std::uint8_t prefix) {
    if (family == Family::ipv6) return {prefix};
    return {prefix == 0 ? 0U : 0xffffffffU << (32U - prefix)};
}

/// IPv4: the kernel wants the mask in network byte order, whatever the machine's.
std::uint32_t mask_on_the_wire(Family family, Netmask mask) {
    return family == Family::ipv4 && std::endian::native == std::endian::little ? __builtin_bswap32(mask.value)
                                                                                : mask.value;
}

Service::Value value_of(const config::Service& service) {
    Service::Value value{.scheduler = service.scheduler,
                         .flags = {service.scheduler_flags},
                         .persistence = service.persistence,
                         .netmask = full_mask(service.vip.family),
                         .engine = service.persistence_engine};
    if (service.one_packet) value.flags.bits |= ServiceFlags::one_packet;
    if (service.persistence != 0) {
        value.flags.bits |= ServiceFlags::persistent;
        value.netmask = mask_of(service.vip.family, service.persistence_mask);
    }
    return value;
}

/// The kernel stores time-out and mask also for a service that is not persistent, but does not use them.
void forget_unused(Family family, Service::Value& value) {
    if ((value.flags.bits & ServiceFlags::persistent) != 0) return;
    value.persistence = 0;
    value.netmask = full_mask(family);
}

bool not_master(ElectionState state) { return state == ElectionState::backup || state == ElectionState::yielding; }

}  // namespace

std::string to_text(const ServiceFlags& flags) {
    std::string text;
    std::uint32_t rest = flags.bits;
    const auto append = [&](std::string_view name) { text.append(text.empty() ? "" : ",").append(name); };
    for (const FlagName& each : flag_names) {
        if ((rest & each.bit) != 0) append(each.name);
        rest &= ~each.bit;
    }
    if (rest != 0) {
        char number[16] = "0x";
        append({number,
                static_cast<std::size_t>(std::to_chars(number + 2, number + sizeof number, rest, 16).ptr - number)});
    }
    return text.empty() ? "none" : text;
}

bool from_text(std::string_view text, ServiceFlags& flags) {
    flags.bits = 0;
    while (text != "none" && !text.empty()) {
        const std::string_view word = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        const auto* const known = std::find_if(std::begin(flag_names), std::end(flag_names),
                                               [&](const FlagName& each) { return each.name == word; });
        if (known != std::end(flag_names)) {
            flags.bits |= known->bit;
            continue;
        }
        std::uint32_t bits = 0;
        if (!word.starts_with("0x")) return false;
        const auto [end, error] = std::from_chars(word.data() + 2, word.data() + word.size(), bits, 16);
        if (error != std::errc{} || end != word.data() + word.size()) return false;
        flags.bits |= bits;
    }
    return true;
}

std::string to_text(const Netmask& mask) {
    if (mask.value <= 128) return std::to_string(mask.value);
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(mask.value >> shift & 0xff);
        if (shift != 0) text += '.';
    }
    return text;
}

bool from_text(std::string_view text, Netmask& mask) {
    if (from_text(text, mask.value)) return mask.value <= 128;
    const auto address = IpAddress::parse(text);
    if (!address || address->family != Family::ipv4) return false;
    mask.value = 0;
    for (int i = 0; i < 4; ++i) mask.value = mask.value << 8 | address->bytes[static_cast<std::size_t>(i)];
    return true;
}

std::string Service::id(const Key& key) {
    if (key.fwmark != 0) return "fwmark " + std::to_string(key.fwmark) + " " + std::string(to_text(key.vip.family));
    return std::string(to_text(key.protocol)) + " " + with_port(key.vip, key.port);
}

std::optional<Service::Key> Service::parse_id(std::string_view id) {
    const std::size_t space = id.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view rest = id.substr(space + 1);
    Key key;
    if (id.substr(0, space) == "fwmark") {
        const std::size_t second = rest.find(' ');
        if (second == std::string_view::npos || !from_text(rest.substr(0, second), key.fwmark)) return std::nullopt;
        if (!from_text(rest.substr(second + 1), key.vip.family) || key.fwmark == 0) return std::nullopt;
        return key;
    }
    const auto vip = parse_with_port(rest);
    if (!vip || !from_text(id.substr(0, space), key.protocol) || key.protocol == Protocol::none) return std::nullopt;
    key.vip = vip->address;
    key.port = vip->port;
    return key;
}

Service::Key Service::key_of(const config::Service& service) {
    if (service.fwmark == 0) return {service.vip, service.protocol, service.port, 0};
    return {{service.vip.family, {}}, Protocol::none, 0, service.fwmark};
}

void Service::desire(const Inputs& inputs, Wanted<Service>& wanted) {
    if (inputs.config.role == Role::real_server) return;
    wanted.rows.reserve(inputs.config.services.size());
    for (const config::Service& service : inputs.config.services) {
        const ElectionState state =
            service.active == config::Active::always ? ElectionState::master : state_of(service, inputs);
        const Cause cause = service.active == config::Active::always ? Cause::config : Cause::election;
        if (state == ElectionState::master)
            wanted.rows.add(key_of(service), value_of(service), {service.source, cause});
        if (not_master(state)) wanted.unwanted.push_back(key_of(service));
        if (state == ElectionState::undecided) wanted.held.push_back({key_of(service), "the election is undecided"});
    }
    for (const ViaVip& each : checked_via_vip(inputs.config)) {
        const config::Service& service = inputs.config.services[each.service];
        const Source source = service.real_servers[each.server].source;
        wanted.rows.add(probe_service(inputs.config, each),
                        {.scheduler = "rr", .netmask = full_mask(service.vip.family)}, {source, Cause::config});
    }
}

void Service::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (!reading.ipvs) return;
    const genlmsghdr header = ipvs_header(IPVS_CMD_GET_SERVICE);
    requests.begin(wire::Transport::ipvs, 0, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
}

/// A request for one service has one answer, which is complete.
void Service::ask_again(const Reading& reading, std::span<const std::uint32_t> in_pieces, const Observed& observed,
                        wire::Requests& requests) {
    if (in_pieces.empty()) return;
    const genlmsghdr header = ipvs_header(IPVS_CMD_GET_SERVICE);
    const auto ask_for = [&](const Key& key) {
        if (observed.get<Service>().find(key) != Seen<Service>::npos) return;
        requests.begin(wire::Transport::ipvs, 0, 0, std::as_bytes(std::span(&header, 1)), 0);
        const std::size_t nest = requests.begin_nest(IPVS_CMD_ATTR_SERVICE);
        encode_key(key, requests);
        requests.end_nest(nest);
        requests.end();
    };
    if (reading.desired != nullptr) {
        for (const Row<Service>& row : reading.desired->get<Service>().rows.rows()) ask_for(row.key);
    }
    if (reading.ledger != nullptr) {
        for (const Claim<Service>& claim : reading.ledger->get<Service>()) ask_for(claim.key);
    }
}

void Service::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::ipvs) return;
    if (wire::fixed_header<genlmsghdr>(reply.bytes, NLMSG_HDRLEN).cmd != IPVS_CMD_NEW_SERVICE) return;
    wire::Attributes outer(wire::attributes_of(reply.bytes, sizeof(genlmsghdr)));
    while (outer.next() && outer.current().type != IPVS_CMD_ATTR_SERVICE) {
    }
    if (outer.current().type != IPVS_CMD_ATTR_SERVICE) return;

    Key key;
    Value value;
    std::uint32_t mask = 0;
    std::array<std::uint8_t, 16> vip{};
    for (wire::Attributes walk(outer.current().data); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        switch (attribute.type) {
            case IPVS_SVC_ATTR_AF:
                key.vip.family = static_cast<Family>(attribute.as<std::uint16_t>());
                break;
            case IPVS_SVC_ATTR_PROTOCOL:
                key.protocol = static_cast<Protocol>(attribute.as<std::uint16_t>());
                break;
            case IPVS_SVC_ATTR_ADDR:
                vip = attribute.as<std::array<std::uint8_t, 16>>();
                break;
            case IPVS_SVC_ATTR_PORT:
                key.port = attribute.be16();
                break;
            case IPVS_SVC_ATTR_FWMARK:
                key.fwmark = attribute.as<std::uint32_t>();
                break;
            case IPVS_SVC_ATTR_SCHED_NAME:
                value.scheduler = attribute.name();
                break;
            case IPVS_SVC_ATTR_FLAGS:
                value.flags.bits = attribute.as<ip_vs_flags>().flags & ~ServiceFlags::hashed;
                break;
            case IPVS_SVC_ATTR_TIMEOUT:
                value.persistence = attribute.as<std::uint32_t>();
                break;
            case IPVS_SVC_ATTR_NETMASK:
                mask = attribute.as<std::uint32_t>();
                break;
            case IPVS_SVC_ATTR_PE_NAME:
                value.engine = attribute.name();
                break;
            default:
                break;
        }
    }
    if (key.vip.family != Family::ipv4 && key.vip.family != Family::ipv6) return;
    // A service with a mark is identified by the mark alone: its address, protocol and port mean nothing.
    if (key.fwmark != 0) key = {{key.vip.family, {}}, Protocol::none, 0, key.fwmark};
    if (key.fwmark == 0) key.vip = IpAddress::from_bytes(key.vip.family, vip.data());
    value.netmask = {mask_on_the_wire(key.vip.family, {mask})};
    forget_unused(key.vip.family, value);
    observed.get<Service>().add(key, value);
}

Owner Service::owner(const Key& key, const Facts&, const Desired& desired, const Ledger& ledger) {
    const auto& unwanted = desired.get<Service>().unwanted;
    if (std::binary_search(unwanted.begin(), unwanted.end(), key)) return Owner::named;
    return desired.exclusive || ledger.claim<Service>(key) != nullptr ? Owner::ours : Owner::foreign;
}

Phase Service::phase(const Change<Service>& change, const Inputs& inputs) {
    if (change.action() != Action::remove) return Phase::load;
    return lost(change.key, inputs) ? Phase::withdraw : Phase::unload;
}

bool Service::lost(const Key& key, const Inputs& inputs) {
    if (inputs.config.role == Role::director) return false;
    // If a director has become a real server, its old table would balance again what the directors send to the VIP on
    // lo.
    if (inputs.config.role == Role::real_server) return true;
    for (const config::Vip& vip : inputs.config.vips) {
        // A firewall mark does not say which VIP it belongs to: it follows the first instance, as in state_of().
        if (key.fwmark != 0 || vip.address == key.vip) return not_master(state_of(vip, inputs.election));
    }
    return false;
}

void Service::encode_key(const Key& key, wire::Requests& requests) {
    requests.attribute_u16(IPVS_SVC_ATTR_AF, static_cast<std::uint16_t>(key.vip.family));
    if (key.fwmark != 0) {  // the attribute must be missing otherwise: mark 0 would mean TCP 0.0.0.0:0
        requests.attribute_u32(IPVS_SVC_ATTR_FWMARK, key.fwmark);
        return;
    }
    requests.attribute_u16(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(key.protocol));
    requests.attribute(IPVS_SVC_ATTR_ADDR, key.vip.bytes.data(), key.vip.bytes.size());
    requests.attribute_be16(IPVS_SVC_ATTR_PORT, key.port);
}

void Service::encode(const Change<Service>& change, const HostFacts&, std::uint32_t tag, wire::Requests& requests) {
    constexpr std::uint8_t commands[] = {IPVS_CMD_NEW_SERVICE, IPVS_CMD_SET_SERVICE, IPVS_CMD_DEL_SERVICE};
    const genlmsghdr header = ipvs_header(commands[static_cast<std::size_t>(change.action())]);
    requests.begin(wire::Transport::ipvs, 0, 0, std::as_bytes(std::span(&header, 1)), tag);
    const std::size_t nest = requests.begin_nest(IPVS_CMD_ATTR_SERVICE);
    encode_key(change.key, requests);
    if (change.after != nullptr) {
        const Value& value = *change.after;
        const ip_vs_flags flags{.flags = value.flags.bits, .mask = ~0U};
        requests.attribute_text(IPVS_SVC_ATTR_SCHED_NAME, value.scheduler.view());
        requests.attribute(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
        requests.attribute_u32(IPVS_SVC_ATTR_TIMEOUT, value.persistence);
        requests.attribute_u32(IPVS_SVC_ATTR_NETMASK, mask_on_the_wire(change.key.vip.family, value.netmask));
        if (!value.engine.empty()) requests.attribute_text(IPVS_SVC_ATTR_PE_NAME, value.engine.view());
    }
    requests.end_nest(nest);
    requests.end();
}

Error Service::refusal(const Change<Service>& change, int error) {
    const std::string what = "service " + id(change.key);
    if (error == ENOENT && change.after != nullptr) {
        const std::string scheduler = change.after->scheduler.str();
        const std::string engine = change.after->engine.str();
        return {ErrorKind::kernel_lacks,
                "the kernel has no scheduler \"" + scheduler + "\"" +
                    (engine.empty() ? "" : " or no persistence engine \"" + engine + "\"") + ", wanted by " + what,
                "modprobe ip_vs_" + scheduler + (engine.empty() ? "" : " and ip_vs_pe_" + engine) +
                    ", or choose a scheduler that this kernel has"};
    }
    if (error == EEXIST || error == ESRCH) return {ErrorKind::world_moved, what + " changed meanwhile", {}};
    if (error == EAFNOSUPPORT) {
        return {ErrorKind::kernel_lacks, what + ": this kernel's IPVS knows no IPv6", "CONFIG_IP_VS_IPV6 is missing"};
    }
    return plain_refusal(what, error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Service)
