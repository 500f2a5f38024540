#include "sections.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace {

bool says_owner(const toml::table& table) { return table["priority"].value_or(std::int64_t{0}) == 255; }

/// Reads only what the other nodes need to know of a node. When that node itself is configured, its whole table is laid
/// over the top level.
Node read_node(std::string_view name, const toml::table& table, Diagnostics& problems) {
    Reader in({&table}, "a node", problems);
    Node node;
    node.name = name;
    node.source = place(table);
    Role role{};
    if (in.choice("role", role)) node.role = role;
    in.address("address", node.address);
    std::uint8_t priority = 0;
    if (in.number("priority", priority, 1, 255)) node.priority = priority;
    node.owner = says_owner(table);
    if (const toml::array* instances = table["vrrp"].as_array()) {
        for (const toml::node& each : *instances) node.owner |= each.is_table() && says_owner(*each.as_table());
    }
    return node;
}

}  // namespace

std::vector<Node> read_nodes(const toml::table& root, Diagnostics& problems) {
    std::vector<Node> result;
    const toml::node* nodes = root.get("nodes");
    if (nodes == nullptr) return result;
    const toml::table* table = nodes->as_table();
    if (table == nullptr) {
        problems.error(place(*nodes), "\"nodes\" must be a table, not " + std::string(kind_of(*nodes)),
                       "[nodes] lb1 = { role = \"director\", address = \"192.0.2.1\" }");
        return result;
    }
    result.reserve(table->size());
    for (const auto& [key, node] : *table) {
        if (const toml::table* one = node.as_table()) {
            result.push_back(read_node(key.str(), *one, problems));
        } else {
            problems.error(place(node),
                           "node " + in_quotes(key.str()) + " must be a table, not " + std::string(kind_of(node)),
                           std::string(key.str()) + " = { role = \"director\", address = \"192.0.2.1\" }");
        }
    }
    // A wrong word is reported where this node's own role is read.
    Role shared{};
    if (from_text(root["role"].value_or(std::string_view{}), shared)) {
        for (Node& node : result) node.role = node.role.value_or(shared);
    }
    // The syntax tree sorts by name; people count nodes as they wrote them.
    std::stable_sort(result.begin(), result.end(), [](const Node& a, const Node& b) {
        return std::tie(a.source.file, a.source.line, a.source.column) <
               std::tie(b.source.file, b.source.line, b.source.column);
    });
    return result;
}

void Context::index_nodes() {
    nodes_.clear();
    for (const Node& node : config.nodes) nodes_.emplace(node.name, &node);
}

const Node* Context::find_node(std::string_view name) const {
    const auto at = nodes_.find(name);
    return at == nodes_.end() ? nullptr : at->second;
}

}  // namespace lbconverge::config
