// What the files of this host do to the VIP at the next boot or link event.
#include "rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace lbconverge::doctor::rules {

namespace {

/// In which order they are carried out at boot.
enum class Sort : std::uint8_t { setting, network, script, other };

Sort sort_of(const std::string& path) {
    const auto begins = [&](std::string_view prefix) { return path.starts_with(prefix); };
    if (begins("/etc/sysctl")) return Sort::setting;
    for (const std::string_view prefix :
         {"/etc/network/interfaces", "/etc/sysconfig/network-scripts/ifcfg-", "/etc/systemd/network/",
          "/run/systemd/network/", "/etc/NetworkManager/system-connections/", "/etc/netplan/"}) {
        if (begins(prefix)) return Sort::network;
    }
    for (const std::string_view prefix :
         {"/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/", "/etc/network/if-up.d/"}) {
        if (begins(prefix)) return Sort::script;
    }
    return Sort::other;
}

/// Without the comment; "#" and ";" begin one (a "!" only in keepalived.conf).
std::string_view code_of(const std::string& line) {
    std::string_view text = line;
    text = text.substr(0, text.find('#'));
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
    return text.starts_with(';') ? std::string_view() : text;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// The address as a whole word: 10.0.0.1 does not occur in 10.0.0.10.
bool mentions(std::string_view text, const IpAddress& address) {
    const std::string word = to_text(address);
    const auto part_of_one = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == '.'; };
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool starts = at == 0 || !part_of_one(text[at - 1]);
        if (starts && (end == text.size() || !part_of_one(text[end]))) return true;
    }
    return false;
}

/// A line that gives an interface this address.
bool configures(Sort sort, std::string_view code, const IpAddress& address) {
    if (!mentions(code, address)) return false;
    const bool command = has(code, "addr") && has(code, "add");
    if (sort == Sort::script) return (command && has(code, "ip ")) || has(code, "ifconfig");
    if (sort != Sort::network) return false;
    for (const std::string_view other : {"gateway", "Gateway", "GATEWAY", "via", "route", "dns", "DNS", "ipvsadm"}) {
        if (has(code, other)) return false;
    }
    return true;
}

struct FileLine {
    const TextFile* file = nullptr;
    std::size_t line = 0;  ///< from 1
    Sort sort = Sort::other;

    [[nodiscard]] std::string text() const { return file->path + ":" + std::to_string(line); }
    /// This line is carried out before the other.
    [[nodiscard]] bool before(const FileLine& other) const {
        return file == other.file ? line < other.line : sort < other.sort;
    }
};

template <class Test>
std::vector<FileLine> lines_that(const HostView& view, Test&& test) {
    std::vector<FileLine> found;
    for (const TextFile& file : view.evidence.files) {
        const Sort sort = sort_of(file.path);
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            if (test(sort, code_of(file.lines[i]))) found.push_back({&file, i + 1, sort});
        }
    }
    return found;
}

std::vector<FileLine> owners_of(const HostView& view, const IpAddress& vip) {
    return lines_that(view, [&](Sort sort, std::string_view code) { return configures(sort, code, vip); });
}

}  // namespace

void settings_after_vip(const HostView& view, Findings& findings) {
    if (view.config() != nullptr) return;  // apply makes them in the right order
    auto settings = lines_that(view, [](Sort sort, std::string_view code) {
        return sort != Sort::other && has(code, "arp_ignore") && !has(code, "conf.lo.") && !has(code, "conf/lo/");
    });
    if (settings.empty()) return;
    // "pre-up" is carried out before the address of its stanza.
    for (FileLine& each : settings) {
        if (code_of(each.file->lines[each.line - 1]).starts_with("pre-up")) each.sort = Sort::setting;
    }
    for (const IpAddress& vip : view.vips) {
        if (!view.on_lo(vip)) continue;
        for (const FileLine& place : owners_of(view, vip)) {
            const bool early = std::any_of(settings.begin(), settings.end(), [&](const FileLine& each) {
                return each.sort == Sort::setting || each.before(place);
            });
            if (early) continue;
            findings.warning(
                settings.front().text(),
                "at boot, VIP " + to_text(vip) + " comes first (" + place.text() +
                    ") and arp_ignore after it: in between this host answers ARP for the VIP, and the "
                    "router keeps what it has learnt, noticed after a reboot",
                command("printf 'net.ipv4.conf.all.arp_ignore = 1\\nnet.ipv4.conf.all.arp_announce = 2\\n' > "
                        "/etc/sysctl.d/10-lvs.conf"));
            return;
        }
    }
}

