// The mistakes around ARP and the place of the VIP. What each arp_ignore means: linux net/ipv4/arp.c, arp_ignore().
#include "rules.hpp"

#include <linux/if_addr.h>

#include <algorithm>

namespace lbconverge::doctor::rules {

namespace {

using What = std::function<void(const Row<Address>& vip, const Interface& interface)>;

/// A filter drops ARP for this VIP, or that is not known.
bool filtered(const HostView& view, const IpAddress& vip) {
    return view.evidence.firewall.arp_unknown || arp_is_filtered(view.evidence.firewall, vip);
}

/// Visits once every interface where ARP requests for a VIP of lo arrive, with the first such VIP.
void each_answering(const HostView& view, const What& visit) {
    std::set<InterfaceName> seen;
    for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
        const bool vip = row.key.interface.is_loopback() && view.vips.contains(row.key.address);
        if (!vip || row.key.address.family != Family::ipv4 || filtered(view, row.key.address)) continue;
        for (const Interface* interface : view.answering(row.key.address)) {
            if (seen.insert(interface->name).second) visit(row, *interface);
        }
    }
}

bool unknown_mode(std::uint32_t value) { return (value >= 4 && value <= 7) || value > 8; }

/// Sets arp_ignore and arp_announce as a real server needs them; those of "all" as well, if they are larger.
Cure quiet(const HostView& view, const Interface& interface) {
    std::vector<WantedSysctl> settings;
    if (view.number(setting_path("all", "arp_ignore")).value_or(0) > 1) {
        settings.push_back({setting_path("all", "arp_ignore"), "1"});
    }
    if (view.number(setting_path("all", "arp_announce")).value_or(0) > 2) {
        settings.push_back({setting_path("all", "arp_announce"), "2"});
    }
    settings.push_back({setting_path(interface.name, "arp_ignore"), "1"});
    settings.push_back({setting_path(interface.name, "arp_announce"), "2"});
    return view.set(settings);
}

bool set_on_lo(const HostView& view, const std::string& name) {
    return view.number(setting_path(loopback, name)).value_or(0) != 0;
}

}  // namespace

void arp_on_loopback(const HostView& view, Findings& findings) {
    each_answering(view, [&](const Row<Address>& vip, const Interface& interface) {
        const bool only_lo = (view.larger(interface.name, "arp_ignore") == 0 && set_on_lo(view, "arp_ignore")) ||
                             (view.larger(interface.name, "arp_announce") == 0 && set_on_lo(view, "arp_announce"));
        if (!only_lo) return;
        findings.error(interface.name.str(),
                       "arp_ignore and arp_announce are set on lo, which never receives ARP, and not on " +
                           interface.name.str() + ": this real server answers for VIP " + to_text(vip.key.address) +
                           ", and at the next ARP refresh clients by-pass the director",
                       quiet(view, interface));
    });
}

void arp_ignore_off(const HostView& view, Findings& findings) {
    each_answering(view, [&](const Row<Address>& vip, const Interface& interface) {
        if (view.larger(interface.name, "arp_ignore") != 0 || set_on_lo(view, "arp_ignore")) return;
        findings.error(
            interface.name.str(),
            "arp_ignore is 0: this host answers ARP for VIP " + to_text(vip.key.address) +
                " on lo; at the next ARP refresh, often hours later, it gets the clients of the whole service",
            quiet(view, interface));
    });
}

void arp_announce_off(const HostView& view, Findings& findings) {
    each_answering(view, [&](const Row<Address>& vip, const Interface& interface) {
        const std::uint32_t value = view.larger(interface.name, "arp_announce");
        if (kinds::quiet_arp_announce(value) || (value == 0 && set_on_lo(view, "arp_announce"))) return;
        findings.error(interface.name.str(),
                       "arp_announce is " + std::to_string(value) + (value == 0 ? "" : ", which counts as 0") +
                           ": this host's own ARP requests carry VIP " + to_text(vip.key.address) +
                           " as sender and change the neighbours' entries for it, as soon as it answers a client",
                       quiet(view, interface));
    });
}

void arp_ignore_unknown(const HostView& view, Findings& findings) {
    each_answering(view, [&](const Row<Address>& vip, const Interface& interface) {
        const std::uint32_t value = view.larger(interface.name, "arp_ignore");
        if (!unknown_mode(value)) return;
        findings.error(interface.name.str(),
                       "arp_ignore " + std::to_string(value) +
                           " is not a mode, and the kernel answers as for 0: for VIP " + to_text(vip.key.address) +
                           " as well, noticed at the next ARP refresh",
                       quiet(view, interface));
    });
}

void arp_ignore_weakened(const HostView& view, Findings& findings) {
    each_answering(view, [&](const Row<Address>&, const Interface& interface) {
        if (view.larger(interface.name, "arp_ignore") != 3) return;
        for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
            const bool exposed = row.key.interface.is_loopback() && view.vips.contains(row.key.address) &&
                                 row.key.address.family == Family::ipv4 && row.value.scope != Scope::host;
            if (!exposed) continue;
            findings.error(interface.name.str(),
                           "arp_ignore 3, the larger of \"all\" and the interface, is quiet only about addresses of "
                           "scope host: this host answers for VIP " +
                               to_text(row.key.address) + ", noticed at the next ARP refresh",
                           quiet(view, interface));
            return;
        }
    });
}

