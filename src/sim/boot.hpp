// A simulated node that has just booted. Private to src/sim.
#pragma once

#include "lbconverge/kinds/all.hpp"

namespace lbconverge::sim {

/// The interfaces that the file names, in its order: those that stand for election first.
std::vector<InterfaceName> links_of(const config::Config& config);

/// What its kernel holds: these interfaces with the node's own addresses, and all settings at 0.
kinds::Observed booted(const config::Config& config, std::size_t node);

}  // namespace lbconverge::sim
