#include "lbconverge/wire/vrrp.hpp"

#include "checksum.hpp"
#include "vrrp_layout.hpp"

#include <algorithm>
#include <optional>

namespace lbconverge::wire {

namespace {

constexpr std::uint8_t advertisement_type = 1;  // there is no other (RFC 9568 §5.2.2)
constexpr std::size_t auth_size = 8;

/// In version 2, authentication data follow the addresses, also if the type says that there are none (RFC 3768
/// §5.3.10); keepalived and FRR refuse a message without it.
std::size_t size_of(std::uint8_t version, Family family, std::size_t addresses) {
    return vrrp_fixed_size + addresses * IpAddress{family, {}}.size() + (version == 2 ? auth_size : 0);
}

std::uint8_t version_of(Octets message) { return message[0] >> 4; }

/// Of a message that has its fixed part.
bool has_trailer(Octets message, Family family) {
    return message.size() == size_of(version_of(message), family, message[3]) + vrrp_trailer_size;
}

/// The part that the checksum is about.
Octets summed(Octets message, Family family) {
    const bool without_end = family == Family::ipv4 && has_trailer(message, family);
    return without_end ? message.first(message.size() - vrrp_trailer_size) : message;
}

/// Seconds (RFC 3768 §5.3.7) or centiseconds (RFC 9568 §5.2.7).
std::chrono::milliseconds interval_unit(std::uint8_t version) {
    return std::chrono::milliseconds(version == 2 ? 1000 : 10);
}

/// Only version 3 over IPv4 has two possible checksums.
ChecksumDialect dialect_of(std::uint8_t version, Family family, ChecksumDialect wanted) {
    if (family == Family::ipv6) return ChecksumDialect::pseudo_header;
    return version == 2 ? ChecksumDialect::message : wanted;
}

std::uint16_t checksum(Octets message, const IpAddress& source, const IpAddress& destination, ChecksumDialect dialect) {
    const Octets part = summed(message, source.family);
    InternetChecksum sum;
    if (dialect == ChecksumDialect::pseudo_header)
        sum.add_pseudo_header(source, destination, vrrp_protocol, part.size());
    sum.add(part);
    return sum.value();
}

std::optional<ChecksumDialect> fitting_dialect(Octets message, const IpAddress& source, const IpAddress& destination) {
    for (const auto dialect : {ChecksumDialect::pseudo_header, ChecksumDialect::message}) {
        const bool possible = dialect_of(version_of(message), source.family, dialect) == dialect;
        if (possible && checksum(message, source, destination, dialect) == 0) return dialect;
    }
    return std::nullopt;
}

std::chrono::milliseconds interval_of(Octets message) {
    const std::uint8_t version = version_of(message);
    const int high = version == 2 ? 0 : message[4] & 0x0f;  // beside four reserved bits, or the authentication type
    return (high << 8 | message[5]) * interval_unit(version);
}

/// Refusals that are found before the checksum is checked.
std::optional<VrrpRefusal> foreign(Octets message, Family family) {
    if (message.size() < vrrp_fixed_size) return VrrpRefusal::too_short;
    const std::uint8_t version = version_of(message);
    if (version != 3 && (version != 2 || family == Family::ipv6)) return VrrpRefusal::version;
    if ((message[0] & 0x0f) != advertisement_type) return VrrpRefusal::type;
    return std::nullopt;
}

/// Refusals of a message whose checksum is right.
std::optional<VrrpRefusal> malformed(Octets message, Family family) {
    const std::uint8_t vrid = message[1];
    const std::uint8_t count = message[3];
    if (vrid == 0) return VrrpRefusal::vrid_zero;
    if (count == 0) return VrrpRefusal::count_zero;
    const bool exact = message.size() == size_of(version_of(message), family, count);
    if (!exact && !has_trailer(message, family)) return VrrpRefusal::length;
    if (interval_of(message).count() == 0) return VrrpRefusal::interval_zero;
    const bool local = IpAddress::from_bytes(family, message.data() + vrrp_fixed_size).is_link_local();
    if (family == Family::ipv6 && !local) return VrrpRefusal::not_link_local;
    return std::nullopt;
}

/// Of the last octets of a message.
Trailer read_trailer(Octets octets) {
    Trailer trailer{.type = octets[0], .key = octets[1]};
    trailer.reserved = static_cast<std::uint16_t>(octets[2] << 8 | octets[3]);
    for (std::size_t at = 4; at < 12; ++at) trailer.sequence = trailer.sequence << 8 | octets[at];
    std::copy_n(octets.data() + 12, vrrp_hmac_size, trailer.hmac.begin());
    return trailer;
}

void append_trailer(std::vector<std::byte>& message, const Trailer& trailer) {
    append(message, {trailer.type, trailer.key, static_cast<std::uint8_t>(trailer.reserved >> 8),
                     static_cast<std::uint8_t>(trailer.reserved & 0xff)});
    for (int shift = 56; shift >= 0; shift -= 8) {
        append(message, {static_cast<std::uint8_t>(trailer.sequence >> shift & 0xff)});
    }
    append(message, trailer.hmac);
}

/// Of a message that is well-formed.
Advertisement read(Octets message, Family family) {
    Advertisement read{
        .version = version_of(message), .vrid = message[1], .priority = message[2], .interval = interval_of(message)};
    const std::size_t step = IpAddress{family, {}}.size();
    const std::size_t end = vrrp_fixed_size + message[3] * step;
    for (std::size_t at = vrrp_fixed_size; at < end; at += step)
        read.addresses.push_back(IpAddress::from_bytes(family, message.data() + at));
    if (read.version == 2) {
        read.auth_type = message[4];
        std::copy_n(message.data() + end, auth_size, read.auth_data.begin());
    }
    if (has_trailer(message, family)) read.trailer = read_trailer(message.last(vrrp_trailer_size));
    return read;
}

}  // namespace

IpAddress vrrp_group(Family family) {
    if (family == Family::ipv4) return {family, {224, 0, 0, 18}};
    return {family, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12}};
}

