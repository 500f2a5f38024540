// Our tables in nftables as values: what libnftables' JSON listing of one says (libnftables-json(5)). Written by kinds
// arp_filter, redirect and mark as nft(8) text, read through here. Pure: src/kernel runs the commands.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::wire {

/// The name of our table in each family, and the comment of each of our rules. What is in the tables is ours.
constexpr std::string_view nft_name = "lbconverge";

struct NftTable {
    struct Chain {
        std::string base;       ///< "filter input 0 accept": type, hook, priority, policy; empty: no base chain
        std::size_t rules = 0;  ///< all of them
        std::size_t ours = 0;   ///< those with our comment
        std::vector<std::string> words;  ///< of all rules: what they match, what they do, which sets they name
    };
    struct Set {
        std::string type;  ///< "ipv4_addr", of a map "ipv4_addr inet_proto : mark"; what is said besides follows
        std::vector<std::vector<std::string>> elements;  ///< the words of each, a map's value last
    };
    std::string family;
    bool plain = true;  ///< nothing is said of the table itself: it is neither switched off nor somebody's own
    std::map<std::string, Chain, std::less<>> chains;
    std::map<std::string, Set, std::less<>> sets;  ///< and maps

    /// Without any element a table of ours has no effect.
    [[nodiscard]] bool empty() const;
};

/// nullopt: no JSON of a table of ours.
std::optional<NftTable> parse_nft_table(std::string_view json);

}  // namespace lbconverge::wire
