// What the kernel says of interfaces and addresses, as the node wants to know it. Pure; private to src/daemon.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/node/messages.hpp"

namespace lbconverge::daemon {

node::Links links_of(const kinds::Observed& seen, const config::Config& config);

}  // namespace lbconverge::daemon
