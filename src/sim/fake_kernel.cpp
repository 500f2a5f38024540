#include "lbconverge/sim/fake_kernel.hpp"

#include "lbconverge/model/setting.hpp"

#include <linux/if_addr.h>
#include <linux/ip.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace lbconverge::sim {

using namespace kinds;

namespace {

std::optional<std::uint32_t> number_at(const Observed& node, const std::string& path) {
    const std::uint32_t at = node.get<Sysctl>().find(Sysctl::Key(path));
    std::uint32_t number = 0;
    if (at == Seen<Sysctl>::npos || !from_text(node.get<Sysctl>().row(at).value.value, number)) return std::nullopt;
    return number;
}

/// What the link dump shows of an interface's IPv4 settings.
std::vector<std::uint32_t> devconf_of(const Observed& node, const InterfaceName& interface) {
    constexpr std::pair<std::string_view, std::size_t> shown[] = {
        {"arp_filter", IPV4_DEVCONF_ARPFILTER},  {"arp_announce", IPV4_DEVCONF_ARP_ANNOUNCE},
        {"arp_ignore", IPV4_DEVCONF_ARP_IGNORE}, {"arp_accept", IPV4_DEVCONF_ARP_ACCEPT},
        {"arp_notify", IPV4_DEVCONF_ARP_NOTIFY}, {"drop_gratuitous_arp", IPV4_DEVCONF_DROP_GRATUITOUS_ARP},
    };
    std::vector<std::uint32_t> values(__IPV4_DEVCONF_MAX - 1);
    bool any = false;
    for (const auto& [name, id] : shown) {
        const auto value = number_at(node, setting_path(interface, name));
        any = any || value.has_value();
        values[id - 1] = value.value_or(0);
    }
    return any ? values : std::vector<std::uint32_t>{};
}

/// The kernel keeps what it does not use; no reader of its tables sees that (kinds' decode drops it).
Service::Value as_read(const Service::Key& key, Service::Value value) {
    if ((value.flags.bits & ServiceFlags::persistent) == 0) {
        value.persistence = 0;
        value.netmask = {key.vip.family == Family::ipv4 ? 0xffffffffU : 128U};
    }
    value.flags.bits &= ~ServiceFlags::hashed;
    return value;
}

RealServer::Value as_read(RealServer::Value value) {
    if (value.forward != Forward::tunnel) value.tunnel_type = TunnelType::ipip;
    if (value.tunnel_type != TunnelType::gue) value.tunnel_port = 0;
    if (value.tunnel_type == TunnelType::ipip) value.tunnel_flags = 0;
    return value;
}

/// Calls f with the facts of each server of the service.
template <class F>
void for_each_server(const Service::Key& service, Seen<RealServer>& seen, F&& f) {
    const auto rows = seen.rows();
    const auto first =
        std::lower_bound(rows.begin(), rows.end(), service,
                         [](const Row<RealServer>& row, const auto& key) { return row.key.service < key; });
    for (auto i = static_cast<std::size_t>(first - rows.begin()); i < rows.size(); ++i) {
        if (rows[i].key.service != service) break;
        f(seen.note(i));
    }
}

/// A new server comes to the head of its service's list.
void make_head(const Service::Key& service, Seen<RealServer>& seen) {
    for_each_server(service, seen, [](RealServer::Facts& each) { ++each.position; });
}

void close_gap(const Service::Key& service, std::uint32_t position, Seen<RealServer>& seen) {
    for_each_server(service, seen, [&](RealServer::Facts& each) {
        if (each.position > position) --each.position;
    });
}

/// linux: ip_vs_genl_parse_dest and __ip_vs_update_dest.
int bad_server(const RealServer::Key& key, const RealServer::Value& value) {
    constexpr auto most = static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());
    if (value.weight > most || value.lower_threshold > value.upper_threshold) return ERANGE;
    if (value.forward == Forward::tunnel && value.tunnel_type == TunnelType::gue && value.tunnel_port == 0)
        return EINVAL;
    if (key.address.family != key.service.vip.family && value.forward != Forward::tunnel) return EINVAL;
    if (key.address.is_multicast() || (key.address.family == Family::ipv4 && key.address.is_unspecified()))
        return EINVAL;
    return 0;
}

std::optional<IpAddress> first_address(const Observed& node, const InterfaceName& interface) {
    for (const Row<Address>& row : node.get<Address>().rows()) {
        if (row.key.interface == interface && row.key.address.family == Family::ipv4) return row.key.address;
    }
    return std::nullopt;
}

