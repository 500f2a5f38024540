// The interfaces that a file names for its node. What happens on others concerns the node seldom, or not at all.
#pragma once

#include "lbconverge/config/config.hpp"

#include <vector>

namespace lbconverge::config {

/// Those of VIPs, instances, routes, tracks, settings, [arp] and [ipvs.sync], tunnel devices where packets come out of
/// them, and lo; sorted. Some may not exist.
std::vector<InterfaceName> named_interfaces(const Config& config);

}  // namespace lbconverge::config
