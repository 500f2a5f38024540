// The one place where the order of phases is decided.
#pragma once

#include "lbconverge/kinds/kind.hpp"

#include <array>

namespace lbconverge::plan {

/// Why this order:
/// - withdraw first: a node that lost the election stops answering before it does anything that takes time or can
/// fail. In it settings and routes come before addresses: a route may have the VIP as its source, and the kernel would
/// take it along;
/// - tighten before load and bind: quiet ARP stands before any VIP that it must silence;
/// - load before bind: a VIP attracts traffic only once its services are there;
/// - quiesce after load: a server goes out of use only once its replacement is in;
/// - unload after bind and announce: what is given up goes last; a director's backup keeps its table anyway;
/// - announce is also when routes are made, since one may have a VIP as its source;
/// - unbind before relax: quiet ARP outlives the VIP that it silenced.
/// Role both differs in the kinds' phase(): its table goes in withdraw, before the VIP, so that two balancing nodes
/// never send a packet to and fro.
constexpr std::array phase_order = {
    kinds::Phase::withdraw, kinds::Phase::tighten, kinds::Phase::load,   kinds::Phase::quiesce, kinds::Phase::bind,
    kinds::Phase::announce, kinds::Phase::unload,  kinds::Phase::unbind, kinds::Phase::relax,
};

}  // namespace lbconverge::plan
