// Kind timeouts: how long IPVS keeps idle connections (linux/ip_vs.h, IPVS_CMD_SET_CONFIG). There is one row per
// setting, so that a setting which the file does not name is neither compared nor written. Restorable.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

/// Numbers of IPVS_CMD_ATTR_TIMEOUT_*.
enum class TimeoutName : std::uint8_t { tcp = 4, tcp_fin = 5, udp = 6 };
constexpr auto names_of(TimeoutName) {
    return enum_names<TimeoutName>(
        {{TimeoutName::tcp, "tcp"}, {TimeoutName::tcp_fin, "tcp_fin"}, {TimeoutName::udp, "udp"}});
}

struct Timeouts {
    static constexpr std::string_view name = "timeouts";
    static constexpr bool balancing = true;
    static constexpr bool on_demand = true;
    static constexpr std::string_view label = "timeout";
    static constexpr bool restorable = true;

    struct Key {
        TimeoutName timeout = TimeoutName::tcp;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::uint32_t seconds = 0;  ///< 1 and more; the kernel takes 0 for "leave as it is"
        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() { return std::tuple{Field{"seconds", &Value::seconds, Show::bare}}; }
    };
    struct Facts {};

    /// "tcp", "tcp_fin", "udp"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(Timeouts)
};

}  // namespace lbconverge::kinds
