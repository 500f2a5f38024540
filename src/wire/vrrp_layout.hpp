// Where things stand in a VRRP message (RFC 9568 §5.2, RFC 3768 §5.3, draft-cassen-vrrp-auth-hmac). Internal to wire.
#pragma once

#include <cstddef>

namespace lbconverge::wire {

constexpr std::size_t vrrp_fixed_size = 8;
constexpr std::size_t vrrp_checksum_offset = 6;
constexpr std::size_t vrrp_checksum_size = 2;
constexpr std::size_t vrrp_trailer_size = 28;
constexpr std::size_t vrrp_hmac_size = 16;  ///< at the end of the trailer

}  // namespace lbconverge::wire
