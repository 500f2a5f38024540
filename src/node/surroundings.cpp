// The sockets that an election uses, and what becomes of what is sent.
#include "lbconverge/node/node.hpp"

#include <algorithm>

namespace lbconverge::node {

namespace {

/// The shortest time between two equal lines in the log. The same trouble may come with every advertisement.
constexpr Duration trouble_interval = std::chrono::seconds(60);
constexpr std::size_t troubles_at_once = 20;
/// How long an instance that cannot send waits before it tries again: longer each time, between these two limits.
constexpr Duration first_try = std::chrono::seconds(1);
constexpr Duration last_try = std::chrono::seconds(16);
/// By then the kernel has said whether it sends.
constexpr Duration answer_time = std::chrono::milliseconds(10);

}  // namespace

// ---- what is not sent ----------------------------------------------------------------------------------------------

void Node::handle(const Unsent& event, Instant now) {
    for (Instance& each : instances_) {
        const vrrp::Settings& settings = each.machine.settings();
        const bool its = each.interface == event.interface && settings.family == event.family;
        if (!its || settings.vrid != event.vrid) continue;
        ++each.unsent;
        each.muted = each.refused_now = true;
        judge_refusal(each, event.why, now);
    }
    for (Instance& each : instances_) watch_link(each, now);  // its fault may be that of its group
    Muteness& muteness = muteness_[event.interface];
    ++muteness.count;
    if (muteness.said_at && now - *muteness.said_at < trouble_interval) return;
    muteness.said_at = now;
    muteness.said = true;
    const std::string so_far = muteness.count > 1 ? " (" + std::to_string(muteness.count) + " until now)" : "";
    say(Level::warning, "advertisements on " + event.interface.str() + " are not sent" + so_far + ": " + event.why);
}

/// A master that nobody hears has a successor as soon as a backup has waited for it, so it gives up then. Where another
/// master is there already, it does so at once. A round of unicast counts if no peer gets anything.
void Node::judge_refusal(Instance& instance, const std::string& why, Instant now) {
    const vrrp::Machine& machine = instance.machine;
    if (++instance.refused_packets < std::max<std::size_t>(machine.settings().peers.size(), 1)) return;
    if (std::exchange(instance.trying, false)) instance.try_at = now + instance.try_wait;
    if (!instance.muted_at) instance.muted_at = now;
    const bool waited = now - *instance.muted_at >= 3 * machine.settings().interval;
    if (!instance.mute.empty() || machine.state() != vrrp::State::master) return;
    if (!waited && !machine.has_living_peer(now)) return;
    instance.mute = "advertisements on " + instance.interface.str() + " are not sent: " + why;
    instance.try_wait = first_try;
    instance.try_at = now + first_try;
}

/// Tries again to send, with an advertisement that does no harm if it is heard: a living master answers it, and nobody
/// takes it for one. The refusal comes at once, so the next Tick knows.
void Node::run_mute(Instant now) {
    bool news = false;
    for (Instance& each : instances_) {
        if (stopping_ || !each.try_at || now < *each.try_at) continue;
        if (std::exchange(each.trying, false)) {
            each.mute.clear();
            each.try_at.reset();
            each.muted_at.reset();
            news = true;
            continue;
        }
        each.try_wait = std::min(2 * each.try_wait, last_try);
        each.trying = each.machine.source().has_value();
        each.try_at = now + (each.trying ? answer_time : each.try_wait);
        send(each, each.machine.harmless_priority(now));
    }
    if (!news) return;
    for (Instance& each : instances_) watch_link(each, now);
}

/// Called before the next round of advertisements: finds out whether the last round was refused. The packets of this
/// turn are sent at its end.
void Node::follow_sending(Instance& instance) {
    const vrrp::Settings& settings = instance.machine.settings();
    const auto is_its = [&](const Packet& each) {
        return each.interface == instance.interface && each.source.family == settings.family &&
               std::to_integer<std::uint8_t>(each.message.at(1)) == settings.vrid;
    };
    if (std::any_of(effects_.send.begin(), effects_.send.end(), is_its)) return;
    instance.refused_packets = 0;
    if (std::exchange(instance.refused_now, false) || !std::exchange(instance.muted, false)) return;
    instance.muted_at.reset();
    const auto is_muted = [&](const Instance& each) { return each.interface == instance.interface && each.muted; };
    if (std::any_of(instances_.begin(), instances_.end(), is_muted)) return;
    Muteness& muteness = muteness_[instance.interface];
    const std::uint64_t count = std::exchange(muteness.count, 0);
    if (!std::exchange(muteness.said, false)) return;
    say(Level::info,
        "advertisements on " + instance.interface.str() + " are sent again; " + std::to_string(count) + " were not");
}

void Node::handle(const NoSocket& event, Instant now) {
    const std::pair place(event.interface, event.family);
    if (event.why.empty()) {
        no_sockets_.erase(place);
    } else {
        no_sockets_[place] = event.why;
    }
    for (Instance& each : instances_) {
        const bool its = each.interface == event.interface && each.machine.settings().family == event.family;
        if (its && !event.why.empty()) {
            complain(each, "VRRP socket on " + event.interface.str() + ": " + event.why, now);
        }
        watch_link(each, now);
    }
}

/// Nobody would hear it, or it would hear nobody.
std::optional<std::string> Node::unheard(const Instance& instance) const {
    const auto at = no_sockets_.find({instance.interface, instance.machine.settings().family});
    if (at != no_sockets_.end()) return "VRRP socket on " + instance.interface.str() + ": " + at->second;
    return instance.mute.empty() ? std::nullopt : std::optional(instance.mute);
}

void Node::handle(const Trouble& event, Instant now) {
    std::erase_if(troubles_, [&](const auto& each) { return now - each.second >= trouble_interval; });
    const bool many = troubles_.size() >= troubles_at_once;
    if (!many && troubles_.try_emplace(event.what, now).second) say(Level::warning, event.what);
}

}  // namespace lbconverge::node
