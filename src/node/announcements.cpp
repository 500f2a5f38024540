#include "lbconverge/node/announcements.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::node {

namespace {

/// 0: never.
std::optional<Instant> after(Instant now, Duration duration) {
    return duration.count() > 0 ? std::optional(now + duration) : std::nullopt;
}

bool reached(const std::optional<Instant>& at, Instant now) { return at && *at <= now; }

}  // namespace

/// Once more, a while after the last time that the neighbours may have been misled. What waits is not put off by the next
/// time: then a number of lesser masters one after the other would keep it waiting, and the neighbours with one of them.
void Announcements::Telling::misled(Instant now) {
    misled_at = now;
    if (!again_at) again_at = now + announce_interval;
}

/// A repetition that waits is no reason to say it once more.
void Announcements::Telling::ask(bool news) {
    left = std::max(left, count);
    untold = left > 0 && (untold || news);
}

Announcements::Telling* Announcements::find(const plan::Announcement& vip) {
    const auto at = vips_.find(key_of(vip));
    return at == vips_.end() ? nullptr : &at->second;
}

// ---- for what this node answers ------------------------------------------------------------------------------------

void Announcements::won(Vips vips, const Rhythm& rhythm, Instant now) {
    for (const plan::Announcement& each : vips) {
        Telling vip{.count = each.count, .refresh = rhythm.refresh};
        vip.refresh_at = after(now, rhythm.repeat.count() > 0 ? rhythm.repeat : rhythm.refresh);
        vips_[key_of(each)] = vip;
    }
}

void Announcements::lost(Vips vips) {
    for (const plan::Announcement& each : vips) vips_.erase(key_of(each));
    forget_unused_devices();
}

void Announcements::revise(Vips vips, const Rhythm& rhythm, Instant now) {
    const auto refresh = after(now, rhythm.refresh);
    for (const plan::Announcement& each : vips) {
        Telling* known = find(each);
        if (known == nullptr) {
            won({&each, 1}, rhythm, now);
            continue;
        }
        known->count = each.count;
        known->refresh = rhythm.refresh;
        if (refresh) known->refresh_at = std::min(known->refresh_at.value_or(*refresh), *refresh);
    }
}

void Announcements::keep_only(Vips vips) {
    std::vector<VipAt> keys;
    for (const plan::Announcement& each : vips) keys.push_back(key_of(each));
    std::sort(keys.begin(), keys.end());
    std::erase_if(vips_, [&](const auto& each) { return !std::binary_search(keys.begin(), keys.end(), each.first); });
    forget_unused_devices();
}

void Announcements::forget_unused_devices() {
    std::erase_if(devices_, [&](const auto& device) {
        return std::none_of(vips_.begin(), vips_.end(),
                            [&](const auto& each) { return each.first.second == device.first; });
    });
}

// ---- what happens --------------------------------------------------------------------------------------------------

/// A VIP that was told of and comes once more, without a run that has bound it, has only been listed late.
void Announcements::here(const std::vector<IpAddress>& holding) {
    std::vector<IpAddress> sorted = holding;
    std::sort(sorted.begin(), sorted.end());
    for (auto& [key, vip] : vips_) {
        vip.is_here = std::binary_search(sorted.begin(), sorted.end(), key.first);
        if (vip.is_here && !vip.told_at) vip.ask(true);
    }
}

/// The kernel may tell of an address before the run that has bound it does, and after it.
void Announcements::bound(Vips vips, Instant began) {
    for (const plan::Announcement& each : vips) {
        Telling* vip = find(each);
        if (vip == nullptr) continue;
        vip->is_here = true;
        if (!vip->told_at || *vip->told_at < began) vip->ask(true);
    }
}

/// Once more later: the other node announces after its advertisement, when its kernel has the addresses.
void Announcements::answer(Vips vips, Instant now) {
    for (const plan::Announcement& each : vips) {
        Telling* vip = find(each);
        if (vip == nullptr) continue;
        vip->misled(now);
        const Instant from = std::max(vip->answered_until, now);
        vip->unanswered = vip->unanswered || from > now + (answers_in_a_row - 1) * announce_interval;
        if (!vip->is_here || vip->unanswered) continue;
        vip->answered_until = from + announce_interval;
        vip->ask(true);
    }
}

void Announcements::moved(const InterfaceName& interface, Instant now) {
    for (auto& [key, vip] : vips_) {
        if (key.second != interface || !vip.is_here) continue;
        vip.ask(true);
        vip.misled(now);
    }
}

void Announcements::hush(Vips vips, bool listens) {
    for (const plan::Announcement& each : vips) {
        if (Telling* vip = find(each)) vip->hushed = listens;
    }
}

// ---- frames --------------------------------------------------------------------------------------------------------

