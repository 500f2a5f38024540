// Judges the invariants I1 to I6 of a node on its whole state. This code is independent of src/plan/safety.cpp and uses
// other data (all of the node, not only what a plan knows), so that each of the two checks the other.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace lbconverge::test {

/// The state at the beginning of a run.
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

/// Everything that is broken in `node`, also if it was broken at the start.
std::set<Broken> broken_invariants(const kinds::Observed& node, const Situation& situation);

/// The service is not configured and was never ours.
bool foreign_service(const Situation& situation, const kinds::Service::Key& key);

/// The address is the node's own, or foreign: it must stay in any case.
bool foreign_address(const Situation& situation, const kinds::Address::Key& key);

/// The entries of `now` that are not in `before`, one per line; empty: there are none.
std::string newly_broken(const std::set<Broken>& now, const std::set<Broken>& before);

}  // namespace lbconverge::test
