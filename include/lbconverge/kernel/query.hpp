// Reads from the kernel what no kind reads: messages of rtnetlink, and all of nftables. It works in the network
// namespace of the caller and changes nothing. It waits for the kernel, so the daemon's loop must not call it.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/wire/request.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace lbconverge::kernel {

/// Sends requests of Transport::route, one after the other, and hands over each message of the answers.
/// What changes all the time while it is read may have a row twice, or not at all.
Result<void> query_rtnetlink(wire::Requests& requests, const std::function<void(std::span<const std::byte>)>& receive);

/// What "nft -j list ruleset" prints, with numbers for protocols and priorities; nullopt: this kernel has no nftables.
/// Asking loads the module nf_tables.
Result<std::optional<std::string>> list_nftables();

}  // namespace lbconverge::kernel
