// What the daemon says of itself, as JSON. Private to src/daemon.
#pragma once

#include "lbconverge/node/node.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace lbconverge::daemon {

/// `now` on the node's clock and on the wall.
nlohmann::ordered_json status_json(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall);

/// What is known of servers at one moment.
struct HealthPicture {
    node::ConfigPtr config;
    Election election;
    kinds::Health health;
    std::vector<health::Probe> probes;
    Instant now;
    std::chrono::system_clock::time_point wall;
};
/// "checks", "drains", and "servers": those whose weight is not the file's, with the owner of their weight.
void add_health(nlohmann::ordered_json& status, const HealthPicture& picture);

}  // namespace lbconverge::daemon
