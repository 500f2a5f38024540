// Which VIPs a node can serve, and what that means for the election. A node that cannot serve all VIPs of an instance
// makes room for one that can. If no node can, the best one serves those that it can. The cause may be an interface, a
// row that the kernel refuses, or tables that could not be loaded.
#include "lbconverge/node/node.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::node {

using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// A row that the kernel refused is tried again after this time, which grows with each attempt.
constexpr Duration first_retry = seconds(1);
constexpr Duration last_retry = seconds(30);
/// For a VIP the time stays short, because its clients wait. It costs one message a second.
constexpr Duration last_vip_retry = seconds(1);
/// A node that is not master can try again only by becoming master, which clients may notice.
constexpr Duration first_attempt = minutes(1);
constexpr Duration last_attempt = minutes(15);

/// How long a master that lacks VIPs waits before it asks again for a node that can serve them: three times what the
/// peers need to answer, so that most of its advertisements are still ordinary ones.
constexpr Duration least_offer_pause = seconds(1);

Duration longer(Duration now, Duration first, Duration last) {
    return now.count() == 0 ? first : std::min(now * 2, last);
}

const DarkVip* find(const std::vector<DarkVip>& list, const IpAddress& address) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.address == address; });
    return at == list.end() ? nullptr : &*at;
}

bool needs_tables(const config::Vip& vip, const config::Config& config) {
    return std::any_of(config.services.begin(), config.services.end(), [&](const config::Service& service) {
        return service.fwmark == 0 && service.vip == vip.address;
    });
}

bool loaded_by_master_only(const config::Vip& vip, const config::Config& config) {
    return std::any_of(config.services.begin(), config.services.end(), [&](const config::Service& service) {
        return service.fwmark == 0 && service.vip == vip.address && service.active == config::Active::master;
    });
}

std::string row_of(const config::Vip& vip) {
    return std::string(kinds::Address::name) + " " + kinds::Address::id({vip.address, vip.prefix, vip.interface});
}

}  // namespace

std::optional<std::string> Node::link_fault(const InterfaceName& name) const {
    const InterfaceState* on = link(name);
    if (on == nullptr) return "there is no interface " + name.str();
    if (!on->up) return "interface " + name.str() + " has no link";
    return std::nullopt;
}

/// None of the VIPs has an interface that works. That is a fault, as with the interface of VRRP.
std::optional<std::string> Node::no_interface(const Instance& instance) const {
    std::optional<std::string> reason;
    for (const plan::Announcement& vip : instance.vips) {
        reason = link_fault(vip.interface);
        if (!reason) return std::nullopt;
    }
    return reason;
}

std::vector<DarkVip> Node::dark_vips(const Instance& instance) const {
    std::vector<DarkVip> all;
    for (const plan::Announcement& vip : instance.vips) {
        const auto attempt = attempts_.find(vip.address);
        auto fault = vip.interface == instance.interface ? std::nullopt : link_fault(vip.interface);
        if (fault) {  // (a fault of the instance's own interface is a fault of the whole instance)
            all.push_back({vip.address, std::move(*fault)});
        } else if (attempt != attempts_.end() && !attempt->second.why.empty()) {
            all.push_back({vip.address, attempt->second.why});
        } else if (const DarkVip* unserved = find(unserved_, vip.address)) {
            all.push_back(*unserved);
        }
    }
    return all;
}

bool Node::limited(const Instance& instance, const std::vector<Instance>& all) const {
    return std::any_of(all.begin(), all.end(), [&](const Instance& each) {
        const bool counts = &each == &instance || (!each.group.empty() && each.group == instance.group);
        return counts && !each.dark.empty();
    });
}

// ---- what the lanes tell -------------------------------------------------------------------------------------------

void Node::learn_refusals(const Converged& event, Instant now) {
    for (const BadRow& each : event.refused) {
        AvoidedRow& row = avoided_[each.row];
        const bool vip = each.row.starts_with(kinds::Address::name);
        const Duration backoff = longer(row.backoff, first_retry, vip ? last_vip_retry : last_retry);
        row = {event.lane, each.why, now + backoff, backoff, false};
    }
    if (!event.error.empty() || event.overtaken) return;
    // A row that was tried and not refused works again.
    std::erase_if(avoided_, [&](const auto& each) {
        const AvoidedRow& row = each.second;
        return row.lane == event.lane && !row.until;
    });
}

