// The catalogue of the classic LVS mistakes: code, title and the command that finds it. The rules of `check`
// (src/config) and of `doctor` (src/doctor) take their codes from here; a unit test compares the manual, README.md and
// the rules with it. A code never changes.
#pragma once

#include <cstdint>
#include <string_view>

namespace lbconverge::config {

enum class FoundBy : std::uint8_t { check = 1, doctor = 2, both = 3 };

constexpr bool includes(FoundBy all, FoundBy one) {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

struct Mistake {
    std::string_view code;   ///< "LVS02"
    std::string_view title;  ///< that of its section in packaging/manual/mistakes.md
    FoundBy found_by = FoundBy::both;
};

/// Sorted by code.
inline constexpr Mistake mistakes[] = {
    {"LVS01", "arp_ignore and arp_announce only on lo", FoundBy::both},
    {"LVS02", "A VIP on lo with arp_ignore 0", FoundBy::both},
    {"LVS03", "arp_announce 0 on a real server", FoundBy::both},
    {"LVS04", "arp_ignore 4 to 7, or above 8", FoundBy::both},
    {"LVS05", "arp_ignore 3 that is weaker than it looks", FoundBy::both},
    {"LVS06", "arp_ignore 8", FoundBy::both},
    {"LVS07", "A VIP on lo with a short prefix", FoundBy::both},
    {"LVS08", "A VIP on lo with scope global", FoundBy::both},
    {"LVS09", "The VIP on the interface that answers ARP", FoundBy::both},
    {"LVS10", "Settings that come after the VIP", FoundBy::doctor},
    {"LVS11", "Direct routing or tunnel to another port", FoundBy::both},
    {"LVS12", "Direct routing through a router", FoundBy::both},
    {"LVS13", "Masquerading without forwarding", FoundBy::both},
    {"LVS14", "A masqueraded real server whose default route by-passes the director", FoundBy::both},
    {"LVS15", "Masquerading with clients in the real servers' own subnet", FoundBy::check},
    {"LVS16", "Tunnel real server that drops what comes out of the tunnel", FoundBy::both},
    {"LVS17", "The VIP as the source of an IPv6 tunnel", FoundBy::both},
    {"LVS18", "A tunnel without room for its header", FoundBy::both},
    {"LVS19", "A service whose VIP is not local on the director", FoundBy::both},
    {"LVS20", "A firewall mark that nothing sets", FoundBy::both},
    {"LVS21", "A service by firewall mark without a local address", FoundBy::both},
    {"LVS22", "Port 0 without persistence", FoundBy::check},
    {"LVS23", "Persistence that keeps clients on a drained server", FoundBy::both},
    {"LVS24", "A removed server that swallows its clients' packets", FoundBy::check},
    {"LVS25", "One-packet scheduling on TCP", FoundBy::check},
    {"LVS26", "Thresholds the wrong way round", FoundBy::check},
    {"LVS27", "A scheduler whose module is missing", FoundBy::both},
    {"LVS28", "Connection synchronisation in both states, with backup_only", FoundBy::both},
    {"LVS29", "Role both: every node balances", FoundBy::both},
    {"LVS30", "Role both with connection synchronisation", FoundBy::both},
    {"LVS31", "Hashing schedulers with different pools", FoundBy::both},
    {"LVS32", "Masqueraded services on several active directors", FoundBy::check},
    {"LVS33", "The same VRID twice on a link", FoundBy::both},
    {"LVS34", "Equal priorities by accident", FoundBy::check},
    {"LVS35", "A track weight that cannot change who wins", FoundBy::check},
    {"LVS36", "Priority 255", FoundBy::check},
    {"LVS37", "Different VIPs on the directors of one instance", FoundBy::both},
    {"LVS38", "auth_pass longer than 8 octets", FoundBy::check},
    {"LVS39", "A fraction of a second with VRRP version 2", FoundBy::check},
    {"LVS40", "Two masters: the network filters multicast", FoundBy::doctor},
    {"LVS41", "The firewall drops VRRP or the health checks", FoundBy::doctor},
    {"LVS42", "Unicast peers on one side only", FoundBy::check},
    {"LVS43", "The VIP as a secondary address of the interface's own subnet", FoundBy::both},
    {"LVS44", "Strict reverse path filtering with several interfaces", FoundBy::both},
    {"LVS45", "ICMP redirects from a one-armed director", FoundBy::both},
    {"LVS46", "Another manager removes the VIP", FoundBy::doctor},
    {"LVS47", "Two owners of one VIP", FoundBy::doctor},
    {"LVS48", "A server that listens on its own address only", FoundBy::doctor},
    {"LVS49", "A health check that says nothing of the service", FoundBy::both},
    {"LVS50", "The firewall drops the VIP's ports on the real server", FoundBy::doctor},
    {"LVS51", "A hashing scheduler without fallback", FoundBy::check},
    {"LVS52", "Weights of mh with a common divisor", FoundBy::check},
    {"LVS53", "Scheduler dh with one VIP", FoundBy::check},
    {"LVS54", "Scheduler ovf with weight 1", FoundBy::check},
    {"LVS55", "A connection table with too few buckets", FoundBy::doctor},
};

/// The mistake with this code. A code that is not in the catalogue does not compile.
consteval const Mistake& mistake(std::string_view code) {
    for (const Mistake& each : mistakes) {
        if (each.code == code) return each;
    }
    throw "this code is not in the catalogue";
}

}  // namespace lbconverge::config
