// Why the rows of one address are as they are. Private to src/cli.
#pragma once

#include "render.hpp"

#include <string>

namespace lbconverge::cli {

/// Explains each desired or observed row that has the address in it: what asks for the row, and on which line of the
/// file; what the kernel has; whether the row is ours; and what apply would do about it.
std::string explain_text(const IpAddress& address, const plan::Plan& plan, const kinds::Ledger& ledger,
                         const Scene& scene);

}  // namespace lbconverge::cli
