// JSON text, read and written in one place: the parser and the serializer are expensive to compile. This header only
// declares the values; a file that builds or walks them includes nlohmann/json.hpp as well (tests/style lists which
// do).
#pragma once

#include "lbconverge/model/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lbconverge::wire {

using Json = nlohmann::ordered_json;

/// A place in a text; line and column count from 1. Line 0: it is not known.
struct JsonPlace {
    std::size_t line = 0, column = 0;
};

/// invalid_input: the text is no JSON, and the error has the parser's words; or it is nested so deeply that a walk
/// through it would need much stack.
Result<Json> parse_json(std::string_view text);
/// The same; `place`: where the text ceases to be JSON.
Result<Json> parse_json(std::string_view text, JsonPlace& place);

/// What an exception of the JSON library says, without the library's number for it.
std::string json_problem(const std::exception& thrown);

struct JsonMember {
    std::string name;
    std::variant<std::string, bool> value;
};
/// For what strangers send: one object that holds nothing but texts and truth values. No tree is built and nothing is
/// thrown, and reading ends at the first thing that is something else, that is there twice, or that is one too many.
Result<std::vector<JsonMember>> parse_flat_json(std::string_view text, std::size_t most_members);

/// Text from outside as valid UTF-8: what is no UTF-8 becomes U+FFFD. Names of interfaces and files, arguments, and the
/// output of programs may contain any octets.
std::string valid_utf8(std::string_view text);

/// On one line, or indented. What is no UTF-8 becomes U+FFFD here, too.
std::string json_text(const Json& json, int indent = -1);

}  // namespace lbconverge::wire
