// How our tables in nftables are made, and whether a table still looks like that. Private to src/kinds.
#pragma once

#include "lbconverge/model/destination.hpp"
#include "lbconverge/wire/nft.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::kinds {

/// A chain with its one rule.
struct NftChain {
    std::string_view name;
    std::string_view made;                ///< "type filter hook input priority 0"; its policy is accept
    std::string_view base;                ///< the same as NftTable::Chain::base says it
    std::string rule;                     ///< without the comment
    std::vector<std::string_view> words;  ///< if one of them is missing, it is another rule
};

struct NftSet {
    std::string_view name;
    std::string key;         ///< "ipv4_addr . inet_proto"
    std::string_view value;  ///< of a map; empty: a set
};

/// Sets and chains that belong together: they are made with the first element and removed with the last one.
struct NftFrame {
    std::string family;
    std::vector<NftSet> sets;
    std::vector<NftChain> chains;

    /// The commands that make the frame. Parts of it may be there already: adding what exists changes nothing, and each
    /// chain is emptied before it gets its rule. The frame and the element after it are one transaction.
    [[nodiscard]] std::string commands() const;
    /// Each chain is there with exactly its rule, and nothing else is in the table.
    [[nodiscard]] bool enforced(const wire::NftTable& table) const;
};

/// "ip" or "ip6".
std::string nft_family(Family family);

NftFrame arp_filter_frame();
NftFrame redirect_frame(Family family);
NftFrame mark_frame(Family family);

/// "add element arp lbconverge vips { 192.0.2.1 }"
std::string nft_element(std::string_view verb, std::string_view family, std::string_view set, std::string_view words);

}  // namespace lbconverge::kinds
