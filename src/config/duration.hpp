// Durations as they are written: a number with its unit. Private to config; knows no TOML.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge::config {

/// "250ms", "1s", "1.5s", "5m", "2h", "1d"; nothing below a millisecond, nothing above ten years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The largest unit that divides it: "1500ms", "90s", "5m".
std::string to_text(std::chrono::milliseconds duration);

}  // namespace lbconverge::config
