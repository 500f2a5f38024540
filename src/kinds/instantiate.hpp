// The functions that sort and change the rows of a kind are compiled once, at the end of the kind's own file. Private
// to src/kinds.
#pragma once

#include "lbconverge/kinds/kind.hpp"
#include "lbconverge/model/table_code.hpp"

namespace lbconverge::kinds {

template <class Kind>
void Wanted<Kind>::finish() {
    rows.finish();
    const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
    std::sort(held.begin(), held.end(), by_key);
    std::sort(overruled.begin(), overruled.end(), by_key);
    std::sort(unwanted.begin(), unwanted.end());
}

}  // namespace lbconverge::kinds

#define LBCONVERGE_INSTANTIATE_KIND(Self)                                                      \
    template class lbconverge::Table<lbconverge::kinds::Self, lbconverge::kinds::Origin>;      \
    template class lbconverge::Table<lbconverge::kinds::Self, lbconverge::kinds::Self::Facts>; \
    template void lbconverge::kinds::Wanted<lbconverge::kinds::Self>::finish();
