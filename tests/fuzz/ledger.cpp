// Any text as a ledger, and as what health and the operator have said. What is read is written, and that is read as the
// same.
#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/kinds/health.hpp"

#include <cstdlib>
#include <string_view>

using namespace lbconverge;
using namespace lbconverge::kinds;

namespace {

/// Not by their text, which is what is being tested.
bool same(const Ledger& a, const Ledger& b) {
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

void check_health(std::string_view text) {
    constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
    const auto first = parse_health(text, now);
    if (!first) return;
    const std::string written = to_text(*first, now);
    const auto second = parse_health(written, now);
    if (!second || to_text(*second, now) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_health(std::string_view(reinterpret_cast<const char*>(data), size));
    const auto first = plan::parse_ledger(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!first) return 0;
    if (plan::broken_invariant(*first)) std::abort();
    const auto second = plan::parse_ledger(plan::to_text(*first));
    if (!second || !same(*first, *second)) std::abort();
    return 0;
}
