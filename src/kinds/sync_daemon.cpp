#include "lbconverge/kinds/sync_daemon.hpp"

#include "instantiate.hpp"
#include "ipvs.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>

namespace lbconverge::kinds {

static_assert(static_cast<int>(SyncState::master) == IP_VS_STATE_MASTER);
static_assert(static_cast<int>(SyncState::backup) == IP_VS_STATE_BACKUP);

namespace {

/// linux: net/netfilter/ipvs/ip_vs_sync.c, IP_VS_SYNC_GROUP
constexpr IpAddress usual_group{Family::ipv4, {224, 0, 0, 81}};

SyncDaemon::Value value_of(const config::IpvsSync& sync, const HostFacts& facts) {
    const Interface* interface = facts.interface(sync.interface);
    const Incarnation incarnation{interface == nullptr ? 0 : interface->index};
    return {sync.interface, sync.id, sync.group.value_or(usual_group), sync.port, sync.ttl, incarnation};
}

/// Whether [ipvs.sync] is in the file: then each state is in one of these lists.
bool is_configured(const Wanted<SyncDaemon>& wanted) {
    return !wanted.rows.empty() || !wanted.held.empty() || !wanted.unwanted.empty();
}

}  // namespace

std::string SyncDaemon::id(const Key& key) { return std::string(to_text(key.state)); }

std::optional<SyncDaemon::Key> SyncDaemon::parse_id(std::string_view id) {
    for (const auto& [state, name] : names_of(SyncState{})) {
        if (to_text(state) == id) return Key{state};
    }
    return std::nullopt;
}

void SyncDaemon::desire(const Inputs& inputs, Wanted<SyncDaemon>& wanted) {
    const auto& sync = inputs.config.ipvs.sync;
    if (!sync || inputs.config.role == Role::real_server) return;
    // Without an instance to follow, every director may be balancing, so each one sends and receives.
    const bool elected = !sync->follow.empty();
    const ElectionState now = elected ? state_of(sync->follow, inputs.election) : ElectionState::undecided;
    for (const auto& [state, name] : names_of(SyncState{})) {
        const bool is_now = (state == SyncState::master) == (now == ElectionState::master);
        if (elected && now == ElectionState::undecided) {
            wanted.held.push_back({{state}, "election of " + sync->follow + " is undecided"});
        } else if (elected && now == ElectionState::yielding) {
            wanted.held.push_back({{state}, "until the new master of " + sync->follow + " is there"});
        } else if (!elected || is_now) {
            wanted.rows.add({state}, value_of(*sync, inputs.facts),
                            {sync->source, elected ? Cause::election : Cause::config});
        } else {
            wanted.unwanted.push_back({state});
        }
    }
}

void SyncDaemon::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (!reads<SyncDaemon>(reading)) return;
    const genlmsghdr header = ipvs_header(IPVS_CMD_GET_DAEMON);
    requests.begin(wire::Transport::ipvs, 0, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
}

void SyncDaemon::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::ipvs) return;
    if (wire::fixed_header<genlmsghdr>(reply.bytes, NLMSG_HDRLEN).cmd != IPVS_CMD_NEW_DAEMON) return;
    wire::Attributes outer(wire::attributes_of(reply.bytes, sizeof(genlmsghdr)));
    while (outer.next() && outer.current().type != IPVS_CMD_ATTR_DAEMON) {
    }
    if (outer.current().type != IPVS_CMD_ATTR_DAEMON) return;

    std::uint32_t state = 0;
    Value value;
    for (wire::Attributes walk(outer.current().data); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        const auto group = [&](Family family) {
            const auto bytes = attribute.as<std::array<std::uint8_t, 16>>();
            return IpAddress::from_bytes(family, bytes.data());
        };
        switch (attribute.type) {
            case IPVS_DAEMON_ATTR_STATE:
                state = attribute.as<std::uint32_t>();
                break;
            case IPVS_DAEMON_ATTR_MCAST_IFN:
                value.interface = InterfaceName(attribute.name());
                break;
            case IPVS_DAEMON_ATTR_SYNC_ID:
                value.id = attribute.as<std::uint32_t>();
                break;
            case IPVS_DAEMON_ATTR_MCAST_GROUP:
                value.group = group(Family::ipv4);
                break;
            case IPVS_DAEMON_ATTR_MCAST_GROUP6:
                value.group = group(Family::ipv6);
                break;
            case IPVS_DAEMON_ATTR_MCAST_PORT:  // in the byte order of the host
                value.port = attribute.as<std::uint16_t>();
                break;
            case IPVS_DAEMON_ATTR_MCAST_TTL:
                value.ttl = attribute.as<std::uint8_t>();
                break;
            default:
                break;
        }
    }
    if (state == IP_VS_STATE_MASTER || state == IP_VS_STATE_BACKUP) {
        observed.get<SyncDaemon>().add({static_cast<SyncState>(state)}, value);
    }
}

