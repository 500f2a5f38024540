// Kind redirect: a real server without the VIP. A rule rewrites the destination of packets for a service, so that the
// local server gets them. The rule is in our own tables of nftables' families ip and ip6. One row per service.
#pragma once

#include "lbconverge/kinds/kind.hpp"
#include "lbconverge/model/destination.hpp"

namespace lbconverge::kinds {

struct Redirect {
    static constexpr std::string_view name = "redirect";
    static constexpr std::string_view label = "redirect";
    static constexpr bool on_demand = true;

    using Key = Destination;
    struct Value {
        std::uint16_t to = 0;  ///< the local server's port
        bool enforced = true;  ///< false: the service is in the table, but the rule that uses it is missing or wrong

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"to", &Value::to, Show::always}, Field{"enforced", &Value::enforced}};
        }
    };
    struct Facts {};

    /// "tcp 192.168.1.200:80"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(Redirect)
};

}  // namespace lbconverge::kinds
