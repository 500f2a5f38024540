// Reading what the kinds do not: routes, tunnels, synchronisation daemons, packet filters, and the wire itself. For
// doctor; changes nothing, loads no module, and must not be called on the daemon's loop: it waits.
#pragma once

#include "lbconverge/doctor/evidence.hpp"
#include "lbconverge/model/result.hpp"

#include <chrono>
#include <span>
#include <vector>

namespace lbconverge::kernel {

/// Of the tables main and local, in the network namespace of the caller.
Result<std::vector<doctor::Route>> read_routes();
/// Devices of kind ipip.
Result<std::vector<doctor::Tunnel>> read_tunnels();
/// Empty where module ip_vs is not in the kernel.
Result<std::vector<doctor::SyncDaemon>> read_sync_daemons();

/// nftables through libnftables, iptables-legacy through its own socket option (only tables that exist already).
/// What could not be read leaves Firewall::known false.
doctor::Firewall read_firewall();

/// Asks for each address on its interface, ARP or neighbour solicitation (RFC 826; RFC 4861 §7.2.2), twice, and
/// collects what comes back within the time. The senders' addresses are those of the interfaces in `observed`.
Result<std::vector<doctor::Answer>> ask(std::span<const doctor::Question> questions, const kinds::Observed& observed,
                                        std::chrono::milliseconds patience);

/// VRRP advertisements that arrive within the time, as the wire has them: what a firewall drops is among them.
Result<std::vector<doctor::Heard>> listen(std::span<const InterfaceName> interfaces, const HostFacts& facts,
                                          std::chrono::milliseconds patience);

}  // namespace lbconverge::kernel
