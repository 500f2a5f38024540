// What the board says for metrics: little of each server, and in pieces, since it is asked on the election's thread.
#include "lbconverge/health/board.hpp"

namespace lbconverge::health {

bool Board::add_to(BoardView& view, std::size_t servers) const {
    const std::size_t end = view.servers.size() + servers;
    while (view.services.size() < pools_.size() && view.servers.size() < end) {
        const Pool& pool = pools_[view.services.size()];
        const std::size_t first = view.servers.size();
        for (const Member& member : pool.members) {
            ServerView server{.checked = member.probe != no_probe, .drained = member.drained, .kept = member.kept};
            if (server.checked) {
                const Probe& probe = probes_[member.probe];
                server.is = probe.is;
                server.answered = probe.took.has_value();
                server.took = probe.took.value_or(Duration{0});
            }
            view.servers.push_back(server);
        }
        view.services.push_back({.first_server = first,
                                 .quorum = pool.quorum,
                                 .live = pool.live,
                                 .unknown = pool.unknown,
                                 .kept = pool.kept,
                                 .lacks_quorum = pool.standing == Standing::short_,
                                 .fallback_serves = pool.taken_over()});
    }
    return view.services.size() < pools_.size();
}

std::vector<kinds::Drained> Board::drains(Instant now) const {
    std::vector<kinds::Drained> drains;
    drains.reserve(drains_.size());
    for (const ActiveDrain& each : drains_) {
        drains.push_back(each.what);
        drains.back().age = std::chrono::duration_cast<std::chrono::seconds>(now - each.since);
    }
    return drains;
}

BoardSummary Board::summary() const {
    BoardSummary sum{.probes = probes_.size(), .unknown = unknown_, .down = down_};
    for (const Pool& each : pools_) {
        if (each.standing == Standing::short_) ++sum.services_short;
        if (each.kept > 0) ++sum.services_keeping;
    }
    return sum;
}

}  // namespace lbconverge::health
