// Requests of the board, and the answers of the code that carries out the checks. Plain values.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/real_server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace lbconverge::health {

/// Ask this server now. Answered once, with the same id and run.
struct ProbeRequest {
    std::uint64_t id = 0;   ///< the probe's, never used twice in the life of a board
    std::uint32_t run = 0;  ///< counts its questions
    std::shared_ptr<const config::Check> check;
    IpAddress address;
    std::uint16_t port = 0;
    IpAddress vip{};         ///< via = "vip": the address to connect to, with
    std::uint32_t mark = 0;  ///< this firewall mark; 0: the server itself is asked
};

/// The answer to a request.
struct ProbeAnswer {
    std::uint64_t id = 0;
    std::uint32_t run = 0;
    bool good = false;
    std::string what{};                     ///< "connect refused"
    std::optional<std::uint32_t> weight{};  ///< good: what the check itself wants (exec, file)
    bool asked = true;                      ///< false: this host could not ask, which says nothing about the server
    std::chrono::microseconds took{0};      ///< from the question to the answer
};

/// The kernel's row for a server of a service at the first look.
struct Found {
    kinds::RealServer::Key key;
    std::optional<std::uint32_t> weight{};  ///< none: no row
};

}  // namespace lbconverge::health
