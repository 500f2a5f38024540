#include "invariants.hpp"

#include "lbconverge/model/setting.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <optional>

namespace lbconverge::test {

using namespace kinds;

namespace {

template <class Kind>
bool holds(const Observed& node, const typename Kind::Key& key) {
    return node.get<Kind>().find(key) != Seen<Kind>::npos;
}

bool live(const Observed& node, const Service::Key& service) {
    const auto servers = node.get<RealServer>().rows();
    return holds<Service>(node, service) &&
           std::any_of(servers.begin(), servers.end(),
                       [&](const Row<RealServer>& row) { return row.key.service == service && row.value.weight > 0; });
}

const config::Vip* vip_at(const Situation& s, const IpAddress& address) {
    for (const config::Vip& vip : s.config.vips) {
        if (vip.address == address) return &vip;
    }
    return nullptr;
}

ElectionState elected(const Situation& s, const config::Vip& vip) {
    if (vip.vrrp.empty()) return ElectionState::master;
    const auto at = s.election.find(vip.vrrp);
    return at == s.election.end() ? ElectionState::backup : at->second;
}

/// The election that decides about a service; a mark follows the first VIP.
ElectionState elected(const Situation& s, const Service::Key& service) {
    if (service.fwmark != 0) return s.config.vips.empty() ? ElectionState::master : elected(s, s.config.vips.front());
    const config::Vip* vip = vip_at(s, service.vip);
    return vip == nullptr ? ElectionState::master : elected(s, *vip);
}

/// The node must not balance for this service: role both and backup, or a director that became a real server. Its
/// connections go to the new master, so there is nothing to drain.
bool lost(const Situation& s, const Service::Key& service) {
    if (s.config.role == Role::director) return false;
    return s.config.role == Role::real_server || elected(s, service) == ElectionState::backup;
}

std::optional<std::uint32_t> arp_setting(const Observed& node, const InterfaceName& interface, std::string_view name) {
    const std::uint32_t at = node.get<Sysctl>().find(Sysctl::Key(setting_path(interface, name)));
    if (at == Seen<Sysctl>::npos) return std::nullopt;
    return static_cast<std::uint32_t>(std::stoul(node.get<Sysctl>().row(at).value.value));
}

/// linux: arp_ignore() and arp_solicit() in net/ipv4/arp.c. The larger value of "all" and the interface counts.
bool quiet(const Observed& node, const InterfaceName& interface, Scope scope) {
    const auto effective = [&](std::string_view name) {
        return std::max(arp_setting(node, "all", name).value_or(0), arp_setting(node, interface, name).value_or(0));
    };
    const std::uint32_t ignore = effective("arp_ignore");
    const std::uint32_t announce = effective("arp_announce");
    const bool ignores = ignore == 1 || ignore == 2 || ignore == 8 || (ignore == 3 && scope == Scope::host);
    return ignores && (announce == 1 || announce == 2);
}

/// Whether the kernel keeps marks of addresses. If it does, lo's own address has one (linux, since 5.18).
bool has_marks(const Observed& node) {
    const Seen<Address>& seen = node.get<Address>();
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        if (seen.note(i).protocol != 0) return true;
    }
    return false;
}

bool made(const Situation& s, const Address::Key& key, const Address::Facts& facts) {
    const Claim<Address>* claim = s.ledger.claim<Address>(key);
    if (claim != nullptr && claim->origin == ClaimOrigin::adopted) return false;
    if (facts.protocol == Address::protocol_tag) return true;
    return claim != nullptr && claim->origin == ClaimOrigin::made && !has_marks(s.start);
}

/// The address is the first one of a subnet and we did not make it, or the file names it as the node's own.
bool own(const Situation& s, const Address::Key& key, const Address::Facts& facts) {
    const config::Node* self = config::self(s.config);
    if (self != nullptr && self->address == key.address) return true;
    const bool secondary = (key.address.family == Family::ipv4 && (facts.flags & IFA_F_SECONDARY) != 0) || facts.beside;
    return key.prefix != key.address.bits() && !key.interface.is_loopback() && !secondary && !made(s, key, facts);
}

bool ours(const Situation& s, const Address::Key& key) {
    const std::uint32_t at = s.start.get<Address>().find(key);
    if (at == Seen<Address>::npos) return s.ledger.claim<Address>(key) != nullptr;
    const Address::Facts& facts = s.start.get<Address>().note(at);
    if (own(s, key, facts)) return false;
    const Claim<Address>* claim = s.ledger.claim<Address>(key);
    return made(s, key, facts) || (claim != nullptr && claim->origin != ClaimOrigin::made);
}

bool filters(const Situation& s) {
    return s.config.role == Role::real_server && s.config.arp.method == config::ArpMethod::filter;
}

bool filtered(const Observed& node, const IpAddress& vip) {
    const std::uint32_t at = node.get<ArpFilter>().find({vip});
    if (at == Seen<ArpFilter>::npos) return false;
    const ArpFilter::Value& value = node.get<ArpFilter>().row(at).value;
    return value.enforced && value.source.has_value();
}

void quiet_behind_a_filter(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    if (!filters(s)) return;
    for (const Row<Address>& row : node.get<Address>().rows()) {
        if (row.key.address.family != Family::ipv4 || vip_at(s, row.key.address) == nullptr) continue;
        if (!filtered(node, row.key.address)) broken.insert({"I1", to_text(row.key.address), "filter"});
    }
}

void quiet_real_server(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    if (s.config.arp.method != config::ArpMethod::sysctl) return;
    for (const Row<Address>& row : node.get<Address>().rows()) {
        if (!row.key.interface.is_loopback() || row.key.address.family != Family::ipv4) continue;
        if (vip_at(s, row.key.address) == nullptr && !ours(s, row.key)) continue;
        for (const Interface& each : node.facts.interfaces) {
            if (each.speaks_arp && !quiet(node, each.name, row.value.scope)) {
                broken.insert({"I1", to_text(row.key.address), each.name.str()});
            }
        }
    }
}

bool answers(const Observed& node, const IpAddress& vip, std::string* interface = nullptr) {
    for (const Row<Address>& row : node.get<Address>().rows()) {
        if (row.key.address != vip || row.key.interface.is_loopback()) continue;
        if (interface != nullptr) *interface = row.key.interface.str();
        return true;
    }
    return false;
}

std::set<Service::Key> needed_services(const Situation& s, const config::Vip& vip) {
    const ElectionState state = elected(s, vip);
    const bool stays = !s.release && (state == ElectionState::master ||
                                      (state == ElectionState::undecided && answers(s.start, vip.address)));
    std::set<Service::Key> needed;
    if (!stays) {
        for (const Row<Service>& row : s.start.get<Service>().rows()) {
            if (row.key.fwmark == 0 && row.key.vip == vip.address && live(s.start, row.key)) needed.insert(row.key);
        }
        return needed;
    }
    for (const config::Service& service : s.config.services) {
        if (service.fwmark != 0 || service.vip != vip.address) continue;
        const Service::Key key = Service::key_of(service);
        const bool held = service.active == config::Active::master && state == ElectionState::undecided;
        const bool wanted = std::any_of(service.real_servers.begin(), service.real_servers.end(),
                                        [](const config::RealServer& server) { return server.weight > 0; });
        if (held ? live(s.start, key) : wanted) needed.insert(key);
    }
    return needed;
}

void no_black_hole(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    if (s.config.role != Role::director) return;
    for (const config::Vip& vip : s.config.vips) {
        if (!answers(node, vip.address)) continue;
        for (const Service::Key& service : needed_services(s, vip)) {
            if (!live(node, service)) broken.insert({"I2", to_text(vip.address), Service::id(service)});
        }
    }
}

void no_loop(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    if (s.config.role == Role::director) return;
    for (const Row<Service>& row : node.get<Service>().rows()) {
        const config::Vip* vip = row.key.fwmark == 0 ? vip_at(s, row.key.vip) : nullptr;
        if (vip == nullptr || !lost(s, row.key)) continue;
        if (s.config.role == Role::both) broken.insert({"I3", to_text(vip->address), Service::id(row.key)});
        // It is worse if the VIP is on lo, too: then the node takes the packets that the master sends to it as a real
        // server, and balances them once more.
        const bool takes_packets = std::ranges::any_of(node.get<Address>().rows(), [&](const Row<Address>& address) {
            return address.key.address == vip->address && address.key.interface.is_loopback();
        });
        if (takes_packets && !foreign_service(s, row.key)) {
            broken.insert({"I3", to_text(vip->address), "takes packets for " + Service::id(row.key)});
        }
    }
}

void only_the_master_answers(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    for (const config::Vip& vip : s.config.vips) {
        std::string interface;
        if (!answers(node, vip.address, &interface)) continue;
        const ElectionState state = elected(s, vip);
        const bool appeared = state == ElectionState::undecided && !answers(s.start, vip.address);
        const bool silent = filters(s) && vip.address.family == Family::ipv4;  // I1 judges it
        const bool not_master = s.config.role == Role::real_server ? !silent : state == ElectionState::backup;
        if (not_master || appeared) {
            broken.insert({"I4", to_text(vip.address), {}});
        }
    }
}

BootTime drain_deadline(const Situation& s, const RealServer::Key& key) {
    std::chrono::milliseconds patience = config::Service{}.drain_timeout;
    for (const RememberedService& service : s.ledger.file.services) {
        if (service.key == key.service) patience = service.drain_timeout;
    }
    BootTime since = s.now;
    for (const DrainingServer& drain : s.ledger.drains) {
        if (drain.key != key) continue;
        since = std::min(since, drain.since);
        patience = drain.timeout.value_or(patience);
    }
    for (const config::Service& service : s.config.services) {
        if (Service::key_of(service) == key.service) patience = service.drain_timeout;
    }
    return since + std::chrono::ceil<std::chrono::seconds>(patience);
}

void connections_are_drained(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    if (s.release) return;
    const Seen<RealServer>& servers = s.start.get<RealServer>();
    for (std::uint32_t i = 0; i < servers.size(); ++i) {
        const RealServer::Key& key = servers.row(i).key;
        if (RealServer::connections(key, servers.note(i)) == 0 || holds<RealServer>(node, key) ||
            s.now >= drain_deadline(s, key))
            continue;
        if (!lost(s, key.service)) broken.insert({"I5", RealServer::id(key), {}});
    }
}

bool foreign(const Situation& s, const Address::Key& key, const Address::Facts& facts) {
    if (own(s, key, facts)) return true;
    return vip_at(s, key.address) == nullptr && !ours(s, key);
}

bool foreign(const Situation& s, const Sysctl::Key& key) {
    const std::string name = key.path.substr(key.path.rfind('/') + 1);
    // The kernel itself changes `forwarding` of an interface together with others. I1 judges arp_*.
    if (name == "arp_ignore" || name == "arp_announce" || name == "forwarding" || name == "ip_forward") return false;
    // A run sets this while it removes an address that would take others with it, and then puts the old value back.
    if (name == "promote_secondaries") return false;
    const bool balances = s.config.role != Role::real_server && !s.config.services.empty();
    if (balances && (name == "expire_nodest_conn" || name == "expire_quiescent_template")) return false;
    if (name == "rp_filter" && config::tunnelled_here(s.config, Family::ipv4) != nullptr) return false;
    return s.ledger.claim<Sysctl>(key) == nullptr &&
           std::none_of(s.config.sysctls.begin(), s.config.sysctls.end(),
                        [&](const config::Sysctl& each) { return each.path == key.path; });
}

bool foreign(const Situation& s, const Timeouts::Key& key) {
    const config::Ipvs& ipvs = s.config.ipvs;
    const auto& wanted = key.timeout == TimeoutName::tcp   ? ipvs.tcp
                         : key.timeout == TimeoutName::udp ? ipvs.udp
                                                           : ipvs.tcp_fin;
    return !wanted && s.ledger.claim<Timeouts>(key) == nullptr;
}

bool foreign(const Situation&, const ArpFilter::Key&) { return false; }  // it is in a table of ours
bool foreign(const Situation&, const Destination&) { return false; }     // as are redirections and marks

bool foreign(const Situation& s, const SyncDaemon::Key& key) {
    const bool configured = s.config.ipvs.sync && s.config.role != Role::real_server;
    return !configured && s.ledger.claim<SyncDaemon>(key) == nullptr;
}

bool foreign(const Situation&, const Route::Key&, const Route::Facts& facts) {
    return facts.protocol != Route::protocol_tag;
}

/// For the other kinds, a row is foreign if the configuration does not want it and it was never ours.
template <class Kind>
bool foreign(const Situation& s, const typename Kind::Key& key) {
    const Desired desired = desire({s.config, s.election, s.start.facts});
    return s.ledger.claim<Kind>(key) == nullptr && desired.get<Kind>().rows.find(key) == Table<Kind, Origin>::npos;
}

template <class Kind>
bool same_row(const Observed& a, const Observed& b, const typename Kind::Key& key) {
    const std::uint32_t in_a = a.get<Kind>().find(key);
    const std::uint32_t in_b = b.get<Kind>().find(key);
    return in_a != Seen<Kind>::npos && in_b != Seen<Kind>::npos && a.get<Kind>().row(in_a) == b.get<Kind>().row(in_b);
}

void foreign_rows_stay(const Observed& node, const Situation& s, std::set<Broken>& broken) {
    for_each_kind([&]<class Kind>() {
        const Seen<Kind>& seen = s.start.get<Kind>();
        for (std::uint32_t i = 0; i < seen.size(); ++i) {
            const typename Kind::Key& key = seen.row(i).key;
            bool is_foreign = false;
            if constexpr (std::is_same_v<Kind, Address> || std::is_same_v<Kind, Route>) {
                is_foreign = foreign(s, key, seen.note(i));
            } else if constexpr (std::is_same_v<Kind, RealServer>) {
                is_foreign = foreign_service(s, key.service);
            } else if constexpr (std::is_same_v<Kind, Service>) {
                is_foreign = foreign_service(s, key);
            } else if constexpr (requires { foreign(s, key); }) {
                is_foreign = foreign(s, key);
            } else {
                is_foreign = foreign<Kind>(s, key);
            }
            if (is_foreign && !same_row<Kind>(s.start, node, key))
                broken.insert({"I6", Kind::id(key), std::string(Kind::name)});
        }
    });
}

}  // namespace

