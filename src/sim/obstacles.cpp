// What stands in the way of a node's kernel: interfaces that are gone, rows that it refuses, routes of others.
#include "boot.hpp"
#include "world.hpp"

#include <algorithm>

namespace lbconverge::sim {

using namespace kinds;

namespace {

/// RTPROT_DHCP of linux/rtnetlink.h, which clashes with glibc's headers.
constexpr std::uint8_t dhcp = 16;
/// What others' routes point to; TEST-NET-3 (RFC 5737).
constexpr IpAddress elsewhere{Family::ipv4, {203, 0, 113, 1}};

template <class Kind>
std::optional<IpAddress> vip_of(const typename Kind::Key& key) {
    if constexpr (std::is_same_v<Kind, Service>) return key.vip;
    if constexpr (std::is_same_v<Kind, RealServer>) return key.service.vip;
    if constexpr (std::is_same_v<Kind, Address>) return key.address;
    return std::nullopt;
}

}  // namespace

/// Of a node as master and as backup. Addresses on answering interfaces are left out: FaultKind::refused names those.
WantedRows wanted_rows(const config::Config& config, std::size_t node) {
    WantedRows wanted;
    const HostFacts facts = *FakeKernel(booted(config, node)).facts({});
    for (const ElectionState state : {ElectionState::master, ElectionState::backup}) {
        plan::Task task{.config = config, .election = {}};
        for (const config::Vrrp& each : config.vrrp) task.election[each.name] = state;
        const Desired desired = plan::desired_for(task, facts);
        for_each_kind([&]<class Kind>() {
            for (const Row<Kind>& row : desired.get<Kind>().rows.rows()) {
                if constexpr (std::is_same_v<Kind, Route>) wanted.routes.emplace(row.key);
                if constexpr (std::is_same_v<Kind, Address>) {
                    if (!row.key.interface.is_loopback()) continue;
                }
                auto& list = std::is_same_v<Kind, Sysctl> ? wanted.settings : wanted.others;
                list.emplace(row_name<Kind>(row.key), vip_of<Kind>(row.key));
            }
        });
    }
    return wanted;
}

/// A fault of that kind is at work on the node's thing of that number.
bool World::hits(FaultKind kind, std::size_t node, std::size_t which, std::size_t count) const {
    return std::any_of(active_.begin(), active_.end(), [&](const Fault* each) {
        return each->kind == kind && each->touches(node) && each->parameter % count == which;
    });
}

bool World::hits_link(FaultKind kind, std::size_t node, const InterfaceName& link) const {
    const auto& links = hosts_[node].links;
    const auto at = static_cast<std::size_t>(std::find(links.begin(), links.end(), link) - links.begin());
    return at < links.size() && hits(kind, node, at, links.size());
}

void World::set_kernel(std::size_t node) {
    set_links(node);
    set_refusals(node);
    set_routes(node);
    refresh_vips(node);
    news(node);
}

void World::set_links(std::size_t node) {
    Host& host = hosts_[node];
    for (std::size_t i = 0; i < host.links.size(); ++i) {
        const InterfaceName& link = host.links[i];
        const bool gone = hits(FaultKind::gone, node, i, host.links.size());
        if (gone && host.has(link)) host.kernel.unplug(link);
        if (!gone && !host.has(link)) plug_in(node, link);
        host.kernel.set_carrier(link, !hits(FaultKind::link, node, i, host.links.size()));
        if (!host.has(link)) continue;
        set_own_addresses(node, i);
        set_link_address(node, i);
    }
}

/// As it has them after booting, or none.
void World::set_own_addresses(std::size_t node, std::size_t link) {
    Host& host = hosts_[node];
    const bool lost = hits(FaultKind::address, node, link, host.links.size());
    const Observed fresh = booted(*host.base, node);
    const Seen<Address>& own = fresh.get<Address>();
    for (std::uint32_t i = 0; i < own.size(); ++i) {
        const Row<Address>& row = own.row(i);
        if (row.key.interface != host.links[link]) continue;
        Seen<Address>& now = host.kernel.node.get<Address>();
        const bool there = now.find(row.key) != Seen<Address>::npos;
        if (lost && there) host.kernel.execute(Change<Address>{row.key, &row.value, nullptr});
        if (!lost && !there) now.put(row.key, row.value, own.note(i));
    }
}

/// Neighbours that know the old link address do not reach the node any more, until it has that one again.
void World::set_link_address(std::size_t node, std::size_t link) {
    Host& host = hosts_[node];
    const auto changes = std::count_if(active_.begin(), active_.end(), [&](const Fault* each) {
        return each->kind == FaultKind::mac && each->touches(node) && each->parameter % host.links.size() == link;
    });
    const auto is_it = [&](const Interface& each) { return each.name == host.links[link]; };
    auto& interfaces = host.kernel.node.facts.interfaces;
    auto& last = std::find_if(interfaces.begin(), interfaces.end(), is_it)->link_address[3];
    const std::uint8_t before = std::exchange(last, static_cast<std::uint8_t>(changes));
    if (before == last) return;
    for (const config::Vip& vip : host.base->vips) {
        if (vip.interface != host.links[link]) continue;
        for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
            for (std::size_t i = 0; i < picture_.routers[router].vips.size(); ++i) {
                if (picture_.routers[router].vips[i] != vip.address) continue;
                std::size_t& believed = picture_.believed[router][i];
                std::optional<KnownAddress>& known = outdated_[router][i];
                if (believed == nobody && known == KnownAddress{node, last})
                    believed = node;
                else if (believed == node && picture_.nodes[node].seats[router].held[i]) {
                    believed = nobody;
                    known = {node, before};
                }
            }
        }
    }
}

