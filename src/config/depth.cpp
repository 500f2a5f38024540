#include "depth.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lbconverge::config {

namespace {

constexpr std::size_t most_dots = 31;      // keys of this program have six parts at the most
constexpr std::size_t most_brackets = 32;  // and its values are nested four deep

/// Goes through a text, and passes over what is in quotes and in comments.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::optional<TooDeep> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                pass_quoted(c);
            } else if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else {
                count(c);
                if (dots_ > most_dots) return found("a key of more than 32 parts", "does a text lack its quotes?");
                if (depth_ > most_brackets) {
                    return found("values that are nested more than 32 deep", "is a bracket not closed?");
                }
                ++at_;
            }
        }
        return std::nullopt;
    }

private:
    void count(char c) {
        switch (c) {
            case '.':
                ++dots_;
                break;
            case '[':
            case '{':
                ++depth_, dots_ = 0;
                break;
            case ']':
            case '}':
                depth_ -= depth_ > 0 ? 1 : 0, dots_ = 0;
                break;
            case '\n':
            case '=':
            case ',':
                dots_ = 0;
                break;
            default:
                break;
        }
    }

    /// Three quotes begin a text of several lines. It may end with one or two quotes of its own (TOML 1.0, String).
    void pass_quoted(char quote) {
        const std::string three(3, quote);
        const bool lines = text_.substr(at_, 3) == three;
        at_ += lines ? 3 : 1;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\n' && !lines) return;
            if (c == '\\' && quote == '"') {
                ++at_;
            } else if (lines ? text_.substr(at_, 3) == three : c == quote) {
                break;
            }
        }
        at_ += lines ? 3 : 1;
        for (int i = 0; lines && i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
    }

    [[nodiscard]] TooDeep found(const char* what, const char* hint) const {
        const std::string_view before = text_.substr(0, at_);
        const std::size_t line = before.rfind('\n') + 1;                // npos + 1 is 0
        const auto begins = [](char c) { return (c & 0xc0) != 0x80; };  // a character of UTF-8
        const auto lines = std::count(before.begin(), before.end(), '\n');
        const auto column = std::ranges::count_if(before.substr(line), begins);
        return {{static_cast<std::uint32_t>(lines + 1),
                 static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(column + 1, UINT16_MAX)), 0},
                what,
                hint};
    }

    std::string_view text_;
    std::size_t at_ = 0, dots_ = 0, depth_ = 0;
};

}  // namespace

std::optional<TooDeep> too_deep(std::string_view text) { return Scanner(text).run(); }

}  // namespace lbconverge::config
