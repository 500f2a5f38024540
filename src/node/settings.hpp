// From the configuration to the instances of an election. Private to src/node.
#pragma once

#include "lbconverge/node/node.hpp"

namespace lbconverge::node {

std::vector<Instance> instances_of(const config::Config& config);
/// The same virtual router: interface, family, version and VRID (RFC 9568 §5.2.3).
bool same_router(const Instance& a, const Instance& b);
/// Makes the addresses of an advertisement complete. Over IPv6 a link-local address must come first (RFC 9568 §5.2.9),
/// and an advertisement must have at least one address (erratum 8299). If that is not so, an address of the sender is
/// put first: its source, or, if that is not link-local, a link-local address of the interface.
void complete(std::vector<IpAddress>& addresses, const IpAddress& source, const std::vector<IpAddress>& of_interface);

}  // namespace lbconverge::node
