#include "kernel.hpp"

#include <linux/if_addr.h>
#include <linux/ip.h>

#include <algorithm>
#include <cerrno>

namespace lbconverge::sim {

using namespace kinds;

namespace {

constexpr std::string_view conf = "net/ipv4/conf/";

std::uint32_t number_at(const Observed& state, const std::string& path) {
    const std::uint32_t at = state.get<Sysctl>().find(Sysctl::Key(path));
    std::uint32_t number = 0;
    if (at != Seen<Sysctl>::npos) lbconverge::from_text(state.get<Sysctl>().row(at).value.value, number);
    return number;
}

std::string setting(const InterfaceName& interface, std::string_view name) {
    return std::string(conf).append(interface.view()).append("/").append(name);
}

/// 198.51.100.0/24 is for documentation (RFC 5737): no file names it but as an example.
IpAddress invented(std::size_t link, std::size_t node) {
    IpAddress address;
    address.bytes = {198, 51, static_cast<std::uint8_t>(100 + link), static_cast<std::uint8_t>(node + 1)};
    return address;
}

IpAddress link_local(std::size_t node) {
    IpAddress address{Family::ipv6, {0xfe, 0x80}};
    address.bytes[15] = static_cast<std::uint8_t>(node + 1);
    return address;
}

}  // namespace

SimulatedKernel::SimulatedKernel(const config::Config& config, std::size_t node) {
    state_.facts.ipvs_loaded = true;
    state_.facts.interfaces.push_back({.index = 1, .name = "lo", .up = true, .loopback = true});
    for (const config::Vrrp& each : config.vrrp) add_link(each.interface, config, node);
    for (const config::Vip& each : config.vips) add_link(each.interface, config, node);
    add_settings(config);
}

void SimulatedKernel::add_link(const InterfaceName& name, const config::Config& config, std::size_t node) {
    if (name.empty() || state_.facts.interface(name) != nullptr) return;
    const std::size_t number = links_.size();
    links_.push_back(name);
    Interface link{.index = static_cast<std::uint32_t>(number + 2), .name = name, .up = true, .speaks_arp = true};
    link.link_address = {2, 0, 0, 0, static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(node)};
    state_.facts.interfaces.push_back(link);
    add_address(link_local(node), name);
    bool has_ipv4 = false;
    const auto own = [&](const std::optional<IpAddress>& address) {
        if (!address) return;
        add_address(*address, name);
        has_ipv4 = has_ipv4 || address->family == Family::ipv4;
    };
    for (const config::Vrrp& each : config.vrrp) {
        if (each.interface == name) own(each.source_address);
    }
    for (const config::Node& each : config.nodes) {
        if (each.name == config.node && number == 0) own(each.address);
    }
    if (!has_ipv4) add_address(invented(number, node), name);
}

void SimulatedKernel::add_address(const IpAddress& address, const InterfaceName& interface) {
    const auto prefix = static_cast<std::uint8_t>(address.family == Family::ipv4 ? 24 : 64);
    state_.get<Address>().put({address, prefix, interface}, {}, {.flags = IFA_F_PERMANENT});
}

void SimulatedKernel::add_settings(const config::Config& config) {
    // linux: tcp_timeouts and udp_timeouts of ip_vs_proto_tcp.c and ip_vs_proto_udp.c
    state_.get<Timeouts>().put({TimeoutName::tcp}, {900});
    state_.get<Timeouts>().put({TimeoutName::tcp_fin}, {120});
    state_.get<Timeouts>().put({TimeoutName::udp}, {300});
    const auto add = [&](const std::string& path) { state_.get<Sysctl>().put(Sysctl::Key(path), {"0"}); };
    for (const config::Sysctl& each : config.sysctls) add(each.path);
    for (const char* tunnel : {"all", "tunl0"}) add(setting(tunnel, "rp_filter"));
    std::vector<InterfaceName> names{"all", "default"};
    for (const Interface& each : state_.facts.interfaces) names.push_back(each.name);
    for (const InterfaceName& name : names) {
        add(setting(name, "arp_ignore"));
        add(setting(name, "arp_announce"));
    }
}

HostFacts SimulatedKernel::facts() const {
    HostFacts facts = state_.facts;
    for (Interface& each : facts.interfaces) {
        each.ipv4_devconf.resize(__IPV4_DEVCONF_MAX - 1);
        each.ipv4_devconf[IPV4_DEVCONF_ARP_IGNORE - 1] = number_at(state_, setting(each.name, "arp_ignore"));
        each.ipv4_devconf[IPV4_DEVCONF_ARP_ANNOUNCE - 1] = number_at(state_, setting(each.name, "arp_announce"));
    }
    facts.all_arp_ignore = number_at(state_, setting("all", "arp_ignore"));
    facts.all_arp_announce = number_at(state_, setting("all", "arp_announce"));
    return facts;
}

std::shared_ptr<const Observed> SimulatedKernel::observe(const Reading& reading, const HostFacts& facts) const {
    auto seen = std::make_shared<Observed>();
    seen->facts = facts;
    for (const std::string& path : reading.sysctls) {
        const std::uint32_t at = state_.get<Sysctl>().find(Sysctl::Key(path));
        if (at == Seen<Sysctl>::npos) continue;
        seen->get<Sysctl>().put(state_.get<Sysctl>().row(at).key, state_.get<Sysctl>().row(at).value);
    }
    wire::Requests nothing;  // it is made of the facts
    Link::ask(reading, *seen, nothing);
    seen->get<Link>().finish();
    seen->get<Address>() = state_.get<Address>();
    if (reading.ipvs) {
        seen->get<Service>() = state_.get<Service>();
        seen->get<RealServer>() = state_.get<RealServer>();
    }
    for_each_kind([&]<class Kind>() {
        if constexpr (OnDemand<Kind>) {
            if (reads<Kind>(reading)) seen->get<Kind>() = state_.get<Kind>();
        }
    });
    return seen;
}

int SimulatedKernel::execute(const plan::Plan& plan, const plan::Step& step) {
    int error = 0;
    plan.visit(step, [&](const auto& change) { error = set(change); });
    return error;
}

template <class Kind>
int SimulatedKernel::put(const Change<Kind>& change) {
    Seen<Kind>& seen = state_.get<Kind>();
    const std::uint32_t at = seen.find(change.key);
    const bool there = at != Seen<Kind>::npos;
    if (change.before == nullptr && there) return EEXIST;
    if (change.before != nullptr && !there) return ENOENT;
    if (change.after == nullptr) {
        seen.erase(change.key);
    } else {
        const auto facts = there ? seen.note(at) : typename Kind::Facts{};
        seen.put(change.key, *change.after, facts);
    }
    return 0;
}

int SimulatedKernel::set(const Change<Sysctl>& change) {
    if (change.after == nullptr) return 0;
    if (state_.get<Sysctl>().find(change.key) == Seen<Sysctl>::npos) return ENOENT;
    state_.get<Sysctl>().put(change.key, *change.after);
    return 0;
}

int SimulatedKernel::set(const Change<Link>& change) {
    if (change.after == nullptr) return 0;
    auto& links = state_.facts.interfaces;
    auto at = std::ranges::find(links, change.key.interface, &Interface::name);
    if (at == links.end()) {
        const auto index = static_cast<std::uint32_t>(links.size() + 1);
        at = links.insert(at, {.index = index, .name = change.key.interface});
    }
    at->up = change.after->up;
    return 0;
}

int SimulatedKernel::set(const Change<Address>& change) {
    if (state_.facts.interface(change.key.interface) == nullptr) return ENODEV;
    if (change.after != nullptr && !change.key.interface.is_loopback() && refuses(change.key.address)) return EACCES;
    if (const int error = put(change); error != 0) return error == ENOENT ? EADDRNOTAVAIL : error;
    if (change.after == nullptr) return 0;
    state_.get<Address>().put(change.key, *change.after, {.protocol = Address::protocol_tag, .flags = IFA_F_PERMANENT});
    return 0;
}

int SimulatedKernel::set(const Change<Service>& change) {
    if (change.after == nullptr) {
        std::vector<RealServer::Key> servers;
        for (const Row<RealServer>& row : state_.get<RealServer>().rows()) {
            if (row.key.service == change.key) servers.push_back(row.key);
        }
        for (const RealServer::Key& each : servers) state_.get<RealServer>().erase(each);
    }
    return put(change);
}

int SimulatedKernel::set(const Change<RealServer>& change) {
    if (state_.get<Service>().find(change.key.service) == Seen<Service>::npos) return ESRCH;
    return put(change);
}

int SimulatedKernel::set(const Change<Timeouts>& change) {
    if (change.after != nullptr) state_.get<Timeouts>().put(change.key, *change.after);
    return 0;
}

bool SimulatedKernel::answers_for(const IpAddress& address) const {
    const auto rows = state_.get<Address>().rows();
    return std::any_of(rows.begin(), rows.end(), [&](const Row<Address>& row) {
        return row.key.address == address && !row.key.interface.is_loopback();
    });
}

void SimulatedKernel::set_carrier(const InterfaceName& interface, bool carrier) {
    for (Interface& each : state_.facts.interfaces) {
        if (each.name == interface) each.carrier = carrier;
    }
}

void SimulatedKernel::set_present(const InterfaceName& interface, bool wanted) {
    if (wanted == present(interface)) return;
    auto& all = state_.facts.interfaces;
    if (!wanted) {
        const auto at = std::ranges::find(all, interface, &Interface::name);
        std::vector<Row<Address>> own;
        std::vector<Address::Key> gone;
        const Seen<Address>& seen = state_.get<Address>();
        for (std::uint32_t i = 0; i < seen.size(); ++i) {
            if (seen.row(i).key.interface != interface) continue;
            gone.push_back(seen.row(i).key);
            if (seen.note(i).protocol != Address::protocol_tag) own.push_back(seen.row(i));
        }
        for (const Address::Key& each : gone) state_.get<Address>().erase(each);
        away_.emplace_back(*at, std::move(own));
        all.erase(at);
        return;
    }
    const auto at = std::ranges::find_if(away_, [&](const auto& each) { return each.first.name == interface; });
    all.push_back(at->first);
    all.back().index = ++last_index_;
    for (const Row<Address>& each : at->second) add_address(each.key.address, interface);
    away_.erase(at);
}

bool SimulatedKernel::present(const InterfaceName& interface) const {
    return state_.facts.interface(interface) != nullptr;
}

bool SimulatedKernel::refuses(const IpAddress& address) const {
    return std::ranges::find(refused_, address) != refused_.end();
}

bool SimulatedKernel::carrier(const InterfaceName& interface) const {
    const Interface* link = state_.facts.interface(interface);
    return link != nullptr && link->carrier;
}

}  // namespace lbconverge::sim
