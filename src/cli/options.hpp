// The command line as a value, and the table of the options. Private to src/cli.
#pragma once

#include "lbconverge/model/enumerations.hpp"
#include "lbconverge/model/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::cli {

struct Options {
    std::string command;
    std::vector<std::string> arguments;
    std::string config = "/etc/lbconverge/lbconverge.toml";
    bool config_given = false;
    std::string node;
    std::string netns;
    std::string log_level = "warning";
    bool log_level_given = false;
    bool json = false;
    bool watch = false;
    bool dry_run = false;
    bool force = false;
    bool prune_foreign = false;
    bool arp = false;      ///< doctor: ask the neighbours
    bool compare = false;  ///< import: with this kernel
    bool vrrp = false;     ///< doctor: listen for advertisements
    std::optional<ElectionState> as;
    std::string against;
    std::string from;
    std::string format = "toml";
    std::string textfile;  ///< apply: where to write the metrics of the run
    // simulate
    std::uint64_t seed = 1;
    std::uint64_t runs = 1;
    std::chrono::milliseconds duration{60000};
    std::string faults = "all";
    std::optional<std::string> only;
    std::string svg;
    std::optional<std::string> help;  ///< text to print instead of running anything
};

enum class Takes { nothing, text, number, file };

/// An option that can be written. Which commands have it is in the table of commands.
struct KnownOption {
    std::string_view name;
    char letter = '\0';
    Takes takes = Takes::nothing;
    std::string_view value{};  ///< what the help writes for its value
    std::string_view words{};  ///< "toml|snapshot": what its value may be, or may be as well
    std::string_view does;
};

/// All options, in the order of the help.
std::span<const KnownOption> option_table();

/// An error of kind `usage` names the word that is wrong.
Result<Options> parse_options(int argc, char** argv);

}  // namespace lbconverge::cli
