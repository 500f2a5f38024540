// What the ledger remembers, as a value and as text. Pure; src/daemon/run_directory.cpp reads and writes the files.
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

/// The claims on everything desired: what the ledger says once the kernel is as desired. Old values to restore come
/// from `ledger` where it has them, else from what is observed now.
kinds::Ledger claims_on(const kinds::Desired& desired, const kinds::Observed& observed, const kinds::Ledger& ledger);

/// The claims of both; of two claims on one row the one of `newer`.
kinds::Ledger united(const kinds::Ledger& older, const kinds::Ledger& newer);

/// What the ledger says before a plan is carried out: claims on everything that was ours and everything that is to be.
/// What has not been made yet is not known as converged: should the run stop, its rows have not drifted.
kinds::Ledger before_deeds(const kinds::Ledger& ledger, const kinds::Ledger& planned);

/// The step was carried out: a row that hangs on an interface does so on the present one.
void note_done(kinds::Ledger& ledger, const Plan& plan, const Step& step);

/// What is to be remembered of the file once this plan has been carried out: the caller puts it into the ledger.
kinds::FileMemory memory_after(const Plan& plan, const config::Config& config);

/// A line per claim, drain, and piece of the remembered file, as packaging/manual/operation.md says. Same value, same
/// bytes.
std::string to_text(const kinds::Ledger& ledger, kinds::Part part = kinds::Part::all);

struct ReadLedger {
    kinds::Ledger ledger;
    DamagedLines damaged;
};
/// Never fails: what a newer version has written is kept as it is, and what cannot be read at all is left out. `part`:
/// whose file it is.
ReadLedger parse_ledger(std::string_view text, kinds::Part part = kinds::Part::tables);
/// Only what the lane of the network needs of the ledger of the tables: which services are ours still, and the
/// remembered file without its real servers.
kinds::Ledger parse_outline(std::string_view text);

/// What is written can be read again, and is found by its key.
[[nodiscard]] BrokenInvariant broken_invariant(const kinds::Ledger& ledger);

}  // namespace lbconverge::plan
