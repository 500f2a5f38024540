#include "nft_map.hpp"

#include "lbconverge/kinds/kind.hpp"
#include "lbconverge/wire/nft.hpp"

namespace lbconverge::kinds {

namespace {

constexpr Family families[] = {Family::ipv4, Family::ipv6};

std::string table_of(Family family) { return nft_family(family) + " " + std::string(wire::nft_name); }

std::string words_of(const Destination& key, std::optional<std::uint32_t> value) {
    std::string text = to_text(key.vip);
    text.append(" . ").append(to_text(key.protocol)).append(" . ").append(std::to_string(key.port));
    return value ? text.append(" : ").append(std::to_string(*value)) : text;
}

}  // namespace

void NftMap::ask(wire::Requests& requests) {
    for (const Family family : families) requests.text(wire::Transport::nft, "list table " + table_of(family), 0);
}

void NftMap::decode(const wire::Reply& reply,
                    const std::function<void(const Destination&, std::uint32_t, bool)>& f) const {
    if (reply.transport != wire::Transport::nft) return;
    const auto table = wire::parse_nft_table(reply.text());
    if (!table || (table->family != "ip" && table->family != "ip6")) return;
    const auto elements = table->sets.find(name);
    if (elements == table->sets.end()) return;
    const bool enforced = frame(table->family == "ip" ? Family::ipv4 : Family::ipv6).enforced(*table);
    for (const auto& words : elements->second.elements) {  // address, protocol, port, value
        Destination key;
        std::uint32_t value = 0;
        if (words.size() != 4 || !from_text(words[0], key.vip) || !from_text(words[1], key.protocol)) continue;
        if (from_text(words[2], key.port) && from_text(words[3], value)) f(key, value, enforced);
    }
}

std::string NftMap::change(const Destination& key, std::optional<std::uint32_t> before,
                           std::optional<std::uint32_t> after) const {
    const std::string family = nft_family(key.vip.family);
    std::string text = after ? frame(key.vip.family).commands() : "";
    // A map does not accept a new value for a key that it already has.
    if (before) text += nft_element("delete", family, name, words_of(key, std::nullopt));
    if (after) text += nft_element("add", family, name, words_of(key, after));
    return text;
}

}  // namespace lbconverge::kinds
