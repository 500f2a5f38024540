// How a line of the table of keywords is written. Private to import.
#pragma once

#include "take.hpp"

namespace lbconverge::importer {

using Take = void (*)(Interpreter& into, const Statement& statement);

/// It becomes `here`.
constexpr Keyword carried(std::uint32_t in, std::string_view word, std::string_view here, Take take,
                          std::uint32_t opens = 0) {
    return {in, word, Destiny::carried, here, {}, take, opens};
}
/// lbconverge does it anyway, or nothing is needed.
constexpr Keyword same(std::uint32_t in, std::string_view word, std::string_view here, std::uint32_t opens = 0) {
    return {in, word, Destiny::same, here, {}, nullptr, opens};
}
constexpr Keyword lost(std::uint32_t in, std::string_view word, std::string_view here, std::string_view remedy,
                       std::uint32_t opens = 0) {
    return {in, word, Destiny::lost, here, remedy, nullptr, opens};
}

/// All kinds of checkers that connect.
constexpr std::uint32_t in_connecting = in_http | in_ssl | in_tcp | in_smtp | in_dns | in_udp | in_ping;
/// All that have the times of a check.
constexpr std::uint32_t in_timed = in_connecting | in_misc | in_real | in_service;

constexpr std::string_view no_vmac = "there are no virtual MAC addresses: the VIP has that of its interface";
constexpr std::string_view garp_tells = "gratuitous ARP tells the neighbours at once, and again";

std::span<const Keyword> global_keywords();
std::span<const Keyword> vrrp_keywords();
std::span<const Keyword> service_keywords();

}  // namespace lbconverge::importer
