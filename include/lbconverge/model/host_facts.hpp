// What is true of a node besides the state that is converged: its network interfaces and what its kernel offers.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace lbconverge {

struct Interface {
    std::uint32_t index = 0;
    InterfaceName name;
    bool up = false;
    bool carrier = true;  ///< the link can carry packets (IFF_RUNNING)
    bool loopback = false;
    bool speaks_arp = false;                     ///< neither loopback nor IFF_NOARP
    std::array<std::uint8_t, 6> link_address{};  ///< MAC; zero where the link has none of that size
    std::optional<IpAddress> address;            ///< its first IPv4 address
    /// IFLA_INET_CONF: value of setting id N at index N-1; empty when the kernel did not say (IPv4 off on the link).
    std::vector<std::uint32_t> ipv4_devconf;

    bool operator==(const Interface&) const = default;
};

struct HostFacts {
    std::vector<Interface> interfaces;
    bool ipvs_loaded = false;  ///< module ip_vs is in the kernel
    // Values of net.ipv4.conf.all. The kernel uses the larger of this and of the interface's own value.
    std::uint32_t all_arp_ignore = 0;
    std::uint32_t all_arp_announce = 0;
    /// net.ipv4.vs.expire_nodest_conn: a packet of a connection whose real server has no row ends the connection.
    bool expire_nodest_conn = false;

    [[nodiscard]] const Interface* interface(const InterfaceName& name) const {
        for (const Interface& each : interfaces) {
            if (each.name == name) return &each;
        }
        return nullptr;
    }
    [[nodiscard]] const Interface* interface(std::uint32_t index) const {
        for (const Interface& each : interfaces) {
            if (each.index == index) return &each;
        }
        return nullptr;
    }
};

}  // namespace lbconverge
