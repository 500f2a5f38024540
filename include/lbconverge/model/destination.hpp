// Where a packet goes: the words by which our tables in nftables know it.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/enumerations.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge {

struct Destination {
    IpAddress vip;
    Protocol protocol = Protocol::tcp;
    std::uint16_t port = 0;

    auto operator<=>(const Destination&) const = default;
};

/// "tcp 192.168.1.200:80", "udp [2001:db8::20]:53".
std::string to_text(const Destination& destination);
/// The reverse of it; a protocol and a port must be there.
std::optional<Destination> parse_destination(std::string_view text);

}  // namespace lbconverge