void Announcements::run_timers(Telling& vip, Instant now) {
    if (vip.hushed) return;
    const bool again = reached(vip.again_at, now);
    const bool refresh = reached(vip.refresh_at, now);
    if (again) {
        const Instant next = vip.misled_at + announce_interval;
        vip.again_at = next > now ? std::optional(next) : std::nullopt;
        if (std::exchange(vip.unanswered, false)) vip.answered_until += announce_interval;  // this was the answer
    }
    if (refresh) vip.refresh_at = after(now, vip.refresh);
    if ((again || refresh) && vip.is_here) vip.ask(false);
}

std::vector<std::pair<const Announcements::VipAt, Announcements::Telling>*> Announcements::candidates(Instant now) {
    std::vector<std::pair<const VipAt, Telling>*> all;
    for (auto& each : vips_) {
        run_timers(each.second, now);
        const auto until = busy_until(each.first.second);
        if (each.second.wants() && (!until || *until <= now)) all.push_back(&each);
    }
    std::stable_sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
        if (a->second.untold != b->second.untold) return a->second.untold;
        return a->second.left > b->second.left;
    });
    return all;
}

plan::Announcement Announcements::offer(const VipAt& key, Telling& vip, std::uint32_t frames, Instant now) {
    vip.offered = frames;
    vip.offered_untold = std::exchange(vip.untold, false);
    vip.left -= frames;
    vip.told_at = now;
    devices_[key.second].offered += frames;
    return {key.first, key.second, frames};
}

std::vector<plan::Announcement> Announcements::due(Instant now) {
    std::vector<plan::Announcement> batch;
    if (next_batch_ && now < *next_batch_) return batch;
    next_batch_.reset();
    for (auto& [interface, device] : devices_) device.offered = 0;
    const auto all = candidates(now);
    std::size_t frames = 0;
    for (const auto* each : all) frames += each->second.left;
    const bool fits = frames <= frames_at_once;
    for (auto* each : all) {
        if (batch.size() == frames_at_once) break;
        batch.push_back(offer(each->first, each->second, fits ? each->second.left : 1, now));
    }
    if (!fits) next_batch_ = now + between_batches;
    return batch;
}

/// Each time that a device takes nothing at all, it gets more time.
void Announcements::untaken(Vips rest, Instant now) {
    std::map<InterfaceName, std::uint64_t> refused;
    for (const plan::Announcement& each : rest) {
        refused[each.interface] += each.count;
        Telling* vip = find(each);
        if (vip == nullptr) continue;
        const std::uint32_t most = std::max(vip->left, vip->count);
        vip->left = std::min(most, vip->left + std::min(each.count, vip->offered));
        vip->untold = vip->left > 0 && (vip->untold || (vip->offered_untold && each.count >= vip->offered));
    }
    for (const auto& [interface, frames] : refused) {
        const auto at = devices_.find(interface);
        if (at == devices_.end()) continue;  // no VIP is there any more
        Device& device = at->second;
        const bool fresh = !device.until || now - *device.until > announce_interval;
        if (fresh) device.wait = first_offer;
        const bool nothing = frames >= device.offered;
        if (!fresh && nothing) device.wait = std::min(2 * device.wait, last_offer);
        device.until = now + device.wait;
        if (!nothing) device.stuck_since.reset();
        if (nothing && (fresh || !device.stuck_since)) device.stuck_since = now;
    }
}

std::vector<InterfaceName> Announcements::stuck(Instant now) const {
    std::vector<InterfaceName> names;
    for (const auto& [interface, device] : devices_) {
        if (device.stuck_since && now - *device.stuck_since >= announce_interval) names.push_back(interface);
    }
    return names;
}

std::optional<Instant> Announcements::busy_until(const InterfaceName& interface) const {
    const auto at = devices_.find(interface);
    return at == devices_.end() ? std::nullopt : at->second.until;
}

std::optional<Instant> Announcements::wake_at(Instant now) const {
    std::optional<Instant> wake;
    const auto sooner = [&](const std::optional<Instant>& at) {
        if (!at) return;
        const Instant then = std::max(*at, next_batch_.value_or(*at));
        if (!wake || then < *wake) wake = then;
    };
    for (const auto& [key, vip] : vips_) {
        if (vip.hushed) continue;
        sooner(vip.again_at);
        sooner(vip.refresh_at);
        if (vip.wants()) sooner(std::max(now, busy_until(key.second).value_or(now)));
    }
    return wake;
}

std::size_t Announcements::waiting() const {
    std::size_t frames = 0;
    for (const auto& [key, vip] : vips_) frames += vip.left;
    return frames;
}

BrokenInvariant Announcements::broken_invariant() const {
    const auto all = [&](auto holds) {
        return std::all_of(vips_.begin(), vips_.end(), [&](const auto& each) { return holds(each.second); });
    };
    return first_broken({
        {all([](const Telling& vip) { return vip.left > 0 || !vip.untold; }), "what is news has a frame that waits"},
        {all([](const Telling& vip) { return vip.told_at || (vip.offered == 0 && !vip.offered_untold); }),
         "what was offered was told"},
    });
}

}  // namespace lbconverge::node
