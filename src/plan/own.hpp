// The node's own addresses that the file names as VIPs. Private to src/plan.
#pragma once

#include "lbconverge/kinds/all.hpp"

namespace lbconverge::plan {

/// The kernel keeps the marks of addresses (IFA_PROTO, since 5.18): it marks those of lo itself.
bool addresses_have_marks(const kinds::Observed& observed);

/// What the file wants of an own address that we did not make is that it is there: to change it would mean to remove it
/// for a moment, and its routes with it.
void keep_own_addresses(const kinds::Observed& observed, const kinds::Ledger& ledger, kinds::Desired& desired);

}  // namespace lbconverge::plan
