// What the kernel says of interfaces and addresses, as the node wants to know it. Pure; private to src/daemon.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/node/messages.hpp"

namespace lbconverge::daemon {

/// Of the interfaces that concern the node: those that its file names, or all. `next`: those of the file to come, too.
node::Links links_of(const kinds::Observed& seen, const config::Config& config, const config::Config* next = nullptr);

}  // namespace lbconverge::daemon
