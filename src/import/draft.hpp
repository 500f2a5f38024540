// One node in our terms: tables of TOML whose values are text already. Private to import.
#pragma once

#include "model.hpp"

#include <utility>

namespace lbconverge::importer {

/// A table of the file. Two tables with the same keys say the same, whatever their comments are.
struct TomlTable {
    std::vector<std::pair<std::string, std::string>> keys;
    Comments comments;
    Place place;

    void set(std::string key, std::string value) { keys.emplace_back(std::move(key), std::move(value)); }
    /// The value; empty: there is none.
    [[nodiscard]] std::string_view get(std::string_view key) const;
    void drop(std::string_view key);
    bool operator==(const TomlTable& other) const { return keys == other.keys; }
};

using TomlTables = std::vector<TomlTable>;

// How values are written.
std::string toml_text(std::string_view text);
std::string toml_list(const std::vector<std::string>& texts);
std::string toml_time(Micros time);

/// What is known of an instance beside its table.
struct InstanceFacts {
    Place place;
    std::string name;
    std::uint32_t priority = 100;
    Place priority_place;
    bool master = false;
    std::optional<IpAddress> source;
    std::vector<IpAddress> peers;
    std::string interface;
};

/// The file of one node, before nodes are compared.
struct Draft {
    std::string name;
    std::uint32_t file = 0;
    std::string interface;  ///< of the top level; empty: several, and each table says its own
    std::vector<InstanceFacts> instances;
    TomlTable sysctl, ipvs, timeouts, sync, daemon;
    TomlTables vip, track, vrrp, group, hook, route, service;
    std::vector<std::string> header;
    // What [nodes] says of this node, once the nodes have been compared.
    std::optional<IpAddress> address;
    std::optional<std::uint32_t> priority;
};

Draft draft_of(NodeModel& node, Remarks& remarks);

// Parts of it, by the file that they are in.
void draft_instances(NodeModel& node, Draft& draft, Remarks& remarks);
void draft_tracks(NodeModel& node, Draft& draft, Remarks& remarks);
void draft_hooks(const NodeModel& node, Draft& draft, Remarks& remarks);
void draft_services(NodeModel& node, Draft& draft, Remarks& remarks);
/// The check of a server as a value of TOML; empty: it has none.
std::string draft_check(const ServiceBlock& service, const ServerBlock& server, std::uint32_t port,
                        const NodeModel& node, Remarks& remarks);
/// The user of a command; empty: the default of lbconverge.
std::string user_of(const Script& script, const NodeModel& node, Place at, Remarks& remarks);

}  // namespace lbconverge::importer
