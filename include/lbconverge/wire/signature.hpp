// Signs and verifies VRRP advertisements (draft-cassen-vrrp-auth-hmac, as keepalived 2.4.2 does it): HMAC-SHA256 over a
// pseudo-header of family, version, VRID and source address, and the message with its checksum and its HMAC read as 0.
// Pure. vrrp/authentication.hpp decides which signatures are believed.
#pragma once

#include "lbconverge/model/signing_key.hpp"
#include "lbconverge/wire/vrrp.hpp"

namespace lbconverge::wire {

/// Gives the advertisement a trailer with this sequence. It holds for every destination and either dialect of the
/// checksum; whatever is changed afterwards makes it wrong.
void sign(Advertisement& advertisement, const IpAddress& source, const SigningKey& key, std::uint64_t sequence);

/// The message that came with a trailer is as the owner of the key has sent it from that source. Takes the same time
/// for each message of a size.
bool is_signed_by(std::span<const std::byte> message, const IpAddress& source, const SigningKey& key);

}  // namespace lbconverge::wire
