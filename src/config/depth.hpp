// How deep a TOML text goes, known before it is parsed: the parser and whoever walks through its tables need stack for
// each level.
#pragma once

#include "lbconverge/model/source.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lbconverge::config {

struct TooDeep {
    Source place;
    std::string what, hint;
};

/// The first place where a key has too many parts, or too many values are nested. What follows the first mistake of a
/// text that is not TOML does not count, since the parser does not get that far.
std::optional<TooDeep> too_deep(std::string_view text);

}  // namespace lbconverge::config
