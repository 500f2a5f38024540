// How a node is, in one word and one line: what a probe of Kubernetes, a check of Nagios and a person who is in a hurry
// want to know. Pure.
#pragma once

#include "lbconverge/model/enum_names.hpp"

#include <cstdint>
#include <string>

namespace lbconverge::node {
class Node;
}

namespace lbconverge::metrics {

/// The numbers are the exit statuses of a Nagios plugin.
enum class Condition : std::uint8_t {
    ok = 0,
    warning = 1,   ///< clients are served, and somebody should look at the node
    critical = 2,  ///< clients are not served here as they should be
    unknown = 3,   ///< it has just started, or is about to end
};
constexpr auto names_of(Condition) {
    return enum_names<Condition>({{Condition::ok, "OK"},
                                  {Condition::warning, "WARNING"},
                                  {Condition::critical, "CRITICAL"},
                                  {Condition::unknown, "UNKNOWN"}});
}

struct Bulletin {
    Condition is = Condition::unknown;
    std::string line;  ///< "OK: director, VI_1 master; 12 of 12 checks up", without a line end
    /// Nothing prevents the node from serving clients.
    [[nodiscard]] bool serves() const { return is == Condition::ok || is == Condition::warning; }
};

Bulletin bulletin_of(const node::Node& node);

}  // namespace lbconverge::metrics
