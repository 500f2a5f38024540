// Every keyword of keepalived.conf (2.2 and 2.3) and what becomes of it: one table, from which files are read and the
// guide is made. Private to import.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::importer {

struct Statement;
class Interpreter;

/// Where a keyword stands. A set of these is a sum.
enum In : std::uint32_t {
    in_top = 1u << 0,
    in_global = 1u << 1,
    in_instance = 1u << 2,
    in_group = 1u << 3,    ///< vrrp_sync_group
    in_script = 1u << 4,   ///< vrrp_script
    in_process = 1u << 5,  ///< vrrp_track_process
    in_file = 1u << 6,     ///< track_file
    in_auth = 1u << 7,
    in_bfd = 1u << 8,
    in_garp_group = 1u << 9,
    in_track_group = 1u << 10,
    in_service = 1u << 11,  ///< virtual_server
    in_real = 1u << 12,     ///< real_server
    in_http = 1u << 13,     ///< HTTP_GET
    in_ssl = 1u << 14,      ///< SSL_GET
    in_tcp = 1u << 15,
    in_smtp = 1u << 16,
    in_dns = 1u << 17,
    in_misc = 1u << 18,
    in_udp = 1u << 19,
    in_ping = 1u << 20,
    in_file_check = 1u << 21,
    in_bfd_check = 1u << 22,
    in_url = 1u << 23,
    in_smtp_host = 1u << 24,
    in_tls = 1u << 25,   ///< SSL at the top
    in_list = 1u << 26,  ///< a block whose lines are entries, not keywords
};

/// What becomes of a keyword.
enum class Destiny : std::uint8_t {
    carried,  ///< it is there; what differs is said where it does
    same,     ///< lbconverge does that anyway, or needs nothing for it
    lost,     ///< it has no counterpart, and every use of it is said
};

struct Keyword {
    std::uint32_t in;
    std::string_view word;
    Destiny fate;
    std::string_view here;      ///< carried: our key; same: why; lost: why not
    std::string_view remedy{};  ///< lost: what to do instead
    void (*take)(Interpreter& into, const Statement& statement) = nullptr;
    std::uint32_t opens = 0;  ///< where the keywords of its block stand; 0: it has no block
};

/// In the order of the guide.
std::span<const Keyword> keywords();
/// nullptr: there is no such keyword there.
const Keyword* keyword_in(std::uint32_t where, std::string_view word);
/// The words that are known there.
std::vector<std::string_view> known_in(std::uint32_t where);
/// "vrrp_instance": the block, as people call it.
std::string_view name_of_block(std::uint32_t where);
/// The table of the guide, in Markdown.
std::string guide_table();

}  // namespace lbconverge::importer