bool secondary(const Address::Facts& facts) { return (facts.flags & IFA_F_SECONDARY) != 0; }

/// IFA_ADDRESS: of which the prefix is (linux: ifa_address).
const IpAddress& whole(const Address::Key& key, const Address::Value& value) {
    return value.peer ? *value.peer : key.address;
}

/// On the same interface in the same net: where one of IPv4 is the first and the others are secondary.
bool same_subnet(const Row<Address>& a, const Row<Address>& b) {
    return a.key.interface == b.key.interface && a.key.prefix == b.key.prefix &&
           whole(a.key, a.value).in_same_net(whole(b.key, b.value), b.key.prefix);
}

/// `older` was there first (kinds' decode sees it in the order of the listing).
void compare_age(const Address::Key& older, const Address::Key& newer, Address::Facts& facts) {
    if (older.interface != newer.interface || newer.prefix == newer.address.bits()) return;
    if (older.prefix == older.address.bits() || older.address.is_link_local()) return;
    facts.later = true;
    facts.beside |= older.address.in_same_net(newer.address, std::min(older.prefix, newer.prefix));
}

/// Flags of an address that somebody has just written.
std::uint32_t written_flags(Family family, const Address::Value& value) {
    if (family == Family::ipv4) return IFA_F_PERMANENT;
    return IFA_F_PERMANENT | IFA_F_NODAD | (value.deprecated ? IFA_F_DEPRECATED : 0U);
}

}  // namespace

FakeKernel::FakeKernel(Observed state) : node(std::move(state)) {
    node.get<Link>() = {};
    wire::Requests nothing;  // these rows are made of the facts
    Link::ask({}, node, nothing);
    node.get<Link>().finish();
}

plan::Told FakeKernel::announce(std::span<const plan::Announcement> announcements, const HostFacts&) {
    announced.insert(announced.end(), announcements.begin(), announcements.end());
    return {};
}

Result<HostFacts> FakeKernel::facts(const std::vector<InterfaceName>&) {
    ++reads;
    HostFacts facts = node.facts;
    for (Interface& each : facts.interfaces) {
        each.ipv4_devconf = devconf_of(node, each.name);
        each.address = first_address(node, each.name);
    }
    facts.all_arp_ignore = number_at(node, setting_path("all", "arp_ignore")).value_or(0);
    facts.all_arp_announce = number_at(node, setting_path("all", "arp_announce")).value_or(0);
    facts.expire_nodest_conn = number_at(node, std::string(expire_nodest_conn)).value_or(0) != 0;
    return facts;
}

Result<std::shared_ptr<const Observed>> FakeKernel::observe(const Reading& reading, const HostFacts& facts) {
    ++reads;
    auto seen = std::make_shared<Observed>(node);
    seen->facts = facts;
    Seen<Sysctl> asked;
    for (const std::string& path : reading.sysctls) {
        const std::uint32_t at = node.get<Sysctl>().find(Sysctl::Key(path));
        if (at != Seen<Sysctl>::npos) {
            asked.put(node.get<Sysctl>().row(at).key, node.get<Sysctl>().row(at).value);
        } else {
            seen->absent.push_back(path);
        }
    }
    seen->get<Sysctl>() = std::move(asked);
    if (!reading.ipvs) {
        seen->get<Service>() = {};
        seen->get<RealServer>() = {};
    }
    for_each_kind([&]<class Kind>() {
        if constexpr (OnDemand<Kind>) {
            if (!kinds::reads<Kind>(reading)) seen->get<Kind>() = {};
        }
    });
    return seen;
}

Result<std::vector<plan::Failure>> FakeKernel::offers(const plan::Plan& plan) {
    std::vector<plan::Failure> lacking;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        if (plan.steps[i].blocked) continue;
        plan.visit(plan.steps[i], [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Service>) {
                if (change.after == nullptr) return;
                const bool engine = change.after->engine.empty() || engines.contains(change.after->engine);
                if (!engine || !schedulers.contains(change.after->scheduler)) lacking.push_back({i, ENOENT});
            }
        });
    }
    return lacking;
}

int FakeKernel::execute(const plan::Plan& plan, const plan::Step& step) {
    int error = 0;
    plan.visit(step, [&](const auto& change) { error = execute(change); });
    return error;
}

int FakeKernel::refusal_of(const plan::Plan& plan, const plan::Step& step) const {
    int error = 0;
    if (refuses.empty()) return error;
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        const auto at = refuses.find(row_name<Kind>(change.key));
        if (at != refuses.end() && !(at->second.may_go && change.after == nullptr)) error = at->second.error;
    });
    return error;
}

