// Kind arp_filter: VIPs for which a real server answers no ARP, with any settings and on any interface. Requests for
// the VIP are dropped. ARP that the node itself sends with the VIP as sender gets another sender. One row per VIP in
// our own table of nftables' family arp. IPv4 only: for a VIP on lo, IPv6 is quiet by itself.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

struct ArpFilter {
    static constexpr std::string_view name = "arp_filter";
    static constexpr std::string_view label = "filter";
    static constexpr bool on_demand = true;

    struct Key {
        IpAddress vip;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::optional<IpAddress> source;  ///< what outgoing ARP says instead of the VIP
        bool enforced = true;  ///< false: the VIP is in the table, but the rules that use it are missing or wrong

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"source", &Value::source, Show::always}, Field{"enforced", &Value::enforced}};
        }
    };
    struct Facts {};

    /// "192.168.1.200"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(ArpFilter)
};

}  // namespace lbconverge::kinds
