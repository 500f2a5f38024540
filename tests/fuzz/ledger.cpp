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
        equal = a.drains[i].key == b.drains[i].key && a.drains[i].since == b.drains[i].since &&
                a.drains[i].timeout == b.drains[i].timeout;
    }
    equal = equal && a.unknown == b.unknown;
    for_each_kind([&]<class Kind>() {
        const auto& left = a.get<Kind>();
        const auto& right = b.get<Kind>();
        equal = equal && left.size() == right.size();
        for (std::size_t i = 0; equal && i < left.size(); ++i) {
            equal = left[i].key == right[i].key && left[i].fingerprint == right[i].fingerprint &&
                    left[i].before == right[i].before && left[i].origin == right[i].origin &&
                    left[i].more == right[i].more;
        }
    });
    return equal;
}

void check_health(std::string_view text) {
    constexpr BootTime now{std::chrono::seconds(1'000'000)};
    const std::string written = to_text(parse_health(text, now).health, now);
    const ReadHealth second = parse_health(written, now);
    if (second.damaged.count != 0 || to_text(second.health, now) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_health(text);
    (void)plan::parse_outline(text);
    const Ledger first = plan::parse_ledger(text).ledger;
    if (plan::broken_invariant(first)) std::abort();
    const std::string written = plan::to_text(first);
    const plan::ReadLedger second = plan::parse_ledger(written);
    if (second.damaged.count != 0 || !same(first, second.ledger)) std::abort();
    if (plan::to_text(second.ledger) != written) std::abort();
    return 0;
}
