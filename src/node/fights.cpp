// What other programs had changed and the node has put right, and rows that they change again and again.
#include "lbconverge/node/node.hpp"

#include <algorithm>

namespace lbconverge::node {

using std::chrono::seconds;

namespace {

/// If a row is put back this many times within the window, another program fights for it.
constexpr std::uint32_t fight_times = 5;
constexpr Duration fight_window = seconds(10);

}  // namespace

/// The first rows are named, and the others counted.
void Node::say_of(Level level, const std::vector<std::string>& rows, const Words& words) {
    const std::size_t named = std::min(rows.size(), rows_named);
    for (std::size_t i = 0; i < named; ++i) say(level, words(rows[i], true));
    if (const std::size_t more = rows.size() - named; more > 0) {
        say(level, words(std::to_string(more) + (more == 1 ? " more row" : " more rows"), more == 1));
    }
}

/// Counts that these rows were put back. Returns those of which that is new.
std::vector<std::string> Node::follow(const std::vector<std::string>& rows, Instant now) {
    std::vector<std::string> fresh;
    for (const std::string& id : rows) {
        const auto known = fights_.find(id);
        if (known != fights_.end()) {
            ++known->second.times;
        } else if (fights_.size() < rows_followed) {
            fights_.emplace(id, Fight{1, now});
            fresh.push_back(id);
        } else {
            unfollowed_ = {unfollowed_.times + 1, now};
        }
    }
    return fresh;
}

void Node::count_repairs(const Converged& event, Instant now) {
    std::erase_if(fights_, [&](const auto& each) {
        // Once a fight is slowed down, its next round comes only after the window.
        const bool slowed = each.second.times >= fight_times;
        return now - each.second.since > (slowed ? 2 * fight_window : fight_window);
    });
    const bool more = !event.repaired.empty() || !event.cleared.empty();
    if (more || now - unfollowed_.since > fight_window) unfollowed_ = {};
    say_of(Level::warning, follow(event.repaired, now), [](const std::string& what, bool one) {
        return "put back " + what + ": somebody else had changed " + (one ? "it" : "them");
    });
    say_of(Level::warning, follow(event.cleared, now), [](const std::string& what, bool one) {
        return "removed " + what + ": somebody else had made " + (one ? "it" : "them");
    });
    slow_fights(event, now);
}

void Node::slow_fights(const Converged& event, Instant now) {
    std::vector<std::string> fresh;
    for (const auto* rows : {&event.repaired, &event.cleared}) {
        for (const std::string& id : *rows) {
            const auto fight = fights_.find(id);
            if (fight == fights_.end() || fight->second.times < fight_times) continue;
            if (fight->second.times == fight_times) fresh.push_back(id);
            avoided_[id] = {event.lane, "another program keeps changing it", now + fight_window, {}, true};
            fight->second.since = now;  // the fight goes on
        }
    }
    const std::string pace =
        " put back once per " + std::to_string(std::chrono::duration_cast<seconds>(fight_window).count()) + " s now";
    say_of(Level::error, fresh, [&](const std::string& what, bool one) {
        return "another program keeps changing " + what + "; " + (one ? "it is" : "they are") + pace;
    });
}

}  // namespace lbconverge::node
