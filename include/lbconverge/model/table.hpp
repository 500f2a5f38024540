// Sorted tables of rows. The desired state and the observed state are both made of them.
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

/// The functions that sort and change a table are compiled once per kind, in the file of that kind (table_code.hpp).
///
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
    [[nodiscard]] Note& note(std::size_t index) { return notes_[index]; }

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

}  // namespace lbconverge
