// The mistakes in virtual services: services that get no packets, persistence, synchronisation, role both.
#include "lbconverge/config/suggestion.hpp"
#include "lint_rules.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

namespace lbconverge::config::rules {

namespace {

/// A sentence about the first of several services, so that a large file gets one line and not thousands.
std::string first_of(const Service& first, std::size_t count) {
    if (count == 1) return "service " + name_of(first);
    return "service " + name_of(first) + " (and " + std::to_string(count - 1) + " more)";
}

/// The services that pass a test: the first one, and how many there are.
struct ServiceMatches {
    const Service* first = nullptr;
    std::size_t count = 0;
};

template <class Test>
ServiceMatches find_services(const Config& node, Test&& test) {
    ServiceMatches found;
    for (const Service& service : node.services) {
        if (!test(service)) continue;
        if (found.count++ == 0) found.first = &service;
    }
    return found;
}

bool is_masqueraded(const Service& service) {
    return std::any_of(service.real_servers.begin(), service.real_servers.end(),
                       [](const RealServer& server) { return server.forward == Forward::masquerade; });
}

bool is_hashing(const Service& service) { return has_fallback_flag(service.scheduler) || service.scheduler == "dh"; }

auto identity(const Service& service) {
    return std::tuple(service.fwmark, service.protocol, service.vip, service.port);
}

using PoolEntries = std::set<std::tuple<IpAddress, std::uint16_t, std::uint32_t>>;
PoolEntries pool_of(const Service& service) {
    PoolEntries pool;
    for (const RealServer& server : service.real_servers) pool.insert({server.address, server.port, server.weight});
    return pool;
}

/// The director that should have the VIP: the one with the highest priority; nullptr: every director has it.
const Config* favourite(const Nodes& nodes, const std::string& instance) {
    const Config* best = nullptr;
    int highest = -1;
    for (const Config& node : nodes) {
        for (const Vrrp& vrrp : node.vrrp) {
            if (vrrp.name != instance || vrrp.priority <= highest) continue;
            best = &node;
            highest = vrrp.priority;
        }
    }
    return best;
}

}  // namespace

void vip_not_local(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const VipIndex vips(node);
        const ServiceMatches found = find_services(
            node, [&](const Service& service) { return service.fwmark == 0 && vips.find(service.vip) == nullptr; });
        if (found.count == 0) continue;
        report.warning(
            found.first->source,
            first_of(*found.first, found.count) +
                ": no VIP of this file has that address; IPVS sees only packets for addresses of the director",
            "add the address to vips, unless something else makes it local");
    }
}

void fwmark_without_vip(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const auto is_vip = [&](auto&& that) { return std::ranges::any_of(node.vips, that); };
        const auto reaches_ipvs = [&](const Service& service) {
            if (service.marks.empty())
                return is_vip([&](const Vip& vip) { return vip.address.family == service.vip.family; });
            return std::ranges::all_of(service.marks, [&](const Marked& each) {
                return is_vip([&](const Vip& vip) { return vip.address == each.destination.vip; });
            });
        };
        const ServiceMatches found =
            find_services(node, [&](const Service& service) { return service.fwmark != 0 && !reaches_ipvs(service); });
        if (found.count == 0) continue;
        const std::string lacking =
            found.first->marks.empty() ? "no VIP of that family" : "not every VIP that is marked";
        report.warning(found.first->source,
                       first_of(*found.first, found.count) + ": this file has " + lacking +
                           ", and marked packets reach IPVS only when their destination is an address of the director",
                       "add the destination to vips, unless something else makes it local");
    }
}

void nothing_sets_mark(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServiceMatches found =
            find_services(node, [](const Service& service) { return service.fwmark != 0 && service.marks.empty(); });
        if (found.count == 0) continue;
        report.warning(
            found.first->source,
            first_of(*found.first, found.count) +
                ": this file does not set the mark, and a packet without it never reaches the service",
            "marks = [\"tcp VIP:80\"] lets lbconverge set it. Or a rule of the firewall does: nft add rule ip mangle "
            "prerouting ip daddr VIP tcp dport 80 meta mark set " +
                std::to_string(found.first->fwmark) + "; doctor looks whether there is one");
    }
}

