// ldirectord.cf in neutral terms. Private to import.
#pragma once

#include "model.hpp"

namespace lbconverge::importer {

/// What ldirectord makes of that file: the services, their servers, and how it checks them. Names of hosts and ports
/// are not looked up.
NodeModel model_of_ldirectord(std::string_view text, std::uint32_t file, Remarks& remarks);

/// Every directive and what becomes of it, in Markdown.
std::string ldirectord_guide();

}  // namespace lbconverge::importer
