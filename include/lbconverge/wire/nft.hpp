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
        std::string hook;       ///< empty: no base chain
        std::size_t rules = 0;  ///< all of them
        std::size_t ours = 0;   ///< those with our comment
    };
    std::string family;
    std::map<std::string, Chain, std::less<>> chains;
    /// Sets and maps by name: the words of each element, a map's value last.
    std::map<std::string, std::vector<std::vector<std::string>>, std::less<>> sets;

    /// The chain stands at that hook with our one rule and no other.
    [[nodiscard]] bool intact(std::string_view chain, std::string_view hook) const;
    /// Without any element a table of ours has no effect.
    [[nodiscard]] bool empty() const;
};

/// nullopt: no JSON of a table of ours.
std::optional<NftTable> parse_nft_table(std::string_view json);

}  // namespace lbconverge::wire
