#include "show.hpp"

#include "doctor.hpp"
#include "format.hpp"
#include "lbconverge/daemon/run_directory.hpp"
#include "lbconverge/kinds/via_vip.hpp"
#include "lbconverge/model/setting.hpp"
#include "lbconverge/survey/survey.hpp"
#include "lbconverge/wire/json.hpp"
#include "load.hpp"
#include "observe.hpp"
#include "options.hpp"
#include "print.hpp"
#include "task.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

namespace lbconverge::cli {

using namespace kinds;

namespace {

constexpr std::uint32_t secondary = 0x01;        // IFA_F_SECONDARY (linux/if_addr.h)
constexpr std::uint32_t remote_checksum = 0x02;  // IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM (linux/ip_vs.h)

bool on_lo(const Address::Key& key) { return key.interface.is_loopback(); }

/// The text as a basic string of TOML.
std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (octet < 0x20 || octet == 0x7f) {
            result += formatted("\\u{:04x}", octet);
        } else {
            result += c;
        }
    }
    return result + '"';
}

bool is_utf8(std::string_view text) { return wire::valid_utf8(text) == text; }

/// TOML is UTF-8, but names in the kernel need not be.
bool can_be_written(const Row<Address>& row) {
    return is_utf8(row.key.interface.view()) && is_utf8(row.value.label.view());
}

/// Whether the address is the node's own, with the prefix of its network. A VIP with such a prefix is different: we
/// made it, or there is an older address of the network; or, with IPv6, it is deprecated.
bool is_own(const Row<Address>& row, const Address::Facts& facts) {
    const bool ours = facts.protocol == Address::protocol_tag;
    const bool ipv6 = row.key.address.family == Family::ipv6;
    const bool beside = facts.beside || (ipv6 ? row.value.deprecated : (facts.flags & secondary) != 0);
    return !ours && !on_lo(row.key) && row.key.prefix != row.key.address.bits() && !beside;
}

/// The rows of addresses that are certainly VIPs: those that a service uses, those that lbconverge made, and single
/// addresses on lo.
std::vector<std::uint32_t> vip_rows(const Observed& observed) {
    std::set<IpAddress> balanced;
    for (const Row<Service>& row : observed.get<Service>().rows()) {
        if (row.key.fwmark == 0) balanced.insert(row.key.vip);
    }
    std::vector<std::uint32_t> rows;
    const auto& addresses = observed.get<Address>();
    for (std::uint32_t i = 0; i < addresses.size(); ++i) {
        const Address::Key& key = addresses.row(i).key;
        const bool ours = addresses.note(i).protocol == Address::protocol_tag;
        const bool single_on_lo = on_lo(key) && key.prefix == key.address.bits() && !key.address.is_loopback();
        const bool used = balanced.contains(key.address) && !is_own(addresses.row(i), addresses.note(i));
        if (ours || single_on_lo || used) rows.push_back(i);
    }
    return rows;
}

void append_vip(std::string& text, const Row<Address>& row, bool filtered) {
    text += formatted("\n[[vip]]\naddress = \"{}/{}\"\n", to_text(row.key.address), row.key.prefix);
    if (!on_lo(row.key)) text += formatted("interface = {}\n", toml_string(row.key.interface.view()));
    if (filtered && !on_lo(row.key)) text += "accept = \"interface\"\n";
    if (!row.value.label.empty()) text += formatted("label = {}\n", toml_string(row.value.label.view()));
    if (row.value.broadcast) text += formatted("broadcast = \"{}\"\n", to_text(*row.value.broadcast));
    const Scope usual = on_lo(row.key) ? Scope::host : Scope::global;
    if (row.key.address.family == Family::ipv4 && row.value.scope != usual) {
        text += formatted("scope = \"{}\"\n", to_text(row.value.scope));
    }
    if (row.key.address.family == Family::ipv6 && !row.value.deprecated) text += "deprecated = false\n";
}

/// Notes, as a comment, an address that the file cannot name, and why.
void append_left_out(std::string& text, const Address::Key& key, std::string_view why) {
    const std::string id = toml_string(wire::valid_utf8(Address::id(key)));
    text += formatted("# {} is left out: {}\n", std::string_view(id).substr(1, id.size() - 2), why);
}

