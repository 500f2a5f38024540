// Routers that are not nodes of the cluster: strangers with its VRID, and peers of another make.
#include "world.hpp"

#include <algorithm>

namespace lbconverge::sim {

using std::chrono::milliseconds;

namespace {

constexpr Duration travel = std::chrono::microseconds(100);
/// The source of a visitor's advertisements: an address that no node has, and of IPv4 the greatest of the network.
IpAddress source_of(Family family) {
    if (family == Family::ipv4) return {Family::ipv4, {10, 0, 0, 254}};
    IpAddress address{Family::ipv6, {0xfe, 0x80}};
    address.bytes[15] = 0xfa;
    return address;
}

/// A stranger: another version, the least priority, nearly the greatest, or nonsense.
enum : std::uint64_t { other_version = 0, least = 1, greatest = 2, nonsense = 3, stranger_kinds = 4 };
constexpr std::uint8_t peer_priorities[] = {1, 40, 90, 100, 110, 130, 160, 254};

wire::Advertisement advertisement_of(const config::Vrrp& like, const Router& router) {
    wire::Advertisement says{.version = like.version, .vrid = like.vrid, .interval = like.advert_interval};
    for (const IpAddress& each : router.vips) {
        if (each.family == like.family) says.addresses.push_back(each);
    }
    if (like.family == Family::ipv6) says.addresses.insert(says.addresses.begin(), source_of(Family::ipv6));
    if (!like.auth_pass.empty()) {
        says.auth_type = 1;
        std::transform(like.auth_pass.begin(), like.auth_pass.end(), says.auth_data.begin(),
                       [](char each) { return static_cast<std::uint8_t>(each); });
    }
    return says;
}

const config::Vrrp* instance_of(const config::Config& config, const Router& router) {
    const auto is_it = [&](const config::Vrrp& each) {
        return each.interface == router.interface && each.vrid == router.vrid && each.family == router.family;
    };
    const auto at = std::find_if(config.vrrp.begin(), config.vrrp.end(), is_it);
    return at == config.vrrp.end() ? nullptr : &*at;
}

bool all_multicast(const config::Config& config) {
    return std::all_of(config.vrrp.begin(), config.vrrp.end(),
                       [](const config::Vrrp& each) { return each.peers.empty(); });
}

}  // namespace

/// A stranger uses one VRID. A peer takes part in all elections, as a node does; where nodes have lists of their peers,
/// it is on none of them and stays away.
void World::visit(const Fault& fault, bool on) {
    if (!on) {
        for (auto& [key, visitor] : visitors_) {
            const bool says = fault.kind == FaultKind::peer && fault.parameter % 2 == 0 && visitor.machine.master();
            if (visitor.machine.traits().deaf == (fault.kind == FaultKind::foreign) && says) visitor_says(key, 0);
        }
        std::erase_if(visitors_, [&](const auto& each) {
            return each.second.machine.traits().deaf == (fault.kind == FaultKind::foreign);
        });
        for (Stranger& each : picture_.strangers) each.master = false;
        return;
    }
    if (fault.kind == FaultKind::peer && !all_multicast(*hosts_.front().base)) return;
    for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
        const bool only = fault.kind == FaultKind::foreign;
        const bool this_one = fault.parameter / stranger_kinds % picture_.routers.size() == router;
        if (!only || this_one) arrive(fault, router);
    }
}

/// Nodes may obey this stranger, although it has no VIP.
bool World::misleads(const Fault& fault) {
    return fault.kind == FaultKind::foreign && fault.parameter % stranger_kinds != nonsense;
}

