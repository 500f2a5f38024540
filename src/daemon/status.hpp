// What the daemon says of itself, as JSON. Private to src/daemon.
#pragma once

#include "lbconverge/node/node.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace lbconverge::daemon {

/// `now` on the node's clock and on the wall.
nlohmann::ordered_json status_json(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall);

}  // namespace lbconverge::daemon