/// With services it is a director, which has its VIPs on an interface, or role both if these are all on lo as well.
/// Without services, VIPs on lo or filters make it a real server.
Role role_of(const Observed& observed, const std::vector<std::uint32_t>& vips) {
    std::set<IpAddress> quiet, answering;
    for (const std::uint32_t i : vips) {
        const Address::Key& key = observed.get<Address>().row(i).key;
        (on_lo(key) ? quiet : answering).insert(key.address);
    }
    const bool filters = !observed.get<ArpFilter>().empty() || !observed.get<Redirect>().empty();
    if (observed.get<Service>().empty()) return filters || !quiet.empty() ? Role::real_server : Role::director;
    const bool everywhere = std::ranges::includes(quiet, answering);
    return everywhere && !answering.empty() ? Role::both : Role::director;
}

/// For each VIP the row that the file names. If a VIP is in several places, it is the one that fits the role, or the
/// one that we made.
std::map<IpAddress, std::uint32_t> places_of(const Observed& observed, const std::vector<std::uint32_t>& vips,
                                             Role role) {
    const auto& addresses = observed.get<Address>();
    const auto rank = [&](std::uint32_t i) {
        const bool fits = on_lo(addresses.row(i).key) == (role == Role::real_server);
        return std::tuple(can_be_written(addresses.row(i)), fits, addresses.note(i).protocol == Address::protocol_tag);
    };
    std::map<IpAddress, std::uint32_t> places;
    for (const std::uint32_t i : vips) {
        const auto [at, is_new] = places.emplace(addresses.row(i).key.address, i);
        if (!is_new && rank(i) > rank(at->second)) at->second = i;
    }
    return places;
}

bool redirects(const IpAddress& vip, const Observed& observed) {
    const auto rows = observed.get<Redirect>().rows();
    return std::ranges::any_of(rows, [&](const Row<Redirect>& row) { return row.key.vip == vip; });
}

void append_vips(std::string& text, const Observed& observed, const std::vector<std::uint32_t>& vips, Role role) {
    const auto& addresses = observed.get<Address>();
    const auto& filters = observed.get<ArpFilter>();
    const auto places = places_of(observed, vips, role);
    for (const std::uint32_t i : vips) {
        const Row<Address>& row = addresses.row(i);
        const bool one_of_two = role == Role::both && on_lo(row.key) && places.at(row.key.address) != i;
        if (one_of_two) continue;  // the row on the interface is named
        if (role != Role::real_server && on_lo(row.key)) {
            append_left_out(text, row.key, "a director has its VIPs on an interface");
        } else if (!can_be_written(row)) {
            append_left_out(text, row.key, "the name of its interface is not UTF-8");
        } else if (role == Role::real_server && redirects(row.key.address, observed)) {
            append_left_out(text, row.key, "what is redirected has no address here");
        } else if (places.at(row.key.address) != i) {
            append_left_out(text, row.key, "a VIP has one place");
        } else {
            const bool filtered = filters.find({row.key.address}) != Seen<ArpFilter>::npos;
            append_vip(text, row, role == Role::real_server && filtered);
        }
    }
}

std::string scheduler_flags(const Service::Value& value) {
    std::string text;
    for (int flag = 1; flag <= 3; ++flag) {
        if ((value.flags.bits & (ServiceFlags::scheduler_1 << (flag - 1))) == 0) continue;
        text += formatted("{}\"flag-{}\"", text.empty() ? "" : ", ", flag);
    }
    return text;
}

void append_route(std::string& text, const Row<Route>& row) {
    const bool is_default = row.key.prefix == 0;
    text += formatted("\n[[route]]\nto = \"{}\"\n",
                      is_default ? "default" : to_text(row.key.to) + "/" + std::to_string(row.key.prefix));
    if (row.value.via) text += formatted("via = \"{}\"\n", to_text(*row.value.via));
    if (!row.value.interface.empty()) text += formatted("interface = {}\n", toml_string(row.value.interface.view()));
    if (row.value.source) text += formatted("source = \"{}\"\n", to_text(*row.value.source));
    if (row.key.table != Route::Key{}.table) text += formatted("table = {}\n", row.key.table);
}

