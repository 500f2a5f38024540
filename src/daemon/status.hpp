// What the daemon says of itself, as JSON. Private to src/daemon.
#pragma once

#include "lbconverge/model/instant.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace lbconverge::node {
class Node;
}

namespace lbconverge::daemon {

/// What the node is like now (on its clock and on the wall), to be written out by another thread: of ten thousand
/// checks the loop only takes a copy.
std::function<std::string()> status_of(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall);

}  // namespace lbconverge::daemon
