// Small helpers for the sentences that a person reads: quoting, lists, the nearest known name, durations.
// Private to config; knows no TOML.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lbconverge::config {

/// "text" in double quotes; long or unprintable input is shortened, because it came from outside.
std::string in_quotes(std::string_view text);

/// "a, b or c".
std::string one_of(std::span<const std::string_view> words);

/// The known word that `word` was probably meant to be; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// `did you mean "x"?` or, when nothing is near, the list of all known words.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

/// "250ms", "1s", "1.5s", "5m", "2h", "1d"; nothing below a millisecond, nothing above ten years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The largest unit that divides it: "1500ms", "90s", "5m".
std::string to_text(std::chrono::milliseconds duration);

/// 1 to 15 characters, as the kernel wants a link's name.
bool is_interface_name(std::string_view text);

}  // namespace lbconverge::config