bool Node::fought_over(const IpAddress& vip) const {
    const std::string start = std::string(kinds::Address::name) + " " + to_text(vip) + "/";
    return std::any_of(avoided_.begin(), avoided_.end(),
                       [&](const auto& each) { return each.second.fought && each.first.starts_with(start); });
}

void Node::learn_what_is_dark(const Converged& event) {
    if (event.overtaken || !event.error.empty()) return;
    if (event.lane == Lane::tables || !lanes_.has(Lane::tables)) {
        dark_moved_ = dark_moved_ || unserved_ != event.unserved;
        unserved_ = event.unserved;
    }
    if (event.lane != Lane::network) return;
    for (const Instance& each : instances_) {
        const bool tried =
            each.machine.state() == vrrp::State::master && each.machine.since() <= lanes_[event.lane].began;
        for (const plan::Announcement& vip : each.vips) {
            const DarkVip* unbound = find(event.unbound, vip.address);
            const bool waits = std::find(not_yet_.begin(), not_yet_.end(), vip.address) != not_yet_.end();
            if (waits) unbound = nullptr;
            if (fought_over(vip.address)) unbound = nullptr;  // another node would not do better
            if (unbound != nullptr) {
                count_as_dark(vip.address, unbound->why);
            } else if (tried && !waits && attempts_.erase(vip.address) > 0) {
                dark_moved_ = true;
            }
        }
    }
}

void Node::count_as_dark(const IpAddress& vip, const std::string& why) {
    Attempt& attempt = attempts_[vip];
    dark_moved_ = true;
    if (attempt.why.empty()) attempt.backoff = longer(attempt.backoff, first_attempt, last_attempt);
    attempt.why = why;
}

bool Node::lacks_vips() const {
    return std::any_of(instances_.begin(), instances_.end(), [&](const Instance& each) {
        const auto held = [&](const plan::Announcement& vip) { return holds(vip.address); };
        return each.machine.state() == vrrp::State::master && !std::all_of(each.vips.begin(), each.vips.end(), held);
    });
}

/// Run after run of a lane has ended with an error: what a master waits for cannot be had here. A single error may be
/// one that the next run does not meet.
void Node::learn_from_failed_runs(Lane which) {
    const LaneState& failed = lanes_[which];
    for (const Instance& each : instances_) {
        if (each.machine.state() != vrrp::State::master || failed.began < each.machine.since()) continue;
        for (const config::Vip& vip : config_->vips) {
            const bool its = vip.vrrp == each.machine.settings().name && !holds(vip.address);
            if (its && (which == Lane::network || why_not_yet(vip))) count_as_dark(vip.address, failed.last.error);
        }
    }
}

/// They are tried with the next run, which comes now.
void Node::forget_refusals() {
    std::erase_if(avoided_, [&](const auto& each) {
        const AvoidedRow& row = each.second;
        if (!row.fought) lanes_.want(row.lane);
        return !row.fought;
    });
}

/// Something around this node has changed, so refused rows may work now.
void Node::try_again() {
    forget_refusals();
    for (auto& [address, attempt] : attempts_) {
        dark_moved_ = dark_moved_ || !attempt.why.empty();
        attempt.why.clear();
        attempt.until.reset();
    }
}

void Node::run_attempts(Instant now) {
    for (auto& [row, avoided] : avoided_) {
        if (!avoided.until || now < *avoided.until) continue;
        avoided.until.reset();
        lanes_.want(avoided.lane);
    }
    for (Instance& each : instances_) {
        const bool master = each.machine.state() == vrrp::State::master;
        for (const plan::Announcement& vip : each.vips) {
            const auto at = attempts_.find(vip.address);
            if (at == attempts_.end() || at->second.why.empty()) continue;
            Attempt& attempt = at->second;
            if (master) {  // its lane goes on trying
                attempt.until.reset();
            } else if (!attempt.until) {
                attempt.until = now + attempt.backoff;
            } else if (*attempt.until <= now) {
                attempt.until.reset();
                attempt.why.clear();
                dark_moved_ = true;
            }
        }
    }
}

// ---- what the lanes are told ---------------------------------------------------------------------------------------

