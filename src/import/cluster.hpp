// Several nodes as one file: what they share once, what differs under [nodes], and where they contradict each other.
// Private to import.
#pragma once

#include "draft.hpp"

namespace lbconverge::importer {

/// Gives instances that are one (the same VRID) one name: that of the first node.
void align_names(std::vector<NodeModel>& nodes, Remarks& remarks);

/// Names what nodes have differently in their lists, a remark for each list.
void say_differences(const std::vector<Draft>& drafts, Remarks& remarks);

/// What all nodes say, and what only some do.
struct Cluster {
    Draft shared;
    std::vector<Draft> nodes;  ///< empty: a single node without a name
};
Cluster cluster_of(std::vector<Draft> drafts, Remarks& remarks);

/// The file.
std::string toml_of(const Cluster& cluster);

}  // namespace lbconverge::importer
