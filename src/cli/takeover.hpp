// What a takeover must not change, as pure functions. Private to src/cli.
#pragma once

#include "lbconverge/plan/plan.hpp"
#include "status.hpp"

#include <string>
#include <vector>

namespace lbconverge::cli {

/// The steps that change what clients meet: addresses, services, real servers and everything else but settings.
std::vector<std::size_t> steps_that_clients_meet(const plan::Plan& plan);

/// The first row of addresses, services, real servers or connection synchronisation that is not as before, as a
/// sentence. Empty: they all are.
std::string what_moved(const kinds::Observed& before, const kinds::Observed& after);

/// What is not as it was.
struct Difference {
    std::string what{};     ///< a sentence; empty: all is
    bool for_good = false;  ///< waiting cannot mend it: the way back begins at once
};
/// An instance in another state, a second master, or a backup that hears nobody. The last is a matter of time only
/// before it is master itself: `silence` is how long the daemon has been there.
Difference what_changed(const Election& before, const std::vector<InstanceSeen>& now,
                        std::chrono::milliseconds silence);

}  // namespace lbconverge::cli