Owner SyncDaemon::owner(const Key& key, const Facts&, const Desired& desired, const Ledger& ledger) {
    if (is_configured(desired.get<SyncDaemon>())) return Owner::named;
    return ledger.claim<SyncDaemon>(key) != nullptr ? Owner::ours : Owner::foreign;
}

Phase SyncDaemon::phase(const Change<SyncDaemon>& change, const Inputs&) {
    // With backup_only a node does not balance while it listens, so the backup thread stops before the VIP comes.
    return change.action() == Action::remove ? Phase::tighten : Phase::load;
}

void SyncDaemon::encode(const Change<SyncDaemon>& change, const HostFacts&, std::uint32_t tag,
                        wire::Requests& requests) {
    const auto write = [&](std::uint8_t cmd, const Value* value) {
        const genlmsghdr header = ipvs_header(cmd);
        requests.begin(wire::Transport::ipvs, 0, 0, std::as_bytes(std::span(&header, 1)), tag);
        const std::size_t nest = requests.begin_nest(IPVS_CMD_ATTR_DAEMON);
        requests.attribute_u32(IPVS_DAEMON_ATTR_STATE, static_cast<std::uint32_t>(change.key.state));
        if (value != nullptr) {
            const bool ipv6 = value->group.family == Family::ipv6;
            requests.attribute_text(IPVS_DAEMON_ATTR_MCAST_IFN, value->interface.view());
            requests.attribute_u32(IPVS_DAEMON_ATTR_SYNC_ID, value->id);
            requests.attribute(ipv6 ? IPVS_DAEMON_ATTR_MCAST_GROUP6 : IPVS_DAEMON_ATTR_MCAST_GROUP,
                               value->group.bytes.data(), value->group.size());
            requests.attribute_u16(IPVS_DAEMON_ATTR_MCAST_PORT, value->port);
            requests.attribute_u8(IPVS_DAEMON_ATTR_MCAST_TTL, value->ttl);
        }
        requests.end_nest(nest);
        requests.end();
    };
    // The kernel cannot change a running daemon: it is stopped and started again.
    if (change.before != nullptr) write(IPVS_CMD_DEL_DAEMON, nullptr);
    if (change.after != nullptr) write(IPVS_CMD_NEW_DAEMON, change.after);
}

Error SyncDaemon::refusal(const Change<SyncDaemon>& change, int error) {
    const std::string what = "connection synchronisation (" + id(change.key) + ")";
    if (error == EEXIST || error == ESRCH) return {ErrorKind::world_moved, what + " changed meanwhile", {}};
    if (error == ENODEV && change.after != nullptr) {
        return {ErrorKind::failed, what + ": there is no interface " + change.after->interface.str(),
                "[ipvs.sync] interface = an interface of this node (ip link) that is up"};
    }
    if (error == EINVAL) {
        return {ErrorKind::failed, what + ": the kernel refuses it",
                "it cannot synchronise while a service has real servers of the other address family"};
    }
    return plain_refusal(what, error);
}

std::optional<Error> SyncDaemon::obstacle(const Change<SyncDaemon>& change, const Facts*, const Circumstances& at) {
    if (change.after == nullptr || !lacks_interface(change.after->interface, at)) return std::nullopt;
    return refusal(change, ENODEV);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(SyncDaemon)
