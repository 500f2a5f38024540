// VRRP advertisements as values and as bytes: version 3 (RFC 9568 §5.2) and version 2 (RFC 3768 §5.3), IPv4 and IPv6,
// with or without the trailer of a signed one (draft-cassen-vrrp-auth-hmac; wire/signature.hpp signs and verifies).
// Pure. This code finds packets that are wrong in themselves; vrrp/machine.hpp decides whether a packet fits this
// node's configuration.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/result.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lbconverge::wire {

using lbconverge::to_text;

/// IP protocol number and next header of VRRP (RFC 9568 §5.1.1.4, §5.1.2.4).
constexpr std::uint8_t vrrp_protocol = 112;
/// TTL and hop limit of every advertisement (RFC 9568 §5.1.1.3, §5.1.2.3).
constexpr std::uint8_t vrrp_ttl = 255;
/// 224.0.0.18 or ff02::12 (RFC 9568 §5.1.1.2, §5.1.2.2).
IpAddress vrrp_group(Family family);

/// What a version 3 checksum over IPv4 covers. RFC 5798 could be read either way and RFC 9568 §5.2.8 says the message
/// alone, but keepalived and FRR put the pseudo-header before it. IPv6 always has it, version 2 never.
enum class ChecksumDialect : std::uint8_t { pseudo_header, message };

/// What follows a signed advertisement: 28 octets.
struct Trailer {
    std::uint8_t type = 1;       ///< 1: HMAC-SHA256, of which the first 16 octets are sent
    std::uint8_t key = 1;        ///< id of the key
    std::uint16_t reserved = 0;  ///< must be 0
    /// UTC in seconds (32 bits) and 1/65536 s (16 bits), and a counter (16 bits): each one that is sent is greater.
    std::uint64_t sequence = 0;
    std::array<std::uint8_t, 16> hmac{};

    bool operator==(const Trailer&) const = default;
};

struct Advertisement {
    std::uint8_t version = 3;
    std::uint8_t vrid = 1;        ///< 1 to 255
    std::uint8_t priority = 100;  ///< 0: the sender gives up; 255: it owns the addresses
    /// Version 3: a multiple of 10 ms, 10 ms to 40.95 s; version 2: whole seconds, 1 to 255.
    std::chrono::milliseconds interval{1000};
    std::vector<IpAddress> addresses;  ///< all of one family; of IPv6, the first is link-local (RFC 9568 §5.2.9)
    std::uint8_t auth_type = 0;        ///< version 2: 0 none, 1 simple password (RFC 2338 §5.3.6)
    std::array<std::uint8_t, 8> auth_data{};
    std::optional<Trailer> trailer{};  ///< version 2 and 3: it is signed

    bool operator==(const Advertisement&) const = default;
};

/// Why a packet is not an advertisement. The order is that of the checks.
enum class VrrpRefusal : std::uint8_t {
    too_short,
    version,  ///< neither 2 nor 3; or version 2 over IPv6
    type,     ///< not 1, advertisement
    checksum,
    vrid_zero,
    count_zero,      ///< no address (RFC 9568 erratum 8299)
    length,          ///< not exactly what its count and version ask for, with or without a trailer
    interval_zero,   ///< would mean "take over at once" (RFC 9568 erratum 8301)
    not_link_local,  ///< IPv6: the first address must be (RFC 9568 §5.2.9, erratum 8300)
};
constexpr auto names_of(VrrpRefusal) {
    return enum_names<VrrpRefusal>({{VrrpRefusal::too_short, "too short"},
                                    {VrrpRefusal::version, "version"},
                                    {VrrpRefusal::type, "type"},
                                    {VrrpRefusal::checksum, "checksum"},
                                    {VrrpRefusal::vrid_zero, "virtual router id 0"},
                                    {VrrpRefusal::count_zero, "no address"},
                                    {VrrpRefusal::length, "length"},
                                    {VrrpRefusal::interval_zero, "interval 0"},
                                    {VrrpRefusal::not_link_local, "first address not link-local"}});
}
constexpr std::size_t vrrp_refusal_count = 9;
/// "checksum", "no address", …: for counters and messages.

/// The VRRP message with its checksum, without IP header. Over IPv4 the checksum does not cover a trailer, over IPv6 it
/// does: there kernels write it. `source` and `destination` are those of the IP header. The
/// values must be in the ranges that Advertisement names, with at most 255 addresses.
std::vector<std::byte> encode(const Advertisement& advertisement, const IpAddress& source, const IpAddress& destination,
                              ChecksumDialect dialect);

/// The reverse. Over IPv4 both dialects of the version 3 checksum are good; reserved bits are ignored (RFC 9568
/// §5.2.6). `dialect`, if not null, is set to the one that fits; after a refusal it is unchanged. Never reads outside
/// of `message`.
tl::expected<Advertisement, VrrpRefusal> decode_advertisement(std::span<const std::byte> message,
                                                              const IpAddress& source, const IpAddress& destination,
                                                              ChecksumDialect* dialect = nullptr);

}  // namespace lbconverge::wire
