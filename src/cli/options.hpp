// The command line as a value. Private to src/cli.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/model/terms.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lbconverge::cli {

/// The exit codes of the interface, the same for every command.
enum Exit {
    exit_good = 0,
    exit_failed = 1,         ///< before any change
    exit_to_do = 2,          ///< diff: there is something to do
    exit_not_converged = 3,  ///< something was changed, but the node is not as desired
    exit_refused = 4,
    exit_usage = 64,
    exit_invalid = 65,
    exit_kernel_lacks = 69,
    exit_busy = 75,
    exit_not_permitted = 77,
};
int exit_code(ErrorKind kind);

struct Options {
    std::string command;
    std::vector<std::string> arguments;
    std::string config = "/etc/lbconverge/lbconverge.toml";
    std::string node;
    std::string netns;
    std::string log_level = "warning";
    bool json = false;
    bool dry_run = false;
    bool prune_foreign = false;
    std::optional<ElectionState> as;
    std::string against;
    std::string from;
    std::string format = "toml";
    std::optional<std::string> help;  ///< text to print instead of running anything
};

/// usage errors name the word that is wrong.
Result<Options> parse_options(int argc, char** argv);

}  // namespace lbconverge::cli
