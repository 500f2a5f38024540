// What an operator means by the server that is to be drained. Pure.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/model/result.hpp"

#include <string>
#include <vector>

namespace lbconverge::health {

/// SERVER[@SERVICE]: an address or a node's name, with or without a port; the service by its name ("web": all of its
/// ports), its id ("tcp 192.0.2.20:80") or its VIP and port. usage: it is none of this, or no service has that server;
/// with `undo` that does not matter, since it may have left the file meanwhile.
Result<std::vector<kinds::Drained>> parse_drain(const std::string& text, const config::Config& config, bool undo);

/// failed: to take `what` back would leave its server drained, since the operator has drained more than that.
Result<void> can_take_back(const kinds::Drained& what, const kinds::Health& health);

/// "192.0.2.3", "192.0.2.3:80", "192.0.2.3:80@tcp 192.0.2.20:80".
std::string to_text(const kinds::Drained& drained);

}  // namespace lbconverge::health
