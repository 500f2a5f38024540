// The text of keepalived.conf as lines of words: comments, quotes, definitions, conditions, sequences and includes are
// done with. As keepalived 2.2.7 reads it (lib/parser.c), with bounds. Private to import.
#pragma once

#include "remarks.hpp"

#include <deque>
#include <map>
#include <utility>

namespace lbconverge::importer {

/// A word. Braces outside quotes are words of their own, whatever stands beside them.
struct Word {
    std::string_view text;
    bool quoted = false;

    [[nodiscard]] bool is(std::string_view mark) const { return !quoted && text == mark; }
};

/// All text is that of the reader, which must outlive the line.
struct ConfLine {
    Place place;
    std::vector<Word> words;   ///< none: a comment, or an empty line
    std::string_view text;     ///< without the comment; what commands are read from
    std::string_view comment;  ///< without its sign
    bool has_comment = false;
};

/// Words of one text; `nullopt`: a quote has no end.
std::optional<std::vector<Word>> words_of(std::string_view text);

/// Words as keepalived reads those of commands: both quotes, also within a word, and escapes as in a shell.
std::vector<std::string> command_words(std::string_view text);

/// Reads one node's files.
class LineReader {
public:
    LineReader(const FileSystem& system, std::string node, std::vector<std::string>& files, Remarks& remarks)
        : system_(system), node_(std::move(node)), files_(files), remarks_(remarks) {}

    /// False: the file cannot be read.
    bool read(const std::string& path);
    [[nodiscard]] std::vector<ConfLine>& lines() { return lines_; }

private:
    /// A definition that goes on in the next line.
    struct Unfinished {
        std::string name;
        std::string value;
    };

    void read_text(std::string_view text, std::uint32_t file);
    void read_line(std::string_view raw, Place at);
    void process(std::string_view text, Place at, std::size_t depth);
    bool condition_holds(std::string_view& text, Place at);
    bool define(std::string_view text);
    bool repeat(std::string_view text, Place at, std::size_t depth);
    void repeat_list(std::string_view inside, std::string_view rest, Place at, std::size_t depth);
    void repeat_sequence(std::string_view inside, std::string_view rest, bool hexadecimal, Place at, std::size_t depth);
    std::string substituted(std::string text, Place at);
    [[nodiscard]] std::optional<std::string> value_of(const std::string& name, Place at);
    bool include(std::string_view text, Place at);
    void include_files(const std::string& pattern, Place at);
    void emit(std::string_view text, Place at);
    bool over(Place at);

    const FileSystem& system_;
    std::string node_;
    std::vector<std::string>& files_;
    Remarks& remarks_;
    std::vector<ConfLine> lines_;
    std::map<std::string, std::string, std::less<>> definitions_;
    std::optional<Unfinished> unfinished_;
    std::vector<std::string> open_;  ///< the files that are being read, the innermost last
    std::deque<std::string> texts_;  ///< of the files, and lines that are made from them
    std::string_view comment_;       ///< of the line that is being processed
    bool has_comment_ = false;
    std::size_t size_ = 0;   ///< octets so far, after all substitutions
    std::size_t steps_ = 0;  ///< repetitions and substitutions so far
    std::size_t reads_ = 0;  ///< files that were included so far
    bool over_ = false;
};

}  // namespace lbconverge::importer