void persistence_and_drain(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node) || !sysctl_is(node, "net/ipv4/vs/expire_quiescent_template", "0")) continue;
        const ServiceMatches found =
            find_services(node, [](const Service& service) { return service.persistence != 0; });
        if (found.count == 0) continue;
        report.warning(found.first->source,
                       first_of(*found.first, found.count) +
                           ": persistence keeps sending clients to a drained real server for as long as they come back",
                       "leave expire_quiescent_template out: it is set to 1");
    }
}

void check_beside_service(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        for (const Service& service : node.services) {
            const auto beside = [&](const RealServer& server) {
                const std::int32_t index = server.check >= 0 ? server.check : service.check;
                if (index < 0 || server.forward == Forward::masquerade || service.port == 0) return false;
                const Check& check = node.checks[static_cast<std::size_t>(index)];
                return check.port != 0 && check.port != service.port && check.via.empty();
            };
            const auto at = std::find_if(service.real_servers.begin(), service.real_servers.end(), beside);
            if (at == service.real_servers.end()) continue;
            report.warning(service.source,
                           "service " + name_of(service) +
                               " is checked on another port of the real servers' own addresses: a server is \"up\" "
                               "while nobody answers on the VIP's port, and its share of the clients is refused",
                           "leave port out of the check, or via = \"vip\"");
            return;
        }
    }
}

void removed_and_not_expired(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node) || !sysctl_is(node, "net/ipv4/vs/expire_nodest_conn", "0")) continue;
        const ServiceMatches found = find_services(node, [](const Service&) { return true; });
        if (found.count == 0) continue;
        report.warning(found.first->source,
                       first_of(*found.first, found.count) +
                           ": the kernel drops the packets of clients whose real server was removed, without a word: "
                           "UDP clients never get another server, and TCP connections hang",
                       "leave expire_nodest_conn out: it is set to 1");
    }
}

void hashing_without_fallback(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServiceMatches found = find_services(node, [](const Service& service) {
            return has_fallback_flag(service.scheduler) && (service.scheduler_flags & fallback_flag) == 0;
        });
        if (found.count == 0) continue;
        const std::string flag = std::string(found.first->scheduler.view()) + "-fallback";
        report.warning(found.first->source,
                       first_of(*found.first, found.count) + ": without " + flag +
                           " the clients of a real server of weight 0, such as one that is drained, are refused",
                       "add " + in_quotes(flag) + ", or leave scheduler_flags out");
    }
}

namespace {

/// The greatest common divisor of the weights; 0: there are fewer than two servers with a weight.
std::uint32_t common_divisor(const Service& service) {
    std::uint32_t divisor = 0, count = 0;
    for (const RealServer& each : service.real_servers) {
        divisor = std::gcd(divisor, each.weight);
        count += each.weight > 0 ? 1 : 0;
    }
    return count < 2 ? 0 : divisor;
}

}  // namespace

void weights_with_divisor(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServiceMatches found = find_services(
            node, [](const Service& service) { return service.scheduler == "mh" && common_divisor(service) > 1; });
        if (found.count == 0) continue;
        const std::string divisor = std::to_string(common_divisor(*found.first));
        report.warning(found.first->source,
                       first_of(*found.first, found.count) + ": all weights can be divided by " + divisor +
                           ". mh does so, and a change that ends this, by 1 of one server, sends up to half of all "
                           "clients to other servers",
                       "divide the weights by " + divisor);
    }
}

void one_server_for_all(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServiceMatches found = find_services(node, [](const Service& service) {
            return service.scheduler == "dh" && service.fwmark == 0 && service.real_servers.size() > 1;
        });
        if (found.count == 0) continue;
        report.warning(found.first->source,
                       first_of(*found.first, found.count) +
                           ": scheduler dh chooses by the destination address, which is the same for all clients: one "
                           "real server gets all of them, and it cannot be drained",
                       "sh or mh choose by the client's address; dh is for a fwmark with many destinations");
    }
}

void overflow_at_one(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const ServiceMatches found = find_services(node, [](const Service& service) {
            return service.scheduler == "ovf" && !service.real_servers.empty() &&
                   std::ranges::all_of(service.real_servers, [](const RealServer& each) { return each.weight <= 1; });
        });
        if (found.count == 0) continue;
        report.warning(found.first->source,
                       first_of(*found.first, found.count) +
                           ": scheduler ovf takes the weight for the number of connections that a real server can "
                           "have: with 1 each, further clients are refused",
                       "weight = 1000, or what one server can bear");
    }
}