Result<std::vector<plan::Failure>> FakeKernel::apply(const plan::Plan& plan, std::size_t first, std::size_t last) {
    if (before_next_write) std::exchange(before_next_write, nullptr)(*this);
    std::vector<plan::Failure> failures;
    for (std::size_t i = first; i < last; ++i) {
        if (plan.steps[i].blocked) continue;
        if (killed_before && writes >= *killed_before) throw Killed{};
        const auto fault = faults.find(writes);
        int error = 0;
        if (const int refusal = refusal_of(plan, plan.steps[i]); refusal != 0) {
            error = refusal;
        } else if (fault != faults.end()) {
            ++writes;
            error = fault->second;
        } else {
            error = execute(plan, plan.steps[i]);
        }
        if (error != 0) failures.push_back({i, error});
    }
    return failures;
}

void FakeKernel::set_carrier(const InterfaceName& interface, bool carrier) {
    for (Interface& each : node.facts.interfaces) {
        if (each.name == interface) each.carrier = carrier;
    }
}

/// linux: unregister_netdevice_many, inetdev_destroy, fib_disable_ip.
void FakeKernel::unplug(const InterfaceName& interface) {
    std::erase_if(node.facts.interfaces, [&](const Interface& each) { return each.name == interface; });
    std::vector<Address::Key> addresses;
    for (const Row<Address>& row : node.get<Address>().rows()) {
        if (row.key.interface == interface) addresses.push_back(row.key);
    }
    std::vector<Sysctl::Key> settings;
    for (const Row<Sysctl>& row : node.get<Sysctl>().rows()) {
        if (row.key.path.starts_with(setting_path(interface, ""))) settings.push_back(row.key);
    }
    for (const Sysctl::Key& each : settings) node.get<Sysctl>().erase(each);
    erase_addresses(addresses);
    std::vector<Route::Key> routes;
    for (const Row<Route>& row : node.get<Route>().rows()) {
        const bool stranded = row.value.via && !row.value.via->is_link_local() && !reaches(*row.value.via);
        if (row.value.interface == interface || stranded) routes.push_back(row.key);
    }
    for (const Route::Key& each : routes) node.get<Route>().erase(each);
    node.get<Link>().erase({interface});
}

bool FakeKernel::setting_is_on(const InterfaceName& interface, std::string_view name) const {
    return number_at(node, setting_path("all", name)).value_or(0) != 0 ||
           number_at(node, setting_path(interface, name)).value_or(0) != 0;
}

void FakeKernel::put_setting(const std::string& path, const std::string& value) {
    if (node.get<Sysctl>().find(Sysctl::Key(path)) != Seen<Sysctl>::npos)
        node.get<Sysctl>().put(Sysctl::Key(path), {value});
}

int FakeKernel::set(const Change<Sysctl>& change) {
    if (change.after == nullptr) return 0;
    const std::string& path = change.key.path;
    const std::string& value = change.after->value;
    const std::uint32_t at = node.get<Sysctl>().find(change.key);
    if (at == Seen<Sysctl>::npos) return ENOENT;
    const bool same = node.get<Sysctl>().row(at).value.value == value;
    inherited.erase(path);
    node.get<Sysctl>().put(change.key, {value});
    if (same) return 0;

    const bool forwarding = path == forwarding_path(Family::ipv4) || path == setting_path("all", "forwarding");
    const std::string name = path.substr(path.rfind('/') + 1);
    std::vector<std::string> followers;
    for (const Row<Sysctl>& row : node.get<Sysctl>().rows()) {
        const auto each = parse_setting_path(row.key.path);
        if (!each || each->family != Family::ipv4) continue;
        // linux: inet_forward_change sets every interface, "default" those that nobody ever set.
        if (forwarding && each->name == "forwarding") followers.push_back(row.key.path);
        const bool from_default = path == setting_path("default", name) && each->name == name;
        if (from_default && inherited.contains(row.key.path)) followers.push_back(row.key.path);
    }
    if (forwarding) followers.push_back(forwarding_path(Family::ipv4));
    for (const std::string& follower : followers) put_setting(follower, value);
    return 0;
}

