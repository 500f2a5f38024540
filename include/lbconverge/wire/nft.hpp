// Our tables in nftables as values, read from the JSON listing of libnftables (libnftables-json(5)). The kinds
// arp_filter, redirect and mark write the tables as nft(8) commands, and src/kernel runs these. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::wire {

/// The name of our table in each family, and the comment of each of our rules. All that is in these tables is ours.
constexpr std::string_view nft_name = "lbconverge";

struct NftTable {
    struct Chain {
        std::string base;       ///< "filter input 0 accept": type, hook, priority, policy; empty: no base chain
        std::size_t rules = 0;  ///< all of them
        std::size_t ours = 0;   ///< those with our comment
        std::vector<std::string> words;  ///< of all rules: what they match, what they do, which sets they name
    };
    struct Set {
        /// "ipv4_addr", of a map "ipv4_addr inet_proto : mark"; then other attributes, if it has any
        std::string type;
        std::vector<std::vector<std::string>> elements;  ///< the words of each, a map's value last
    };
    std::string family;
    bool plain = true;  ///< the table itself has no flags: it is neither switched off nor owned by one program
    std::map<std::string, Chain, std::less<>> chains;
    std::map<std::string, Set, std::less<>> sets;  ///< and maps

    /// A table of ours without elements has no effect.
    [[nodiscard]] bool empty() const;
};

/// nullopt: no JSON of a table of ours.
std::optional<NftTable> parse_nft_table(std::string_view json);

}  // namespace lbconverge::wire
