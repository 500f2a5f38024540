// IP addresses as plain comparable values. Pure: never resolves a name.
#pragma once

#include "lbconverge/model/enum_names.hpp"

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge {

/// Address family; the numbers are those of AF_INET and AF_INET6 (linux/socket.h).
enum class Family : std::uint8_t { ipv4 = 2, ipv6 = 10 };
constexpr auto names_of(Family) { return enum_names<Family>({{Family::ipv4, "ipv4"}, {Family::ipv6, "ipv6"}}); }

/// An IPv4 or IPv6 address in network byte order; an IPv4 address fills the first four bytes, the rest is zero,
/// which is also the form in which IPVS reports it (linux/ip_vs.h, IPVS_SVC_ATTR_ADDR).
struct IpAddress {
    Family family = Family::ipv4;
    std::array<std::uint8_t, 16> bytes{};

    /// Parses "192.0.2.1" or "2001:db8::1"; nothing else (no name, no prefix, no brackets, no zone).
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress from_bytes(Family family, const std::uint8_t* data);

    [[nodiscard]] std::size_t size() const { return family == Family::ipv4 ? 4 : 16; }
    /// 32 or 128.
    [[nodiscard]] std::uint8_t bits() const { return family == Family::ipv4 ? 32 : 128; }
    [[nodiscard]] bool is_unspecified() const;
    [[nodiscard]] bool is_loopback() const;
    [[nodiscard]] bool is_multicast() const;
    [[nodiscard]] bool is_link_local() const;
    /// The first `prefix` bits are equal (and the family).
    [[nodiscard]] bool in_same_net(const IpAddress& other, std::uint8_t prefix) const;

    /// By family, then by the bytes from the first on.
    friend std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
        if (a.family != b.family) return a.family <=> b.family;
        // A call of memcmp for each comparison of each row would be a good part of the whole comparison.
        const auto high = a.word(0) <=> b.word(0);
        return high != 0 ? high : a.word(8) <=> b.word(8);
    }
    bool operator==(const IpAddress&) const = default;

private:
    [[nodiscard]] std::uint64_t word(std::size_t first) const {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data() + first, sizeof value);
        return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
    }
};

/// The address with all bits after the first `prefix` cleared.
IpAddress network_of(IpAddress address, std::uint8_t prefix);

std::string to_text(const IpAddress& address);
bool from_text(std::string_view text, IpAddress& address);

/// "192.0.2.1:80" or "[2001:db8::1]:80".
std::string with_port(const IpAddress& address, std::uint16_t port);

struct AddressAndPort {
    IpAddress address;
    std::uint16_t port = 0;
};
/// The reverse of with_port; the port must be there.
std::optional<AddressAndPort> parse_with_port(std::string_view text);

struct AddressAndPrefix {
    IpAddress address;
    std::uint8_t prefix = 0;
    bool prefix_given = false;
};
/// "192.0.2.1" (prefix 32), "192.0.2.1/24", "2001:db8::1" (prefix 128), "2001:db8::1/64".
std::optional<AddressAndPrefix> parse_with_prefix(std::string_view text);

}  // namespace lbconverge
