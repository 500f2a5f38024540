// One function per classic LVS mistake, and what they share. Private to config; lint.cpp has the list.
// A rule looks at the configurations of all nodes and reports under its own code. It rather misses a mistake than
// raises a false alarm: where the file does not decide, it is silent.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/config/diagnostic.hpp"
#include "lbconverge/model/setting.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::config::rules {

/// Diagnostics under one code.
class LintReport {
public:
    LintReport(Diagnostics& out, std::string_view code) : out_(out), code_(code) {}
    void error(Source at, std::string what, std::string hint) {
        out_.error(at, std::move(what), std::move(hint), code_);
    }
    void warning(Source at, std::string what, std::string hint) {
        out_.warning(at, std::move(what), std::move(hint), code_);
    }

private:
    Diagnostics& out_;
    std::string_view code_;
};

using Nodes = std::vector<Config>;

inline bool directs(const Config& node) { return node.role != Role::real_server; }
inline bool serves(const Config& node) { return node.role != Role::director; }

/// Some VIP of IPv4 lies on lo of this node: the case that needs ARP to be quiet.
bool has_loopback_vip(const Config& node);
/// The interface (or "all", "default") for which this entry sets the IPv4 setting of that name; nullopt for any other.
std::optional<InterfaceName> interface_of(const Sysctl& setting, std::string_view name);
/// The [sysctl] entry for this path, or nullptr.
const Sysctl* find_sysctl(const Config& node, std::string_view path);
/// The [sysctl] entry says exactly this.
bool sysctl_is(const Config& node, std::string_view path, std::string_view value);
/// The VIPs of a node by address, for rules that ask once per service.
class VipIndex {
public:
    explicit VipIndex(const Config& node);
    [[nodiscard]] const Vip* find(const IpAddress& address) const;

private:
    std::vector<const Vip*> sorted_;
};
/// "tcp 192.0.2.1:80" or "fwmark 7".
std::string name_of(const Service& service);

// ARP and the VIP's place (lint_arp.cpp)
void arp_on_loopback(const Nodes& nodes, LintReport& report);
void arp_ignore_off(const Nodes& nodes, LintReport& report);
void arp_announce_off(const Nodes& nodes, LintReport& report);
void arp_ignore_unknown(const Nodes& nodes, LintReport& report);
void arp_ignore_weakened(const Nodes& nodes, LintReport& report);
void arp_ignore_silent(const Nodes& nodes, LintReport& report);
void loopback_prefix(const Nodes& nodes, LintReport& report);
void loopback_scope(const Nodes& nodes, LintReport& report);
void vip_on_answering_interface(const Nodes& nodes, LintReport& report);

// Forwarding (lint_forward.cpp)
void direct_past_router(const Nodes& nodes, LintReport& report);
void masquerade_without_forwarding(const Nodes& nodes, LintReport& report);
void default_route_past_director(const Nodes& nodes, LintReport& report);
void masquerade_in_client_subnet(const Nodes& nodes, LintReport& report);
void tunnel_with_rp_filter(const Nodes& nodes, LintReport& report);
void tunnel_from_vip(const Nodes& nodes, LintReport& report);
void tunnel_without_pmtu(const Nodes& nodes, LintReport& report);
void strict_rp_filter(const Nodes& nodes, LintReport& report);
void redirects_on_one_arm(const Nodes& nodes, LintReport& report);

// Services (lint_services.cpp)
void vip_not_local(const Nodes& nodes, LintReport& report);
void nothing_sets_mark(const Nodes& nodes, LintReport& report);
void fwmark_without_vip(const Nodes& nodes, LintReport& report);
void persistence_and_drain(const Nodes& nodes, LintReport& report);
void check_beside_service(const Nodes& nodes, LintReport& report);
void weights_with_divisor(const Nodes& nodes, LintReport& report);
void one_server_for_all(const Nodes& nodes, LintReport& report);
void overflow_at_one(const Nodes& nodes, LintReport& report);
void hashing_without_fallback(const Nodes& nodes, LintReport& report);
void removed_and_not_expired(const Nodes& nodes, LintReport& report);
void one_packet_tcp(const Nodes& nodes, LintReport& report);
void sync_both_states(const Nodes& nodes, LintReport& report);
void both_always_active(const Nodes& nodes, LintReport& report);
void both_with_sync(const Nodes& nodes, LintReport& report);
void hash_tables_differ(const Nodes& nodes, LintReport& report);
void masquerade_active_active(const Nodes& nodes, LintReport& report);

// VRRP (lint_vrrp.cpp)
void equal_priorities(const Nodes& nodes, LintReport& report);
void powerless_track(const Nodes& nodes, LintReport& report);
void owner_priority(const Nodes& nodes, LintReport& report);
void vip_lists_differ(const Nodes& nodes, LintReport& report);
void one_sided_peers(const Nodes& nodes, LintReport& report);
void vip_as_secondary(const Nodes& nodes, LintReport& report);

}  // namespace lbconverge::config::rules
