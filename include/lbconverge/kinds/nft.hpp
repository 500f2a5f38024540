// Our tables in nftables, which the kinds arp_filter, redirect and mark write. Changes that other programs make to them
// are found and undone.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/wire/nft.hpp"

#include <string>

namespace lbconverge::kinds {

/// The commands that make a table of ours again, with its elements, if it has a fault that the commands of the kinds do
/// not repair: it is switched off; a policy, priority or type is wrong; it has a chain of another program. Empty: the
/// table is as we make it, or it lacks only what the kinds add.
std::string nft_repair(const wire::NftTable& table);

/// Whether this file ever needs a table in nftables.
bool uses_nftables(const config::Config& config);

}  // namespace lbconverge::kinds
