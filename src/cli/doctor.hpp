// The findings of doctor as text for people and as JSON. Private to src/cli.
#pragma once

#include "lbconverge/doctor/doctor.hpp"

#include <string>
#include <vector>

namespace lbconverge::cli {

/// For people. `name` is the name of the node.
std::string findings_text(const doctor::Evidence& evidence, const std::vector<doctor::Finding>& findings,
                          const std::string& name);
/// JSON of format_version 1.
std::string findings_json(const doctor::Evidence& evidence, const std::vector<doctor::Finding>& findings,
                          const std::string& name);

/// The findings as comments of TOML, with an empty line after them; empty if there are none.
std::string findings_as_comments(const std::vector<doctor::Finding>& findings);

}  // namespace lbconverge::cli
