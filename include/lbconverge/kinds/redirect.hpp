// Kind redirect: a real server without the VIP. What comes for a service of it is handed to the local server by a
// rewritten destination, in our own tables of nftables' families ip and ip6. One row per service.
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
        bool enforced = true;  ///< false: the service is in the table, and its rule is not as it must be

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"to", &Value::to, Show::always}, Field{"enforced", &Value::enforced}};
        }
    };
    struct Facts {};

    /// "tcp 192.168.1.200:80"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    static void desire(const Inputs& inputs, Wanted<Redirect>& wanted);
    static void ask(const Reading& reading, Observed& observed, wire::Requests& requests);
    static void decode(const wire::Reply& reply, const Reading& reading, Observed& observed);
    static Owner owner(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger);
    static Phase phase(const Change<Redirect>& change, const Inputs& inputs);
    static void encode(const Change<Redirect>& change, const HostFacts& facts, std::uint32_t tag,
                       wire::Requests& requests);
    static Error refusal(const Change<Redirect>& change, int error);
};

}  // namespace lbconverge::kinds
