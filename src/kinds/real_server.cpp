#include "lbconverge/kinds/real_server.hpp"

#include "instantiate.hpp"
#include "ipvs.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/kinds/via_vip.hpp"
#include "lbconverge/model/setting.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>

namespace lbconverge::kinds {

static_assert(static_cast<int>(Forward::masquerade) == IP_VS_CONN_F_MASQ &&
              static_cast<int>(Forward::tunnel) == IP_VS_CONN_F_TUNNEL &&
              static_cast<int>(Forward::direct) == IP_VS_CONN_F_DROUTE);
static_assert(static_cast<int>(TunnelType::gue) == IP_VS_CONN_F_TUNNEL_TYPE_GUE &&
              static_cast<int>(TunnelType::gre) == IP_VS_CONN_F_TUNNEL_TYPE_GRE);

namespace {

/// The kernel stores tunnel attributes also for a server that is not reached by a tunnel, but does not use them.
void forget_unused(RealServer::Value& value) {
    if (value.forward != Forward::tunnel) value.tunnel_type = TunnelType::ipip;
    if (value.tunnel_type != TunnelType::gue) value.tunnel_port = 0;
    if (value.tunnel_type == TunnelType::ipip) value.tunnel_flags = 0;
}

/// There is no dump of all destinations: one request per service, told apart by the tag.
void ask_for_servers(const Service::Key& service, std::uint32_t tag, wire::Requests& requests) {
    const genlmsghdr header = ipvs_header(IPVS_CMD_GET_DEST);
    requests.begin(wire::Transport::ipvs, 0, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), tag);
    const std::size_t nest = requests.begin_nest(IPVS_CMD_ATTR_SERVICE);
    Service::encode_key(service, requests);
    requests.end_nest(nest);
    requests.end();
}

RealServer::Value value_of(const config::RealServer& server) {
    RealServer::Value value{.forward = server.forward,
                            .tunnel_type = server.tunnel_type,
                            .tunnel_port = server.tunnel_port,
                            .tunnel_flags = server.tunnel_flags,
                            .weight = server.weight,
                            .upper_threshold = server.upper_threshold,
                            .lower_threshold = server.lower_threshold};
    forget_unused(value);
    return value;
}

/// A dump lists the servers of a service in the order of the kernel's list.
std::uint32_t next_position(const Service::Key& service, const Seen<RealServer>& seen) {
    if (seen.empty() || seen.row(seen.size() - 1).key.service != service) return 0;
    return seen.note(seen.size() - 1).position + 1;
}

/// The pool of one service, where health and the operator may change the weights.
class WantedPool {
public:
    WantedPool(const config::Service& service, const Health& health, Cause cause, Wanted<RealServer>& wanted)
        : service_(service),
          health_(health),
          cause_(cause),
          wanted_(wanted),
          key_(Service::key_of(service)),
          shortage_(health.of(key_)) {}

    void want_servers() {
        for (const config::RealServer& server : service_.real_servers) want(server);
    }
    void want_fallback();

private:
    /// The fallback serves alone: the few servers that are left could not carry the load.
    [[nodiscard]] bool taken_over() const { return service_.fallback && shortage_ != nullptr && shortage_->known; }
    void want(const config::RealServer& server);
    [[nodiscard]] std::uint32_t first_weight(const config::RealServer& server) const {
        return service_.scheduler == "mh" ? server.weight : 0;
    }
    void overrule(const RealServer::Key& key, std::string why) { wanted_.overruled.push_back({key, std::move(why)}); }

