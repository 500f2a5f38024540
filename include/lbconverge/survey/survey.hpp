// Gathers doctor's evidence of this host: kernel tables that no kind reads, packet filters, sockets, files, and what
// other hosts on the links answer and advertise. It changes nothing, loads no module and runs no program. It waits, so
// the daemon's loop must not call it.
#pragma once

#include "lbconverge/doctor/evidence.hpp"
#include "lbconverge/model/result.hpp"

namespace lbconverge::survey {

// Each function adds to evidence that already has `kernel`, and `config` if there is one.

/// All that can be read on this host, in the network namespace of the caller.
Result<void> read_host(doctor::Evidence& evidence);

/// Asks for each address of doctor::questions() on its link, ARP or neighbour solicitation (RFC 826; RFC 4861 §7.2.2),
/// twice, and takes what comes back within 0.6 seconds.
Result<void> ask_neighbours(doctor::Evidence& evidence);

/// Takes the VRRP advertisements that arrive during three intervals, 10 seconds at most; also those that a packet
/// filter drops afterwards.
Result<void> hear_adverts(doctor::Evidence& evidence);

}  // namespace lbconverge::survey
