// A map from destinations to numbers, and the one rule that looks them up, in our tables of nftables' families ip and
// ip6. What kinds redirect and mark have in common. Private to src/kinds.
#pragma once

#include "lbconverge/model/destination.hpp"
#include "lbconverge/wire/request.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge::kinds {

struct NftMap {
    std::string_view name;
    std::string_view type;   ///< of the values: "inet_service"
    std::string_view chain;  ///< which has nothing but the rule, at hook prerouting
    std::string_view base;   ///< of the chain: "type nat hook prerouting priority dstnat"
    std::string_view deed;   ///< of the rule, up to the value: "redirect to :"

    /// Both tables.
    static void ask(wire::Requests& requests);

    /// f(destination, value, enforced) for each element of a listing; enforced: the rule is as it must be.
    void decode(const wire::Reply& reply, const std::function<void(const Destination&, std::uint32_t, bool)>& f) const;

    /// The commands that put `after` in the place of `before`; none: no element.
    [[nodiscard]] std::string change(const Destination& key, std::optional<std::uint32_t> before,
                                     std::optional<std::uint32_t> after) const;
};

/// "ip" or "ip6".
std::string nft_family(Family family);

}  // namespace lbconverge::kinds