    const config::Service& service_;
    const Health& health_;
    Cause cause_;
    Wanted<RealServer>& wanted_;
    Service::Key key_;
    const Shortage* shortage_;
};

void WantedPool::want(const config::RealServer& server) {
    const RealServer::Key key{key_, server.address, server.port};
    const Drained* drained = health_.drain_of(key);
    const ServerOpinion* opinion = health_.of(key);
    const Liveness is = opinion == nullptr ? Liveness::up : opinion->is;
    if (drained == nullptr && is == Liveness::unknown) {
        wanted_.held.push_back({key, "not checked yet"});
        return;
    }
    RealServer::Value value = value_of(server);
    if (drained != nullptr) {
        overrule(key, "drained by the operator, " + age_text(drained->age));
    } else if (opinion != nullptr && opinion->kept) {
        const std::string what = is == Liveness::down ? "down" : "its check says weight 0";
        overrule(key, what + ": " + opinion->why + ", " + age_text(opinion->age) + "; kept, since at least " +
                          std::to_string(service_.keep) + " % stay");
        wanted_.rows.add(key, value, {server.source, Cause::health});
        return;
    } else if (is == Liveness::down) {
        overrule(key, "down: " + opinion->why + ", " + age_text(opinion->age));
        // Weight 0 first, so that a request that is under way can end. dh would refuse the clients of weight 0.
        const bool at_once = opinion->gone || service_.scheduler == "dh";
        if (service_.on_down == config::OnDown::remove && at_once) {
            wanted_.unwanted.push_back(key);
            return;
        }
    } else if (taken_over()) {
        overrule(key, "the fallback serves");
    } else {
        if (opinion != nullptr && opinion->weight) value.weight = *opinion->weight;
        const bool by_check = value.weight != server.weight;
        if (by_check) overrule(key, "its check says so: " + opinion->why);
        const std::uint32_t first = value.weight == 0 ? first_weight(server) : 0;
        wanted_.rows.add(key, value, {server.source, by_check ? Cause::health : cause_, first});
        return;
    }
    value.weight = 0;
    wanted_.rows.add(key, value, {server.source, Cause::health, first_weight(server)});
}

void WantedPool::want_fallback() {
    if (!service_.fallback) return;
    const config::RealServer& server = *service_.fallback;
    const auto same = [&](const config::RealServer& each) {
        return each.address == server.address && each.port == server.port;
    };
    if (std::any_of(service_.real_servers.begin(), service_.real_servers.end(), same)) return;
    const RealServer::Key key{key_, server.address, server.port};
    if (taken_over()) {
        overrule(key, "fallback: fewer than " + std::to_string(service_.quorum) + " of " +
                          std::to_string(service_.real_servers.size()) + " are up, " + age_text(shortage_->age));
        wanted_.rows.add(key, value_of(server), {server.source, Cause::health});
    } else if (shortage_ != nullptr) {
        wanted_.held.push_back({key, "not known yet whether enough servers are up"});
    } else {
        wanted_.unwanted.push_back(key);
    }
}

}  // namespace

std::uint32_t RealServer::connections(const Key& key, const Facts& facts) {
    const bool told_apart = key.service.protocol == Protocol::tcp;
    const std::uint64_t all = std::uint64_t{facts.active} + facts.persistent + (told_apart ? 0 : facts.inactive);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(all, UINT32_MAX));
}

std::string RealServer::id(const Key& key) { return Service::id(key.service) + " " + display(key); }

std::string RealServer::display(const Key& key) { return with_port(key.address, key.port); }

