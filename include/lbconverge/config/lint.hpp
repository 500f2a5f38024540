// The classic LVS mistakes that can be seen in a file. Pure; the codes are stable and documented in the manual.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/config/diagnostic.hpp"

#include <vector>

namespace lbconverge::config {

/// Checks one configuration per node of a cluster together (some mistakes show only between nodes).
void lint(const std::vector<Config>& nodes, Diagnostics& diagnostics);

/// Reports what the file asks of this node but this version cannot do yet: as errors for the commands that would have
/// to do it, as warnings for `check`, because the file itself is right.
void report_unsupported(const Config& config, Severity severity, Diagnostics& diagnostics);

}  // namespace lbconverge::config
