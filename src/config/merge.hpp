// One syntax tree out of several files': arrays append, tables merge, a scalar given twice is an error.
// Private to config.
#pragma once

#include "lbconverge/config/diagnostic.hpp"

#include <toml++/toml.h>

namespace lbconverge::config {

/// Moves everything of `from` into `into`. Nodes keep their places.
void merge(toml::table& into, toml::table&& from, Diagnostics& problems);

}  // namespace lbconverge::config
