// Kind route: static routes of both families; some of them only the master has. Marked as ours with a routing protocol
// number (rtm_protocol). All have metric 0 (IPv6: 1024, which the kernel uses instead of 0). Routes of a routing daemon
// or of DHCP have other metrics and stay beside them.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

struct Route {
    static constexpr std::string_view name = "route";
    static constexpr std::string_view label = "route";
    static constexpr bool on_demand = true;

    /// rtm_protocol of what we add: 0x4c, "L"; none of /etc/iproute2/rt_protos or linux/rtnetlink.h.
    static constexpr std::uint8_t protocol_tag = 0x4c;

    struct Key {
        IpAddress to;
        std::uint8_t prefix = 0;
        std::uint32_t table = 254;  ///< RT_TABLE_MAIN
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::optional<IpAddress> via;
        InterfaceName
            interface;  ///< only where there is no gateway or a link-local one; else it follows from the gateway
        std::optional<IpAddress> source;

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"via", &Value::via}, Field{"interface", &Value::interface},
                              Field{"source", &Value::source}};
        }
    };
    struct Facts {
        std::uint8_t protocol = 0;  ///< rtm_protocol
        static constexpr auto fields() { return std::tuple{Field{"protocol", &Facts::protocol}}; }
    };

    /// "default", "::/0", "192.0.2.0/24", and " table 100" unless it is the main one
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(Route)
    /// Whose tables lack a desired route that is ours: somebody else's may stand in its place.
    static void ask_more(const Reading& reading, const Observed& observed, wire::Requests& requests);
    /// Somebody else's route to the same destination is not replaced; its interface is not there.
    static std::optional<Error> obstacle(const Change<Route>& change, const Facts* facts, const Circumstances& at);
};

}  // namespace lbconverge::kinds
