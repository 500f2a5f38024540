#include "lbconverge/sim/simulation.hpp"

#include <algorithm>

namespace lbconverge::sim {

namespace {

/// Below this a fault is not made shorter.
constexpr Duration shortest_kept = std::chrono::milliseconds(10);

std::vector<Kept> ids_of(const std::vector<Fault>& faults) {
    std::vector<Kept> kept;
    kept.reserve(faults.size());
    for (const Fault& each : faults) kept.push_back({each.id, each.duration});
    return kept;
}

class Shrinker {
public:
    Shrinker(const Scenario& scenario, const Run& failed, std::size_t tries)
        : scenario_(scenario), best_{ids_of(failed.faults), failed, 0}, tries_(tries) {
        check_ = failed.violations.front().check;
    }

    Shrunk shrink() {
        drop_what_came_later();
        for (std::size_t size = best_.kept.size() / 2; size > 0; size /= 2) remove_groups(size);
        while (remove_groups(1)) {
        }
        for (std::size_t i = 0; i < best_.kept.size(); ++i) shorten(i);
        return std::move(best_);
    }

private:
    /// True: it still fails in the same way, and is the best one now.
    bool attempt(std::vector<Kept> kept) {
        if (best_.tries >= tries_) return false;
        ++best_.tries;
        Scenario smaller = scenario_;
        smaller.kept = kept;
        Run run = simulate(smaller);
        const bool same = std::any_of(run.violations.begin(), run.violations.end(),
                                      [&](const Violation& each) { return each.check == check_; });
        if (!same) return false;
        best_.kept = std::move(kept);
        best_.run = std::move(run);
        return true;
    }

    void drop_what_came_later() {
        std::vector<Kept> kept;
        for (const Fault& each : best_.run.faults) {
            if (each.start <= best_.run.violations.front().at) kept.push_back({each.id, each.duration});
        }
        if (kept.size() < best_.kept.size()) attempt(std::move(kept));
    }

    bool remove_groups(std::size_t size) {
        bool any = false;
        for (std::size_t first = 0; first < best_.kept.size();) {
            std::vector<Kept> fewer = best_.kept;
            const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(first);
            fewer.erase(from, from + static_cast<std::ptrdiff_t>(std::min(size, fewer.size() - first)));
            if (attempt(std::move(fewer))) {
                any = true;
            } else {
                first += size;
            }
        }
        return any;
    }

    void shorten(std::size_t index) {
        for (;;) {
            std::vector<Kept> shorter = best_.kept;
            Duration& duration = shorter[index].duration;
            duration = std::chrono::floor<std::chrono::milliseconds>(duration / 2);
            if (duration < shortest_kept || !attempt(std::move(shorter))) return;
        }
    }

    const Scenario& scenario_;
    Shrunk best_;
    std::size_t tries_;
    std::string check_;
};

}  // namespace

Shrunk shrink(const Scenario& scenario, const Run& failed, std::size_t tries) {
    return Shrinker(scenario, failed, tries).shrink();
}

}  // namespace lbconverge::sim
