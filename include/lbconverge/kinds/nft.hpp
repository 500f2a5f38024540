// What our tables in nftables are made of, so that whatever somebody else has made of one is noticed and undone. The
// kinds arp_filter, redirect and mark write them.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/wire/nft.hpp"

#include <string>

namespace lbconverge::kinds {

/// The commands that make a table of ours anew, with the elements that it has, where something is in it, or is said of
/// it, that the commands of the kinds leave alone: switched off, another policy, priority or type, a strange chain.
/// Empty: it is as we make it, or lacks something that the kinds add.
std::string nft_repair(const wire::NftTable& table);

/// Whether anything of this file stands in nftables, now or at other times.
bool uses_nftables(const config::Config& config);

}  // namespace lbconverge::kinds