namespace {

/// A [Match] Name= of systemd.network(5): names and globs with one star at the end.
bool names_interface(std::string_view value, std::string_view interface) {
    while (!value.empty()) {
        const std::size_t space = value.find(' ');
        const std::string_view word = value.substr(0, space);
        if (word == interface || (word.ends_with('*') && interface.starts_with(word.substr(0, word.size() - 1)))) {
            return true;
        }
        value = space == std::string_view::npos ? std::string_view() : value.substr(space + 1);
    }
    return false;
}

std::string_view value_of(std::string_view code, std::string_view key) {
    if (!code.starts_with(key)) return {};
    code.remove_prefix(key.size());
    while (code.starts_with(' ')) code.remove_prefix(1);
    if (!code.starts_with('=')) return {};
    code.remove_prefix(1);
    while (code.starts_with(' ')) code.remove_prefix(1);
    while (code.ends_with(' ')) code.remove_suffix(1);
    return code;
}

std::string_view first_value(const TextFile& file, std::string_view key) {
    for (const std::string& line : file.lines) {
        if (const auto value = value_of(code_of(line), key); !value.empty()) return value;
    }
    return {};
}

std::string_view name_of(const TextFile& file) { return std::string_view(file.path).substr(file.path.rfind('/') + 1); }

/// The .network file by which networkd manages the interface: the first by name that fits.
const TextFile* network_of(const HostView& view, const InterfaceName& interface) {
    const TextFile* best = nullptr;
    for (const TextFile& file : view.evidence.files) {
        const bool fits = file.path.ends_with(".network") && has(file.path, "/systemd/network/") &&
                          names_interface(first_value(file, "Name"), interface.view());
        if (fits && (best == nullptr || name_of(file) < name_of(*best))) best = &file;
    }
    return best;
}

bool keeps_foreign(const HostView& view, const TextFile& network) {
    const std::string drop_ins = "/" + std::string(name_of(network)) + ".d/";
    return std::any_of(view.evidence.files.begin(), view.evidence.files.end(), [&](const TextFile& file) {
        if (&file != &network && !has(file.path, drop_ins)) return false;
        const auto value = first_value(file, "KeepConfiguration");
        return value == "yes" || value == "static";
    });
}

void look_at_networkd(const HostView& view, const IpAddress& vip, const InterfaceName& interface, Findings& findings) {
    const TextFile* network = network_of(view, interface);
    if (!view.evidence.managers.contains("systemd-networkd") || network == nullptr || keeps_foreign(view, *network))
        return;
    const auto own = [&](const std::string& each) { return mentions(code_of(each), vip); };
    if (std::any_of(network->lines.begin(), network->lines.end(), own)) return;  // LVS47
    findings.warning(network->path,
                     "systemd-networkd manages " + interface.str() +
                         " and removes addresses that it does not know: VIP " + to_text(vip) +
                         " disappears when the link or networkd comes up again",
                     line(network->path + ": [Network] KeepConfiguration=static"));
}

void look_at_network_manager(const HostView& view, const IpAddress& vip, const InterfaceName& interface,
                             Findings& findings) {
    if (!view.evidence.managers.contains("NetworkManager")) return;
    const std::string name = interface.str();
    const auto leaves_it = lines_that(view, [&](Sort, std::string_view code) {
        const bool unmanaged = code.starts_with("unmanaged-devices") && has(code, "interface-name:" + name);
        return unmanaged || code.starts_with("iface " + name + " ");  // Debian's ifupdown plugin
    });
    if (!leaves_it.empty()) return;
    findings.warning(name,
                     "NetworkManager manages " + name + " and takes off what is not in its profile: VIP " +
                         to_text(vip) + " disappears when the connection is activated again",
                     line("/etc/NetworkManager/conf.d/lvs.conf: [keyfile] unmanaged-devices=interface-name:" + name));
}

void look_at_cloud_init(const HostView& view, const IpAddress& vip, Findings& findings) {
    const auto disabled = lines_that(
        view, [](Sort, std::string_view code) { return has(code, "network:") && has(code, "config: disabled"); });
    if (!disabled.empty()) return;
    for (const FileLine& place : owners_of(view, vip)) {
        const auto& lines = place.file->lines;
        const bool made = std::any_of(lines.begin(), lines.end(), [](const std::string& each) {
            return has(each, "cloud-init") || has(each, "generated from information provided by the datasource");
        });
        if (!made) continue;
        findings.warning(place.text(),
                         "cloud-init writes this file again: VIP " + to_text(vip) + " disappears at the next boot",
                         command("printf 'network: {config: disabled}\\n' > /etc/cloud/cloud.cfg.d/99-lvs.cfg"));
    }
}

}  // namespace

void other_manager(const HostView& view, Findings& findings) {
    std::set<InterfaceName> seen;
    for (const IpAddress& vip : view.vips) {
        look_at_cloud_init(view, vip, findings);
        const Row<Address>* row = view.on_interface(vip);
        const bool on_lo = view.on_lo(vip);
        const bool exposed = row != nullptr || (view.may_be_elsewhere(vip) && !on_lo);
        const InterfaceName interface = exposed ? view.interface_of(vip) : on_lo ? loopback : InterfaceName();
        if (interface.empty() || !seen.insert(interface).second) continue;
        look_at_networkd(view, vip, interface, findings);
        if (!interface.is_loopback()) look_at_network_manager(view, vip, interface, findings);
    }
}

void two_owners(const HostView& view, Findings& findings) {
    for (const IpAddress& vip : view.vips) {
        std::vector<std::string> owners;
        std::set<std::string> files;
        for (const FileLine& each : owners_of(view, vip)) {
            if (files.insert(each.file->path).second) owners.push_back(each.text());
        }
        for (const Keepalived::Owned& each : view.keepalived.owned) {
            if (each.address == vip && files.insert(each.at.path).second) {
                owners.push_back(each.at.path + ":" + std::to_string(each.at.line));
            }
        }
        // Without a configuration one file must have the VIP; with one, no other file may have it.
        const bool ours = view.configured(vip) != nullptr;
        for (std::size_t i = ours ? 0 : 1; i < owners.size(); ++i) {
            findings.warning(owners[i],
                             "VIP " + to_text(vip) + " is configured here and by " + (ours ? "lbconverge" : owners[0]) +
                                 ": two owners, and the next reboot or restart of the network doubles or undoes it",
                             line(owners[i] + ": take it out here"));
        }
    }
}

}  // namespace lbconverge::doctor::rules
