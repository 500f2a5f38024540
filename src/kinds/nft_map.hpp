// A map from destinations to numbers, and the rule that uses it, in our tables of nftables' families ip and ip6. The
// kinds redirect and mark share it. Private to src/kinds.
#pragma once

#include "lbconverge/wire/request.hpp"
#include "nft_frame.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge::kinds {

struct NftMap {
    std::string_view name;             ///< of the map
    NftFrame (*frame)(Family family);  ///< of which the map is a part

    /// Both tables.
    static void ask(wire::Requests& requests);

    /// f(destination, value, enforced) for each element of a listing; enforced: the rule is as it must be.
    void decode(const wire::Reply& reply, const std::function<void(const Destination&, std::uint32_t, bool)>& f) const;

    /// The commands that put `after` in the place of `before`; none: no element.
    [[nodiscard]] std::string change(const Destination& key, std::optional<std::uint32_t> before,
                                     std::optional<std::uint32_t> after) const;
};

}  // namespace lbconverge::kinds
