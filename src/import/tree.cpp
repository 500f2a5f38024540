#include "tree.hpp"

#include "keywords.hpp"
#include "lbconverge/config/suggestion.hpp"

#include <algorithm>

namespace lbconverge::importer {

namespace {

constexpr std::size_t most_nested = 32;
constexpr std::size_t most_comment_lines = 12;
constexpr std::size_t most_suggestions = 200;  // a file with more unknown words is no keepalived.conf

class Builder {
public:
    Builder(const std::vector<ConfLine>& lines, Remarks& remarks) : lines_(lines), remarks_(remarks) {}

    std::vector<Statement> top() {
        std::vector<Statement> statements;
        block(in_top, statements, nullptr, 0);
        ignored_braces_ = 0;
        flush_ignored();
        return statements;
    }

private:
    [[nodiscard]] bool at_end() const { return line_ >= lines_.size(); }
    [[nodiscard]] const ConfLine& line() const { return lines_[line_]; }
    [[nodiscard]] const Word& word() const { return line().words[word_]; }

    /// Goes to the next word, over ends of lines. Comments on the way are kept for what comes next.
    bool to_word() {
        while (!at_end() && word_ >= line().words.size()) {
            keep_comment();
            ++line_;
            word_ = 0;
        }
        return !at_end();
    }

    void keep_comment() {
        const ConfLine& past = line();
        if (!past.words.empty()) return;
        if (!past.has_comment || past.comment.empty()) {
            above_.clear();  // an empty line parts a comment from what comes next
        } else if (above_.size() < most_comment_lines && is_prose(past.comment)) {
            above_.push_back(comment_text(past.comment));
        }
    }

    /// The words up to a brace or the end of the line.
    Statement piece() {
        Statement statement;
        statement.place = line().place;
        const std::size_t first = word_;
        const auto& words = line().words;
        while (word_ < words.size() && !words[word_].is("{") && !words[word_].is("}")) ++word_;
        statement.words = std::span(words).subspan(first, word_ - first);
        statement.text = text_of(statement.words);
        statement.comments.above = std::exchange(above_, {});
        statement.comments.behind = comment_text(line().comment);
        return statement;
    }

    /// From the first of these words of the line to the last one, with their quotes.
    [[nodiscard]] std::string_view text_of(std::span<const Word> words) const {
        if (words.empty()) return {};
        if (words.size() == line().words.size()) return line().text;
        const char* const begin = words.front().text.data() - (words.front().quoted ? 1 : 0);
        const std::string_view last = words.back().text;
        return {begin, last.data() + last.size() + (words.back().quoted ? 1 : 0)};
    }

    /// An opening brace comes next, here or in the next line that is not empty.
    bool brace_follows() {
        std::size_t at = line_;
        std::size_t index = word_;
        while (at < lines_.size() && index >= lines_[at].words.size()) {
            ++at;
            index = 0;
        }
        return at < lines_.size() && lines_[at].words[index].is("{");
    }

    void block(std::uint32_t where, std::vector<Statement>& into, const Statement* opener, std::size_t depth) {
        while (to_word()) {
            if (word().is("}")) {
                const bool surplus = !close_ignored() && depth == 0;
                if (surplus) remarks_.broken(line().place, "}", "closes nothing", "remove it");
                ++word_;
                above_.clear();
                if (depth > 0) return;
                continue;
            }
            if (word().is("{")) {
                if (!in_ignored_) remarks_.broken(line().place, "{", "opens nothing", "remove it");
                if (in_ignored_) ++ignored_braces_;
                ++word_;
                continue;
            }
            if (depth > 0 && begins_top_block(where) && !begins_again(*opener)) {
                remarks_.broken(line().place, std::string(word().text),
                                "begins within " + opened(opener) +
                                    ": a } is missing before it, and keepalived ignores "
                                    "this block. It is read here",
                                "close " + opened(opener) + " before this line");
                unwinding_ = true;
                return;
            }
            statement(where, into, depth);
            if (unwinding_ && depth > 0) return;
            unwinding_ = false;
        }
        if (depth > 0 && !unwinding_) {
            remarks_.broken(opener->place, std::string(opener->word(0)), "has no closing }", "add it");
        }
    }

    [[nodiscard]] static std::string opened(const Statement* opener) {
        return std::string(opener->word(0)) + " of line " + std::to_string(opener->place.line);
    }

    /// A block of the top level where none can be.
    bool begins_top_block(std::uint32_t where) {
        if (word_ != 0 || keyword_in(where, word().text) != nullptr) return false;
        const Keyword* keyword = keyword_in(in_top, word().text);
        if (keyword == nullptr || keyword->opens == 0) return false;
        const std::size_t before = word_;
        while (word_ < line().words.size() && !word().is("{") && !word().is("}")) ++word_;
        const bool opens = brace_follows();
        word_ = before;
        return opens;
    }