std::optional<RealServer::Key> RealServer::parse_id(std::string_view id) {
    const std::size_t space = id.rfind(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto service = Service::parse_id(id.substr(0, space));
    const auto server = parse_with_port(id.substr(space + 1));
    if (!service || !server) return std::nullopt;
    return Key{*service, server->address, server->port};
}

void RealServer::desire(const Inputs& inputs, Wanted<RealServer>& wanted) {
    if (inputs.config.role == Role::real_server) return;
    std::size_t count = 0;
    for (const config::Service& service : inputs.config.services) count += service.real_servers.size();
    wanted.rows.reserve(count);
    for (const config::Service& service : inputs.config.services) {
        const ElectionState state =
            service.active == config::Active::always ? ElectionState::master : state_of(service, inputs);
        const Cause cause = service.active == config::Active::always ? Cause::config : Cause::election;
        if (state == ElectionState::master && inputs.health != nullptr && !inputs.health->empty()) {
            WantedPool pool(service, *inputs.health, cause, wanted);
            pool.want_servers();
            pool.want_fallback();
            continue;
        }
        const Service::Key parent = Service::key_of(service);
        for (const config::RealServer& server : service.real_servers) {
            const Key key{parent, server.address, server.port};
            if (state == ElectionState::master) wanted.rows.add(key, value_of(server), {server.source, cause});
            if (state == ElectionState::undecided) wanted.held.push_back({key, "the election is undecided"});
        }
    }
    for (const ViaVip& each : checked_via_vip(inputs.config)) {
        const config::RealServer& server = inputs.config.services[each.service].real_servers[each.server];
        Value value = value_of(server);
        value.weight = 1;  // also while the server is down, so that the check can find out when it is up
        value.upper_threshold = value.lower_threshold = 0;
        wanted.rows.add(probe_server(inputs.config, each), value, {server.source, Cause::config});
    }
}

void RealServer::ask(const Reading& reading, Observed& observed, wire::Requests& requests) {
    if (!reading.ipvs) return;
    const auto services = observed.get<Service>().rows();
    if (!services.empty()) observed.get<RealServer>().reserve(reading.expected_real_servers);
    for (std::uint32_t i = 0; i < services.size(); ++i) ask_for_servers(services[i].key, i, requests);
}

/// IPVS has no request for one destination. All of the service are read again, and the rows that were seen before stay.
void RealServer::ask_again(const Reading& reading, std::span<const std::uint32_t> in_pieces, const Observed& observed,
                           wire::Requests& requests) {
    if (reading.desired == nullptr) return;
    const auto wanted = reading.desired->get<RealServer>().rows.rows();
    for (const std::uint32_t tag : in_pieces) {
        const Service::Key& service = observed.get<Service>().row(tag).key;
        auto each = std::lower_bound(wanted.begin(), wanted.end(), service,
                                     [](const Row<RealServer>& row, const auto& key) { return row.key.service < key; });
        for (; each != wanted.end() && each->key.service == service; ++each) {
            if (observed.get<RealServer>().find(each->key) != Seen<RealServer>::npos) continue;
            ask_for_servers(service, tag, requests);
            break;
        }
    }
}

void RealServer::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::ipvs || reply.tag >= observed.get<Service>().size()) return;
    if (wire::fixed_header<genlmsghdr>(reply.bytes, NLMSG_HDRLEN).cmd != IPVS_CMD_NEW_DEST) return;
    wire::Attributes outer(wire::attributes_of(reply.bytes, sizeof(genlmsghdr)));
    while (outer.next() && outer.current().type != IPVS_CMD_ATTR_DEST) {
    }
    if (outer.current().type != IPVS_CMD_ATTR_DEST) return;

    Key key{.service = observed.get<Service>().row(reply.tag).key};
    Value value;
    Facts facts;
    Family family = key.service.vip.family;
    std::array<std::uint8_t, 16> address{};
    for (wire::Attributes walk(outer.current().data); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        switch (attribute.type) {
            case IPVS_DEST_ATTR_ADDR:
                address = attribute.as<std::array<std::uint8_t, 16>>();
                break;
            case IPVS_DEST_ATTR_PORT:
                key.port = attribute.be16();
                break;
            case IPVS_DEST_ATTR_ADDR_FAMILY:
                if (attribute.as<std::uint16_t>() != 0) family = static_cast<Family>(attribute.as<std::uint16_t>());
                break;
            case IPVS_DEST_ATTR_FWD_METHOD:
                value.forward = static_cast<Forward>(attribute.as<std::uint32_t>() & IP_VS_CONN_F_FWD_MASK);
                break;
            case IPVS_DEST_ATTR_WEIGHT:
                value.weight = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_U_THRESH:
                value.upper_threshold = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_L_THRESH:
                value.lower_threshold = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_TUN_TYPE:
                value.tunnel_type = static_cast<TunnelType>(attribute.as<std::uint8_t>());
                break;
            case IPVS_DEST_ATTR_TUN_PORT:
                value.tunnel_port = attribute.be16();
                break;
            case IPVS_DEST_ATTR_TUN_FLAGS:
                value.tunnel_flags = attribute.as<std::uint16_t>();
                break;
            case IPVS_DEST_ATTR_ACTIVE_CONNS:
                facts.active = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_INACT_CONNS:
                facts.inactive = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_PERSIST_CONNS:
                facts.persistent = attribute.as<std::uint32_t>();
                break;
            default:
                break;
        }
    }
    if (family != Family::ipv4 && family != Family::ipv6) return;
    key.address = IpAddress::from_bytes(family, address.data());
    forget_unused(value);
    facts.position = next_position(key.service, observed.get<RealServer>());
    observed.get<RealServer>().add(key, value, facts);
}

Owner RealServer::owner(const Key& key, const Facts&, const Desired& desired, const Ledger& ledger) {
    // A service of ours has exactly the servers of the file. A service of another program is left alone together with
    // its servers, and so is a service whose election is not known now.
    const auto& unwanted = desired.get<RealServer>().unwanted;
    if (std::binary_search(unwanted.begin(), unwanted.end(), key)) return Owner::named;
    const auto& held = desired.get<Service>().held;
    const auto at =
        std::lower_bound(held.begin(), held.end(), key.service,
                         [](const Held<Service>& h, const Service::Key& service) { return h.key < service; });
    if (at != held.end() && at->key == key.service) return Owner::unrelated;
    if (desired.get<Service>().rows.find(key.service) != Table<Service, Origin>::npos) return Owner::ours;
    const Owner of_service = Service::owner(key.service, {}, desired, ledger);
    return of_service == Owner::foreign ? Owner::unrelated : of_service;
}

