// Packets as a row of octets, in network byte order. Internal to wire.
#pragma once

#include "lbconverge/model/address.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace lbconverge::wire {

using Octets = std::span<const std::uint8_t>;

inline Octets octets_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

inline Octets octets_of(const IpAddress& address) { return {address.bytes.data(), address.size()}; }

inline void append(std::vector<std::byte>& packet, Octets octets) {
    const auto bytes = std::as_bytes(octets);
    packet.insert(packet.end(), bytes.begin(), bytes.end());
}

inline void append(std::vector<std::byte>& packet, std::initializer_list<std::uint8_t> octets) {
    append(packet, Octets(octets.begin(), octets.size()));
}

/// Overwrites the octets that are there.
inline void put_be16(std::vector<std::byte>& packet, std::size_t offset, std::uint16_t value) {
    packet[offset] = static_cast<std::byte>(value >> 8);
    packet[offset + 1] = static_cast<std::byte>(value & 0xff);
}

}  // namespace lbconverge::wire
