// Any bytes as a VRRP message. Of the first byte, bit 0 chooses IPv6, bit 1 unicast, and bit 2 has the checksum made
// right before the message is read, in the dialect of bit 3, so that more of them get past it. With bit 4, what can be
// read is signed and must be verified, and not any more with a bit turned over. The rest is the message.
#include "lbconverge/wire/signature.hpp"

#include <cstdlib>
#include <vector>

using namespace lbconverge;
using namespace lbconverge::wire;

namespace {

/// Who sends to whom: as in the captures that the seeds come from, so that their checksums are right.
struct Way {
    IpAddress source;
    IpAddress destination;
};

Way way_of(std::uint8_t choice) {
    const bool ipv6 = (choice & 1) != 0;
    const bool unicast = (choice & 2) != 0;
    const IpAddress source = *IpAddress::parse(ipv6 ? "fe80::ff:fe00:1" : "192.0.2.1");
    const IpAddress peer = *IpAddress::parse(ipv6 ? "fe80::ff:fe00:2" : "192.0.2.2");
    return {source, unicast ? peer : vrrp_group(source.family)};
}

std::uint64_t sum_of(const std::uint8_t* data, std::size_t size) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += std::uint64_t{data[i]} << (i % 2 == 0 ? 8 : 0);
    return sum;
}

/// Octets that the checksum is about: over IPv4 without a trailer.
std::size_t summed(const std::vector<std::uint8_t>& message, Family family) {
    const std::size_t without = 8 + 4 * std::size_t{message[3]} + (message[0] >> 4 == 2 ? 8 : 0);
    return family == Family::ipv4 && message.size() == without + 28 ? without : message.size();
}

void make_checksum_right(std::vector<std::uint8_t>& message, const Way& way, bool pseudo_header) {
    if (message.size() < 8) return;
    message[6] = message[7] = 0;
    const std::size_t size = summed(message, way.source.family);
    std::uint64_t sum = sum_of(message.data(), size);
    if (pseudo_header) {
        sum += sum_of(way.source.bytes.data(), 16) + sum_of(way.destination.bytes.data(), 16);
        sum += vrrp_protocol + size;
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    message[6] = static_cast<std::uint8_t>(~sum >> 8);
    message[7] = static_cast<std::uint8_t>(~sum);
}

/// What the header promises of a value.
bool in_range(const Advertisement& value, Family family) {
    using std::chrono::milliseconds;
    const bool v2 = value.version == 2 && family == Family::ipv4;
    const milliseconds unit(v2 ? 1000 : 10);
    for (const IpAddress& address : value.addresses)
        if (address.family != family) return false;
    return (v2 || value.version == 3) && value.vrid != 0 && !value.addresses.empty() &&
           (family == Family::ipv4 || value.addresses[0].is_link_local()) && value.interval % unit == milliseconds(0) &&
           value.interval >= unit && value.interval <= unit * (v2 ? 255 : 4095) && (v2 || value.auth_type == 0);
}

/// But for the reserved bits of version 3, and for the checksum that covers them: nothing that was said is lost.
bool same_but_reserved(std::vector<std::uint8_t> message, const std::vector<std::byte>& written) {
    if (message.size() != written.size()) return false;
    if (message[0] >> 4 == 3) message[4] &= 0x0f;
    for (std::size_t i = 0; i < message.size(); ++i)
        if (i != 6 && i != 7 && std::byte{message[i]} != written[i]) return false;
    return true;
}

void check_signature(Advertisement value, const Way& way, ChecksumDialect dialect, std::uint8_t choice) {
    const SigningKey key{1, std::vector<std::uint8_t>(32, 0x5a)};
    sign(value, way.source, key, std::uint64_t{choice} << 56);
    auto message = encode(value, way.source, way.destination, dialect);
    const auto read = decode_advertisement(message, way.source, way.destination);
    if (!read || !(*read == value) || !is_signed_by(message, way.source, key)) std::abort();
    const std::size_t at = 8 + std::size_t{choice} % (message.size() - 8);
    message[at] ^= std::byte{1};
    if (is_signed_by(message, way.source, key)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const Way way = way_of(data[0]);
    std::vector<std::uint8_t> message(data + 1, data + size);
    if ((data[0] & 4) != 0) make_checksum_right(message, way, (data[0] & 8) == 0);
    auto dialect = ChecksumDialect::message;
    const auto bytes = std::as_bytes(std::span(message));
    const auto read = decode_advertisement(bytes, way.source, way.destination, &dialect);
    if (!read) {
        if (to_text(read.error()) == "?") std::abort();
        return 0;
    }
    if (!in_range(*read, way.source.family)) std::abort();
    const auto written = encode(*read, way.source, way.destination, dialect);
    if (!same_but_reserved(message, written)) std::abort();
    auto dialect_again = ChecksumDialect::message;
    const auto again = decode_advertisement(written, way.source, way.destination, &dialect_again);
    if (!again || !(*again == *read) || dialect_again != dialect) std::abort();
    if ((data[0] & 16) != 0) check_signature(*read, way, dialect, message[5]);
    return 0;
}
