// A node to test with: a configuration as a user writes it, an election, interfaces. Tables as text. Only for tests.
#pragma once

#include "lbconverge/config/document.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/health.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

namespace lbconverge::test {

/// lo, eth0 and eth1 with all their IPv4 settings at 0, and tun0, which speaks no ARP.
inline HostFacts plain_facts() {
    constexpr std::size_t settings = 33;  // as many as Linux 6.1 has
    HostFacts facts;
    for (const char* name : {"lo", "eth0", "eth1", "tun0"}) {
        Interface each{.index = static_cast<std::uint32_t>(facts.interfaces.size() + 1), .name = name, .up = true};
        each.loopback = each.name.is_loopback();
        each.speaks_arp = each.name.view().starts_with("eth");
        each.ipv4_devconf.resize(settings);
        facts.interfaces.push_back(std::move(each));
    }
    facts.ipvs_loaded = true;
    return facts;
}

struct World {
    config::Config config;
    Election election;
    HostFacts facts = plain_facts();
    std::optional<kinds::Health> health{};
    bool release = false;

    [[nodiscard]] kinds::Inputs inputs() const {
        return {config, election, facts, health ? &*health : nullptr, release};
    }
    [[nodiscard]] kinds::Desired desired() const { return kinds::desire(inputs()); }
};

/// The node's configuration must be free of errors.
inline World world(const std::string& toml, Election election = {}, const std::string& node = "") {
    config::Diagnostics problems;
    const config::Document document = config::Document::parse({{"lb.toml", toml}}, problems);
    auto config = document.config_for(node, problems);
    std::string said;
    for (const config::Diagnostic& each : problems.all()) said += config::to_text(each, document.files()) + "\n";
    REQUIRE_MESSAGE(config.has_value(), said);
    return {std::move(*config), std::move(election)};
}

/// "weight=2 upper_threshold=100": the fields that differ from their default.
template <class Value>
std::string fields_text(const Value& value) {
    std::string text;
    const Value plain{};
    for_each_field(value, [&](const auto& field, const auto& member) {
        if (member == plain.*field.member) return;
        text.append(" ").append(field.name).append("=").append(to_text(member));
    });
    return text;
}

/// One line per row: its id, its fields, and why it is wanted when that is not the configuration alone.
template <class Kind, class Note>
std::string rows_text(const Table<Kind, Note>& table) {
    std::string text;
    for (std::size_t i = 0; i < table.size(); ++i) {
        text += Kind::id(table.row(i).key) + fields_text(table.row(i).value);
        if constexpr (std::is_same_v<Note, kinds::Origin>) {
            if (table.note(i).cause == kinds::Cause::election) text += " (election)";
        } else if constexpr (requires { Note::fields(); }) {
            if (const std::string facts = fields_text(table.note(i)); !facts.empty()) text += " |" + facts;
        }
        text += "\n";
    }
    return text;
}

template <class Kind>
std::string held_text(const kinds::Wanted<Kind>& wanted) {
    std::string text;
    for (const auto& each : wanted.held) text += Kind::id(each.key) + ": " + each.reason + "\n";
    return text;
}

/// The key of a row by its id.
template <class Kind>
typename Kind::Key key(std::string_view id) {
    const auto parsed = Kind::parse_id(id);
    REQUIRE_MESSAGE(parsed.has_value(), std::string(id));
    return *parsed;
}

/// The same key again by its own id: what is printed can be read back.
template <class Kind>
bool same_key_again(const typename Kind::Key& key) {
    const auto again = Kind::parse_id(Kind::id(key));
    return again.has_value() && *again == key;
}

}  // namespace lbconverge::test
