// Kind link: the tunnel devices through which a real server gets its packets (forwarding method tunnel). The kernel
// makes them itself when the module is loaded (tunl0, ip6tnl0), and they take packets from every director. Restorable:
// a device that is given up is set down again if it was down before.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

struct Link {
    static constexpr std::string_view name = "link";
    static constexpr std::string_view label = "link";
    static constexpr bool restorable = true;

    struct Key {
        InterfaceName interface;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        bool up = false;  ///< false as well where there is no such device yet
        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() { return std::tuple{Field{"up", &Value::up, Show::always}}; }
    };
    struct Facts {};

    /// "tunl0"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(Link)
};

}  // namespace lbconverge::kinds