/// The file names a redirected service with one of this host's addresses and the local port as its real server.
void append_redirections(std::string& text, const Observed& observed) {
    const auto own_address = [&](Family family) {
        IpAddress own{family, {}};
        for (const Row<Address>& row : observed.get<Address>().rows()) {
            if (row.key.address.family == family && !on_lo(row.key)) own = row.key.address;
        }
        return own;
    };
    std::optional<IpAddress> vip;
    for (const Row<Redirect>& row : observed.get<Redirect>().rows()) {
        if (vip == row.key.vip) continue;
        vip = row.key.vip;
        text += formatted("\n[[vip]]\naddress = \"{}\"\naccept = \"redirect\"\n", to_text(*vip));
    }
    for (const Row<Redirect>& row : observed.get<Redirect>().rows()) {
        text += formatted("\n[[service]]\nvip = \"{}\"\nport = {}\nprotocol = \"{}\"\nreal_servers = [\"{}\"]\n",
                          to_text(row.key.vip), row.key.port, to_text(row.key.protocol),
                          with_port(own_address(row.key.vip.family), row.value.to));
    }
}

void append_sync(std::string& text, const SyncDaemon::Value& value) {
    text += formatted("\n[ipvs.sync]\ninterface = {}\nid = {}\ngroup = \"{}\"\nport = {}\nttl = {}\n",
                      toml_string(value.interface.view()), value.id, to_text(value.group), value.port, value.ttl);
}

/// The settings that a director with services sets to 1, where they are otherwise: the file would change them.
void append_settings(std::string& text, const Observed& observed) {
    bool begun = false;
    for (const std::string_view path : other_server_settings) {
        const Sysctl::Key key{std::string(path)};
        const std::uint32_t at = observed.get<Sysctl>().find(key);
        if (at == Seen<Sysctl>::npos || observed.get<Sysctl>().row(at).value.value == "1") continue;
        if (!std::exchange(begun, true)) text += "\n[sysctl]\n";
        text += formatted("\"{}\" = {}\n", Sysctl::id(key), observed.get<Sysctl>().row(at).value.value);
    }
}

std::string marked(const Service::Key& service, const Observed& observed) {
    std::string text;
    for (const Row<Mark>& row : observed.get<Mark>().rows()) {
        if (row.value.fwmark != service.fwmark || row.key.vip.family != service.vip.family) continue;
        text += formatted("{}\"{}\"", text.empty() ? "" : ", ", to_text(row.key));
    }
    return text;
}

void append_service(std::string& text, const Row<Service>& row, const Observed& observed) {
    text += "\n[[service]]\n";
    if (row.key.fwmark != 0) {
        text += formatted("fwmark = {}\nfamily = \"{}\"\n", row.key.fwmark, to_text(row.key.vip.family));
        if (const std::string marks = marked(row.key, observed); !marks.empty()) {
            text += formatted("marks = [{}]\n", marks);
        }
    } else {
        text += formatted("vip = \"{}\"\nport = {}\n", to_text(row.key.vip), row.key.port);
        if (row.key.protocol != Protocol::tcp) text += formatted("protocol = \"{}\"\n", to_text(row.key.protocol));
    }
    text += formatted("scheduler = \"{}\"\n", row.value.scheduler.view());
    const bool has_default = config::has_fallback_flag(row.value.scheduler);
    if (const std::string flags = scheduler_flags(row.value); has_default || !flags.empty()) {
        text += formatted("scheduler_flags = [{}]\n", flags);
    }
    if ((row.value.flags.bits & ServiceFlags::one_packet) != 0) text += "one_packet = true\n";
    if ((row.value.flags.bits & ServiceFlags::persistent) != 0) {
        text += formatted("persistence = \"{}s\"\n", row.value.persistence);
        const bool ipv6 = row.key.vip.family == Family::ipv6;
        text += ipv6 ? formatted("persistence_mask = {}\n", row.value.netmask.value)
                     : formatted("persistence_mask = \"{}\"\n", to_text(row.value.netmask));
    }
    if (!row.value.engine.empty()) text += formatted("persistence_engine = \"{}\"\n", row.value.engine.view());
}

