// Whom a change of a pool sends to another server: two slot tables, compared.
#include "lbconverge/kinds/choice.hpp"

#include <algorithm>

namespace lbconverge::kinds {

/// Servers of both pools have one numbering here, by address and port.
class SlotTable::Comparison {
public:
    Comparison(const SlotTable& before, const SlotTable& after);

    /// Every client has the same slot in both tables.
    [[nodiscard]] MovedShare slot_by_slot() const;
    /// The slot in one table says nothing about that in the other.
    [[nodiscard]] MovedShare without_relation() const;

private:
    /// Per server, and last for none.
    using Shares = std::vector<double>;

    [[nodiscard]] std::size_t number_of(const SlotTable& table, std::uint32_t server) const;
    [[nodiscard]] static std::pair<std::uint32_t, std::uint32_t> slots(const SlotTable& table);
    [[nodiscard]] Shares fallback_shares(const SlotTable& table) const;
    [[nodiscard]] Shares all_shares(const SlotTable& table, const Shares& fallback) const;
    [[nodiscard]] double same_fallback() const;
    [[nodiscard]] MovedShare of_slot(std::uint32_t slot, double both_open) const;

    const SlotTable& before_;
    const SlotTable& after_;
    std::vector<std::pair<IpAddress, std::uint16_t>> servers_;
    Shares before_fallback_;
    Shares after_fallback_;
};

SlotTable::Comparison::Comparison(const SlotTable& before, const SlotTable& after) : before_(before), after_(after) {
    for (const SlotTable* table : {&before, &after}) {
        for (const PoolServer& each : table->pool_.servers) servers_.push_back(each.key());
    }
    std::sort(servers_.begin(), servers_.end());
    servers_.erase(std::unique(servers_.begin(), servers_.end()), servers_.end());
    before_fallback_ = fallback_shares(before);
    after_fallback_ = fallback_shares(after);
}

std::size_t SlotTable::Comparison::number_of(const SlotTable& table, std::uint32_t server) const {
    if (server == Choice::none) return servers_.size();
    const auto at = std::lower_bound(servers_.begin(), servers_.end(), table.pool_.servers[server].key());
    return static_cast<std::size_t>(at - servers_.begin());
}

/// The first slot that counts, and the end. All clients of a VIP have one slot of dh.
std::pair<std::uint32_t, std::uint32_t> SlotTable::Comparison::slots(const SlotTable& table) {
    const Service::Key& service = table.pool_.service;
    if (table.hash_ != Hash::dh || service.fwmark != 0) return {0, table.size_};
    const std::uint32_t slot = table.slot_of({.destination = service.vip}, 0);
    return {slot, slot + 1};
}

/// Where a search through the table ends, if it may begin anywhere and each step is a throw of dice.
SlotTable::Comparison::Shares SlotTable::Comparison::fallback_shares(const SlotTable& table) const {
    Shares shares(servers_.size() + 1);
    double all = 0;
    for (std::uint32_t slot = 0; slot < table.owners_.size(); ++slot) {
        if (!table.available(slot)) continue;
        shares[number_of(table, table.owners_[slot])] += 1;
        all += 1;
    }
    if (all > 0) std::for_each(shares.begin(), shares.end(), [&](double& each) { each /= all; });
    return shares;
}

SlotTable::Comparison::Shares SlotTable::Comparison::all_shares(const SlotTable& table, const Shares& fallback) const {
    Shares shares(servers_.size() + 1);
    const auto [first, end] = slots(table);
    for (std::uint32_t slot = first; slot < end; ++slot) {
        const std::optional<std::uint32_t> server = table.certain(slot);
        if (server) shares[number_of(table, *server)] += 1;
        for (std::size_t i = 0; !server && i < shares.size(); ++i) shares[i] += fallback[i];
    }
    const double count = end - first;
    std::for_each(shares.begin(), shares.end(), [&](double& each) { each /= count; });
    return shares;
}

/// Both tables are searched with the same steps. The first step at which one of the searches ends is a slot of which
/// nothing else is known; the other search may go on.
double SlotTable::Comparison::same_fallback() const {
    double same = 0;
    double ends = 0;
    for (std::uint32_t slot = 0; slot < before_.owners_.size(); ++slot) {
        const bool here = before_.available(slot);
        const bool there = after_.available(slot);
        if (!here && !there) continue;
        ends += 1;
        const std::size_t old = number_of(before_, before_.owners_[slot]);
        const std::size_t now = number_of(after_, after_.owners_[slot]);
        same += here && there ? (old == now ? 1 : 0) : here ? after_fallback_[old] : before_fallback_[now];
    }
    return ends > 0 ? same / ends : 1;
}

MovedShare SlotTable::Comparison::of_slot(std::uint32_t slot, double both_open) const {
    const std::optional<std::uint32_t> old = before_.certain(slot);
    const std::optional<std::uint32_t> now = after_.certain(slot);
    if (old == Choice::none) return {};
    if (now == Choice::none) return {.refused = 1};
    if (!old && !now) return {.moved = 1 - both_open};
    if (!now) return {.moved = 1 - after_fallback_[number_of(before_, *old)]};
    if (!old) return {.moved = 1 - before_fallback_[number_of(after_, *now)]};
    return {.moved = number_of(before_, *old) == number_of(after_, *now) ? 0.0 : 1.0};
}

MovedShare SlotTable::Comparison::slot_by_slot() const {
    const bool both_search = !before_.owners_.empty() && !after_.owners_.empty();
    const double both_open = both_search ? same_fallback() : 0;
    const auto [first, end] = slots(before_);
    MovedShare sum;
    for (std::uint32_t slot = first; slot < end; ++slot) {
        const MovedShare each = of_slot(slot, both_open);
        sum.moved += each.moved;
        sum.refused += each.refused;
    }
    return {sum.moved / (end - first), sum.refused / (end - first)};
}

MovedShare SlotTable::Comparison::without_relation() const {
    const Shares old = all_shares(before_, before_fallback_);
    const Shares now = all_shares(after_, after_fallback_);
    MovedShare share;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        share.refused += old[i] * now.back();
        share.moved += old[i] * (1 - now.back() - now[i]);
    }
    return share;
}

MovedShare SlotTable::moved(const SlotTable& before, const SlotTable& after) {
    const Comparison comparison(before, after);
    const bool same_slots =
        before.hash_ == after.hash_ && before.size_ == after.size_ && before.by_port() == after.by_port();
    return same_slots ? comparison.slot_by_slot() : comparison.without_relation();
}

}  // namespace lbconverge::kinds
