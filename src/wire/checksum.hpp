// The Internet checksum (RFC 1071), as VRRP and ICMPv6 have it. Internal to wire.
#pragma once

#include "octets.hpp"

namespace lbconverge::wire {

/// The sum of all 16-bit words. Which part is added first makes no difference (RFC 1071 §2 (A)), as long as every part
/// but the last is of even length.
class InternetChecksum {
public:
    void add(Octets octets) {
        for (std::size_t i = 0; i < octets.size(); ++i) sum_ += std::uint64_t{octets[i]} << (i % 2 == 0 ? 8 : 0);
    }

    /// Adds the pseudo-header of IPv6 (RFC 8200 §8.1) or IPv4 (RFC 9293 §3.1). Their layouts differ, but the sum is
    /// made of the same parts.
    void add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                           std::size_t size) {
        add(octets_of(source));
        add(octets_of(destination));
        sum_ += protocol + std::uint64_t{size};
    }

    /// The value for a checksum field that was added as zero. If the field already had its value: zero if that was
    /// right (RFC 1071 §1).
    [[nodiscard]] std::uint16_t value() const {
        std::uint64_t folded = sum_;
        while (folded > 0xffff) folded = (folded & 0xffff) + (folded >> 16);
        return static_cast<std::uint16_t>(~folded);
    }

private:
    std::uint64_t sum_ = 0;
};

}  // namespace lbconverge::wire
