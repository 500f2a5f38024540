// A DNS question and its answer as bytes (RFC 1035 §4.1): as much of it as a health check needs. Pure.
#pragma once

#include "lbconverge/model/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lbconverge::wire {

/// QTYPE values (RFC 1035 §3.2.2, RFC 3596 §2.1).
enum class DnsType : std::uint16_t { a = 1, soa = 6, aaaa = 28 };

/// A question with recursion desired. `name` without or with the last dot; "" or ".": the root. nullopt: it is no name
/// (RFC 1035 §2.3.4: labels of 1 to 63 octets, 255 in all).
std::optional<std::vector<std::byte>> dns_question(std::uint16_t id, std::string_view name, DnsType type);

struct DnsAnswer {
    std::uint8_t code = 0;             ///< RCODE: 0 no error, 2 server failure, 3 no such name, 5 refused
    std::vector<IpAddress> addresses;  ///< of the A and AAAA records of the answer section
};
/// nullopt: not an answer to that question, or not well-formed.
std::optional<DnsAnswer> read_dns_answer(std::span<const std::byte> message, std::uint16_t id);

}  // namespace lbconverge::wire
