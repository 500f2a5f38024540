// Kind service: IPVS virtual services, by address and port or by firewall mark (linux/ip_vs.h, IPVS_CMD_*_SERVICE).
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

/// IP_VS_SVC_F_* without the kernel's own IP_VS_SVC_F_HASHED.
struct ServiceFlags {
    std::uint32_t bits = 0;

    static constexpr std::uint32_t persistent = 0x1;
    static constexpr std::uint32_t hashed = 0x2;
    static constexpr std::uint32_t one_packet = 0x4;
    static constexpr std::uint32_t scheduler_1 = 0x8;
    static constexpr std::uint32_t scheduler_2 = 0x10;
    static constexpr std::uint32_t scheduler_3 = 0x20;

    auto operator<=>(const ServiceFlags&) const = default;
};
/// "persistent,one-packet,flag-1"; bits without a name as "0x40".
std::string to_text(const ServiceFlags& flags);
bool from_text(std::string_view text, ServiceFlags& flags);

/// The net whose clients count as one client for persistence: IPv4 as a mask in host byte order, IPv6 as a prefix
/// length.
struct Netmask {
    std::uint32_t value = 0xffffffff;
    auto operator<=>(const Netmask&) const = default;
};
/// "255.255.255.0", or "64" (a value of 128 and less is an IPv6 prefix; such IPv4 masks do not occur in practice).
std::string to_text(const Netmask& mask);
bool from_text(std::string_view text, Netmask& mask);

struct Service {
    static constexpr std::string_view name = "service";
    static constexpr bool balancing = true;
    static constexpr std::string_view label = "service";

    struct Key {
        IpAddress vip;                       ///< with fwmark: unspecified, only the family counts
        Protocol protocol = Protocol::none;  ///< none with fwmark
        std::uint16_t port = 0;
        std::uint32_t fwmark = 0;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        ShortName scheduler;
        ServiceFlags flags;
        std::uint32_t persistence = 0;  ///< seconds
        Netmask netmask;
        ShortName engine;

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"scheduler", &Value::scheduler, Show::bare}, Field{"flags", &Value::flags},
                              Field{"persistence", &Value::persistence}, Field{"netmask", &Value::netmask},
                              Field{"engine", &Value::engine}};
        }
    };
    struct Facts {};

    /// "tcp 192.168.100.20:80", "fwmark 7 ipv4"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    LBCONVERGE_KIND_FUNCTIONS(Service)
    static void ask_again(const Reading& reading, std::span<const std::uint32_t> in_pieces, const Observed& observed,
                          wire::Requests& requests);

    /// The attributes that identify a service, as every request about it or its real servers begins.
    static void encode_key(const Key& key, wire::Requests& requests);
    static Key key_of(const config::Service& service);
    /// This node must not balance for the service: it is a real server, or it has role both and another node is master
    /// of the VIP. The service is removed first and at once, else packets loop between the nodes.
    static bool lost(const Key& key, const Inputs& inputs);
};

}  // namespace lbconverge::kinds
