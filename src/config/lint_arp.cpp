// The mistakes around ARP. How the kernel combines the settings: linux/inetdevice.h (IN_DEV_MAXCONF: the larger of
// "all" and the interface); what each value means: net/ipv4/arp.c, arp_ignore().
#include "lbconverge/model/fields.hpp"
#include "lint_rules.hpp"

#include <algorithm>

namespace lbconverge::config::rules {

namespace {

bool uses_sysctls(const Config& node) { return has_loopback_vip(node) && node.arp.method == ArpMethod::sysctl; }

bool lists(const Arp& arp, const InterfaceName& interface) {
    return std::find(arp.interfaces.begin(), arp.interfaces.end(), interface) != arp.interfaces.end();
}

/// A real interface, as opposed to the kernel's "all" and "default".
bool is_answering(const InterfaceName& interface) { return !interface.is_loopback() && !interface.is_collective(); }

std::optional<std::uint32_t> number(const Sysctl& setting) {
    std::uint32_t value = 0;
    if (!from_text(setting.value, value)) return std::nullopt;
    return value;
}

/// The value of conf/all after a converge; nullopt: the file does not say it.
std::optional<std::uint32_t> value_of_all(const Config& node, std::string_view name, std::uint32_t from_arp) {
    const Sysctl* setting = find_sysctl(node, setting_path("all", name));
    if (setting != nullptr) return number(*setting);
    if (node.arp.method == ArpMethod::sysctl && lists(node.arp, "all")) return from_arp;
    return std::nullopt;
}

/// Some interface that answers gets the value 0 for this setting, by [arp] or by [sysctl], and "all" does not help.
void report_zero(const Config& node, std::string_view name, std::uint32_t from_arp, Source at, LintReport& report,
                 const std::string& what, const std::string& hint) {
    if (node.arp.method == ArpMethod::filter) return;
    if (value_of_all(node, name, from_arp).value_or(0) != 0) return;
    if (uses_sysctls(node) && from_arp == 0) return report.error(at, what, hint);
    bool named = false;
    for (const Sysctl& setting : node.sysctls) {
        const auto interface = interface_of(setting, name);
        if (!interface || !is_answering(*interface)) continue;
        named = true;
        if (number(setting) == 0U) report.error(setting.source, what, hint);
    }
    const bool nothing_at_all = has_loopback_vip(node) && node.arp.method == ArpMethod::none && !named;
    if (nothing_at_all) report.warning(node.arp.source, "[arp] method = \"none\": " + what, hint);
}

}  // namespace

void arp_on_loopback(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!serves(node)) continue;
        const bool only_lo = !node.arp.automatic && !node.arp.interfaces.empty() &&
                             std::all_of(node.arp.interfaces.begin(), node.arp.interfaces.end(),
                                         [](const InterfaceName& each) { return each.is_loopback(); });
        if (uses_sysctls(node) && only_lo) {
            report.error(
                node.arp.interfaces_source,
                "arp_ignore and arp_announce on lo alone do nothing: lo never receives ARP, so this real server "
                "answers for the VIP and clients by-pass the director",
                "leave out interfaces (then it is every interface that speaks ARP), or name the interface of "
                "the VIP's network, or \"all\"");
        } else if (uses_sysctls(node) && !node.arp.automatic && lists(node.arp, loopback)) {
            report.warning(node.arp.interfaces_source,
                           "arp_ignore and arp_announce on lo do nothing: lo never receives ARP",
                           "leave lo out of interfaces");
        }
        for (const Sysctl& setting : node.sysctls) {
            if (interface_of(setting, "arp_ignore") != loopback && interface_of(setting, "arp_announce") != loopback)
                continue;
            report.warning(setting.source, "this setting on lo does nothing: lo never receives ARP",
                           "leave it out; [arp] sets it where ARP arrives");
        }
    }
}

void arp_ignore_off(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!has_loopback_vip(node)) continue;
        report_zero(node, "arp_ignore", node.arp.arp_ignore, node.arp.ignore_source, report,
                    "with arp_ignore 0 this real server answers ARP for the VIP on lo; at the next ARP refresh, often "
                    "hours later, it gets the clients of the whole service",
                    "arp_ignore = 1 (the default)");
    }
}

void arp_announce_off(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!has_loopback_vip(node)) continue;
        report_zero(node, "arp_announce", node.arp.arp_announce, node.arp.announce_source, report,
                    "with arp_announce 0 this real server's own ARP requests carry the VIP as sender and change the "
                    "neighbours' entries for it",
                    "arp_announce = 2 (the default)");
        for (const Sysctl& setting : node.sysctls) {
            const auto interface = interface_of(setting, "arp_announce");
            const bool counts = interface && !interface->is_loopback() && node.arp.method != ArpMethod::filter;
            if (!counts || number(setting).value_or(0) <= 2) continue;
            report.error(setting.source,
                         "arp_announce " + setting.value + " is not a mode: the kernel takes it for 0" +
                             (*interface == "all" ? ", on every interface, whatever that one says" : ""),
                         "use 2, or leave it out: [arp] sets it");
        }
    }
}