Phase RealServer::phase(const Change<RealServer>& change, const Inputs& inputs) {
    if (change.action() == Action::remove)
        return Service::lost(change.key.service, inputs) ? Phase::withdraw : Phase::unload;
    // Its place in the list is the head at that moment, so all of the service come in one phase, by their keys.
    if (change.again) return Phase::load;
    const bool quiesced = change.before != nullptr && change.before->weight != 0 && change.after->weight == 0;
    return quiesced ? Phase::quiesce : Phase::load;
}

namespace {

/// `row` is null for a removal.
void encode_command(std::uint8_t command, const RealServer::Key& key, const RealServer::Value* row, std::uint32_t tag,
                    wire::Requests& requests) {
    const genlmsghdr header = ipvs_header(command);
    requests.begin(wire::Transport::ipvs, 0, 0, std::as_bytes(std::span(&header, 1)), tag);
    std::size_t nest = requests.begin_nest(IPVS_CMD_ATTR_SERVICE);
    Service::encode_key(key.service, requests);
    requests.end_nest(nest);

    nest = requests.begin_nest(IPVS_CMD_ATTR_DEST);
    requests.attribute_u16(IPVS_DEST_ATTR_ADDR_FAMILY, static_cast<std::uint16_t>(key.address.family));
    requests.attribute(IPVS_DEST_ATTR_ADDR, key.address.bytes.data(), key.address.bytes.size());
    requests.attribute_be16(IPVS_DEST_ATTR_PORT, key.port);
    if (row != nullptr) {
        const RealServer::Value& value = *row;
        requests.attribute_u32(IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(value.forward));
        requests.attribute_u32(IPVS_DEST_ATTR_WEIGHT, value.weight);
        requests.attribute_u32(IPVS_DEST_ATTR_U_THRESH, value.upper_threshold);
        requests.attribute_u32(IPVS_DEST_ATTR_L_THRESH, value.lower_threshold);
        // Without these attributes the kernel sets ipip, 0, 0, which is right for the other methods.
        if (value.forward == Forward::tunnel) {
            requests.attribute_u8(IPVS_DEST_ATTR_TUN_TYPE, static_cast<std::uint8_t>(value.tunnel_type));
            requests.attribute_be16(IPVS_DEST_ATTR_TUN_PORT, value.tunnel_port);
            requests.attribute_u16(IPVS_DEST_ATTR_TUN_FLAGS, value.tunnel_flags);
        }
    }
    requests.end_nest(nest);
    requests.end();
}

/// mh has to see the weight that a server had before it was taken out of use.
void encode_new(const Change<RealServer>& change, std::uint32_t tag, wire::Requests& requests) {
    RealServer::Value first = *change.after;
    const bool in_two_steps = first.weight == 0 && change.first_weight != 0;
    if (in_two_steps) first.weight = change.first_weight;
    encode_command(IPVS_CMD_NEW_DEST, change.key, &first, tag, requests);
    if (in_two_steps) encode_command(IPVS_CMD_SET_DEST, change.key, change.after, tag, requests);
}

/// Both messages are in one batch. The kernel takes the removed server out of its trash again, with its connections.
/// What of them arrives between the two is dropped and comes again; but it would end its connection if the setting
/// said so.
void encode_again(const Change<RealServer>& change, const HostFacts& facts, std::uint32_t tag,
                  wire::Requests& requests) {
    constexpr std::string_view off = "0", on = "1";
    if (facts.expire_nodest_conn) requests.file(expire_nodest_conn, &off, tag);
    encode_command(IPVS_CMD_DEL_DEST, change.key, nullptr, tag, requests);
    encode_new(change, tag, requests);
    if (facts.expire_nodest_conn) requests.file(expire_nodest_conn, &on, tag);
}

}  // namespace

void RealServer::encode(const Change<RealServer>& change, const HostFacts& facts, std::uint32_t tag,
                        wire::Requests& requests) {
    if (change.again) return encode_again(change, facts, tag, requests);
    if (change.before == nullptr) return encode_new(change, tag, requests);
    const std::uint8_t command = change.after == nullptr ? IPVS_CMD_DEL_DEST : IPVS_CMD_SET_DEST;
    encode_command(command, change.key, change.after, tag, requests);
}

Error RealServer::refusal(const Change<RealServer>& change, int error) {
    const std::string what = "real server " + display(change.key) + " of " + Service::id(change.key.service);
    if (error == EEXIST || error == ESRCH || error == ENOENT) {
        return {ErrorKind::world_moved, what + " changed meanwhile", {}};
    }
    if (error == EINVAL) {
        return {ErrorKind::failed, what + ": the kernel refuses it",
                "the address must be one host's unicast address, lo must be up, and no sync daemon may run beside a "
                "tunnel of mixed address families"};
    }
    return plain_refusal(what, error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(RealServer)
