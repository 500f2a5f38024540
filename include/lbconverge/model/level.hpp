// How much a line of the log matters.
#pragma once

#include <cstdint>

namespace lbconverge {

enum class Level : std::uint8_t { info, warning, error };

}  // namespace lbconverge
