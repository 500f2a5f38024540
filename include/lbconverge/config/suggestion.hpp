// Parts of the sentences of a report: quoted text, lists of words, the known name that is nearest to a wrong one.
//
#pragma once

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

}  // namespace lbconverge::config
