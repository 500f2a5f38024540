// Any text as a ledger. One that is read is written, and that is read as the same.
#include "lbconverge/plan/memory.hpp"

#include <cstdlib>
#include <string_view>

using namespace lbconverge;
using namespace lbconverge::kinds;

namespace {

/// Not by their text, which is what is being tested.
bool same(const Memory& a, const Memory& b) {
    bool equal = a.drains.size() == b.drains.size();
    for (std::size_t i = 0; equal && i < a.drains.size(); ++i) {
        equal = a.drains[i].key == b.drains[i].key && a.drains[i].since == b.drains[i].since;
    }
    for_each_kind([&]<class Kind>() {
        const auto& left = a.get<Kind>();
        const auto& right = b.get<Kind>();
        equal = equal && left.size() == right.size();
        for (std::size_t i = 0; equal && i < left.size(); ++i) {
            equal = left[i].key == right[i].key && left[i].fingerprint == right[i].fingerprint &&
                    left[i].before == right[i].before;
        }
    });
    return equal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto first = plan::parse_memory(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!first) return 0;
    const auto second = plan::parse_memory(plan::to_text(*first));
    if (!second || !same(*first, *second)) std::abort();
    return 0;
}
