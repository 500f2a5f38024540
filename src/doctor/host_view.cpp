#include "host_view.hpp"

#include <algorithm>

namespace lbconverge::doctor {

namespace {

kinds::Desired desired_of(const Evidence& evidence) {
    if (!evidence.config) return {};
    return kinds::desire({*evidence.config, evidence.election, evidence.kernel->facts});
}

/// Addresses that somebody put on lo.
bool is_loopback_vip(const Address::Key& key) {
    return key.interface.is_loopback() && !key.address.is_loopback() && !key.address.is_link_local();
}

}  // namespace

std::set<IpAddress> vips_of(const Evidence& evidence) {
    std::set<IpAddress> vips;
    for (const Row<Service>& row : evidence.kernel->get<Service>().rows()) {
        if (row.key.fwmark == 0) vips.insert(row.key.vip);
    }
    if (evidence.config) {
        for (const config::Vip& vip : evidence.config->vips) vips.insert(vip.address);
        return vips;
    }
    for (const Row<Address>& row : evidence.kernel->get<Address>().rows()) {
        if (is_loopback_vip(row.key)) vips.insert(row.key.address);
    }
    for (const Keepalived::Owned& each : parse_keepalived(evidence.files).owned) vips.insert(each.address);
    return vips;
}

HostView::HostView(const Evidence& all)
    : evidence(all),
      kernel(*all.kernel),
      vips(vips_of(all)),
      keepalived(parse_keepalived(all.files)),
      desired_(desired_of(all)) {}

std::optional<std::uint32_t> HostView::number(const std::string& path) const {
    const auto& settings = kernel.get<Sysctl>();
    const std::uint32_t at = settings.find(Sysctl::Key(path));
    std::uint32_t value = 0;
    if (at == kinds::Seen<Sysctl>::npos || !from_text(std::string_view(settings.row(at).value.value), value)) {
        return std::nullopt;
    }
    return value;
}

std::uint32_t HostView::larger(const InterfaceName& interface, const std::string& name) const {
    return std::max(number(setting_path("all", name)).value_or(0), number(setting_path(interface, name)).value_or(0));
}

std::vector<const Row<Address>*> HostView::places(const IpAddress& address) const {
    const auto rows = kernel.get<Address>().rows();  // sorted, the address first
    const auto before = [](const Row<Address>& row, const IpAddress& wanted) { return row.key.address < wanted; };
    std::vector<const Row<Address>*> found;
    for (auto at = std::lower_bound(rows.begin(), rows.end(), address, before);
         at != rows.end() && at->key.address == address; ++at) {
        found.push_back(&*at);
    }
    return found;
}

bool HostView::on_lo(const IpAddress& address) const {
    const auto all = places(address);
    return std::any_of(all.begin(), all.end(),
                       [](const Row<Address>* row) { return row->key.interface.is_loopback(); });
}

const Row<Address>* HostView::on_interface(const IpAddress& address) const {
    for (const Row<Address>* row : places(address)) {
        if (!row->key.interface.is_loopback()) return row;
    }
    return nullptr;
}

bool HostView::is_local(const IpAddress& address) const {
    if (!places(address).empty()) return true;
    const RouteEntry* route = route_to(address);
    return route != nullptr && route->local;
}

bool HostView::may_be_elsewhere(const IpAddress& vip) const {
    if (const config::Vip* known = configured(vip)) {
        return !known->vrrp.empty() && kinds::state_of(*known, evidence.election) != ElectionState::master;
    }
    return keepalived.owns(vip);
}

bool HostView::is_own(const Row<Address>& row) const {
    return !row.key.interface.is_loopback() && !row.key.address.is_link_local() && !vips.contains(row.key.address);
}

std::vector<const Interface*> HostView::answering(const IpAddress& vip) const {
    std::vector<const Interface*> all, of_its_network;
    for (const Row<Address>& row : kernel.get<Address>().rows()) {
        const Interface* interface = this->interface(row.key.interface);
        const bool speaks = interface != nullptr && interface->up && interface->speaks_arp;
        if (!speaks || !is_own(row) || row.key.address.family != Family::ipv4) continue;
        const auto add = [&](std::vector<const Interface*>& to) {
            if (std::find(to.begin(), to.end(), interface) == to.end()) to.push_back(interface);
        };
        add(all);
        if (row.key.address.in_same_net(vip, row.key.prefix)) add(of_its_network);
    }
    return of_its_network.empty() ? all : of_its_network;
}

const RouteEntry* HostView::route_to(const IpAddress& address) const {
    const RouteEntry* best = nullptr;
    for (const RouteEntry& route : evidence.routes) {
        if (route.net.family != address.family || !address.in_same_net(route.net, route.prefix)) continue;
        if (best == nullptr || route.prefix > best->prefix) best = &route;
    }
    return best;
}

InterfaceName HostView::interface_of(const IpAddress& vip) const {
    const config::Vip* known = configured(vip);
    const bool shared = known != nullptr && !known->interface.empty() && interface(known->interface) != nullptr;
    if (shared) return known->interface;
    if (const Row<Address>* row = on_interface(vip)) return row->key.interface;
    const auto all = answering(vip);
    if (!all.empty() && vip.family == Family::ipv4) return all.front()->name;
    const RouteEntry* route = route_to(vip);
    return route == nullptr ? InterfaceName() : route->interface;
}

void HostView::each_server(const std::function<void(const PoolMember&)>& visit) const {
    const auto services = kernel.get<Service>().rows();
    std::size_t at = 0;
    for (const Row<kinds::RealServer>& server : kernel.get<kinds::RealServer>().rows()) {
        while (at < services.size() && services[at].key < server.key.service) ++at;
        if (at == services.size()) return;
        if (services[at].key == server.key.service) visit({&services[at], &server});
    }
}

const config::Vip* HostView::configured(const IpAddress& vip) const {
    if (config() == nullptr) return nullptr;
    const auto& all = config()->vips;
    const auto at = std::find_if(all.begin(), all.end(), [&](const config::Vip& each) { return each.address == vip; });
    return at == all.end() ? nullptr : &*at;
}

std::vector<ServedPort> HostView::served() const {
    std::vector<ServedPort> ports;
    if (config() != nullptr) {
        if (config()->role == Role::director) return {};
        for (const config::Service& service : config()->services) {
            const bool here = std::any_of(
                service.real_servers.begin(), service.real_servers.end(), [&](const config::RealServer& server) {
                    return server.forward != Forward::masquerade && !places(server.address).empty();
                });
            if (!here || service.fwmark != 0 || service.port == 0) continue;
            ports.push_back({service.vip, service.protocol, service.port, true});
        }
        return ports;
    }
    constexpr std::pair<Protocol, std::uint16_t> usual[] = {
        {Protocol::udp, 53}, {Protocol::tcp, 53}, {Protocol::tcp, 80}, {Protocol::tcp, 443}};
    for (const IpAddress& vip : vips) {
        if (!on_lo(vip)) continue;
        for (const auto& [protocol, port] : usual) ports.push_back({vip, protocol, port, false});
    }
    return ports;
}

Cure HostView::apply() const { return command(evidence.lbconverge + " apply" + evidence.apply_options); }

Cure HostView::set(std::span<const WantedSysctl> settings) const {
    const auto& wanted = desired_.get<Sysctl>().rows;
    const auto& seen = kernel.get<Sysctl>();
    std::string text = "sysctl -w";
    for (const WantedSysctl& setting : settings) {
        const Sysctl::Key key(setting.path);
        const std::uint32_t want = wanted.find(key), is = seen.find(key);
        const bool drifted = want != kinds::Seen<Sysctl>::npos && is != kinds::Seen<Sysctl>::npos &&
                             wanted.row(want).value != seen.row(is).value;
        if (drifted) return apply();
        text += " " + Sysctl::id(key) + "=" + setting.value;
    }
    return command(std::move(text));
}

Cure HostView::mend_address(const IpAddress& address, std::string text) const {
    const auto& seen = kernel.get<Address>();
    const auto drifted = [&](const Row<Address>& want) {
        const std::uint32_t is = seen.find(want.key);
        return want.key.address == address && (is == kinds::Seen<Address>::npos || seen.row(is).value != want.value);
    };
    const auto wanted = desired_.get<Address>().rows.rows();
    if (std::any_of(wanted.begin(), wanted.end(), drifted)) return apply();
    for (const Row<Address>* row : places(address)) {  // it is somewhere where the file does not want it
        const bool known = configured(address) != nullptr;
        if (known && desired_.get<Address>().rows.find(row->key) == kinds::Seen<Address>::npos) return apply();
    }
    return command(std::move(text));
}

Cure HostView::mend_service(const Service::Key& service, std::string text) const {
    const bool wanted = desired_.get<Service>().rows.find(service) != kinds::Seen<Service>::npos;
    return wanted || configured(service.vip) != nullptr ? apply() : command(std::move(text));
}

std::string text_of(const Row<Address>& row) { return Address::display(row.key); }

std::string ipvsadm_of(const Service::Key& key) {
    if (key.fwmark != 0) {
        return "-f " + std::to_string(key.fwmark) + (key.vip.family == Family::ipv6 ? " -6" : "");
    }
    const std::string option = key.protocol == Protocol::tcp   ? "-t "
                               : key.protocol == Protocol::udp ? "-u "
                                                               : "--sctp-service ";
    return option + with_port(key.vip, key.port);
}

std::string ipvsadm_of(Forward forward) {
    return forward == Forward::masquerade ? "-m" : forward == Forward::tunnel ? "-i" : "-g";
}

std::string id_of(const PoolMember& member) { return kinds::RealServer::id(member.server->key); }

}  // namespace lbconverge::doctor
