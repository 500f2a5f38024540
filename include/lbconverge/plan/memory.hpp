// What the ledger remembers, as a value and as text. Pure; src/daemon/ledger.cpp reads and writes the file.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/result.hpp"

#include <string>
#include <string_view>

namespace lbconverge::plan {

using lbconverge::to_text;

/// The claims on everything desired: what the ledger says once the kernel is as desired. Old values to restore come
/// from `memory` where it has them, else from what is observed now.
kinds::Memory claims_on(const kinds::Desired& desired, const kinds::Observed& observed, const kinds::Memory& memory);

/// The claims of both; of two claims on one row the one of `newer`.
kinds::Memory united(const kinds::Memory& older, const kinds::Memory& newer);

/// What the ledger says before a plan is carried out: claims on everything that was ours and everything that is to be.
/// What has not been made yet is not known as converged: should the run stop, its rows have not drifted.
kinds::Memory before_deeds(const kinds::Memory& memory, const kinds::Memory& planned);

/// One line per claim: kind TAB id TAB fingerprint TAB fields of the value to restore. Same value, same bytes.
std::string to_text(const kinds::Memory& memory, kinds::Part part = kinds::Part::all);
Result<kinds::Memory> parse_memory(std::string_view text);

}  // namespace lbconverge::plan
