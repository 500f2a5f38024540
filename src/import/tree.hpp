// Blocks within blocks, as keepalived sees them, and what it ignores. Private to import.
#pragma once

#include "lines.hpp"

#include <span>

namespace lbconverge::importer {

struct Keyword;

/// Comments that belong to a statement.
struct Comments {
    std::vector<std::string> above;
    std::string behind;
};

/// A keyword with its words, and what stands in its block. An entry of a list has no keyword.
struct Statement {
    Place place;
    const Keyword* keyword = nullptr;
    std::span<const Word> words;  ///< of the line, which must outlive this; the first one is the keyword
    std::string_view text;        ///< them as they are written; what commands are read from
    std::vector<Statement> body;
    Comments comments;

    /// The word at that place, or nothing.
    [[nodiscard]] std::string_view word(std::size_t index) const {
        return index < words.size() ? words[index].text : std::string_view();
    }
};

/// Neither a block that is commented out, nor the line with which most files begin.
bool is_prose(std::string_view comment);

/// A comment as TOML may have it: blanks instead of control characters.
std::string comment_text(std::string_view comment);

/// The statements of the top level. What keepalived ignores is not there; a remark says so.
std::vector<Statement> tree_of(const std::vector<ConfLine>& lines, Remarks& remarks);

}  // namespace lbconverge::importer
