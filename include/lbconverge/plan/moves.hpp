// Whom a plan moves: the share of a service's clients that get another real server.
#pragma once

#include "lbconverge/kinds/choice.hpp"
#include "lbconverge/plan/plan.hpp"

#include <vector>

namespace lbconverge::plan {

struct ClientsMoved {
    kinds::Service::Key service;
    ShortName scheduler;               ///< the one that the plan leads to
    std::uint32_t persistence = 0;     ///< seconds for which a client keeps its server nevertheless; 0: none does
    kinds::MovedShare share;           ///< of the clients without a connection
    bool from_or_to_no_table = false;  ///< one of the two schedulers chooses by turns, load or chance
};

/// Of each service that stays and of which a step changes something, if it has a scheduler that hashes (mh, sh, dh)
/// before or afterwards; in the order of keys. Steps that are blocked do not count. `config`: of the node, for the
/// weights that servers had before they were taken out of use.
std::vector<ClientsMoved> clients_moved(const Plan& plan, const config::Config& config);

}  // namespace lbconverge::plan
