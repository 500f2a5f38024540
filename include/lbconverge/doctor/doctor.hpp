// The classic LVS mistakes on a live host: evidence in, findings out. Pure. The codes are those of config/mistakes.hpp,
// and the manual has a section for each. A rule that is not sure reports nothing.
#pragma once

#include "lbconverge/config/diagnostic.hpp"
#include "lbconverge/doctor/evidence.hpp"

#include <string>
#include <vector>

namespace lbconverge::doctor {

enum class CureKind : std::uint8_t {
    command,  ///< of a shell on this host
    line,     ///< of a file, with the section or file in front
    advice,   ///< something that no single command can do
};

/// How a mistake is mended.
struct Cure {
    CureKind kind = CureKind::command;
    std::string text;
};

struct Finding {
    std::string code;  ///< "LVS02"
    config::Severity severity = config::Severity::error;
    std::string place;  ///< an interface, an address, a setting, a row of IPVS, or file:line
    std::string what;   ///< what goes wrong, and when it is noticed
    Cure cure;
};

/// Sorted by code, and by place within it.
std::vector<Finding> diagnose(const Evidence& evidence);

/// The name of the node that has this MAC, or "this node"; "": it is not known.
std::string owner_of(const Evidence& evidence, const wire::LinkAddress& link);

/// Every address that counts as a VIP here: those of IPVS, and those of the file. Without a file also those on lo and
/// those of keepalived.
std::set<IpAddress> vips_of(const Evidence& evidence);

}  // namespace lbconverge::doctor
