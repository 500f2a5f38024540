// The kernel's state as TOML that check accepts, and as a snapshot that diff --against reads. Private to src/cli.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <memory>
#include <optional>
#include <string>

namespace lbconverge::cli {

/// VIPs are the addresses that services use, that lbconverge made, and the /32 and /128 addresses on lo.
std::string toml_of(const kinds::Observed& observed);

/// A snapshot is an Observed and the ledger, in JSON. `taken`: when it was taken, in the time of the ledger.
std::string snapshot_of(const kinds::Observed& observed, const kinds::Ledger& ledger, const std::string& node,
                        BootTime taken = {});
struct Snapshot {
    std::shared_ptr<const kinds::Observed> observed;
    kinds::Ledger ledger;
    std::optional<BootTime> taken{};  ///< none: an older version made it
};
Result<Snapshot> parse_snapshot(const std::string& path, const std::string& text);

}  // namespace lbconverge::cli
