// Translates what the kernel says about interfaces and addresses into an event for the node. Pure; private to
// src/daemon.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/node/messages.hpp"

namespace lbconverge::daemon {

/// The event has the interfaces that concern the node: those that its file names, or all. `next`: a file that is about
/// to be used; its interfaces are included, too.
node::Links links_of(const kinds::Observed& seen, const config::Config& config, const config::Config* next = nullptr);

}  // namespace lbconverge::daemon