void arp_ignore_unknown(const Nodes& nodes, LintReport& report) {
    const auto unknown = [](std::uint32_t value) { return (value >= 4 && value <= 7) || value > 8; };
    const std::string hint = "use 1: answer only for addresses of the interface that was asked";
    for (const Config& node : nodes) {
        if (uses_sysctls(node) && unknown(node.arp.arp_ignore)) {
            report.error(
                node.arp.ignore_source,
                "arp_ignore " + std::to_string(node.arp.arp_ignore) + " is not a mode: the kernel answers as for 0",
                hint);
        }
        for (const Sysctl& setting : node.sysctls) {
            if (!interface_of(setting, "arp_ignore") || !unknown(number(setting).value_or(0))) continue;
            report.error(setting.source, "arp_ignore " + setting.value + " is not a mode: the kernel answers as for 0",
                         hint);
        }
    }
}

void arp_ignore_weakened(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!uses_sysctls(node)) continue;
        const std::uint32_t all = value_of_all(node, "arp_ignore", node.arp.arp_ignore).value_or(0);
        const std::uint32_t own = node.arp.arp_ignore;
        const Sysctl* said = find_sysctl(node, setting_path("all", "arp_ignore"));
        const Source at = all == 3 && said != nullptr ? said->source : node.arp.ignore_source;
        const auto exposed = std::find_if(node.vips.begin(), node.vips.end(), [](const Vip& vip) {
            return vip.accept == Accept::loopback && vip.scope.value_or(Scope::host) != Scope::host;
        });
        if (std::max(all, own) == 3 && exposed != node.vips.end()) {
            report.error(at,
                         "arp_ignore 3 stays quiet only for addresses of scope host: this node answers ARP for VIP " +
                             lbconverge::to_text(exposed->address),
                         "arp_ignore = 1, or leave out the VIP's scope");
        } else if (all == 3 && (own == 1 || own == 2)) {
            report.warning(at,
                           "arp_ignore 3 on \"all\" and " + std::to_string(own) +
                               " on the interface: the larger number counts, and it is the less strict one",
                           "leave out the setting on \"all\"");
        }
    }
}

void arp_ignore_silent(const Nodes& nodes, LintReport& report) {
    const std::string what =
        "arp_ignore 8 answers no ARP at all: the node's own address disappears from the network as well";
    const std::string hint = "use 1: answer only for addresses of the interface that was asked";
    for (const Config& node : nodes) {
        if (uses_sysctls(node) && node.arp.arp_ignore == 8) report.error(node.arp.ignore_source, what, hint);
        for (const Sysctl& setting : node.sysctls) {
            const auto interface = interface_of(setting, "arp_ignore");
            if (interface && !interface->is_loopback() && setting.value == "8")
                report.error(setting.source, what, hint);
        }
    }
}

void loopback_prefix(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (node.role != Role::real_server) continue;  // role both puts it on lo with its full length by itself
        for (const Vip& vip : node.vips) {
            if (vip.accept != Accept::loopback || vip.prefix == vip.address.bits()) continue;
            report.error(vip.source,
                         "a VIP on lo with prefix /" + std::to_string(vip.prefix) +
                             " makes that whole network local: its other hosts become unreachable",
                         "write the VIP without a prefix");
        }
    }
}

void loopback_scope(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!serves(node)) continue;
        for (const Vip& vip : node.vips) {
            if (vip.accept != Accept::loopback || vip.scope != Scope::global || vip.address.family != Family::ipv4)
                continue;
            report.warning(vip.source,
                           "a VIP on lo with scope global can become the source address of this node's own connections",
                           "leave out scope: on lo it is host, on a director's interface global");
        }
    }
}

void vip_on_answering_interface(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!serves(node)) continue;
        for (const Vip& vip : node.vips) {
            if (vip.accept != Accept::interface) continue;
            if (vip.address.family == Family::ipv6) {
                report.error(vip.source,
                             "the VIP is on an interface that answers neighbour solicitations for it, and the ARP "
                             "filter is for IPv4 alone",
                             "accept = \"loopback\": on lo an IPv6 VIP is quiet without any setting");
                continue;
            }
            if (node.arp.method == ArpMethod::filter) continue;
            report.error(
                vip.source,
                "the VIP is on an interface that answers ARP: no arp_ignore keeps a node from answering for an "
                "address of the very interface that was asked",
                "accept = \"loopback\", or [arp] method = \"filter\"");
        }
    }
}

}  // namespace lbconverge::config::rules
