// Why the rows of one address are as they are. Private to src/cli.
#pragma once

#include "render.hpp"

#include <string>

namespace lbconverge::cli {

/// Every desired and observed row in which the address occurs: who wants it and where, what the kernel has, whose it
/// is, and what apply would do about it.
std::string explain_text(const IpAddress& address, const plan::Plan& plan, const kinds::Ledger& ledger,
                         const Scene& scene);

}  // namespace lbconverge::cli
