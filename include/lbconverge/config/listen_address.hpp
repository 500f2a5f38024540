// Where a program listens: an IP address with a port, or a unix socket. As a value, and as the word of the file.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lbconverge::config {

struct ListenAddress {
    std::string path{};  ///< of a unix socket; empty: the address and the port count
    IpAddress address{};
    std::uint16_t port = 0;

    bool operator==(const ListenAddress&) const = default;
    /// Only programs on this host can connect.
    [[nodiscard]] bool is_local() const { return !path.empty() || address.is_loopback(); }
};

/// "127.0.0.1:9469", "[::1]:9469", "unix:/run/lbconverge/metrics.sock".
std::string to_text(const ListenAddress& where);
/// The reverse. An error says what is wrong with the text, and what to write.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace lbconverge::config
