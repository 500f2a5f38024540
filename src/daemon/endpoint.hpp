// Addresses in the form that the system calls use. Private to src/daemon.
#pragma once

#include "lbconverge/model/address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace lbconverge::daemon {

struct Endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;

    Endpoint(const IpAddress& address, std::uint16_t port) {
        if (address.family == Family::ipv4) {
            auto& in = reinterpret_cast<sockaddr_in&>(storage);
            in.sin_family = AF_INET;
            in.sin_port = htons(port);
            std::memcpy(&in.sin_addr, address.bytes.data(), sizeof in.sin_addr);
            size = sizeof in;
        } else {
            auto& in = reinterpret_cast<sockaddr_in6&>(storage);
            in.sin6_family = AF_INET6;
            in.sin6_port = htons(port);
            std::memcpy(&in.sin6_addr, address.bytes.data(), sizeof in.sin6_addr);
            size = sizeof in;
        }
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

inline IpAddress address_of(const sockaddr_storage& from) {
    if (from.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(from);
        return IpAddress::from_bytes(Family::ipv4, reinterpret_cast<const std::uint8_t*>(&in.sin_addr));
    }
    const auto& in = reinterpret_cast<const sockaddr_in6&>(from);
    return IpAddress::from_bytes(Family::ipv6, in.sin6_addr.s6_addr);
}

}  // namespace lbconverge::daemon
