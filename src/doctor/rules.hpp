// One function per mistake that a host can show; diagnose.cpp lists them. Private to src/doctor.
#pragma once

#include "host_view.hpp"

namespace lbconverge::doctor {

/// Findings under one code.
class Findings {
public:
    Findings(std::vector<Finding>& out, std::string_view code) : out_(out), code_(code) {}
    void error(std::string place, std::string what, Cure cure) {
        add(config::Severity::error, std::move(place), std::move(what), std::move(cure));
    }
    void warning(std::string place, std::string what, Cure cure) {
        add(config::Severity::warning, std::move(place), std::move(what), std::move(cure));
    }

private:
    void add(config::Severity severity, std::string place, std::string what, Cure cure) {
        out_.push_back({std::string(code_), severity, std::move(place), std::move(what), std::move(cure)});
    }
    std::vector<Finding>& out_;
    std::string_view code_;
};

namespace rules {

// ARP and the VIP's place (arp.cpp)
void arp_on_loopback(const HostView& view, Findings& findings);
void arp_ignore_off(const HostView& view, Findings& findings);
void arp_announce_off(const HostView& view, Findings& findings);
void arp_ignore_unknown(const HostView& view, Findings& findings);
void arp_ignore_weakened(const HostView& view, Findings& findings);
void arp_ignore_silent(const HostView& view, Findings& findings);
void loopback_prefix(const HostView& view, Findings& findings);
void loopback_scope(const HostView& view, Findings& findings);
void vip_on_answering_interface(const HostView& view, Findings& findings);
void vip_as_secondary(const HostView& view, Findings& findings);

// The way of a packet (forward.cpp)
void other_port(const HostView& view, Findings& findings);
void direct_past_router(const HostView& view, Findings& findings);
void masquerade_without_forwarding(const HostView& view, Findings& findings);
void default_route_past_director(const HostView& view, Findings& findings);
void tunnel_that_drops(const HostView& view, Findings& findings);
void tunnel_from_vip(const HostView& view, Findings& findings);
void tunnel_without_pmtu(const HostView& view, Findings& findings);
void strict_rp_filter(const HostView& view, Findings& findings);
void redirects_on_one_arm(const HostView& view, Findings& findings);

// IPVS (services.cpp)
void vip_not_local(const HostView& view, Findings& findings);
void nothing_sets_mark(const HostView& view, Findings& findings);
void fwmark_without_vip(const HostView& view, Findings& findings);
void persistence_and_drain(const HostView& view, Findings& findings);
void scheduler_missing(const HostView& view, Findings& findings);
void sync_both_states(const HostView& view, Findings& findings);
void backup_with_table(const HostView& view, Findings& findings);
void both_with_sync(const HostView& view, Findings& findings);
void hash_of_weight_zero(const HostView& view, Findings& findings);
void few_buckets(const HostView& view, Findings& findings);

// What reaches the server (reachability.cpp)
void firewall_drops(const HostView& view, Findings& findings);
void listens_elsewhere(const HostView& view, Findings& findings);
void vip_missing(const HostView& view, Findings& findings);
void firewall_drops_vip(const HostView& view, Findings& findings);

// Files (files.cpp)
void settings_after_vip(const HostView& view, Findings& findings);
void other_manager(const HostView& view, Findings& findings);
void two_owners(const HostView& view, Findings& findings);

// Other hosts on the links (neighbours.cpp)
void answered_by_real_server(const HostView& view, Findings& findings);
void stranger_with_vrid(const HostView& view, Findings& findings);
void vip_lists_differ(const HostView& view, Findings& findings);
void two_masters(const HostView& view, Findings& findings);

}  // namespace rules

}  // namespace lbconverge::doctor