bool foreign_address(const Situation& s, const Address::Key& key) {
    const std::uint32_t at = s.start.get<Address>().find(key);
    return at != Seen<Address>::npos && foreign(s, key, s.start.get<Address>().note(at));
}

bool foreign_service(const Situation& s, const Service::Key& key) {
    if (s.config.ipvs.exclusive && !s.release) return false;
    if (s.ledger.claim<Service>(key) != nullptr) return false;
    return s.config.role == Role::real_server ||
           std::none_of(s.config.services.begin(), s.config.services.end(),
                        [&](const config::Service& service) { return Service::key_of(service) == key; });
}

std::set<Broken> broken_invariants(const Observed& node, const Situation& situation) {
    std::set<Broken> broken;
    quiet_real_server(node, situation, broken);
    quiet_behind_a_filter(node, situation, broken);
    no_black_hole(node, situation, broken);
    no_loop(node, situation, broken);
    only_the_master_answers(node, situation, broken);
    connections_are_drained(node, situation, broken);
    foreign_rows_stay(node, situation, broken);
    return broken;
}

std::string newly_broken(const std::set<Broken>& now, const std::set<Broken>& before) {
    std::string text;
    for (const Broken& each : now) {
        if (!before.contains(each)) text.append(each.invariant + " " + each.vip + " " + each.detail + "\n");
    }
    return text;
}

}  // namespace lbconverge::test
