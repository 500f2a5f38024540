// Which servers stay in a pool although they are down. If too many fail at once, most likely the check is wrong, or
// what it depends on; a pool that is empty serves nobody in any case. So a service keeps a share of its servers
// (config::Service::keep): those that were up last.
#include "lbconverge/health/board.hpp"

#include <algorithm>

namespace lbconverge::health {

using kinds::Service;

namespace {

/// How long a server that is down keeps weight 0 before its row is removed. If it is not dead, requests that are under
/// way can end; clients that are bound to it wait no longer than that.
constexpr Duration leave_grace = std::chrono::milliseconds(500);

}  // namespace

bool Board::is_down(const Member& member) const {
    return member.probe != no_probe && probes_[member.probe].is == Liveness::down;
}

/// Up, or not known yet.
bool Board::serves(const Member& member) const {
    if (member.drained || member.weight == 0 || is_down(member)) return false;
    return member.probe == no_probe || probes_[member.probe].weight.value_or(1) > 0;
}

/// Those that are kept already come first, then those that were up last. A server that has never been up is kept only
/// if there is no other at all: its address may be wrong.
std::vector<std::uint32_t> Board::kept_members(const Pool& pool) const {
    const std::uint32_t serving = pool.live + pool.unknown;
    if (pool.taken_over() || serving >= pool.least) return {};
    std::vector<std::uint32_t> all;
    bool any_was_up = serving > 0;
    for (std::uint32_t i = 0; i < pool.members.size(); ++i) {
        const Member& member = pool.members[i];
        if (member.drained || member.weight == 0 || serves(member)) continue;
        all.push_back(i);
        any_was_up = any_was_up || probes_[member.probe].was_up;
    }
    std::erase_if(all, [&](std::uint32_t each) { return any_was_up && !probes_[pool.members[each].probe].was_up; });
    const auto better = [&](std::uint32_t a, std::uint32_t b) {
        const Member &left = pool.members[a], &right = pool.members[b];
        if (left.kept != right.kept) return left.kept;
        return probes_[left.probe].since > probes_[right.probe].since;
    };
    std::stable_sort(all.begin(), all.end(), better);
    if (all.size() > pool.least - serving) all.resize(pool.least - serving);
    return all;
}

void Board::let_go(Member& member, std::uint32_t pool, std::uint32_t place, Instant from, Instant now) {
    // One that was never up has no clients.
    member.leaves_at = from + (probes_[member.probe].was_up ? leave_grace : Duration{0});
    member.gone = *member.leaves_at <= now;
    if (!member.gone) leaving_.emplace(*member.leaves_at, pool, place);
}

void Board::settle(std::uint32_t index, Instant now) {
    Pool& pool = pools_[index];
    const std::vector<std::uint32_t> kept = kept_members(pool);
    std::vector<bool> stays(pool.members.size());
    for (const std::uint32_t each : kept) stays[each] = true;
    for (std::uint32_t i = 0; i < pool.members.size(); ++i) {
        Member& member = pool.members[i];
        const bool was = std::exchange(member.kept, stays[i]);
        changed_ = changed_ || was != member.kept;
        const bool leaves = is_down(member) && !member.kept;
        if (leaves && !was && member.leaves_at) continue;
        if (member.leaves_at) leaving_.erase({*member.leaves_at, index, i});
        member.leaves_at.reset();
        member.gone = false;
        if (leaves) let_go(member, index, i, was ? now : probes_[member.probe].since, now);
    }
    const std::uint32_t before = std::exchange(pool.kept, static_cast<std::uint32_t>(kept.size()));
    if ((before == 0) != kept.empty()) {
        keep_news_.push_back({pool.key, pool.kept, pool.live, static_cast<std::uint32_t>(pool.members.size())});
    }
    pool.incomplete = !pool.taken_over() && (pool.unknown > 0 || pool.live + pool.kept < pool.least);
}

void Board::settle_all(Instant now) {
    doubtful_.clear();
    leaving_.clear();
    for (std::uint32_t i = 0; i < pools_.size(); ++i) {
        for (std::uint32_t m = 0; m < pools_[i].members.size(); ++m) {
            const Member& member = pools_[i].members[m];
            if (member.leaves_at && !member.gone) leaving_.emplace(*member.leaves_at, i, m);
        }
        settle(i, now);
    }
}

bool Board::take_changed(Instant now) {
    for (const std::uint32_t each : std::exchange(doubtful_, {})) settle(each, now);
    return std::exchange(changed_, false);
}

Result<void> Board::can_drain(const std::vector<kinds::Drained>& drains) const {
    for (const Pool& pool : pools_) {
        if (pool.fallback) continue;
        std::uint32_t left = 0, lost = 0;
        for (const Member& member : pool.members) {
            const kinds::RealServer::Key key{pool.key, member.address, member.port};
            const bool covered =
                std::ranges::any_of(drains, [&](const kinds::Drained& each) { return each.covers(key); });
            if (serves(member)) ++(covered ? lost : left);
        }
        if (lost == 0 || left >= pool.least) continue;
        return lbconverge::fail(ErrorKind::refused,
                                "service " + Service::id(pool.key) + " would have " + std::to_string(left) + " of " +
                                    std::to_string(pool.members.size()) + " servers, and it keeps " +
                                    std::to_string(pool.least),
                                "if that is meant, --force; or another share in the file: keep");
    }
    return {};
}

}  // namespace lbconverge::health
