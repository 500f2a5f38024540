// Runs all nodes of a file on a virtual clock, as the options say. Private to src/cli.
#pragma once

#include "options.hpp"

namespace lbconverge::cli {

struct Simulated {
    std::string text;  ///< the text to print
    bool good = true;  ///< true: no check failed
};
Result<Simulated> simulated(const Options& options);

}  // namespace lbconverge::cli