void one_packet_tcp(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        const ServiceMatches found = find_services(node, [](const Service& service) {
            return service.one_packet && service.fwmark == 0 && service.protocol != Protocol::udp;
        });
        if (found.count == 0) continue;
        report.error(found.first->source,
                     first_of(*found.first, found.count) + ": one_packet is for UDP; the kernel ignores it otherwise",
                     "leave out one_packet");
    }
}

void sync_both_states(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        const Sysctl* backup_only = find_sysctl(node, "net/ipv4/vs/backup_only");
        const bool in_both_states = node.ipvs.sync && node.ipvs.sync->follow.empty();
        if (!directs(node) || !in_both_states || backup_only == nullptr || backup_only->value == "0") continue;
        report.warning(backup_only->source,
                       "backup_only stops balancing wherever the backup side of connection synchronisation runs, and "
                       "without follow it runs on the master as well",
                       "[ipvs.sync] follow = the VRRP instance, so that a node is either master or backup of it");
    }
}

void both_always_active(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (node.role != Role::both) continue;
        const ServiceMatches found =
            find_services(node, [](const Service& service) { return service.active == Active::always; });
        if (found.count == 0) continue;
        report.error(
            found.first->source,
            first_of(*found.first, found.count) +
                ": active = \"always\" on nodes of role both lets every node balance: packets go in circles until "
                "their TTL ends",
            "active = \"master\" (the default there)");
    }
}

void both_with_sync(const Nodes& nodes, LintReport& report) {
    for (const Config& node : nodes) {
        if (node.role != Role::both || !node.ipvs.sync || sysctl_is(node, "net/ipv4/vs/backup_only", "1")) continue;
        report.error(
            node.ipvs.sync->source,
            "connection synchronisation between nodes of role both: synchronised connections are balanced on the "
            "backup even without any service, and packets go in circles",
            "leave out [ipvs.sync], or [sysctl] \"net.ipv4.vs.backup_only\" = 1");
    }
}

void hash_tables_differ(const Nodes& nodes, LintReport& report) {
    const Config* first = nullptr;
    std::vector<const Service*> known;
    const auto before = [](const Service* a, const Service* b) { return identity(*a) < identity(*b); };
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        if (first == nullptr) {
            first = &node;
            for (const Service& service : node.services) {
                if (is_hashing(service)) known.push_back(&service);
            }
            std::sort(known.begin(), known.end(), before);
            continue;
        }
        for (const Service& service : node.services) {
            const auto at = std::lower_bound(known.begin(), known.end(), &service, before);
            if (!is_hashing(service) || at == known.end() || identity(**at) != identity(service)) continue;
            if ((*at)->source == service.source || pool_of(**at) == pool_of(service)) continue;
            report.warning(service.source,
                           "service " + name_of(service) + " has other real servers or weights than on " + first->node +
                               ": scheduler " + service.scheduler.str() +
                               " then sends a client elsewhere after a failover",
                           "give the service the same real_servers on every director");
        }
    }
}

void masquerade_active_active(const Nodes& nodes, LintReport& report) {
    const auto directors = std::count_if(nodes.begin(), nodes.end(), [](const Config& node) { return directs(node); });
    if (directors < 2) return;
    const Config* owner = nullptr;
    for (const Config& node : nodes) {
        if (!directs(node)) continue;
        const VipIndex vips(node);
        for (const Service& service : node.services) {
            const Vip* vip = service.fwmark == 0 && is_masqueraded(service) ? vips.find(service.vip) : nullptr;
            if (vip == nullptr) continue;
            const Config* meant = vip->vrrp.empty() ? nullptr : favourite(nodes, vip->vrrp);
            if (owner == nullptr) owner = meant;
            if (meant != nullptr && meant == owner) continue;
            report.warning(
                service.source,
                "masqueraded service " + name_of(service) +
                    " is not on the same director as all others: an answer that leaves through another "
                    "director than the request is not translated back",
                "keep all masqueraded VIPs in one VRRP instance, or in instances that prefer the same director");
            return;
        }
    }
}

}  // namespace lbconverge::config::rules
