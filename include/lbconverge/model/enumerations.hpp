// The field's words as types: roles, forwarding methods, election states. Values equal the kernel's where it has any.
#pragma once

#include "lbconverge/model/enum_names.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace lbconverge {

/// What a node is. `both`: a director that is one of its own real servers.
enum class Role : std::uint8_t { director, real_server, both };
constexpr auto names_of(Role) {
    return enum_names<Role>({{Role::director, "director"}, {Role::real_server, "real-server"}, {Role::both, "both"}});
}

/// How IPVS passes a packet on; numbers of IP_VS_CONN_F_* (linux/ip_vs.h).
enum class Forward : std::uint8_t { masquerade = 0, local = 1, tunnel = 2, direct = 3, bypass = 4 };
constexpr auto names_of(Forward) {
    return enum_names<Forward>({{Forward::direct, "direct"},
                                {Forward::tunnel, "tunnel"},
                                {Forward::masquerade, "masquerade"},
                                {Forward::local, "local"},
                                {Forward::bypass, "bypass"}});
}

/// Outer header of forwarding method tunnel; numbers of IP_VS_CONN_F_TUNNEL_TYPE_* (linux/ip_vs.h).
enum class TunnelType : std::uint8_t { ipip = 0, gue = 1, gre = 2 };
constexpr auto names_of(TunnelType) {
    return enum_names<TunnelType>({{TunnelType::ipip, "ipip"}, {TunnelType::gue, "gue"}, {TunnelType::gre, "gre"}});
}

/// Numbers of IPPROTO_* (linux/in.h); the three that IPVS balances by port.
enum class Protocol : std::uint8_t { none = 0, tcp = 6, udp = 17, sctp = 132 };
constexpr auto names_of(Protocol) {
    return enum_names<Protocol>(
        {{Protocol::tcp, "tcp"}, {Protocol::udp, "udp"}, {Protocol::sctp, "sctp"}, {Protocol::none, "none"}});
}

/// What a VRRP instance with keys does, in the order in which nodes begin to sign (keepalived's words). A signature
/// that is wrong is refused in each.
enum class AuthMode : std::uint8_t {
    receive_only,  ///< sends unsigned advertisements, and accepts both
    permissive,    ///< sends signed ones, and accepts both
    enforce,       ///< sends signed ones, and accepts no others
};
constexpr auto names_of(AuthMode) {
    return enum_names<AuthMode>({{AuthMode::receive_only, "receive-only"},
                                 {AuthMode::permissive, "permissive"},
                                 {AuthMode::enforce, "enforce"}});
}

/// Scope of an address; numbers of RT_SCOPE_* (linux/rtnetlink.h).
enum class Scope : std::uint8_t { global = 0, site = 200, link = 253, host = 254 };
constexpr auto names_of(Scope) {
    return enum_names<Scope>(
        {{Scope::global, "global"}, {Scope::site, "site"}, {Scope::link, "link"}, {Scope::host, "host"}});
}

/// The result of an election on this node. `undecided`: it is not known yet, and the rows that depend on it stay as
/// they are. `yielding`: another node is about to take over, and this node keeps the addresses until then. But a node
/// of role both stops balancing at once: it must not balance again what the other node sends to it.
enum class ElectionState : std::uint8_t { backup, master, undecided, yielding };
constexpr auto names_of(ElectionState) {
    return enum_names<ElectionState>({{ElectionState::backup, "backup"},
                                      {ElectionState::master, "master"},
                                      {ElectionState::undecided, "undecided"},
                                      {ElectionState::yielding, "yielding"}});
}

/// State of each VRRP instance by name. An instance that is missing counts as backup.
using Election = std::map<std::string, ElectionState, std::less<>>;

}  // namespace lbconverge
