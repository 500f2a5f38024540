// The command doctor: gathers the evidence, has it judged, prints what was found. Private to src/cli.
#pragma once

#include "lbconverge/doctor/doctor.hpp"
#include "options.hpp"

#include <string>

namespace lbconverge::cli {

int doctor_command(const Options& options);

/// For people; `name` is the node's.
std::string findings_text(const doctor::Evidence& evidence, const std::vector<doctor::Finding>& findings,
                          const std::string& name);
/// format_version 1.
std::string findings_json(const doctor::Evidence& evidence, const std::vector<doctor::Finding>& findings,
                          const std::string& name);

}  // namespace lbconverge::cli
