// ldirectord.cf as it is written: global settings, and sections with theirs. As ldirectord 4.12 reads it, with bounds.
// Private to import.
#pragma once

#include "model.hpp"

#include <span>

namespace lbconverge::importer {

/// What a check sends, and the regular expression that it looks for.
struct RequestReceive {
    std::string request = "/";
    std::string receive;
};

/// fallback or fallback6.
struct FallbackLine {
    Place place;
    IpAddress address;
    std::optional<std::uint32_t> port;
    Forward forward = Forward::direct;
};

/// What may be said for all sections and for one. Times are seconds.
struct Overridable {
    std::optional<std::uint32_t> check_timeout, negotiate_timeout, check_interval, check_count, failure_count;
    std::optional<bool> quiescent, clean_stop;
    std::optional<FallbackLine> fallback, fallback6;
};

/// checktype.
enum class CheckBy : std::uint8_t { negotiate, connect, combined, ping, external, external_perl, off, on };

/// real or real6: one server, or a range of them.
struct RealLine {
    Place place;
    IpAddress first;
    std::uint32_t count = 1;
    std::uint32_t port = 0;  ///< 0: that of the service
    Forward forward = Forward::direct;
    std::uint32_t weight = 1;
    std::optional<RequestReceive> pair;
    std::uint32_t upper = 0, lower = 0;
    Comments comments;
};

/// virtual or virtual6, and what is indented below it.
struct VirtualSection {
    Place place;
    std::optional<IpAddress> address;  ///< none: a firewall mark
    std::uint32_t port = 0;
    std::uint32_t fwmark = 0;
    Family family = Family::ipv4;
    std::string protocol;  ///< empty: by the port
    std::string scheduler = "wrr";
    std::vector<std::string> flags;
    std::optional<std::uint32_t> persistent;
    std::string netmask;
    bool one_packet = false;
    CheckBy by = CheckBy::negotiate;
    std::uint32_t connects = 0;  ///< combined: that many connects before it negotiates
    Place check_place;           ///< of what says how it is checked
    std::string service;         ///< empty: by the port
    std::string command = "/bin/true";
    std::uint32_t check_port = 0;
    RequestReceive pair;
    Place receive_place;
    bool head = false;
    std::string virtual_host;
    std::vector<RealLine> reals;
    Overridable own;
    Comments comments;

    [[nodiscard]] bool is_udp() const { return protocol == "udp"; }
};

struct LdirectordFile {
    Overridable settings;
    bool forks = false;
    std::vector<VirtualSection> sections;
    std::vector<std::string> header;
};

LdirectordFile read_ldirectord(std::string_view text, std::uint32_t file, Remarks& remarks);

/// A protocol that a check can speak, by its port. "none" and "simpletcp" have none.
struct KnownService {
    std::string_view word;
    std::uint32_t port;
};
std::span<const KnownService> known_services();

}  // namespace lbconverge::importer
