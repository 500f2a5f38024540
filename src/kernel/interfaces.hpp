// Reads the interfaces of this network namespace, with the first IPv4 address of each. A list that was interrupted is
// not begun again: where interfaces come and go without end it would never be whole. The needed ones among them are
// asked for one by one, and that says for certain whether they are there. Private to src/kernel.
#pragma once

#include "lbconverge/model/host_facts.hpp"
#include "netlink.hpp"

#include <vector>

namespace lbconverge::kernel {

using InterfaceNames = std::vector<InterfaceName>;

/// All, sorted by index. If some come or go meanwhile, one that is not needed may be missed.
Result<std::vector<Interface>> read_interfaces(NetlinkSocket& socket, const InterfaceNames& needed);

/// Only these; sorted by index.
Result<std::vector<Interface>> read_these_interfaces(NetlinkSocket& socket, const InterfaceNames& names);

}  // namespace lbconverge::kernel
