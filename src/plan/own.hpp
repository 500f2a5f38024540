// The node's own addresses that the file names as VIPs. Private to src/plan.
#pragma once

#include "lbconverge/kinds/all.hpp"

namespace lbconverge::plan {

/// The kernel keeps the marks of addresses (IFA_PROTO, since 5.18): it marks those of lo itself.
bool addresses_have_marks(const kinds::Observed& observed);

/// An own address that we did not make must only be there: it is not changed, because a change would remove it, and its
/// routes with it, for a moment.
void keep_own_addresses(const kinds::Observed& observed, const kinds::Ledger& ledger, kinds::Desired& desired);

}  // namespace lbconverge::plan
