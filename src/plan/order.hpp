// The place of real servers in the kernel's list. Private to src/plan.
#pragma once

#include "lbconverge/plan/plan.hpp"

#include <vector>

namespace lbconverge::plan {

/// The schedulers mh and sh choose by the order in which the kernel has the servers, and a server that is added comes
/// to the head of the list. So two directors with the same rows may choose otherwise, for ever. Of each real server as
/// observed: whether it has to be removed and added again, so that the service chooses as on a director that was given
/// its servers at once. Empty: none has to.
///
/// What stays is a tail of the list that should be; all before it is added again, the last one first, which is the
/// order of keys. A service whose choice is right already is left alone, whatever its order. It is put off
/// - while it is not known of a server whether it will be there,
/// - while one of those servers is taken out of use: it would leave before its replacement is there,
/// - while no other server would serve in the moment in which one is not there.
[[nodiscard]] std::vector<bool> out_of_place(const kinds::Desired& desired, const kinds::Observed& observed,
                                             const Refusals& refused);

}  // namespace lbconverge::plan
