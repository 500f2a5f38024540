// Kind mark: which packets get the firewall mark of a service, in our own tables of nftables' families ip and ip6. One
// row per VIP, protocol and port. Packets that the director itself sends get no mark, because the rule sees only
// packets that come in.
#pragma once

#include "lbconverge/kinds/kind.hpp"
#include "lbconverge/model/destination.hpp"

namespace lbconverge::kinds {

struct Mark {
    static constexpr std::string_view name = "mark";
    static constexpr std::string_view label = "mark";
    static constexpr bool on_demand = true;

    using Key = Destination;
    struct Value {
        std::uint32_t fwmark = 0;
        bool enforced = true;  ///< false: the row is in the table, but the rule that uses it is missing or wrong

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"fwmark", &Value::fwmark, Show::always}, Field{"enforced", &Value::enforced}};
        }
    };
    struct Facts {};

    /// "tcp 192.168.1.200:80"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(Mark)
};

}  // namespace lbconverge::kinds
