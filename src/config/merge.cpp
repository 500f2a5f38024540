#include "merge.hpp"

#include "reader.hpp"

#include <utility>

namespace lbconverge::config {

namespace {

// Moving keeps a node's place, copying would not (toml++ resets the source of a copy).
void append(toml::array& into, toml::array&& from) {
    into.reserve(into.size() + from.size());
    for (toml::node& element : from) {
        element.visit([&](auto& concrete) { into.push_back(std::move(concrete)); });
    }
}

void merge_at(const std::string& path, toml::table& into, toml::table&& from, Diagnostics& problems) {
    for (auto&& [key, node] : from) {
        toml::node* existing = into.get(key.str());
        const std::string name = path + std::string(key.str());
        if (existing == nullptr) {
            node.visit([&, &at = key](auto& concrete) { into.insert(at, std::move(concrete)); });
        } else if (existing->is_table() && node.is_table()) {
            merge_at(name + ".", *existing->as_table(), std::move(*node.as_table()), problems);
        } else if (existing->is_array() && node.is_array()) {
            append(*existing->as_array(), std::move(*node.as_array()));
        } else {
            problems.error(place(key.source()), in_quotes(name) + " is given twice", "remove one of them").other =
                place(*existing);
        }
    }
}

}  // namespace

void merge(toml::table& into, toml::table&& from, Diagnostics& problems) {
    merge_at("", into, std::move(from), problems);
}

}  // namespace lbconverge::config
