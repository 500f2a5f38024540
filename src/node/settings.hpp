// From the configuration to the instances of an election. Private to src/node.
#pragma once

#include "lbconverge/node/node.hpp"

namespace lbconverge::node {

std::vector<Instance> instances_of(const config::Config& config);
/// The same virtual router: interface, family, version and VRID (RFC 9568 §5.2.3).
bool same_router(const Instance& a, const Instance& b);
/// RFC 9568 §5.2.9 wants a link-local address first; and an advertisement must have one address at least (erratum
/// 8299). Where that is not so, an address of the sender's own comes first: its source, or the link-local one among
/// those of the interface where the source is none.
void complete(std::vector<IpAddress>& addresses, const IpAddress& source, const std::vector<IpAddress>& of_interface);

}  // namespace lbconverge::node
