#include "own.hpp"

namespace lbconverge::plan {

using namespace kinds;

bool addresses_have_marks(const Observed& observed) {
    const Seen<Address>& seen = observed.get<Address>();
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        if (seen.note(i).protocol != 0) return true;
    }
    return false;
}

void keep_own_addresses(const Observed& observed, const Ledger& ledger, Desired& desired) {
    Table<Address, Origin>& wanted = desired.get<Address>().rows;
    const Seen<Address>& seen = observed.get<Address>();
    for (std::uint32_t i = 0; i < wanted.size(); ++i) {
        const Row<Address>& row = wanted.row(i);
        const std::uint32_t at = seen.find(row.key);
        if (at == Seen<Address>::npos || seen.row(at).value == row.value) continue;
        const Address::Facts& facts = seen.note(at);
        if (Address::made_by_us(row.key, facts, desired, ledger)) continue;
        if (Address::is_own(row.key, facts, desired, ledger))
            wanted.put(seen.row(at).key, seen.row(at).value, wanted.note(i));
    }
}

}  // namespace lbconverge::plan
