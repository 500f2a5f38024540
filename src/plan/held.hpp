// Whether a row must not be changed now. Private to src/plan.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <algorithm>

namespace lbconverge::plan {

template <class Kind>
bool is_held(const typename Kind::Key& key, const kinds::Desired& desired) {
    const auto& held = desired.get<Kind>().held;
    const auto at =
        std::lower_bound(held.begin(), held.end(), key, [](const auto& h, const auto& k) { return h.key < k; });
    return at != held.end() && at->key == key;
}

}  // namespace lbconverge::plan
