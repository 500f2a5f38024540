// The status of the daemon and the tables of the kernel, as text for people. Private to src/cli.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/enumerations.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace lbconverge::cli {

/// `reply` is the daemon's JSON; `kernel` may be null (reading it is not permitted, or nothing is balanced), and so may
/// `config` (the file cannot be read).
std::string status_text(const std::string& reply, const kinds::Observed* kernel, const config::Config* config,
                        std::chrono::system_clock::time_point now);
/// The reply with the services of the kernel added.
std::string status_with_services(const std::string& reply, const kinds::Observed* kernel, const config::Config* config);
/// What the daemon's elections have decided. Empty: the reply cannot be read.
Election election_in(const std::string& reply);

/// One instance of VRRP, as the daemon says it.
struct InstanceSeen {
    std::string name;
    std::string state;           ///< as in the reply
    bool undecided = false;      ///< its election has not begun
    std::uint64_t received = 0;  ///< advertisements of others
    std::uint64_t dropped = 0;   ///< those that were refused
    std::chrono::milliseconds down_interval{0};
};
/// Empty: the reply cannot be read.
std::vector<InstanceSeen> instances_in(const std::string& reply);

}  // namespace lbconverge::cli
