// The parts of the survey. Private to src/survey.
#pragma once

#include "lbconverge/doctor/evidence.hpp"

#include <set>
#include <string>
#include <vector>

namespace lbconverge::survey {

/// Empty if there is no such file.
std::vector<std::string> lines_of(const std::string& path);

/// Where the modules of this kernel are, with a slash at the end.
std::string modules_folder();

/// The files that configure networks, settings and keepalived.
std::vector<doctor::TextFile> read_files();

/// Managers of networks that are running.
std::set<std::string> read_managers();

/// nftables through libnftables, iptables-legacy through its own socket option (only tables that exist already). If
/// something cannot be read, Firewall::known stays false.
doctor::Firewall read_firewall();

}  // namespace lbconverge::survey
