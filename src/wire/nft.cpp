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

void add_set(const Json& json, NftTable& table) {
    auto& elements = table.sets[json.at("name").get<std::string>()];
    if (!json.contains("elem")) return;
    for (const Json& each : json.at("elem")) add_words(each, elements.emplace_back());
}

void add_object(const std::string& type, const Json& json, NftTable& table) {
    if (type == "table") {
        if (json.at("name").get_ref<const std::string&>() == nft_name)
            table.family = json.at("family").get<std::string>();
    } else if (type == "set" || type == "map") {
        add_set(json, table);
    } else if (type == "chain") {
        table.chains[json.at("name").get<std::string>()].hook = json.value("hook", "");
    } else if (type == "rule") {
        NftTable::Chain& chain = table.chains[json.at("chain").get<std::string>()];
        ++chain.rules;
        if (json.value("comment", "") == nft_name) ++chain.ours;
    }
}

}  // namespace

bool NftTable::intact(std::string_view chain, std::string_view hook) const {
    const auto at = chains.find(chain);
    return at != chains.end() && at->second.hook == hook && at->second.rules == 1 && at->second.ours == 1;
}

bool NftTable::empty() const {
    return std::ranges::all_of(sets, [](const auto& each) { return each.second.empty(); });
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
