// The functions that sort and change a Table. Only the file that instantiates the tables of a kind includes this. All
// others include table.hpp, so that std::stable_sort is not compiled in thirty files.
#pragma once

#include "lbconverge/model/table.hpp"

namespace lbconverge {

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
