// The contents of the ledger, as a value and as text. Pure; src/daemon/run_directory.cpp reads and writes the files.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/damaged_lines.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/plan/plan.hpp"

#include <string>
#include <string_view>

namespace lbconverge::plan {

using lbconverge::to_text;

struct Plan;
struct Step;

/// Claims on all desired rows: the ledger once the kernel is as desired. The old value of a restorable row comes from
/// `ledger` if it has one, else from the observed state.
kinds::Ledger claims_on(const kinds::Desired& desired, const kinds::Observed& observed, const kinds::Ledger& ledger);

/// The claims of both. If both have a claim on a row, that of `newer` is taken.
kinds::Ledger united(const kinds::Ledger& older, const kinds::Ledger& newer);

/// The ledger before a plan is carried out: claims on all rows that were ours and all that will be. A row that has not
/// been made yet has no fingerprint. So it does not count as drifted if the run stops before it is made.
kinds::Ledger before_deeds(const kinds::Ledger& ledger, const kinds::Ledger& planned);

/// The step was carried out. A row that belongs to an interface now belongs to the present one.
void note_done(kinds::Ledger& ledger, const Plan& plan, const Step& step);

/// The file memory once this plan has been carried out. The caller puts it into the ledger.
kinds::FileMemory memory_after(const Plan& plan, const config::Config& config);

/// A line per claim, drain, and piece of the remembered file, as packaging/manual/operation.md says. Same value, same
/// bytes.
std::string to_text(const kinds::Ledger& ledger, kinds::Part part = kinds::Part::all);

struct ReadLedger {
    kinds::Ledger ledger;
    DamagedLines damaged;
};
/// Never fails. Lines of a newer version are kept unchanged, and lines that cannot be read are left out. `part`: the
/// part to which the file belongs.
ReadLedger parse_ledger(std::string_view text, kinds::Part part = kinds::Part::tables);
/// Only what the network lane needs from the ledger of the tables: the claims on services, and the file memory without
/// its real servers.
kinds::Ledger parse_outline(std::string_view text);

/// The text of the ledger can be read again, and each claim is found by its key.
[[nodiscard]] BrokenInvariant broken_invariant(const kinds::Ledger& ledger);

}  // namespace lbconverge::plan
