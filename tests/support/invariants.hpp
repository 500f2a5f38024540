// The invariants I1 to I6 of a node, judged on its whole state. Written apart from src/plan/safety.cpp and on other
// data (all of the node, not only what a plan knows), so that the two can be held against each other.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace lbconverge::test {

/// What a run began with.
struct Situation {
    const config::Config& config;
    const Election& election;
    const kinds::Observed& start;
    const kinds::Ledger& ledger;
    BootTime now;
    bool release = false;
};

struct Broken {
    std::string invariant;  ///< "I1" to "I6"
    std::string vip;        ///< for I5 and I6: the row
    std::string detail;     ///< the interface or service
    auto operator<=>(const Broken&) const = default;
};

/// Everything that is broken in `node`, whether or not it was at the start.
std::set<Broken> broken_invariants(const kinds::Observed& node, const Situation& situation);

/// Nobody configured it and it was never ours.
bool foreign_service(const Situation& situation, const kinds::Service::Key& key);

/// The node's own, or somebody else's: it stays, whatever happens.
bool foreign_address(const Situation& situation, const kinds::Address::Key& key);

/// Those of `now` that are not in `before`, one per line; empty when there are none.
std::string newly_broken(const std::set<Broken>& now, const std::set<Broken>& before);

}  // namespace lbconverge::test