void FakeKernel::remove_address(std::uint32_t row) {
    const Seen<Address>& seen = node.get<Address>();
    const Row<Address> first = seen.row(row);
    std::vector<Address::Key> gone{first.key};
    if (first.key.address.family == Family::ipv4 && !secondary(seen.note(row))) {
        for (std::uint32_t i = 0; i < seen.size(); ++i) {
            if (i != row && same_subnet(seen.row(i), first) && secondary(seen.note(i))) gone.push_back(seen.row(i).key);
        }
        // linux: __inet_del_ifa promotes the first of them, or drops them all.
        if (gone.size() > 1 && setting_is_on(first.key.interface, "promote_secondaries")) {
            const std::uint32_t heir = seen.find(gone[1]);
            Address::Facts facts = seen.note(heir);
            facts.flags &= ~static_cast<std::uint32_t>(IFA_F_SECONDARY);
            node.get<Address>().put(gone[1], seen.row(heir).value, facts);
            gone.resize(1);
        }
    }
    erase_addresses(gone);
}

void FakeKernel::erase_addresses(const std::vector<Address::Key>& gone) {
    for (const Address::Key& each : gone) node.get<Address>().erase(each);
    for (const Address::Key& each : gone) lose_source(each.address);
}

/// linux: fib_sync_down_addr removes the routes whose source goes; fib6_remove_prefsrc only forgets the source.
void FakeKernel::lose_source(const IpAddress& address) {
    for (const Row<Address>& row : node.get<Address>().rows()) {
        if (row.key.address == address) return;
    }
    std::vector<Row<Route>> routes;
    for (const Row<Route>& row : node.get<Route>().rows()) {
        if (row.value.source == address) routes.push_back(row);
    }
    for (Row<Route>& each : routes) {
        const Route::Facts facts = node.get<Route>().note(node.get<Route>().find(each.key));
        node.get<Route>().erase(each.key);
        if (address.family == Family::ipv4) continue;
        each.value.source.reset();
        node.get<Route>().put(each.key, each.value, facts);
    }
}

/// The lifetimes of an address that is there, by whoever asks: the tag of who made it is lost (linux:
/// inet_rtm_newaddr, inet6_addr_modify).
void FakeKernel::renew_address(std::uint32_t row, const Address::Value& value) {
    const Address::Key key = node.get<Address>().row(row).key;
    Address::Facts facts = node.get<Address>().note(row);
    facts.protocol = 0;
    facts.flags = written_flags(key.address.family, value) | (facts.flags & IFA_F_SECONDARY);
    node.get<Address>().put(key, value, facts);
}

int FakeKernel::set(const Change<Address>& change) {
    const Address::Key key = change.key;
    Seen<Address>& seen = node.get<Address>();
    const bool ipv6 = key.address.family == Family::ipv6;
    if (node.facts.interface(key.interface) == nullptr) return ENODEV;

    if (change.before != nullptr) {
        const std::uint32_t at = seen.find(key);
        const bool there = at != Seen<Address>::npos &&
                           (ipv6 || whole(key, *change.before).in_same_net(whole(key, seen.row(at).value), key.prefix));
        Address::Value same = *change.before;
        if (change.after != nullptr) {
            same.deprecated = change.after->deprecated;
            same.expires = change.after->expires;
        }
        const bool in_place = change.after != nullptr && same == *change.after;
        if (!there && !in_place) return EADDRNOTAVAIL;
        if (in_place && there) {
            renew_address(at, *change.after);
            return 0;
        }
        if (!in_place) remove_address(at);
        if (change.after == nullptr) return 0;
    }
    const Row<Address> made{key, *change.after};
    Address::Facts facts{.protocol = Address::protocol_tag, .flags = written_flags(key.address.family, *change.after)};
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        const Row<Address>& other = seen.row(i);
        if (other.key.address.family != key.address.family) continue;
        if (ipv6 && other.key.interface == key.interface && other.key.address == key.address) return EEXIST;
        compare_age(other.key, key, facts);
        if (ipv6 || !same_subnet(other, made)) continue;
        if (other.key.address == key.address) return EEXIST;
        if (other.value.scope != change.after->scope) return EINVAL;
        facts.flags |= IFA_F_SECONDARY;
    }
    seen.put(key, *change.after, facts);
    // linux: rtm_to_ifaddr marks all settings of an interface that gets an IPv4 address as written.
    if (!ipv6)
        std::erase_if(inherited,
                      [&](const std::string& path) { return path.starts_with(setting_path(key.interface, "")); });
    return 0;
}

int FakeKernel::set(const Change<Link>& change) {
    if (change.after == nullptr) return 0;
    auto& interfaces = node.facts.interfaces;
    auto at = std::ranges::find(interfaces, change.key.interface, &Interface::name);
    if (at == interfaces.end()) {  // with the module comes the device
        const auto index = static_cast<std::uint32_t>(interfaces.size() + 1);
        at = interfaces.insert(at, {.index = index, .name = change.key.interface});
    }
    at->up = change.after->up;
    node.get<Link>().put(change.key, *change.after);
    return 0;
}

