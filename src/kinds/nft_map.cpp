#include "nft_map.hpp"

#include "lbconverge/kinds/kind.hpp"
#include "lbconverge/wire/nft.hpp"

namespace lbconverge::kinds {

namespace {

constexpr Family families[] = {Family::ipv4, Family::ipv6};

std::string table_of(Family family) { return nft_family(family) + " " + std::string(wire::nft_name); }

/// Brings the table about, however much of it is there (see arp_filter.cpp).
std::string frame_of(const NftMap& map, Family family) {
    const std::string chain = table_of(family) + " " + std::string(map.chain);
    const std::string address = family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr";
    std::string text = "add table " + table_of(family);
    text.append("\nadd map ").append(table_of(family)).append(" ").append(map.name).append(" { type ").append(address);
    text.append(" . inet_proto . inet_service : ").append(map.type).append("; }\nadd chain ").append(chain);
    text.append(" { ").append(map.base).append("; policy accept; }\nflush chain ").append(chain);
    text.append("\nadd rule ").append(chain).append(" meta l4proto { tcp, udp, sctp } ").append(map.deed);
    text.append(" ").append(nft_family(family)).append(" daddr . meta l4proto . th dport map @").append(map.name);
    return text + " comment \"lbconverge\"\n";
}

std::string element(std::string_view verb, const NftMap& map, const Destination& key,
                    std::optional<std::uint32_t> value) {
    std::string text(verb);
    text.append(" element ").append(table_of(key.vip.family)).append(" ").append(map.name).append(" { ");
    text.append(to_text(key.vip)).append(" . ").append(to_text(key.protocol)).append(" . ");
    text.append(std::to_string(key.port));
    if (value) text.append(" : ").append(std::to_string(*value));
    return text + " }\n";
}

}  // namespace

std::string nft_family(Family family) { return family == Family::ipv4 ? "ip" : "ip6"; }

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
    const bool enforced = table->intact(chain, "prerouting");
    for (const auto& words : elements->second) {  // address, protocol, port, value
        Destination key;
        std::uint32_t value = 0;
        if (words.size() != 4 || !from_text(words[0], key.vip) || !from_text(words[1], key.protocol)) continue;
        if (from_text(words[2], key.port) && from_text(words[3], value)) f(key, value, enforced);
    }
}

std::string NftMap::change(const Destination& key, std::optional<std::uint32_t> before,
                           std::optional<std::uint32_t> after) const {
    std::string text = after ? frame_of(*this, key.vip.family) : "";
    // A map does not take another value for a key that it has.
    if (before) text += element("delete", *this, key, std::nullopt);
    if (after) text += element("add", *this, key, after);
    return text;
}

}  // namespace lbconverge::kinds
