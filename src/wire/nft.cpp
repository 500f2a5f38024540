#include "lbconverge/wire/nft.hpp"

#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace lbconverge::wire {

namespace {

/// "192.0.2.1", 80, ["key", "value"], {"concat": [...]}: everything in it, from left to right.
void add_words(const Json& json, std::vector<std::string>& words) {
    if (json.is_string()) words.push_back(json.get<std::string>());
    if (json.is_number_unsigned()) words.push_back(std::to_string(json.get<std::uint64_t>()));
    if (json.is_array() || json.is_object()) {
        for (const Json& each : json) add_words(each, words);
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& each : words) text.append(text.empty() ? "" : " ").append(each);
    return text;
}

void add_set(const Json& json, NftTable& table) {
    NftTable::Set& set = table.sets[json.at("name").get<std::string>()];
    std::vector<std::string> type;
    add_words(json.value("type", Json()), type);
    if (json.contains("map")) {
        type.emplace_back(":");
        add_words(json.at("map"), type);
    }
    for (const char* more : {"flags", "timeout", "policy", "size"}) {
        if (json.contains(more)) type.emplace_back(more);
    }
    set.type = joined(type);
    if (!json.contains("elem")) return;
    for (const Json& each : json.at("elem")) add_words(each, set.elements.emplace_back());
}

void add_chain(const Json& json, NftTable& table) {
    std::vector<std::string> base;
    for (const char* part : {"type", "hook", "prio", "policy", "dev"}) {
        if (!json.contains(part)) continue;
        const Json& value = json.at(part);
        base.push_back(value.is_number_integer() ? std::to_string(value.get<std::int64_t>())
                                                 : value.get<std::string>());
    }
    table.chains[json.at("name").get<std::string>()].base = joined(base);
}

/// Like add_words, with the names of what is matched and done.
void add_rule_words(const Json& json, std::vector<std::string>& words) {
    if (!json.is_object()) {
        if (json.is_array()) {
            for (const Json& each : json) add_rule_words(each, words);
        } else {
            add_words(json, words);
        }
        return;
    }
    for (const auto& [name, value] : json.items()) {
        words.push_back(name);
        add_rule_words(value, words);
    }
}

void add_rule(const Json& json, NftTable& table) {
    NftTable::Chain& chain = table.chains[json.at("chain").get<std::string>()];
    ++chain.rules;
    if (json.value("comment", "") == nft_name) ++chain.ours;
    if (json.contains("expr")) add_rule_words(json.at("expr"), chain.words);
}

void add_object(const std::string& type, const Json& json, NftTable& table) {
    if (type == "table") {
        if (json.at("name").get_ref<const std::string&>() != nft_name) return;
        table.family = json.at("family").get<std::string>();
        // libnftables 1.0.6 writes the name of the family in the place of the flag's name. So only the presence of a
        // flag is known.
        table.plain = !json.contains("flags");
    } else if (type == "set" || type == "map") {
        add_set(json, table);
    } else if (type == "chain") {
        add_chain(json, table);
    } else if (type == "rule") {
        add_rule(json, table);
    }
}

}  // namespace

bool NftTable::empty() const {
    return std::ranges::all_of(sets, [](const auto& each) { return each.second.elements.empty(); });
}

std::optional<NftTable> parse_nft_table(std::string_view json) {
    const Result<Json> listing = parse_json(json);
    if (!listing) return std::nullopt;
    try {
        NftTable table;
        for (const Json& object : listing->at("nftables")) {
            for (const auto& [type, value] : object.items()) add_object(type, value, table);
        }
        return table.family.empty() ? std::nullopt : std::optional(std::move(table));
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace lbconverge::wire
