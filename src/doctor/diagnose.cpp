#include "lbconverge/config/mistakes.hpp"
#include "rules.hpp"

#include <algorithm>
#include <tuple>

namespace lbconverge::doctor {

namespace {

struct DoctorRule {
    const config::Mistake& mistake;
    void (*look)(const HostView& view, Findings& findings);
};

using config::mistake;
using namespace rules;

/// The rules. LVS02 has two. Mistakes that only a file can show are found by `check`.
constexpr DoctorRule rule_list[] = {
    {mistake("LVS01"), arp_on_loopback},
    {mistake("LVS02"), arp_ignore_off},
    {mistake("LVS02"), answered_by_real_server},
    {mistake("LVS03"), arp_announce_off},
    {mistake("LVS04"), arp_ignore_unknown},
    {mistake("LVS05"), arp_ignore_weakened},
    {mistake("LVS06"), arp_ignore_silent},
    {mistake("LVS07"), loopback_prefix},
    {mistake("LVS08"), loopback_scope},
    {mistake("LVS09"), vip_on_answering_interface},
    {mistake("LVS10"), settings_after_vip},
    {mistake("LVS11"), other_port},
    {mistake("LVS12"), direct_past_router},
    {mistake("LVS13"), masquerade_without_forwarding},
    {mistake("LVS14"), default_route_past_director},
    {mistake("LVS16"), tunnel_that_drops},
    {mistake("LVS17"), tunnel_from_vip},
    {mistake("LVS18"), tunnel_without_pmtu},
    {mistake("LVS19"), vip_not_local},
    {mistake("LVS20"), nothing_sets_mark},
    {mistake("LVS21"), fwmark_without_vip},
    {mistake("LVS23"), persistence_and_drain},
    {mistake("LVS27"), scheduler_missing},
    {mistake("LVS28"), sync_both_states},
    {mistake("LVS29"), backup_with_table},
    {mistake("LVS30"), both_with_sync},
    {mistake("LVS31"), hash_of_weight_zero},
    {mistake("LVS33"), stranger_with_vrid},
    {mistake("LVS37"), vip_lists_differ},
    {mistake("LVS40"), two_masters},
    {mistake("LVS41"), firewall_drops},
    {mistake("LVS43"), vip_as_secondary},
    {mistake("LVS44"), strict_rp_filter},
    {mistake("LVS45"), redirects_on_one_arm},
    {mistake("LVS46"), other_manager},
    {mistake("LVS47"), two_owners},
    {mistake("LVS48"), listens_elsewhere},
    {mistake("LVS49"), vip_missing},
    {mistake("LVS50"), firewall_drops_vip},
    {mistake("LVS55"), few_buckets},
};

}  // namespace

std::vector<Finding> diagnose(const Evidence& evidence) {
    const HostView view(evidence);
    std::vector<Finding> all;
    for (const DoctorRule& rule : rule_list) {
        Findings findings(all, rule.mistake.code);
        rule.look(view, findings);
    }
    std::stable_sort(all.begin(), all.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.code, a.place) < std::tie(b.code, b.place);
    });
    return all;
}

}  // namespace lbconverge::doctor