/// It is another interface than before, as after booting.
void World::plug_in(std::size_t node, const InterfaceName& link) {
    Host& host = hosts_[node];
    const Observed fresh = booted(*host.base, node);
    Observed& now = host.kernel.node;
    now.facts.interfaces.push_back(*fresh.facts.interface(link));
    now.facts.interfaces.back().index = ++host.last_index;
    const Seen<Address>& addresses = fresh.get<Address>();
    for (std::uint32_t i = 0; i < addresses.size(); ++i) {
        const Row<Address>& row = addresses.row(i);
        if (row.key.interface == link) now.get<Address>().put(row.key, row.value, addresses.note(i));
    }
    for (const Row<Sysctl>& row : fresh.get<Sysctl>().rows()) {
        if (now.get<Sysctl>().find(row.key) == Seen<Sysctl>::npos) now.get<Sysctl>().put(row.key, row.value);
    }
}

void World::set_refusals(std::size_t node) {
    Host& host = hosts_[node];
    host.kernel.refuses.clear();
    const auto refuse = [&](FaultKind kind, const std::map<std::string, std::optional<IpAddress>>& rows) {
        std::size_t number = 0;
        for (const auto& [row, vip] : rows) {
            if (hits(kind, node, number++, rows.size())) host.kernel.refuses[row] = {};
        }
    };
    refuse(FaultKind::setting, host.wanted.settings);
    refuse(FaultKind::step, host.wanted.others);
    const auto& vips = host.base->vips;
    for (std::size_t i = 0; i < vips.size(); ++i) {
        if (!hits(FaultKind::refused, node, i, vips.size())) continue;
        const Address::Key key{vips[i].address, vips[i].prefix, vips[i].interface};
        host.kernel.refuses[row_name<Address>(key)] = {.error = EACCES, .may_go = true};
    }
}

/// As a DHCP client does it: its route replaces ours, and goes with its lease.
void World::set_routes(std::size_t node) {
    Host& host = hosts_[node];
    Seen<Route>& routes = host.kernel.node.get<Route>();
    std::size_t number = 0;
    for (const Route::Key& each : host.wanted.routes) {
        const std::uint32_t at = routes.find(each);
        const bool theirs = at != Seen<Route>::npos && routes.note(at).protocol == dhcp;
        if (hits(FaultKind::route, node, number++, host.wanted.routes.size())) {
            routes.put(each, {.via = elsewhere}, {.protocol = dhcp});
        } else if (theirs) {
            routes.erase(each);
        }
    }
}

/// The thing that the fault names is one that this VIP of the node needs.
bool World::obstructs(const Fault& fault, std::size_t node, const IpAddress& vip) const {
    const Host& host = hosts_[node];
    if (!fault.touches(node)) return false;
    if (fault.kind == FaultKind::refused) {
        return host.base->vips[fault.parameter % host.base->vips.size()].address == vip;
    }
    if (fault.kind != FaultKind::step || host.wanted.others.empty()) return false;
    const auto row =
        std::next(host.wanted.others.begin(), static_cast<std::ptrdiff_t>(fault.parameter % host.wanted.others.size()));
    return row->second == vip;
}

/// It speaks on the links of all members of the group, its tracks are good, and it knows that the kernel sends.
bool World::stands(std::size_t node, std::size_t router) const {
    const Host& host = hosts_[node];
    const std::vector<Seat>& seats = picture_.nodes[node].seats;
    for (std::size_t other = 0; other < seats.size(); ++other) {
        const bool member = !seats[other].group.empty() && seats[other].group == seats[router].group;
        if ((other == router || member) && !speaks_on(node, picture_.routers[other].interface)) return false;
    }
    return host.tracked_at <= queue_.now() && host.sends_at <= queue_.now();
}

/// Its interface and that of the election are up. What the kernel has refused counts again only when the node has had
/// the VIP once more: nothing tells that it would be taken now.
bool World::able(std::size_t node, std::size_t router, const IpAddress& vip, bool was, bool holds) const {
    const Host& host = hosts_[node];
    const std::vector<Seat>& seats = picture_.nodes[node].seats;
    for (std::size_t other = 0; other < seats.size(); ++other) {  // a sync group serves all or nothing
        const bool member = !seats[other].group.empty() && seats[other].group == seats[router].group;
        if ((other == router || member) && !host.has_carrier(picture_.routers[other].interface)) return false;
    }
    const auto& vips = host.base->vips;
    const auto at = std::find_if(vips.begin(), vips.end(), [&](const auto& each) { return each.address == vip; });
    if (at == vips.end() || !host.has_carrier(at->interface)) return false;
    if (holds) return true;
    const bool now =
        std::any_of(active_.begin(), active_.end(), [&](const Fault* each) { return obstructs(*each, node, vip); });
    const bool ever = std::any_of(run_.faults.begin(), run_.faults.end(), [&](const Fault& each) {
        return each.start <= queue_.now() && obstructs(each, node, vip);
    });
    return !now && (was || !ever);
}

}  // namespace lbconverge::sim