std::vector<std::byte> encode(const Advertisement& advertisement, const IpAddress& source, const IpAddress& destination,
                              ChecksumDialect dialect) {
    const std::uint8_t version = advertisement.version;
    const auto interval = static_cast<std::uint16_t>(advertisement.interval / interval_unit(version));
    const auto high = static_cast<std::uint8_t>(interval >> 8);  // the four bits beside it are reserved: zero
    std::vector<std::byte> message;
    message.reserve(size_of(version, source.family, advertisement.addresses.size()) + vrrp_trailer_size);
    append(message, {static_cast<std::uint8_t>(version << 4 | advertisement_type), advertisement.vrid,
                     advertisement.priority, static_cast<std::uint8_t>(advertisement.addresses.size()),
                     version == 2 ? advertisement.auth_type : high, static_cast<std::uint8_t>(interval & 0xff), 0, 0});
    for (const IpAddress& address : advertisement.addresses) append(message, octets_of(address));
    if (version == 2) append(message, advertisement.auth_data);
    if (advertisement.trailer) append_trailer(message, *advertisement.trailer);
    put_be16(message, vrrp_checksum_offset,
             checksum(octets_of(message), source, destination, dialect_of(version, source.family, dialect)));
    return message;
}

tl::expected<Advertisement, VrrpRefusal> decode_advertisement(std::span<const std::byte> message,
                                                              const IpAddress& source, const IpAddress& destination,
                                                              ChecksumDialect* dialect) {
    const Octets octets = octets_of(message);
    if (const auto refusal = foreign(octets, source.family)) return tl::unexpected(*refusal);
    const auto fitting = fitting_dialect(octets, source, destination);
    if (!fitting) return tl::unexpected(VrrpRefusal::checksum);
    if (const auto refusal = malformed(octets, source.family)) return tl::unexpected(*refusal);
    if (dialect != nullptr) *dialect = *fitting;
    return read(octets, source.family);
}

}  // namespace lbconverge::wire