int FakeKernel::set(const Change<SyncDaemon>& change) {
    Seen<SyncDaemon>& seen = node.get<SyncDaemon>();
    int error = 0;
    if (change.before != nullptr) {
        error = seen.find(change.key) == Seen<SyncDaemon>::npos ? ESRCH : 0;
        seen.erase(change.key);
    }
    if (change.after == nullptr) return error;
    if (seen.find(change.key) != Seen<SyncDaemon>::npos) return EEXIST;
    if (node.facts.interface(change.after->interface) == nullptr) return ENODEV;
    seen.put(change.key, *change.after);
    return error;
}

bool FakeKernel::reaches(const IpAddress& gateway) const {
    return std::ranges::any_of(node.get<Address>().rows(), [&](const Row<Address>& row) {
        return row.key.prefix < row.key.address.bits() && row.key.address.in_same_net(gateway, row.key.prefix);
    });
}

int FakeKernel::set(const Change<Route>& change) {
    Seen<Route>& seen = node.get<Route>();
    const bool there = seen.find(change.key) != Seen<Route>::npos;
    if (change.after == nullptr) {
        if (!there) return ESRCH;
        seen.erase(change.key);
        return 0;
    }
    const Route::Value& value = *change.after;
    if (!value.interface.empty() && node.facts.interface(value.interface) == nullptr) return ENODEV;
    const bool reached = !value.via || value.via->is_link_local() || reaches(*value.via);
    const bool has_source =
        !value.source || std::ranges::any_of(node.get<Address>().rows(),
                                             [&](const Row<Address>& row) { return row.key.address == *value.source; });
    if (!has_source) return EINVAL;
    if (!reached) return change.key.to.family == Family::ipv4 ? ENETUNREACH : EHOSTUNREACH;
    if (there && change.before == nullptr) return EEXIST;
    seen.put(change.key, value, {Route::protocol_tag});
    return 0;
}

int FakeKernel::set(const Change<Service>& change) {
    Seen<Service>& seen = node.get<Service>();
    const Service::Key key = change.key;
    const bool there = seen.find(key) != Seen<Service>::npos;
    if (change.before == nullptr && there) return EEXIST;
    if (change.before != nullptr && !there) return ESRCH;
    if (change.after == nullptr) {
        std::vector<RealServer::Key> servers;
        for (const Row<RealServer>& row : node.get<RealServer>().rows()) {
            if (row.key.service == key) servers.push_back(row.key);
        }
        for (const RealServer::Key& each : servers) node.get<RealServer>().erase(each);
        seen.erase(key);
        return 0;
    }
    const bool engine = change.after->engine.empty() || engines.contains(change.after->engine);
    if (!schedulers.contains(change.after->scheduler) || !engine) return ENOENT;
    const std::uint32_t mask = change.after->netmask.value;
    if (key.vip.family == Family::ipv6 && (mask < 1 || mask > 128)) return EINVAL;
    seen.put(key, as_read(key, *change.after));
    return 0;
}

int FakeKernel::set(const Change<RealServer>& change) {
    Seen<RealServer>& seen = node.get<RealServer>();
    const RealServer::Key key = change.key;
    if (node.get<Service>().find(key.service) == Seen<Service>::npos) return ESRCH;
    if (change.after != nullptr) {
        if (const int error = bad_server(key, *change.after); error != 0) return error;
    }
    const std::uint32_t at = seen.find(key);
    const bool there = at != Seen<RealServer>::npos;
    if (change.before == nullptr && there) return EEXIST;
    const int error = change.before != nullptr && !there ? ENOENT : 0;
    if (error != 0 && !change.again) return error;
    const bool leaves = there && (change.again || change.after == nullptr);
    // What is made again comes out of the kernel's trash, with its connections.
    RealServer::Facts facts = there ? seen.note(at) : RealServer::Facts{};
    if (leaves) close_gap(key.service, std::exchange(facts.position, 0), seen);
    if (leaves) seen.erase(key);
    if (change.after == nullptr) return error;
    if (leaves || !there) make_head(key.service, seen);
    seen.put(key, as_read(*change.after), facts);
    return error;
}

int FakeKernel::set(const Change<Timeouts>& change) {
    if (change.after == nullptr || change.after->seconds == 0) return 0;  // the kernel takes 0 for "as it is"
    node.get<Timeouts>().put(change.key, *change.after);
    return 0;
}

}  // namespace lbconverge::sim
