// Commands of ipvsadm, as `ipvsadm -Sn` writes them and as scripts have them, in neutral terms. Private to import.
#pragma once

#include "model.hpp"

namespace lbconverge::importer {

/// The table that these commands leave behind in an empty kernel. A line may begin with a path of ipvsadm.
NodeModel model_of_ipvsadm(std::string_view text, std::uint32_t file, Remarks& remarks);

}  // namespace lbconverge::importer
