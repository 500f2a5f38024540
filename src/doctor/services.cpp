// The mistakes in IPVS itself: who gets packets at all, persistence, schedulers, synchronisation, role both.
#include "rules.hpp"

#include <algorithm>
#include <bit>

namespace lbconverge::doctor::rules {

namespace {

std::string add_address(const HostView& view, const IpAddress& vip) {
    const InterfaceName interface = view.interface_of(vip);
    return "ip addr add " + to_text(vip) + "/" + std::to_string(vip.bits()) + " dev " +
           (interface.empty() ? "INTERFACE" : interface.str());
}

std::vector<PoolMember> servers_of(const HostView& view, const Service::Key& service) {
    std::vector<PoolMember> all;
    view.each_server([&](const PoolMember& member) {
        if (member.service->key == service) all.push_back(member);
    });
    return all;
}

}  // namespace

void vip_not_local(const HostView& view, Findings& findings) {
    std::set<IpAddress> seen;
    for (const Row<Service>& service : view.kernel.get<Service>().rows()) {
        const IpAddress& vip = service.key.vip;
        if (service.key.fwmark != 0 || view.is_local(vip) || view.may_be_elsewhere(vip)) continue;
        if (!seen.insert(vip).second) continue;
        findings.error(
            Service::id(service.key),
            "no interface has VIP " + to_text(vip) +
                ": IPVS sees only packets that are for this host, so nobody gets an answer, and the service's "
                "counters stay at 0",
            view.mend_address(vip, add_address(view, vip)));
    }
}

void nothing_sets_mark(const HostView& view, Findings& findings) {
    const Firewall& firewall = view.evidence.firewall;
    if (!firewall.known) return;
    const auto any_rule = [&](const std::function<bool(const FilterRule&)>& test) {
        return std::any_of(firewall.chains.begin(), firewall.chains.end(), [&](const FilterChain& chain) {
            return std::any_of(chain.rules.begin(), chain.rules.end(), test);
        });
    };
    if (any_rule([](const FilterRule& rule) { return rule.sets_unknown_mark; })) return;
    for (const Row<Service>& service : view.kernel.get<Service>().rows()) {
        const std::uint32_t mark = service.key.fwmark;
        if (mark == 0 || any_rule([&](const FilterRule& rule) { return rule.mark == mark; })) continue;
        const bool ipv6 = service.key.vip.family == Family::ipv6;
        const auto vip = std::find_if(view.vips.begin(), view.vips.end(),
                                      [&](const IpAddress& each) { return each.family == service.key.vip.family; });
        findings.error(
            Service::id(service.key),
            "no rule of the firewall sets mark " + std::to_string(mark) +
                ": the service never gets a packet, and its counters stay at 0",
            command(std::string(ipv6 ? "ip6tables" : "iptables") + " -t mangle -A PREROUTING -d " +
                    (vip == view.vips.end() ? "VIP" : to_text(*vip)) + " -j MARK --set-mark " + std::to_string(mark)));
    }
}

void fwmark_without_vip(const HostView& view, Findings& findings) {
    for (const Row<Service>& service : view.kernel.get<Service>().rows()) {
        if (service.key.fwmark == 0) continue;
        for (const FilterChain& chain : view.evidence.firewall.chains) {
            for (const FilterRule& rule : chain.rules) {
                if (rule.mark != service.key.fwmark || rule.destinations.empty()) continue;
                const IpAddress& vip = rule.destinations.front().address;
                const bool whole_net = rule.destinations.front().prefix != vip.bits();
                if (whole_net || vip.family != service.key.vip.family) continue;
                if (view.is_local(vip) || view.may_be_elsewhere(vip)) continue;
                findings.error(
                    Service::id(service.key),
                    "packets for " + to_text(vip) +
                        " get the mark, and no interface has that address: they are forwarded or dropped, and "
                        "the service's counters stay at 0",
                    view.mend_address(vip, add_address(view, vip)));
            }
        }
    }
}

void persistence_and_drain(const HostView& view, Findings& findings) {
    const std::string path = "net/ipv4/vs/expire_quiescent_template";
    if (!view.is(path, 0)) return;
    view.each_server([&](const PoolMember& member) {
        const bool persistent = (member.service->value.flags.bits & kinds::ServiceFlags::persistent) != 0;
        if (!persistent || member.server->value.weight != 0) return;
        findings.warning(
            id_of(member),
            "weight 0 and persistence: clients with a persistence entry keep coming to this server, and each "
            "connection renews the entry, so that it never becomes empty",
            view.set({{path, "1"}}));
    });
}

void scheduler_missing(const HostView& view, Findings& findings) {
    const Modules& modules = view.evidence.modules;
    if (!modules.known) return;
    const auto look = [&](const std::string& scheduler, const std::string& place) {
        if (scheduler.empty() || scheduler == "none" || modules.names.contains("ip_vs_" + scheduler)) return;
        findings.error(
            place,
            "this kernel has no module ip_vs_" + scheduler +
                ": the service cannot be created, which is noticed at the next start or boot",
            advice("install the kernel package that has ip_vs_" + scheduler + ", or choose another scheduler"));
    };
    if (view.config() != nullptr && view.config()->role != Role::real_server) {
        for (const config::Service& service : view.config()->services) {
            look(service.scheduler.str(), config::place_text(service.source, view.config()->files));
        }
    }
    for (const Keepalived::Scheduler& each : view.keepalived.schedulers) {
        look(each.name, each.at.path + ":" + std::to_string(each.at.line));
    }
}

namespace {

bool runs(const HostView& view, kinds::SyncState state) {
    return view.kernel.get<kinds::SyncDaemon>().find({state}) != kinds::Seen<kinds::SyncDaemon>::npos;
}

Cure stop_backup(const HostView& view) {
    if (view.config() != nullptr && view.config()->ipvs.sync) return view.apply();
    return command("ipvsadm --stop-daemon backup");
}

}  // namespace

void sync_both_states(const HostView& view, Findings& findings) {
    const bool backup_only = view.number("net/ipv4/vs/backup_only").value_or(0) != 0;
    if (!backup_only || !runs(view, kinds::SyncState::master) || !runs(view, kinds::SyncState::backup)) return;
    findings.error("net.ipv4.vs.backup_only",
                   "connection synchronisation runs in both states, and backup_only switches balancing off where the "
                   "backup side runs: this director balances nothing, from the first packet on",
                   stop_backup(view));
}

void backup_with_table(const HostView& view, Findings& findings) {
    for (const Row<Service>& service : view.kernel.get<Service>().rows()) {
        const IpAddress& vip = service.key.vip;
        if (service.key.fwmark != 0 || !view.on_lo(vip) || view.on_interface(vip) != nullptr) continue;
        bool itself = false, others = false;
        for (const PoolMember& member : servers_of(view, service.key)) {
            const bool local = !view.places(member.server->key.address).empty();
            itself = itself || local;
            others = others || (!local && member.server->value.forward == Forward::direct);
        }
        if (!itself || !others) continue;
        findings.error(Service::id(service.key),
                       "VIP " + to_text(vip) +
                           " is on lo, so this node is a backup of role both, and its table is loaded: what the master "
                           "sends here is balanced again, and under load packets go in circles until their TTL ends",
                       view.mend_service(service.key, "ipvsadm -D " + ipvsadm_of(service.key)));
    }
}

void both_with_sync(const HostView& view, Findings& findings) {
    const std::string path = "net/ipv4/vs/backup_only";
    const bool serves =
        std::any_of(view.vips.begin(), view.vips.end(), [&](const auto& vip) { return view.on_lo(vip); });
    if (!serves || !runs(view, kinds::SyncState::backup) || !view.is(path, 0)) return;
    findings.error(
        "net.ipv4.vs.backup_only",
        "this node has a VIP on lo and receives synchronised connections: they are balanced here even without "
        "any service, and some seconds into a connection its packets go in circles",
        view.set({{path, "1"}}));
}

void hash_of_weight_zero(const HostView& view, Findings& findings) {
    view.each_server([&](const PoolMember& member) {
        if (!config::has_fallback_flag(member.service->value.scheduler) || member.server->value.weight != 0) return;
        const std::string server = with_port(member.server->key.address, member.server->key.port);
        findings.warning(
            id_of(member),
            "scheduler " + member.service->value.scheduler.str() +
                " builds its table from the weights, and this one is 0 here: unless it is 0 on every director, "
                "clients land on another server after a failover",
            view.mend_service(member.service->key, "ipvsadm -e " + ipvsadm_of(member.service->key) + " -r " + server +
                                                       " " + ipvsadm_of(member.server->value.forward) + " -w 1"));
    });
}

/// Each packet searches the entries of one bucket. With as many buckets as connections that is one on average.
void few_buckets(const HostView& view, Findings& findings) {
    constexpr std::uint32_t most_bits = 20;  // of conn_tab_bits (linux: ip_vs_conn_init)
    constexpr std::uint64_t entries_at_most = 4;
    if (!view.evidence.connection_bits || !view.balances()) return;
    const std::uint32_t bits = *view.evidence.connection_bits;
    std::uint64_t now = 0;
    const auto& servers = view.kernel.get<kinds::RealServer>();
    for (std::uint32_t i = 0; i < servers.size(); ++i) {
        now += std::uint64_t{servers.note(i).active} + servers.note(i).inactive;
    }
    const std::uint64_t expected = view.config() == nullptr ? 0 : view.config()->ipvs.connections;
    const bool too_few = expected > std::uint64_t{1} << bits || now > entries_at_most << bits;
    if (!too_few || bits >= most_bits) return;
    const std::uint64_t connections = std::max(expected, now);
    const auto wanted = std::min<std::uint32_t>(most_bits, static_cast<std::uint32_t>(std::bit_width(connections - 1)));
    findings.warning("ip_vs",
                     "the table of connections has 2^" + std::to_string(bits) + " buckets, and " +
                         std::to_string(connections) + " connections are " + (expected >= now ? "expected" : "there") +
                         ": each packet searches " + std::to_string(connections >> bits) + " of them",
                     advice("/etc/modprobe.d/ip_vs.conf: options ip_vs conn_tab_bits=" + std::to_string(wanted) +
                            "; it counts when the module is loaded next, as at a boot"));
}

}  // namespace lbconverge::doctor::rules
