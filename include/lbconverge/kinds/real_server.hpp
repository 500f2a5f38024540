// Kind real_server: the destinations of IPVS services (linux/ip_vs.h, IPVS_CMD_*_DEST). They belong to their service:
// every destination of a service of ours is ours.
#pragma once

#include "lbconverge/kinds/service.hpp"

namespace lbconverge::kinds {

struct RealServer {
    static constexpr std::string_view name = "real_server";
    static constexpr bool balancing = true;
    static constexpr std::string_view label = "server";
    using Parent = Service;

    struct Key {
        Service::Key service;
        IpAddress address;
        std::uint16_t port = 0;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        Forward forward = Forward::direct;
        TunnelType tunnel_type = TunnelType::ipip;
        std::uint16_t tunnel_port = 0;
        std::uint16_t tunnel_flags = 0;  ///< IP_VS_TUNNEL_ENCAP_FLAG_*
        std::uint32_t weight = 1;
        std::uint32_t upper_threshold = 0;  ///< connections
        std::uint32_t lower_threshold = 0;

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{
                Field{"forward", &Value::forward, Show::bare},    Field{"tunnel_type", &Value::tunnel_type},
                Field{"tunnel_port", &Value::tunnel_port},        Field{"tunnel_flags", &Value::tunnel_flags},
                Field{"weight", &Value::weight, Show::always},    Field{"upper_threshold", &Value::upper_threshold},
                Field{"lower_threshold", &Value::lower_threshold}};
        }
    };
    struct Facts {
        std::uint32_t active = 0;  ///< established connections
        std::uint32_t inactive = 0;
        std::uint32_t persistent = 0;  ///< templates of persistence: clients that must come back to this server
        /// Place in the kernel's list of the service's servers; 0 is the head, where new ones come (kinds/choice.hpp).
        /// Of a row that a dump in pieces has missed, and that was asked for again, it is a guess.
        std::uint32_t position = 0;
        static constexpr auto fields() {
            return std::tuple{Field{"active", &Facts::active, Show::always},
                              Field{"inactive", &Facts::inactive, Show::always},
                              Field{"persistent", &Facts::persistent}, Field{"position", &Facts::position}};
        }
    };

    static const Service::Key& parent(const Key& key) { return key.service; }
    /// The connections for which a server is kept while it drains: the established ones and the persistence templates.
    /// They end when the server is removed. IPVS never counts a connection of another protocol than TCP as established,
    /// or only for a short time: there each connection that has not timed out counts.
    static std::uint32_t connections(const Key& key, const Facts& facts);

    /// "tcp 192.168.100.20:80 192.168.100.3:80"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);
    /// "192.168.100.3:80"
    static std::string display(const Key& key);

    LBCONVERGE_KIND_FUNCTIONS(RealServer)
    static void ask_again(const Reading& reading, std::span<const std::uint32_t> in_pieces, const Observed& observed,
                          wire::Requests& requests);
};

}  // namespace lbconverge::kinds
