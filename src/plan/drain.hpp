// Keeping what still has connections. Private to src/plan.
#pragma once

#include "lbconverge/plan/plan.hpp"

namespace lbconverge::plan {

/// What drains now, sorted by key: for the ledger, and for who reads the plan.
struct Drains {
    std::vector<kinds::DrainingServer> servers;
    std::vector<Deferred> deferred;
};

/// Real servers that nobody wants any more but that still have connections stay with weight 0 for a while: their rows,
/// and their service's if that is gone too, become desired again.
Drains keep_draining(const kinds::Observed& observed, const kinds::Ledger& ledger, const kinds::Inputs& inputs,
                     BootTime now, kinds::Desired& desired);

/// VIPs that have left the file stay while a service on them that has left it, too, is not done with: its packets would
/// not arrive otherwise. Without the tables in the plan's part, the claims of `ledger` say which services those are.
void keep_leaving_vips(const kinds::Observed& observed, const kinds::Ledger& ledger, const kinds::Inputs& inputs,
                       kinds::Desired& desired);

}  // namespace lbconverge::plan
