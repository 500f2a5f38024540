// The status of the daemon as JSON. Private to src/daemon.
#pragma once

#include "lbconverge/model/instant.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace lbconverge::node {
class Node;
}

namespace lbconverge::daemon {

/// Takes a copy of what status shows of the node. The result makes the text from it, on another thread: with ten
/// thousand checks, the loop has only the time for the copy. `now` is the time on the node's clock, `wall` on the wall
/// clock.
std::function<std::string()> status_of(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall);

}  // namespace lbconverge::daemon
