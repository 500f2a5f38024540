#include "lbconverge/wire/signature.hpp"

#include "octets.hpp"
#include "vrrp_layout.hpp"

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include <algorithm>

namespace lbconverge::wire {

namespace {

using Hmac = std::array<std::uint8_t, vrrp_hmac_size>;

/// Ties the message to its sender and its virtual router, so that it means nothing elsewhere.
std::array<std::uint8_t, 20> pseudo_header(Octets message, const IpAddress& source) {
    std::array<std::uint8_t, 20> out{};
    out[0] = source.family == Family::ipv4 ? 4 : 6;
    out[1] = message[0] >> 4;
    out[2] = message[1];
    const Octets address = octets_of(source);
    std::copy(address.begin(), address.end(), out.begin() + 4);
    return out;
}

/// Of a message with a trailer.
Hmac hmac_of(Octets message, const IpAddress& source, const SigningKey& key) {
    constexpr Hmac zero{};
    hmac_sha256_ctx context;
    const auto add = [&](Octets octets) { hmac_sha256_update(&context, octets.size(), octets.data()); };
    hmac_sha256_set_key(&context, key.secret.size(), key.secret.data());
    add(pseudo_header(message, source));
    add(message.first(vrrp_checksum_offset));
    add(Octets(zero).first(vrrp_checksum_size));
    add(message.subspan(vrrp_checksum_offset + vrrp_checksum_size, message.size() - vrrp_fixed_size - vrrp_hmac_size));
    add(zero);
    Hmac out{};
    hmac_sha256_digest(&context, out.size(), out.data());
    return out;
}

}  // namespace

void sign(Advertisement& advertisement, const IpAddress& source, const SigningKey& key, std::uint64_t sequence) {
    advertisement.trailer = Trailer{.key = key.id, .sequence = sequence};
    const auto message = encode(advertisement, source, source, ChecksumDialect::message);
    advertisement.trailer->hmac = hmac_of(octets_of(message), source, key);
}

bool is_signed_by(std::span<const std::byte> message, const IpAddress& source, const SigningKey& key) {
    const Octets octets = octets_of(message);
    if (octets.size() < vrrp_fixed_size + vrrp_trailer_size) return false;
    const Hmac right = hmac_of(octets, source, key);
    return memeql_sec(right.data(), octets.last(vrrp_hmac_size).data(), right.size()) != 0;
}

}  // namespace lbconverge::wire
