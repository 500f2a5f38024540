// What is always true of a Board: its indexes and counts say the same as its probes.
#include "lbconverge/health/board.hpp"

#include <algorithm>

namespace lbconverge::health {

BrokenInvariant Board::broken_invariant() const {
    std::size_t members = 0, begun = 0, unknown = 0, down = 0, exceptions = 0, places = 0;
    for (std::uint32_t i = 0; i < probes_.size(); ++i) {
        if (auto broken = broken_probe(i)) return broken;
        const Probe& probe = probes_[i];
        begun += probe.begun ? 1 : 0;
        unknown += probe.is == Liveness::unknown ? 1 : 0;
        down += probe.is == Liveness::down ? 1 : 0;
        exceptions += probe.is != Liveness::up || probe.weight ? 1 : 0;
        places += probe.places.size();
    }
    std::size_t leaving = 0;
    for (const Pool& pool : pools_) {
        if (auto broken = broken_pool(pool)) return broken;
        for (const Member& each : pool.members) leaving += each.leaves_at && !each.gone ? 1 : 0;
        members += static_cast<std::size_t>(std::count_if(pool.members.begin(), pool.members.end(),
                                                          [](const Member& each) { return each.probe != no_probe; }));
    }
    // With what broken_probe says of each, equal sizes mean equal contents.
    return first_broken({
        {places == members, "each checked server is a place of one probe"},
        {by_id_.size() == probes_.size(), "each probe is found by its own id"},
        {due_.size() == begun, "exactly the probes that have begun are due at some time"},
        {unknown_ == unknown, "the unknown probes are counted"},
        {down_ == down, "the probes that are down are counted"},
        {leaving_.size() == leaving, "exactly the servers that will leave the pool are due to"},
        {exceptions_.size() == exceptions, "the exceptions are the probes that are not simply up"},
    });
}

BrokenInvariant Board::broken_probe(std::uint32_t index) const {
    const Probe& probe = probes_[index];
    const auto at = by_id_.find(probe.id);
    const bool placed = std::all_of(probe.places.begin(), probe.places.end(), [&](const auto& place) {
        return place.first < pools_.size() && place.second < pools_[place.first].members.size() &&
               pools_[place.first].members[place.second].probe == index;
    });
    const bool exception = probe.is != Liveness::up || probe.weight;
    const std::uint32_t limit = probe.is == Liveness::up ? probe.check->fall : probe.check->rise;
    return first_broken({
        {at != by_id_.end() && at->second == index && probe.id <= last_id_, "a probe is found by its id"},
        {placed && !probe.places.empty(), "a probe has places, and their servers name it"},
        {!probe.begun || due_.contains({probe.next, index}), "a probe that has begun is due at its next time"},
        {!probe.running || (probe.begun && probe.run > 0), "a probe that runs has begun and was asked"},
        {!exception || exceptions_.contains(index), "a probe that is not simply up is an exception"},
        {probe.row == 0 || (probe.row < limit && probe.is != Liveness::unknown), "a probe in doubt has not decided"},
    });
}

BrokenInvariant Board::broken_pool(const Pool& pool) const {
    Pool again;
    for (const Member& member : pool.members) count(again, member, true);
    const bool drains_agree = std::all_of(pool.members.begin(), pool.members.end(),
                                          [&](const Member& each) { return each.drained == drained(pool, each); });
    const bool doubtful = doubtful_.contains(static_cast<std::uint32_t>(&pool - pools_.data()));
    const auto kept =
        static_cast<std::uint32_t>(std::ranges::count_if(pool.members, [](const Member& each) { return each.kept; }));
    const bool holds = std::ranges::all_of(pool.members, [&](const Member& each) {
        return (!each.kept || !serves(each)) && (!each.leaves_at || (is_down(each) && !each.kept)) &&
               (!each.gone || each.leaves_at);
    });
    return first_broken({
        {again.live == pool.live, "a pool's servers that are up are counted"},
        {again.unknown == pool.unknown, "a pool's servers that are unknown are counted"},
        {doubtful || pool.kept == kept, "a pool's servers that stay although they are down are counted"},
        {doubtful || holds, "a server stays or leaves only while it is down, or its check says weight 0"},
        {drains_agree, "a server is drained if, and only if, a drain covers it"},
        {standing_of(pool) == pool.standing, "a pool's standing follows from its counts"},
    });
}

}  // namespace lbconverge::health
