#include "view.hpp"

#include <algorithm>
#include <tuple>

namespace lbconverge::doctor {

namespace {

struct Rule {
    std::string_view code;
    void (*look)(const View& view, Report& report);
};

using namespace rules;

/// LVS02 has two rules. What only a file can show is for `check`.
constexpr Rule all[] = {
    {"LVS01", arp_on_loopback},
    {"LVS02", arp_ignore_off},
    {"LVS02", answered_by_real_server},
    {"LVS03", arp_announce_off},
    {"LVS04", arp_ignore_unknown},
    {"LVS05", arp_ignore_weakened},
    {"LVS06", arp_ignore_silent},
    {"LVS07", loopback_prefix},
    {"LVS08", loopback_scope},
    {"LVS09", vip_on_answering_interface},
    {"LVS10", settings_after_vip},
    {"LVS11", other_port},
    {"LVS12", direct_past_router},
    {"LVS13", masquerade_without_forwarding},
    {"LVS14", default_route_past_director},
    {"LVS16", tunnel_that_drops},
    {"LVS17", tunnel_from_vip},
    {"LVS18", tunnel_without_pmtu},
    {"LVS19", vip_not_local},
    {"LVS20", nothing_sets_mark},
    {"LVS21", fwmark_without_vip},
    {"LVS23", persistence_and_drain},
    {"LVS27", scheduler_missing},
    {"LVS28", sync_both_states},
    {"LVS29", backup_with_table},
    {"LVS30", both_with_sync},
    {"LVS31", hash_of_weight_zero},
    {"LVS33", stranger_with_vrid},
    {"LVS37", vip_lists_differ},
    {"LVS40", two_masters},
    {"LVS41", firewall_drops},
    {"LVS43", vip_as_secondary},
    {"LVS44", strict_rp_filter},
    {"LVS45", redirects_on_one_arm},
    {"LVS46", other_manager},
    {"LVS47", two_owners},
    {"LVS48", listens_elsewhere},
    {"LVS49", vip_missing},
    {"LVS50", firewall_drops_vip},
};

}  // namespace

std::vector<Finding> diagnose(const Evidence& evidence) {
    const View view(evidence);
    std::vector<Finding> findings;
    for (const Rule& rule : all) {
        Report report(findings, rule.code);
        rule.look(view, report);
    }
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.code, a.place) < std::tie(b.code, b.place);
    });
    return findings;
}

}  // namespace lbconverge::doctor