    /// The same block once more, as between the marks of a merge. keepalived ignores that line, and goes on in the
    /// block.
    [[nodiscard]] bool begins_again(const Statement& opener) const {
        const auto& words = line().words;
        for (std::size_t i = 0; i < opener.words.size(); ++i) {
            if (i >= words.size() || words[i].text != opener.word(i)) return false;
        }
        return opener.words.size() == words.size() || words[opener.words.size()].is("{");
    }

    /// keepalived reads one keyword in a line.
    void say_surplus(std::uint32_t where, const Statement& statement) {
        for (std::size_t i = 2; where != in_list && i < statement.words.size(); ++i) {
            if (keyword_in(where, statement.word(i)) == nullptr) continue;
            remarks_.broken(statement.place, std::string(statement.word(i)),
                            "stands in the line of " + std::string(statement.word(0)) +
                                ": keepalived reads one keyword in a line, and ignores it",
                            "a line of its own");
        }
    }

    void statement(std::uint32_t where, std::vector<Statement>& into, std::size_t depth) {
        Statement next = piece();
        next.keyword = keyword_in(where, next.word(0));
        if (where == in_list && next.keyword == nullptr) {
            flush_ignored();
            into.push_back(std::move(next));
            return;
        }
        if (next.keyword == nullptr) return unknown(where, next);
        flush_ignored();
        say_surplus(where, next);
        if (next.keyword->opens == 0) {
            into.push_back(std::move(next));
            return;
        }
        if (!brace_follows()) {
            remarks_.broken(next.place, std::string(next.word(0)), "has no {", "add it");
        } else {
            to_word();
            ++word_;
        }
        if (depth >= most_nested) return;
        if (line_ < lines_.size() && lines_[line_].place != next.place)
            next.comments.behind += comment_text(line().comment);
        const std::uint32_t inside = next.keyword->opens;
        block(inside, next.body, &next, depth + 1);
        into.push_back(std::move(next));
    }

    /// keepalived ignores the word and the brace behind it. So the next } closes the block around it.
    void unknown(std::uint32_t where, const Statement& statement) {
        if (ignored_braces_ == 0) {
            flush_ignored();
            in_ignored_ = true;
            ignored_where_ = where;
            ignored_first_ = statement.place;
            ignored_word_ = statement.word(0);
        }
        ignored_last_ = statement.place;
        if (!brace_follows()) return;
        ++ignored_braces_;
        ignored_block_ = true;
        to_word();
        ++word_;
    }

    /// A } while something is ignored. False: nothing is.
    bool close_ignored() {
        if (!in_ignored_ || ignored_braces_ == 0) return false;
        ignored_last_ = line().place;
        if (--ignored_braces_ == 0) flush_ignored();
        return true;
    }

    void flush_ignored() {
        if (!in_ignored_ || ignored_braces_ != 0) return;
        in_ignored_ = false;
        const std::string block(name_of_block(ignored_where_));
        std::string what = "keepalived knows no such keyword " + (block.empty() ? "here" : "in " + block);
        what += ignored_block_ && ignored_last_ != ignored_first_
                    ? ": it ignores all up to line " + std::to_string(ignored_last_.line)
                    : ", and ignores it";
        if (ignored_block_ && !block.empty()) what += ", and takes that } for the end of " + block;
        const bool few = ++suggestions_ <= most_suggestions;
        const std::string_view near =
            few ? config::nearest(ignored_word_, known_in(ignored_where_)) : std::string_view();
        std::string remedy;
        if (!near.empty()) remedy = "did you mean " + config::in_quotes(near) + "?";
        remarks_.broken(ignored_first_, shown(ignored_word_), std::move(what), std::move(remedy));
        ignored_block_ = false;
    }

    /// A word from a file that may hold anything, as part of a line.
    static std::string shown(const std::string& word) {
        const std::string quoted = config::in_quotes(word);
        return quoted.substr(1, quoted.size() - 2);
    }

    const std::vector<ConfLine>& lines_;
    Remarks& remarks_;
    std::size_t line_ = 0;
    std::size_t word_ = 0;
    std::vector<std::string> above_;  ///< comments before the next statement
    bool unwinding_ = false;          ///< a block of the top level begins where blocks are open
    // What is being ignored, until as many braces are closed as were opened.
    bool in_ignored_ = false;
    bool ignored_block_ = false;
    std::size_t ignored_braces_ = 0;
    std::size_t suggestions_ = 0;
    std::uint32_t ignored_where_ = 0;
    Place ignored_first_, ignored_last_;
    std::string ignored_word_;
};

}  // namespace

bool is_prose(std::string_view comment) {
    return comment.find_first_of("{}") == comment.npos &&
           comment.find("onfiguration File for keepalived") == comment.npos;
}

std::string comment_text(std::string_view comment) {
    std::string text(comment);
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
    std::replace_if(text.begin(), text.end(), is_control, ' ');
    return text;
}

std::vector<Statement> tree_of(const std::vector<ConfLine>& lines, Remarks& remarks) {
    return Builder(lines, remarks).top();
}

}  // namespace lbconverge::importer
