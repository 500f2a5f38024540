// Keeping what still has connections. Private to src/plan.
#pragma once

#include "lbconverge/plan/plan.hpp"

namespace lbconverge::plan {

/// The servers that drain now, sorted by key: for the ledger, and for the reader of the plan.
struct Drains {
    std::vector<kinds::DrainingServer> servers;
    std::vector<Deferred> deferred;
};

/// A real server that is not desired any more but still has connections stays with weight 0 for a while: its row
/// becomes desired again, and that of its service, too, if needed.
Drains keep_draining(const kinds::Observed& observed, const kinds::Ledger& ledger, const kinds::Inputs& inputs,
                     BootTime now, kinds::Desired& desired);

/// A server that has left the file stays, with its weight, while those in the file are not enough (Health::incomplete).
void keep_leaving_servers(const kinds::Observed& observed, const kinds::Ledger& ledger, const kinds::Inputs& inputs,
                          kinds::Desired& desired);

/// A VIP that is not in the file any more stays while a removed service on it still has connections: without the VIP,
/// its packets would not arrive. If the plan is not about the tables, the claims of `ledger` say which services those
/// are.
void keep_leaving_vips(const kinds::Observed& observed, const kinds::Ledger& ledger, const kinds::Inputs& inputs,
                       kinds::Desired& desired);

}  // namespace lbconverge::plan