void append_server(std::string& text, const Row<RealServer>& row) {
    const RealServer::Value& value = row.value;
    text += formatted("  {{ address = \"{}\", port = {}, weight = {}, forward = \"{}\"", to_text(row.key.address),
                      row.key.port, value.weight, to_text(value.forward));
    if (value.forward == Forward::tunnel && value.tunnel_type != TunnelType::ipip) {
        text += formatted(", tunnel_type = \"{}\"", to_text(value.tunnel_type));
        if (value.tunnel_port != 0) text += formatted(", tunnel_port = {}", value.tunnel_port);
        if (value.tunnel_flags != 0) {
            const bool remote = (value.tunnel_flags & remote_checksum) != 0;
            text += formatted(", tunnel_checksum = \"{}\"", remote ? "remote" : "checksum");
        }
    }
    if (value.upper_threshold != 0) text += formatted(", upper_threshold = {}", value.upper_threshold);
    if (value.lower_threshold != 0) text += formatted(", lower_threshold = {}", value.lower_threshold);
    text += " },\n";
}

}  // namespace

std::string toml_of(const Observed& observed) {
    const auto& services = observed.get<Service>();
    const std::vector<std::uint32_t> vips = vip_rows(observed);
    const Role role = role_of(observed, vips);
    const bool real_server = role == Role::real_server;
    const auto& filters = observed.get<ArpFilter>();
    std::string text = formatted("role = \"{}\"\n", to_text(role));
    if (real_server && !filters.empty()) {
        text += "\n[arp]\nmethod = \"filter\"\n";
        if (const auto& source = filters.row(0).value.source) text += formatted("source = \"{}\"\n", to_text(*source));
    }
    append_vips(text, observed, vips, role);
    if (real_server) append_redirections(text, observed);

    const auto servers = observed.get<RealServer>().rows();
    std::size_t next = 0;
    for (const Row<Service>& service : services.rows()) {
        std::string pool;
        for (; next < servers.size() && servers[next].key.service == service.key; ++next)
            append_server(pool, servers[next]);
        if (is_probe_mark(service.key.fwmark)) continue;  // a check made this service
        append_service(text, service, observed);
        text += "real_servers = [\n" + pool + "]\n";
    }
    if (!real_server && !services.empty()) append_settings(text, observed);
    if (!observed.get<Timeouts>().empty()) text += "\n[ipvs.timeouts]\n";
    for (const Row<Timeouts>& row : observed.get<Timeouts>().rows()) {
        text += formatted("{} = \"{}s\"\n", Timeouts::id(row.key), row.value.seconds);
    }
    const auto& sync = observed.get<SyncDaemon>();
    if (!sync.empty() && is_utf8(sync.row(0).value.interface.view())) append_sync(text, sync.row(0).value);
    const auto& routes = observed.get<Route>();
    for (std::uint32_t i = 0; i < routes.size(); ++i) {
        const bool ours = routes.note(i).protocol == Route::protocol_tag;
        if (ours && is_utf8(routes.row(i).value.interface.view())) append_route(text, routes.row(i));
    }
    return text;
}

namespace {

/// What doctor knows of this host, without a file. A user who may not read all of that gets none of it.
std::string mistakes_here(const std::shared_ptr<const Observed>& observed) {
    doctor::Evidence evidence;
    evidence.kernel = observed;
    if (const auto done = survey::read_host(evidence); !done) {
        report({done.error().kind, "known mistakes are left out: " + done.error().what, done.error().hint});
        return {};
    }
    return findings_as_comments(doctor::diagnose(evidence));
}

}  // namespace

int show_command(const Options& options) {
    const auto observed = observe_all();
    if (!observed) return report(observed.error());
    if (options.format == "toml") {
        print(mistakes_here(*observed) + toml_of(**observed));
        return exit_good;
    }
    const daemon::LoadedLedger loaded = daemon::RunDirectory::of_this_namespace().load();
    print_notes(loaded.notes);
    print(snapshot_of(**observed, loaded.ledger, options.node.empty() ? host_name() : options.node, now()));
    return exit_good;
}

}  // namespace lbconverge::cli