void World::arrive(const Fault& fault, std::size_t router) {
    const config::Vrrp* like = instance_of(*hosts_.front().base, picture_.routers[router]);
    if (like == nullptr) return;
    const bool deaf = fault.kind == FaultKind::foreign;
    const std::uint64_t kind = fault.parameter % stranger_kinds;
    OtherMake::Traits traits{.says = advertisement_of(*like, picture_.routers[router]),
                             .source = source_of(like->family),
                             .preempt = fault.parameter / 2 % 2 == 0,
                             .deaf = deaf};
    traits.says.priority = deaf ? (kind == least ? 1 : 254) : peer_priorities[fault.parameter / 8 % 8];
    if (deaf && kind == other_version && like->family == Family::ipv4) {
        traits.says.version = like->version == 2 ? 3 : 2;
        traits.says.interval = milliseconds(1000);
    }
    const std::uint64_t key = ++last_visitor_;
    visitors_.emplace(key, Visitor{router, OtherMake(std::move(traits), queue_.now()), kind != nonsense || !deaf});
    refresh_visitor(key);
}

void World::tell_visitors(std::size_t from, const node::Packet& packet) {
    for (const auto& [key, visitor] : visitors_) {
        if (!hosts_[from].has_carrier(packet.interface) || lost(from, outside())) continue;
        if (picture_.routers[visitor.router].interface != packet.interface) continue;
        if (picture_.routers[visitor.router].family != packet.source.family) continue;
        queue_.at(arrival(from, outside()), [this, key = key, packet] { visitor_hears(key, packet); });
    }
}

void World::visitor_hears(std::uint64_t key, const node::Packet& packet) {
    const auto at = visitors_.find(key);
    if (at == visitors_.end()) return;
    const auto said = wire::decode_advertisement(packet.message, packet.source, packet.destination);
    if (!said) return;
    if (const auto priority = at->second.machine.heard(*said, packet.source, queue_.now()))
        visitor_says(key, *priority);
    refresh_visitor(key);
}

void World::visitor_ticks(std::uint64_t key) {
    const auto at = visitors_.find(key);
    if (at == visitors_.end()) return;
    if (const auto priority = at->second.machine.tick(queue_.now())) visitor_says(key, *priority);
    refresh_visitor(key);
}

void World::visitor_says(std::uint64_t key, std::uint8_t priority) {
    const Visitor& visitor = visitors_.at(key);
    const Router& router = picture_.routers[visitor.router];
    wire::Advertisement said = visitor.machine.traits().says;
    said.priority = priority;
    node::Packet packet{.interface = router.interface,
                        .source = visitor.machine.traits().source,
                        .destination = wire::vrrp_group(router.family)};
    packet.message = wire::encode(said, packet.source, packet.destination, wire::ChecksumDialect::pseudo_header);
    if (!visitor.well_formed) packet.message.back() ^= std::byte{1};
    for (std::size_t to = 0; to < hosts_.size(); ++to) {
        if (cut(outside(), to) || !addressed(to, packet)) continue;
        ++run_.counts.packets;
        const NodePicture& node = picture_.nodes[to];
        const bool told = node.awake() && node.seats[visitor.router].state == vrrp::State::master;
        if (told && priority != 0) picture_.strangers[visitor.router].unheard = false;
        queue_.after(travel, [this, to, packet] { deliver(to, packet); });
    }
}

/// A master has the addresses, and its neighbours know it.
void World::refresh_visitor(std::uint64_t key) {
    Visitor& visitor = visitors_.at(key);
    if (!visitor.machine.traits().deaf) {
        Stranger& seen = picture_.strangers[visitor.router];
        seen.interval = visitor.machine.traits().says.interval;
        if (visitor.machine.master() && !std::exchange(seen.master, true)) {
            seen.unheard = true;
            for (std::size_t& each : picture_.believed[visitor.router]) each = nobody;
            for (auto& each : outdated_[visitor.router]) each.reset();
        }
        seen.master = visitor.machine.master();
        checker_->look(queue_.now());
    }
    const std::uint64_t number = ++visitor.timer;
    queue_.at(visitor.machine.wake_at(), [this, key, number] {
        const auto at = visitors_.find(key);
        if (at != visitors_.end() && at->second.timer == number) visitor_ticks(key);
    });
}

/// Visitors of this router and the node hear each other.
bool World::heard_by_visitors(std::size_t node, std::size_t router) const {
    return audible(node, outside(), router) && audible(outside(), node, router);
}

}  // namespace lbconverge::sim
