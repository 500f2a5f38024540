// How our tables in nftables are made, and whether one is as it was made. Private to src/kinds.
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
    std::vector<std::string_view> words;  ///< without which it would be another rule
};

struct NftSet {
    std::string_view name;
    std::string key;         ///< "ipv4_addr . inet_proto"
    std::string_view value;  ///< of a map; empty: a set
};

/// What belongs together: all of it comes and goes with the first element and the last one.
struct NftFrame {
    std::string family;
    std::vector<NftSet> sets;
    std::vector<NftChain> chains;

    /// The commands that bring it about, however much of it is there: adding what exists changes nothing, and each
    /// chain is flushed before it gets its rule. All of it, and the element behind it, is one transaction.
    [[nodiscard]] std::string commands() const;
    /// The chains are there with their one rule each, in a table in which nothing else is.
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
