// A secret that the nodes of a VRRP instance share to sign their advertisements. It is never printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lbconverge {

/// keepalived's bounds, too (auth_hmac).
constexpr std::size_t shortest_secret = 32;
constexpr std::size_t longest_secret = 64;

struct SigningKey {
    std::uint8_t id = 1;  ///< 1 to 255; an advertisement names the key that signed it
    std::vector<std::uint8_t> secret;

    bool operator==(const SigningKey&) const = default;
};

}  // namespace lbconverge
