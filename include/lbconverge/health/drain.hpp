// Finds out which server an operator wants to drain. Pure.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/model/result.hpp"

#include <string>
#include <vector>

namespace lbconverge::health {

/// SERVER[@SERVICE]: an address or a node's name, with or without a port; the service by its name ("web": all of its
/// ports), its id ("tcp 192.0.2.20:80") or its VIP and port. usage: the text is none of this, or no service has that
/// server. With `undo` the server need not be in the file any more.
Result<std::vector<kinds::Drained>> parse_drain(const std::string& text, const config::Config& config, bool undo);

/// failed: the server would still be drained if `what` was taken back, because the operator has drained more than that.
Result<void> can_take_back(const kinds::Drained& what, const kinds::Health& health);

/// "192.0.2.3", "192.0.2.3:80", "192.0.2.3:80@tcp 192.0.2.20:80".
std::string to_text(const kinds::Drained& drained);

}  // namespace lbconverge::health
