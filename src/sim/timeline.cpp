#include "lbconverge/sim/simulation.hpp"

#include <string_view>

namespace lbconverge::sim {

namespace {

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string said(const Run& run, const Moment& moment) {
    const auto vip = [&] { return to_text(run.routers[moment.router].vips[moment.vip]); };
    switch (moment.kind) {
        case MomentKind::transition:
            return std::string(vrrp::to_text(moment.from)) + " -> " + std::string(vrrp::to_text(moment.to)) + ": " +
                   moment.text;
        case MomentKind::bound:
            return "has VIP " + vip();
        case MomentKind::unbound:
            return "no longer has VIP " + vip();
        case MomentKind::believed:
            return "neighbours send to it for " + vip();
        case MomentKind::started:
            return "started";
        case MomentKind::ended:
            return moment.text;
        case MomentKind::fault_on:
            return "fault " + moment.text;
        case MomentKind::fault_off:
            return "over: fault " + moment.text.substr(0, moment.text.find(','));
    }
    return {};
}

}  // namespace

std::string timeline_text(const Run& run) {
    std::size_t widest_node = 1;
    std::size_t widest_router = 1;
    for (const std::string& each : run.nodes) widest_node = std::max(widest_node, each.size());
    for (const Router& each : run.routers) widest_router = std::max(widest_router, each.name.size());
    std::string text;
    for (const Moment& each : run.moments) {
        const std::string at = seconds_text(each.at);
        text += std::string(at.size() < 10 ? 10 - at.size() : 0, ' ') + at + "  ";
        text += padded(each.node == nobody ? "" : run.nodes[each.node], widest_node) + "  ";
        text += padded(each.router == nobody ? "" : run.routers[each.router].name, widest_router) + "  ";
        text += said(run, each) + "\n";
    }
    return text;
}

Counts& Counts::operator+=(const Counts& other) {
    events += other.events;
    packets += other.packets;
    lost += other.lost;
    plans += other.plans;
    steps += other.steps;
    failed_steps += other.failed_steps;
    transitions += other.transitions;
    became_master += other.became_master;
    announcements += other.announcements;
    simulated += other.simulated;
    dark += other.dark;
    return *this;
}

}  // namespace lbconverge::sim
