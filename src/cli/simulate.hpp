// The command that lets all nodes of a file play against each other on a virtual clock. Private to src/cli.
#pragma once

#include "options.hpp"

namespace lbconverge::cli {

int simulate_command(const Options& options);

}  // namespace lbconverge::cli