/// A VIP that is not here yet waits until its services are loaded: before that, its clients would only be refused.
std::optional<std::string> Node::why_not_yet(const config::Vip& vip) const {
    const LaneState& tables = lanes_[Lane::tables];
    if (!needs_tables(vip, *config_) || holds(vip.address)) return std::nullopt;
    if (!lanes_.settled(Lane::tables)) return "waits for its services to be loaded";
    if (loaded_by_master_only(vip, *config_)) {
        for (const Instance& each : instances_) {
            const bool its = each.machine.settings().name == vip.vrrp;
            if (its && (tables.began < each.machine.since() || tables.busy))
                return "waits for its services to be loaded";
        }
    }
    return std::nullopt;
}

std::vector<BadRow> Node::rows_to_avoid(Lane which) {
    std::vector<BadRow> rows;
    for (const auto& [row, avoided] : avoided_) {
        if (avoided.lane == which && avoided.until) rows.push_back({row, avoided.why});
    }
    if (which != Lane::network) return rows;
    not_yet_.clear();
    if (!lanes_.has(Lane::tables)) return rows;
    for (const config::Vip& vip : config_->vips) {
        if (auto why = why_not_yet(vip)) {
            not_yet_.push_back(vip.address);
            rows.push_back({row_of(vip), std::move(*why)});
        } else if (const DarkVip* unserved = find(unserved_, vip.address); unserved != nullptr && !holds(vip.address)) {
            rows.push_back({row_of(vip), unserved->why});
        }
    }
    return rows;
}

// ---- the election --------------------------------------------------------------------------------------------------

void Node::follow_what_is_dark(Instant now) {
    if (!links_known_ || !std::exchange(dark_moved_, false)) return;
    std::vector<bool> was;
    for (const Instance& each : instances_) was.push_back(limited(each, instances_));
    for (Instance& each : instances_) {
        std::vector<DarkVip> dark = dark_vips(each);
        const std::string& name = each.machine.settings().name;
        for (const DarkVip& vip : dark) {
            const DarkVip* known = find(each.dark, vip.address);
            if (known != nullptr && known->why == vip.why) continue;
            say(Level::warning, name + ": cannot serve " + to_text(vip.address) + ": " + vip.why);
        }
        if (dark.empty() && !each.dark.empty()) say(Level::info, name + ": can serve all its VIPs again");
        each.dark = std::move(dark);
    }
    prioritize(instances_, now);
    for (std::size_t i = 0; i < instances_.size(); ++i) {
        Instance& each = instances_[i];
        watch_link(each, now);
        const bool news = limited(each, instances_) && !was[i];
        if (news && each.machine.state() == vrrp::State::master && !stopping_) make_room(each, now);
    }
}

void Node::make_room(Instance& instance, Instant now) {
    const auto because = [&](const Instance& each) {
        const DarkVip& first = each.dark.front();
        return "cannot serve " + to_text(first.address) + ": makes room for who can";
    };
    std::string why;
    if (!instance.dark.empty()) why = because(instance);
    for (const Instance& each : instances_) {
        const bool member = !each.group.empty() && each.group == instance.group && !each.dark.empty();
        if (why.empty() && member) {
            why = "sync group " + each.group + ": " + each.machine.settings().name + " " + because(each);
        }
    }
    carry_out(instance, instance.machine.make_room(now, std::move(why), hand_over_of(instance, instances_)), now);
}

/// A node that can serve all may come later, and not take over by itself (preempt = false, or a preempt delay). The
/// members of a sync group ask at the same moment, because their successor takes all of them or none.
void Node::offer_room(Instant now) {
    for (Instance& each : instances_) {
        const bool asks = each.machine.state() == vrrp::State::master && limited(each, instances_);
        if (!asks || stopping_) {
            each.offer_at.reset();
        } else if (!each.offer_at) {
            each.offer_at = now + std::max<Duration>(least_offer_pause, 3 * hand_over_of(each, instances_));
        } else if (*each.offer_at <= now) {
            for (Instance& member : instances_) {
                const bool joins = &member == &each || (!each.group.empty() && member.group == each.group);
                if (!joins) continue;
                member.offer_at.reset();
                carry_out(member, member.machine.offer_room(now, hand_over_of(member, instances_)), now);
            }
        }
    }
}

}  // namespace lbconverge::node
