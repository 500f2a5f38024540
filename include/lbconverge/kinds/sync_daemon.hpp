// Kind sync_daemon: the threads of IPVS that send connections to the other directors and receive theirs (linux/ip_vs.h,
// IPVS_CMD_*_DAEMON). The kernel has at most one of each state; it keeps them until they are stopped.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

/// Numbers of IP_VS_STATE_*: the master sends, the backup listens.
enum class SyncState : std::uint8_t { master = 1, backup = 2 };
constexpr auto names_of(SyncState) {
    return enum_names<SyncState>({{SyncState::master, "master"}, {SyncState::backup, "backup"}});
}

struct SyncDaemon {
    static constexpr std::string_view name = "sync_daemon";
    static constexpr bool balancing = true;
    static constexpr bool on_demand = true;
    static constexpr std::string_view label = "sync";

    struct Key {
        SyncState state = SyncState::master;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        InterfaceName interface;
        std::uint32_t id = 0;
        IpAddress group;
        std::uint16_t port = 0;
        std::uint8_t ttl = 0;
        Incarnation incarnation{};  ///< of the interface

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"interface", &Value::interface, Show::bare},
                              Field{"id", &Value::id, Show::always},
                              Field{"group", &Value::group, Show::always},
                              Field{"port", &Value::port, Show::always},
                              Field{"ttl", &Value::ttl, Show::always},
                              Field{"incarnation", &Value::incarnation, Show::never}};
        }
    };
    struct Facts {};

    /// "master" or "backup"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(SyncDaemon)
    /// Its interface is not there.
    static std::optional<Error> obstacle(const Change<SyncDaemon>& change, const Facts* facts, const Circumstances& at);
};

}  // namespace lbconverge::kinds
