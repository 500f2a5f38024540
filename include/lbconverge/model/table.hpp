// Sorted tables of rows: the one container for both what should be and what is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace lbconverge {

template <class Kind>
struct Row {
    typename Kind::Key key{};
    typename Kind::Value value{};

    bool operator==(const Row&) const = default;
};

/// Rows of one kind, with one Note beside each: for the desired state where the row was asked for, for the observed
/// state facts such as connection counts. Notes never take part in a comparison.
template <class Kind, class Note>
class Table {
public:
    void reserve(std::size_t rows) {
        rows_.reserve(rows);
        notes_.reserve(rows);
    }
    void add(typename Kind::Key key, typename Kind::Value value, Note note = {}) {
        rows_.push_back({std::move(key), std::move(value)});
        notes_.push_back(std::move(note));
    }
    /// Sorts by key; of rows with equal keys one stays. Linear when the rows are in order, or in descending runs.
    void finish();

    [[nodiscard]] std::span<const Row<Kind>> rows() const { return rows_; }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] const Row<Kind>& row(std::size_t index) const { return rows_[index]; }
    [[nodiscard]] const Note& note(std::size_t index) const { return notes_[index]; }

    static constexpr std::uint32_t npos = UINT32_MAX;
    /// Index of the row with that key, or npos. The table must be finished.
    [[nodiscard]] std::uint32_t find(const typename Kind::Key& key) const {
        const auto at = std::lower_bound(rows_.begin(), rows_.end(), key,
                                         [](const Row<Kind>& row, const typename Kind::Key& k) { return row.key < k; });
        return at != rows_.end() && at->key == key ? static_cast<std::uint32_t>(at - rows_.begin()) : npos;
    }

    /// For the fake kernel and for tests: changes one row in place, keeping the order.
    void put(const typename Kind::Key& key, const typename Kind::Value& value, const Note& note = {});
    void erase(const typename Kind::Key& key);

private:
    void reverse_descending_runs();
    [[nodiscard]] bool in_order() const;

    std::vector<Row<Kind>> rows_;
    std::vector<Note> notes_;
};

template <class Kind, class Note>
void Table<Kind, Note>::reverse_descending_runs() {
    for (std::size_t start = 0; start < rows_.size();) {
        std::size_t end = start + 1;
        while (end < rows_.size() && rows_[end].key < rows_[end - 1].key) ++end;
        std::reverse(rows_.begin() + static_cast<std::ptrdiff_t>(start),
                     rows_.begin() + static_cast<std::ptrdiff_t>(end));
        std::reverse(notes_.begin() + static_cast<std::ptrdiff_t>(start),
                     notes_.begin() + static_cast<std::ptrdiff_t>(end));
        start = end;
    }
}

template <class Kind, class Note>
bool Table<Kind, Note>::in_order() const {
    return std::adjacent_find(rows_.begin(), rows_.end(),
                              [](const Row<Kind>& a, const Row<Kind>& b) { return !(a.key < b.key); }) == rows_.end();
}

template <class Kind, class Note>
void Table<Kind, Note>::finish() {
    // IPVS lists the servers of a service newest first, so a table that was loaded in order comes back in
    // descending runs: turning them round is all the sorting that is needed, without a second copy of the table.
    if (!in_order()) reverse_descending_runs();
    if (in_order()) return;

    std::vector<std::uint32_t> order(rows_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return rows_[a].key < rows_[b].key; });
    std::vector<Row<Kind>> rows;
    std::vector<Note> notes;
    rows.reserve(rows_.size());
    notes.reserve(rows_.size());
    for (const std::uint32_t i : order) {
        if (!rows.empty() && rows.back().key == rows_[i].key) continue;
        rows.push_back(std::move(rows_[i]));
        notes.push_back(std::move(notes_[i]));
    }
    rows_ = std::move(rows);
    notes_ = std::move(notes);
}

template <class Kind, class Note>
void Table<Kind, Note>::put(const typename Kind::Key& key, const typename Kind::Value& value, const Note& note) {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), key,
                                     [](const Row<Kind>& row, const typename Kind::Key& k) { return row.key < k; });
    const auto index = at - rows_.begin();
    if (at != rows_.end() && at->key == key) {
        at->value = value;
        notes_[static_cast<std::size_t>(index)] = note;
        return;
    }
    rows_.insert(at, {key, value});
    notes_.insert(notes_.begin() + index, note);
}

template <class Kind, class Note>
void Table<Kind, Note>::erase(const typename Kind::Key& key) {
    const std::uint32_t index = find(key);
    if (index == npos) return;
    rows_.erase(rows_.begin() + index);
    notes_.erase(notes_.begin() + index);
}

}  // namespace lbconverge
