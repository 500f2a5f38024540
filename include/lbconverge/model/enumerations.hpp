// The field's words as types: roles, forwarding methods, election states. Values equal the kernel's where it has any.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace lbconverge {

/// What a node is. `both`: a director that is one of its own real servers.
enum class Role : std::uint8_t { director, real_server, both };

/// How IPVS passes a packet on; numbers of IP_VS_CONN_F_* (linux/ip_vs.h).
enum class Forward : std::uint8_t { masquerade = 0, local = 1, tunnel = 2, direct = 3, bypass = 4 };

/// Outer header of forwarding method tunnel; numbers of IP_VS_CONN_F_TUNNEL_TYPE_* (linux/ip_vs.h).
enum class TunnelType : std::uint8_t { ipip = 0, gue = 1, gre = 2 };

/// Numbers of IPPROTO_* (linux/in.h); the three that IPVS balances by port.
enum class Protocol : std::uint8_t { none = 0, tcp = 6, udp = 17, sctp = 132 };

/// Scope of an address; numbers of RT_SCOPE_* (linux/rtnetlink.h).
enum class Scope : std::uint8_t { global = 0, site = 200, link = 253, host = 254 };

/// What an election says of this node. `undecided`: no opinion yet; what hangs on it is held as it is. `yielding`: a
/// successor is about to take over; the addresses are held until then, but a node of role both balances no more: what
/// the successor balances to it must not be balanced again.
enum class ElectionState : std::uint8_t { backup, master, undecided, yielding };

/// State of each VRRP instance by name. An instance that is missing counts as backup.
using Election = std::map<std::string, ElectionState, std::less<>>;

std::string_view to_text(Role role);
std::string_view to_text(Forward forward);
std::string_view to_text(TunnelType type);
std::string_view to_text(Protocol protocol);
std::string_view to_text(Scope scope);
std::string_view to_text(ElectionState state);
bool from_text(std::string_view text, Role& role);
bool from_text(std::string_view text, Forward& forward);
bool from_text(std::string_view text, TunnelType& type);
bool from_text(std::string_view text, Protocol& protocol);
bool from_text(std::string_view text, Scope& scope);
bool from_text(std::string_view text, ElectionState& state);

}  // namespace lbconverge
