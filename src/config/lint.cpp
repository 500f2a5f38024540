#include "lbconverge/config/lint.hpp"

#include "lbconverge/config/mistakes.hpp"
#include "lint_rules.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace rules {

bool has_loopback_vip(const Config& node) {
    return serves(node) && std::any_of(node.vips.begin(), node.vips.end(), [](const Vip& vip) {
               return vip.accept == Accept::loopback && vip.address.family == Family::ipv4;
           });
}

std::optional<InterfaceName> interface_of(const Sysctl& setting, std::string_view name) {
    const auto parts = parse_setting_path(setting.path);
    if (!parts || parts->family != Family::ipv4 || parts->name != name) return std::nullopt;
    return parts->interface;
}

const Sysctl* find_sysctl(const Config& node, std::string_view path) {
    const auto at =
        std::find_if(node.sysctls.begin(), node.sysctls.end(), [&](const Sysctl& each) { return each.path == path; });
    return at == node.sysctls.end() ? nullptr : &*at;
}

bool sysctl_is(const Config& node, std::string_view path, std::string_view value) {
    const Sysctl* setting = find_sysctl(node, path);
    return setting != nullptr && setting->value == value;
}

VipIndex::VipIndex(const Config& node) {
    sorted_.reserve(node.vips.size());
    for (const Vip& vip : node.vips) sorted_.push_back(&vip);
    std::sort(sorted_.begin(), sorted_.end(), [](const Vip* a, const Vip* b) { return a->address < b->address; });
}

const Vip* VipIndex::find(const IpAddress& address) const {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), address,
                                     [](const Vip* vip, const IpAddress& wanted) { return vip->address < wanted; });
    return at != sorted_.end() && (*at)->address == address ? *at : nullptr;
}

std::string name_of(const Service& service) {
    if (service.fwmark != 0) return "fwmark " + std::to_string(service.fwmark);
    return std::string(lbconverge::to_text(service.protocol)) + " " + with_port(service.vip, service.port);
}

namespace {

/// LVS11, 22, 26, 27, 33, 38 and 39 are found while a file is read: there the kernel or the
/// protocol leaves no choice.
struct LintRule {
    const Mistake& mistake;
    void (*look)(const Nodes& nodes, LintReport& report);
};

constexpr LintRule all[] = {
    {mistake("LVS01"), arp_on_loopback},
    {mistake("LVS02"), arp_ignore_off},
    {mistake("LVS03"), arp_announce_off},
    {mistake("LVS04"), arp_ignore_unknown},
    {mistake("LVS05"), arp_ignore_weakened},
    {mistake("LVS06"), arp_ignore_silent},
    {mistake("LVS07"), loopback_prefix},
    {mistake("LVS08"), loopback_scope},
    {mistake("LVS09"), vip_on_answering_interface},
    {mistake("LVS12"), direct_past_router},
    {mistake("LVS13"), masquerade_without_forwarding},
    {mistake("LVS14"), default_route_past_director},
    {mistake("LVS15"), masquerade_in_client_subnet},
    {mistake("LVS16"), tunnel_with_rp_filter},
    {mistake("LVS17"), tunnel_from_vip},
    {mistake("LVS18"), tunnel_without_pmtu},
    {mistake("LVS19"), vip_not_local},
    {mistake("LVS20"), nothing_sets_mark},
    {mistake("LVS21"), fwmark_without_vip},
    {mistake("LVS23"), persistence_and_drain},
    {mistake("LVS24"), removed_and_not_expired},
    {mistake("LVS25"), one_packet_tcp},
    {mistake("LVS28"), sync_both_states},
    {mistake("LVS29"), both_always_active},
    {mistake("LVS30"), both_with_sync},
    {mistake("LVS31"), hash_tables_differ},
    {mistake("LVS32"), masquerade_active_active},
    {mistake("LVS34"), equal_priorities},
    {mistake("LVS35"), powerless_track},
    {mistake("LVS36"), owner_priority},
    {mistake("LVS37"), vip_lists_differ},
    {mistake("LVS42"), one_sided_peers},
    {mistake("LVS43"), vip_as_secondary},
    {mistake("LVS44"), strict_rp_filter},
    {mistake("LVS45"), redirects_on_one_arm},
    {mistake("LVS49"), check_beside_service},
    {mistake("LVS51"), hashing_without_fallback},
    {mistake("LVS52"), weights_with_divisor},
    {mistake("LVS53"), one_server_for_all},
    {mistake("LVS54"), overflow_at_one},
};

}  // namespace
}  // namespace rules

void lint(const std::vector<Config>& nodes, Diagnostics& diagnostics) {
    for (const rules::LintRule& rule : rules::all) {
        rules::LintReport report(diagnostics, rule.mistake.code);
        rule.look(nodes, report);
    }
}

}  // namespace lbconverge::config