void arp_ignore_silent(const HostView& view, Findings& findings) {
    for (const Interface& interface : view.kernel.facts.interfaces) {
        const auto& addresses = view.kernel.get<Address>().rows();
        const bool used = std::any_of(addresses.begin(), addresses.end(), [&](const Row<Address>& row) {
            return row.key.interface == interface.name && row.key.address.family == Family::ipv4;
        });
        const bool lvs = view.balances() || !view.vips.empty();
        if (!lvs || !used || !interface.speaks_arp || view.larger(interface.name, "arp_ignore") != 8) continue;
        findings.error(
            interface.name.str(),
            "arp_ignore 8 answers no ARP at all: when the neighbours' entries age, this host disappears from "
            "the network, its own address included",
            quiet(view, interface));
    }
}

void loopback_prefix(const HostView& view, Findings& findings) {
    for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
        const IpAddress& address = row.key.address;
        const bool short_one = row.key.interface.is_loopback() && row.key.prefix < address.bits() &&
                               !address.is_loopback() && !address.is_link_local();
        if (!short_one) continue;
        const std::string whole = to_text(address) + "/" + std::to_string(address.bits());
        const bool ipv4 = address.family == Family::ipv4;
        findings.error(text_of(row),
                       "an address on lo with prefix /" + std::to_string(row.key.prefix) +
                           " makes that whole network local: its other hosts cannot be reached from here any more",
                       view.mend_address(address, "ip addr add " + whole + " dev lo" + (ipv4 ? " scope host" : "") +
                                                      "; ip addr del " + to_text(address) + "/" +
                                                      std::to_string(row.key.prefix) + " dev lo"));
    }
}

void loopback_scope(const HostView& view, Findings& findings) {
    for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
        const bool global = row.key.interface.is_loopback() && row.key.address.family == Family::ipv4 &&
                            row.value.scope == Scope::global && view.vips.contains(row.key.address);
        if (!global) continue;
        const std::string text = to_text(row.key.address) + "/" + std::to_string(row.key.prefix) + " dev lo";
        findings.warning(
            text_of(row),
            "a VIP on lo with scope global can become the source address of this host's own connections, "
            "whose answers then go to the director: they hang, rarely and late",
            view.mend_address(row.key.address, "ip addr del " + text + "; ip addr add " + text + " scope host"));
    }
}

namespace {

/// A /32 beside quiet ARP settings on a host that does not balance: a real server whose VIP came to the wrong place.
bool looks_like_real_server(const HostView& view, const Row<Address>& row, const Interface& interface) {
    const std::uint32_t ignore = view.larger(interface.name, "arp_ignore");
    return row.key.prefix == row.key.address.bits() && !view.balances() && !view.keepalived.owns(row.key.address) &&
           ignore >= 1 && ignore <= 3 && view.larger(interface.name, "arp_announce") == 2;
}

}  // namespace

void vip_on_answering_interface(const HostView& view, Findings& findings) {
    for (const Row<Address>& row : view.kernel.get<Address>().rows()) {
        const Interface* interface = view.interface(row.key.interface);
        const bool answers = interface != nullptr && interface->speaks_arp && row.key.address.family == Family::ipv4;
        if (!answers || filtered(view, row.key.address)) continue;
        const config::Vip* known = view.configured(row.key.address);
        const bool mistake = view.config() == nullptr ? looks_like_real_server(view, row, *interface) ||
                                                            (view.on_lo(row.key.address) && !view.balances())
                                                      : known != nullptr && view.config()->role == Role::real_server;
        if (!mistake) continue;
        const std::string address = to_text(row.key.address);
        findings.error(
            text_of(row),
            "a real server has VIP " + address +
                " on an interface that answers ARP: no arp_ignore keeps it from answering there, and at the "
                "next ARP refresh clients by-pass the director",
            view.mend_address(row.key.address, "ip addr del " + address + "/" + std::to_string(row.key.prefix) +
                                                   " dev " + row.key.interface.str() + "; ip addr replace " + address +
                                                   "/32 dev lo scope host"));
    }
}

void vip_as_secondary(const HostView& view, Findings& findings) {
    const auto& addresses = view.kernel.get<Address>();
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const Row<Address>& row = addresses.row(i);
        const bool secondary = row.key.address.family == Family::ipv4 && !row.key.interface.is_loopback() &&
                               (addresses.note(i).flags & IFA_F_SECONDARY) != 0;
        if (!secondary || !view.vips.contains(row.key.address)) continue;
        if (view.larger(row.key.interface, "promote_secondaries") != 0) continue;
        findings.warning(
            text_of(row),
            "the VIP is a secondary address of the interface's own subnet: when the primary one is deleted, "
            "by a network restart or a DHCP client, the kernel deletes the VIP as well",
            view.set({{setting_path(row.key.interface, "promote_secondaries"), "1"}}));
    }
}

}  // namespace lbconverge::doctor::rules
