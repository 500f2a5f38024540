#include "lbconverge/kinds/sysctl.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/via_vip.hpp"
#include "lbconverge/model/setting.hpp"

#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <string_view>

namespace lbconverge::kinds {

namespace {

constexpr std::string_view promote = "promote_secondaries";

/// The ARP settings that netlink can read and write per interface (linux/ip.h, IPV4_DEVCONF_*). Others, such as
/// forwarding and rp_filter, go through /proc/sys on purpose: only there does the kernel also flush its route cache.
struct DevconfId {
    std::string_view name;
    std::uint16_t id;
};
constexpr DevconfId devconf_ids[] = {
    {"arp_filter", IPV4_DEVCONF_ARPFILTER},      {"arp_announce", IPV4_DEVCONF_ARP_ANNOUNCE},
    {"arp_ignore", IPV4_DEVCONF_ARP_IGNORE},     {"arp_accept", IPV4_DEVCONF_ARP_ACCEPT},
    {"arp_notify", IPV4_DEVCONF_ARP_NOTIFY},     {"drop_gratuitous_arp", IPV4_DEVCONF_DROP_GRATUITOUS_ARP},
    {promote, IPV4_DEVCONF_PROMOTE_SECONDARIES},
};

/// One IPv4 setting of one interface that exists and whose settings netlink shows.
struct Devconf {
    const Interface* interface = nullptr;
    std::uint16_t id = 0;
};

/// `find`: the interface of a name, or nullptr.
template <class Find>
std::optional<Devconf> devconf_of(std::string_view path, Find&& find) {
    const auto setting = parse_setting_path(path);
    if (!setting || setting->family != Family::ipv4) return std::nullopt;
    for (const DevconfId& each : devconf_ids) {
        if (each.name != setting->name) continue;
        const Interface* interface = find(setting->interface);
        if (interface == nullptr || interface->ipv4_devconf.size() < each.id) return std::nullopt;
        return Devconf{interface, each.id};
    }
    return std::nullopt;
}

std::string_view last_component(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The value with single spaces between its words. The kernel itself switches drop_entry, drop_packet and secure_tcp
/// between 1 and 2 (automatic mode, Documentation/networking/ipvs-sysctl.rst), so for them both count as 1.
std::string normalised(std::string_view path, std::string_view text) {
    std::string value;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\t' || c == '\n';
        if (!space) {
            value += c;
        } else if (!value.empty() && value.back() != ' ') {
            value += ' ';
        }
    }
    while (!value.empty() && value.back() == ' ') value.pop_back();
    // The kernel prints numbers without leading zeros.
    const bool number = value.find_first_not_of("0123456789") == std::string::npos;
    if (number) value.erase(0, std::min(value.find_first_not_of('0'), value.empty() ? 0 : value.size() - 1));
    const std::string_view last = last_component(path);
    const bool automatic = last == "drop_entry" || last == "drop_packet" || last == "secure_tcp";
    return automatic && value == "2" ? "1" : value;
}

/// The kernel resets every interface when forwarding is written, and copies "default" to interfaces. So these settings
/// are written first.
std::uint8_t rank_of(std::string_view path) {
    if (path == forwarding_path(Family::ipv4)) return 0;
    const auto setting = parse_setting_path(path);
    if (!setting || !setting->interface.is_collective()) return 3;
    if (setting->interface == "default") return 2;
    return setting->name == "forwarding" ? 0 : 1;
}

/// The first VIP on lo for which the node must not answer ARP; nullptr: there is none.
const config::Vip* quiet_vip(const config::Config& config) {
    if (config.role == Role::director || config.arp.method != config::ArpMethod::sysctl) return nullptr;
    const auto at = std::find_if(config.vips.begin(), config.vips.end(), [](const config::Vip& vip) {
        return vip.accept == config::Accept::loopback && vip.address.family == Family::ipv4;
    });
    return at == config.vips.end() ? nullptr : &*at;
}

/// The interfaces that must not answer ARP for a VIP on lo.
std::vector<InterfaceName> arp_interfaces(const Inputs& inputs) {
    const config::Arp& arp = inputs.config.arp;
    if (!arp.automatic) return arp.interfaces;
    std::vector<InterfaceName> interfaces{"default"};  // interfaces that appear later start with its values
    for (const Interface& interface : inputs.facts.interfaces) {
        if (interface.speaks_arp) interfaces.push_back(interface.name);
    }
    return interfaces;
}

/// Quiet for every scope: a VIP that is there already may have another scope than the file wants.
bool ignores_for_all(std::uint32_t effective) { return quiet_arp_ignore(effective, Scope::global); }

/// What the file says in [sysctl] is wanted already, and of two rows of a setting the first stays.
void want(Wanted<Sysctl>& wanted, const InterfaceName& interface, std::string_view setting, std::uint32_t value,
          Source source) {
    wanted.rows.add(Sysctl::Key(setting_path(interface, setting)), {std::to_string(value)}, {source, Cause::config});
}

/// If [arp] does not name a setting, the place of the VIP in the file counts as its place.
void desire_quiet_arp(const Inputs& inputs, Source vip, Wanted<Sysctl>& wanted) {
    const config::Arp& arp = inputs.config.arp;
    const Source ignore = arp.ignore_source.known() ? arp.ignore_source : vip;
    const Source announce = arp.announce_source.known() ? arp.announce_source : vip;
    for (const InterfaceName& interface : arp_interfaces(inputs)) {
        want(wanted, interface, "arp_ignore", arp.arp_ignore, ignore);
        want(wanted, interface, "arp_announce", arp.arp_announce, announce);
    }
    if (!arp.automatic) return;
    // "all" is changed only if its value would make an interface answer: the larger of the two counts. A value that is
    // quiet stays desired, since it may be ours: a setting that is not desired any more gets its old value back.
    const auto mend_all = [&](std::string_view setting, std::uint32_t all, std::uint32_t own, auto is_quiet,
                              Source at) {
        if (all != 0) want(wanted, "all", setting, is_quiet(std::max(all, own)) ? all : own, at);
    };
    mend_all("arp_ignore", inputs.facts.all_arp_ignore, arp.arp_ignore, ignores_for_all, ignore);
    mend_all("arp_announce", inputs.facts.all_arp_announce, arp.arp_announce, quiet_arp_announce, announce);
}

/// No route leads through the tunnel to the source of a packet that comes out of it, so rp_filter must be off there.
/// The larger of "all" and the device counts: both are set to 0. Other interfaces keep their own values.
void desire_open_tunnel(const Inputs& inputs, Wanted<Sysctl>& wanted) {
    const config::RealServer* here = config::tunnelled_here(inputs.config, Family::ipv4);
    if (here == nullptr) return;
    for (const char* interface : {"all", "tunl0"}) want(wanted, interface, "rp_filter", 0, here->source);
}

/// The answer to a check via the VIP has the VIP as source, and the master has this address itself. Linux drops such a
/// packet as forged (fib_validate_source) unless accept_local is set on the interface.
void desire_own_answers(const Inputs& inputs, Wanted<Sysctl>& wanted) {
    for (const ViaVip& each : checked_via_vip(inputs.config)) {
        const IpAddress& address = inputs.config.services[each.service].vip;
        for (const config::Vip& vip : inputs.config.vips) {
            if (vip.address != address || address.family != Family::ipv4 || vip.interface.empty()) continue;
            want(wanted, vip.interface, "accept_local", 1, vip.source);
        }
    }
}

/// A VIP that is another node's own address (RFC 9568: its owner has priority 255) is the source of that node's
/// advertisements, and on a master in its place it is an address of its own, as above.
void desire_owner_heard(const Inputs& inputs, Wanted<Sysctl>& wanted) {
    const config::Config& config = inputs.config;
    if (config.role == Role::real_server) return;
    for (const config::Vip& vip : config.vips) {
        const bool owned = vip.address.family == Family::ipv4 &&
                           std::any_of(config.nodes.begin(), config.nodes.end(), [&](const config::Node& each) {
                               return each.name != config.node && each.address == vip.address;
                           });
        if (!owned) continue;
        for (const config::Vrrp& each : config.vrrp) {
            if (each.name == vip.vrrp) want(wanted, each.interface, "accept_local", 1, vip.source);
        }
    }
}

void desire_other_servers(const Inputs& inputs, Wanted<Sysctl>& wanted) {
    if (inputs.config.role == Role::real_server || inputs.config.services.empty()) return;
    for (const std::string_view path : other_server_settings) {
        wanted.rows.add(Sysctl::Key(std::string(path)), {"1"}, {inputs.config.services.front().source, Cause::config});
    }
}

}  // namespace

bool quiet_arp_ignore(std::uint32_t effective, Scope vip_scope) {
    return effective == 1 || effective == 2 || effective == 8 || (effective == 3 && vip_scope == Scope::host);
}

bool concerns_all_interfaces(const config::Config& config) {
    return config.arp.automatic && quiet_vip(config) != nullptr;
}

bool quiet_arp_announce(std::uint32_t effective) { return effective == 1 || effective == 2; }

Sysctl::Key::Key(std::string path_below_proc_sys)
    : rank(rank_of(path_below_proc_sys)), path(std::move(path_below_proc_sys)) {}

std::string Sysctl::id(const Key& key) { return sysctl_name(key.path); }

std::optional<Sysctl::Key> Sysctl::parse_id(std::string_view id) {
    if (!id.starts_with("net.") && !id.starts_with("net/")) return std::nullopt;
    return Key(path_of_sysctl(id));
}

void Sysctl::desire(const Inputs& inputs, Wanted<Sysctl>& wanted) {
    for (const config::Sysctl& each : inputs.config.sysctls) {
        wanted.rows.add(Key(each.path), {normalised(each.path, each.value)}, {each.source, Cause::config});
    }
    if (const config::Vip* vip = quiet_vip(inputs.config)) desire_quiet_arp(inputs, vip->source, wanted);
    desire_own_answers(inputs, wanted);
    desire_owner_heard(inputs, wanted);
    desire_open_tunnel(inputs, wanted);
    desire_other_servers(inputs, wanted);
}

void Sysctl::ask(const Reading& reading, Observed& observed, wire::Requests& requests) {
    Seen<Sysctl>& seen = observed.get<Sysctl>();
    std::map<InterfaceName, const Interface*> by_name;  // there may be thousands, each with a setting
    for (const Interface& each : observed.facts.interfaces) by_name.try_emplace(each.name, &each);
    const auto find = [&](const InterfaceName& name) {
        const auto at = by_name.find(name);
        return at == by_name.end() ? nullptr : at->second;
    };
    for (std::uint32_t i = 0; i < reading.sysctls.size(); ++i) {
        const std::string& path = reading.sysctls[i];
        if (const auto devconf = devconf_of(path, find)) {
            seen.add(Key(path), {std::to_string(devconf->interface->ipv4_devconf[devconf->id - 1U])});
        } else {
            requests.file(path, nullptr, i);
        }
    }
}

void Sysctl::decode(const wire::Reply& reply, const Reading& reading, Observed& observed) {
    if (reply.transport != wire::Transport::file || reply.tag >= reading.sysctls.size()) return;
    const std::string& path = reading.sysctls[reply.tag];
    const std::string_view text(reinterpret_cast<const char*>(reply.bytes.data()), reply.bytes.size());
    observed.get<Sysctl>().add(Key(path), {normalised(path, text)});
}

Owner Sysctl::owner(const Key&, const Facts&, const Desired&, const Ledger&) { return Owner::unrelated; }

InterfaceName Sysctl::interface_of(const Key& key) {
    for (const std::string_view folder : {"conf", "neigh"}) {
        const auto setting = parse_setting_path(key.path, folder);
        if (setting && !setting->interface.is_collective()) return setting->interface;
    }
    return {};
}

Phase Sysctl::phase(const Change<Sysctl>& change, const Inputs&) {
    if (change.cause == Cause::restore) return Phase::relax;
    const std::string_view last = last_component(change.key.path);
    // Before the address is removed: without the setting, the kernel would remove its secondary addresses as well.
    if (last == promote && change.after != nullptr && change.after->value != "0") return Phase::withdraw;
    const bool loud =
        (last == "arp_ignore" || last == "arp_announce") && change.after != nullptr && change.after->value == "0";
    return loud ? Phase::relax : Phase::tighten;
}

void Sysctl::encode(const Change<Sysctl>& change, const HostFacts& facts, std::uint32_t tag, wire::Requests& requests) {
    if (change.after == nullptr) return;
    const std::string& value = change.after->value;
    const auto devconf = devconf_of(change.key.path, [&](const InterfaceName& name) { return facts.interface(name); });
    std::uint32_t number = 0;
    if (!devconf || !from_text(value, number)) {
        const std::string_view text = value;
        requests.file(change.key.path, &text, tag);
        return;
    }
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(devconf->interface->index);
    requests.begin(wire::Transport::route, RTM_SETLINK, 0, std::as_bytes(std::span(&header, 1)), tag);
    const std::size_t spec = requests.begin_nest(IFLA_AF_SPEC);
    const std::size_t inet = requests.begin_nest(static_cast<std::uint16_t>(Family::ipv4));
    const std::size_t conf = requests.begin_nest(IFLA_INET_CONF);
    requests.attribute_u32(devconf->id, number);
    requests.end_nest(conf);
    requests.end_nest(inet);
    requests.end_nest(spec);
    requests.end();
}

Error Sysctl::refusal(const Change<Sysctl>& change, int error) {
    const std::string id = Sysctl::id(change.key);
    if (error == ENOENT || error == ENODEV) {
        const bool of_interface = parse_setting_path(change.key.path).has_value();
        const bool of_ipvs = change.key.path.starts_with("net/ipv4/vs/");
        const InterfaceName interface = interface_of(change.key);
        if (error == ENODEV && !interface.empty()) {
            return {ErrorKind::kernel_lacks, id + ": there is no interface " + interface.str(),
                    "name an interface of this node (ip link), or take the setting out of the file"};
        }
        return {ErrorKind::kernel_lacks, "the kernel has no setting " + id,
                of_interface ? "is the interface there, and the name right?"
                : of_ipvs    ? "settings of IPVS exist once module ip_vs is loaded; is the name right?"
                             : "is the name right, and the module loaded that brings it?"};
    }
    if (error == EINVAL || error == ERANGE) {
        return {ErrorKind::failed,
                id + ": the kernel refuses the value \"" + (change.after ? change.after->value : "") + "\"",
                "see Documentation/networking/ip-sysctl.rst of the kernel for the range"};
    }
    if (error == EROFS) {
        return {ErrorKind::failed, id + ": /proc/sys is read-only here",
                "in a container? Set it on the host, or start the container with the right to"};
    }
    return plain_refusal(id, error);
}

std::optional<Error> Sysctl::obstacle(const Change<Sysctl>& change, const Facts*, const Circumstances& at) {
    if (change.before != nullptr || change.after == nullptr) return std::nullopt;
    const InterfaceName interface = interface_of(change.key);
    if (!interface.empty() && at.observed.facts.interface(interface) == nullptr) {
        if (!lacks_interface(interface, at)) return std::nullopt;  // it comes with this plan
        return refusal(change, ENODEV);
    }
    const auto& absent = at.observed.absent;
    const bool unknown = std::binary_search(absent.begin(), absent.end(), change.key.path);
    return unknown ? std::optional(refusal(change, ENOENT)) : std::nullopt;
}

Sysctl::Key promote_secondaries(const InterfaceName& interface) {
    return Sysctl::Key(setting_path(interface, promote));
}

bool promotes_secondaries(const InterfaceName& interface, const Observed& observed) {
    const auto is_on = [&](const InterfaceName& name) {
        const std::uint32_t at = observed.get<Sysctl>().find(promote_secondaries(name));
        return at != Seen<Sysctl>::npos && observed.get<Sysctl>().row(at).value.value != "0";
    };
    return is_on("all") || is_on(interface);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Sysctl)
