#include "lines.hpp"

#include "lbconverge/config/suggestion.hpp"

#include <algorithm>
#include <charconv>

namespace lbconverge::importer {

namespace {

// Far beyond every real file, and little enough for a small machine.
constexpr std::size_t most_octets = std::size_t{64} << 20;
constexpr std::size_t most_steps = 500'000;
constexpr std::size_t most_depth = 32;
constexpr std::size_t most_reads = 2000;
constexpr std::size_t most_line = std::size_t{256} << 10;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Where the comment begins; the end if there is none. Only double quotes protect, and a backslash protects the next
/// character.
std::size_t comment_start(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"') quoted = !quoted;
        if (c == '\\') ++i;
        if (!quoted && (c == '#' || c == '!')) return i;
    }
    return line.size();
}

bool is_comment_sign(char c) { return c == '#' || c == '!'; }

}  // namespace

std::optional<std::vector<Word>> words_of(std::string_view text) {
    constexpr std::size_t usual = 4;
    std::vector<Word> words;
    if (!text.empty()) words.reserve(usual);
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (is_blank(c)) {
            ++i;
        } else if (c == '"') {
            const std::size_t end = text.find('"', i + 1);
            if (end == std::string_view::npos) return std::nullopt;
            words.push_back({text.substr(i + 1, end - i - 1), true});
            i = end + 1;
        } else if (c == '{' || c == '}') {
            words.push_back({text.substr(i, 1), false});
            ++i;
        } else {
            const std::size_t start = i;
            for (; i < text.size() && !is_blank(text[i]) && text[i] != '"' && text[i] != '}'; ++i) {
                if (text[i] != '{') continue;
                // A parameter that nobody has defined stays as it is, with its braces.
                const std::size_t end = text[i - (i == start ? 0 : 1)] == '$' ? text.find('}', i) : text.npos;
                if (end == text.npos) break;
                i = end;
            }
            words.push_back({text.substr(start, i - start), false});
        }
    }
    return words;
}

namespace {

/// Reads one escape; `i` is at the character after the backslash, and then at the last one of the escape.
char escaped(std::string_view text, std::size_t& i) {
    constexpr std::string_view letters = "abEfnrtv";
    constexpr std::string_view values = "\a\b\x1b\f\n\r\t\v";
    const char c = text[i];
    if (const std::size_t at = letters.find(c); at != letters.npos) return values[at];
    const bool hexadecimal = c == 'x' && i + 1 < text.size();
    const bool octal = c >= '0' && c <= '7';
    if (c == 'c' && i + 1 < text.size()) return static_cast<char>(text[++i] & 0x1f);
    if (!hexadecimal && !octal) return c;
    const char* const first = text.data() + i + (hexadecimal ? 1 : 0);
    const char* const last = std::min(first + (hexadecimal ? 2 : 3), text.data() + text.size());
    unsigned value = 0;
    const auto [end, error] = std::from_chars(first, last, value, hexadecimal ? 16 : 8);
    if (error != std::errc{}) return c;
    i = static_cast<std::size_t>(end - text.data()) - 1;
    return static_cast<char>(value);
}

}  // namespace

std::vector<std::string> command_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && i + 1 < text.size()) {
            word += escaped(text, ++i);
            inside = true;
        } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
            quote = quote != 0 ? char{0} : c;
            inside = true;
        } else if (quote == 0 && is_blank(c)) {
            if (inside) words.push_back(std::exchange(word, {}));
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (inside) words.push_back(word);
    return words;
}

bool LineReader::read(const std::string& path) {
    auto text = system_.open(path);
    if (!text) return false;
    size_ += text->size();
    const std::string& kept = texts_.emplace_back(std::move(*text));
    const auto known = std::find(files_.begin(), files_.end(), path);
    const auto file = static_cast<std::uint32_t>(known - files_.begin());
    if (known == files_.end()) files_.push_back(path);
    open_.push_back(path);
    read_text(kept, file);
    open_.pop_back();
    return true;
}

void LineReader::read_text(std::string_view text, std::uint32_t file) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (lines_.empty()) lines_.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    Place at{file, 0};
    while (!text.empty() && !over_) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        ++at.line;
        read_line(text.substr(0, end), at);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!unfinished_) return;
    remarks_.broken(at, "$" + unfinished_->name, "the definition has no end: its last line ends with a backslash");
    unfinished_.reset();
}

void LineReader::read_line(std::string_view raw, Place at) {
    raw = raw.substr(0, raw.find('\0'));  // the rest of such a line does not exist for keepalived either
    const std::size_t end = comment_start(raw);
    std::string_view comment = raw.substr(end);
    has_comment_ = !comment.empty();
    while (!comment.empty() && is_comment_sign(comment.front())) comment.remove_prefix(1);
    comment_ = trimmed(comment);
    const std::string_view text = trimmed(raw.substr(0, end));
    const bool glued = end > 0 && end + 1 < raw.size() && !is_blank(raw[end - 1]) && !is_comment_sign(raw[end - 1]) &&
                       !is_blank(raw[end + 1]) && !text.empty() && text.back() != '{' && text.back() != '}';
    if (glued) {
        remarks_.changed(at, std::string(1, raw[end]), "begins a comment here, also in the middle of a word",
                         "if it belongs to the value, put the value in double quotes");
    }
    if (unfinished_) {
        const bool more = text.ends_with('\\');
        unfinished_->value += "\n";
        unfinished_->value += trimmed(more ? text.substr(0, text.size() - 1) : text);
        if (more) return;
        definitions_[unfinished_->name] = unfinished_->value;
        unfinished_.reset();
        return;
    }
    if (text.empty()) return emit({}, at);
    process(text, at, 0);
}

bool LineReader::over(Place at) {
    ++steps_;
    if (over_) return true;
    over_ = steps_ > most_steps || size_ > most_octets;
    if (over_) {
        remarks_.broken(at, "", "the configuration is larger than any that can be meant: reading ends here",
                        "look at the ~SEQ, ~LST and definitions before this line");
    }
    return over_;
}

/// What stands in one line, which may become several.
void LineReader::process(std::string_view text, Place at, std::size_t depth) {
    size_ += text.size();
    if (depth > 0 ? over(at) : over_) return;
    if (depth > most_depth) {
        remarks_.broken(at, "", "definitions and includes are nested more than 32 times: this line is left out");
        return;
    }
    if (!condition_holds(text, at)) return;
    if (include(text, at)) return;
    if (define(text)) return;
    if (repeat(text, at, depth)) return;
    if (text.find('$') == text.npos) return emit(text, at);
    text = texts_.emplace_back(substituted(std::string(text), at));
    if (text.find('\n') == text.npos) {
        // A parameter may have been a condition.
        if (condition_holds(text, at)) emit(text, at);
        return;
    }
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t one = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trimmed(rest.substr(0, one));
        if (!line.empty()) process(line, at, depth + 1);
        rest.remove_prefix(std::min(one + 1, rest.size()));
    }
}

/// "@name rest" and "@^name rest"; what is left is the rest. False: the line is for another node.
bool LineReader::condition_holds(std::string_view& text, Place at) {
    for (std::size_t count = 0; text.starts_with('@') && count < most_depth; ++count) {
        const auto end = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
        std::string_view name = text.substr(1, end - 1);
        const bool negative = name.starts_with('^');
        if (negative) name.remove_prefix(1);
        if ((name == node_) == negative) {
            remarks_.lost(at, "@", "a line for other nodes than " + config::in_quotes(node_) + " is left out",
                          "import keepalived NAME=FILE reads FILE as keepalived -i NAME does; several of them make "
                          "one file for all nodes");
            return false;
        }
        text = trimmed(text.substr(end));
    }
    return !text.empty();
}

/// "$NAME=value". With a backslash at its end the value goes on in the next line.
bool LineReader::define(std::string_view text) {
    if (!text.starts_with('$')) return false;
    std::size_t end = 1;
    while (end < text.size() && is_name(text[end])) ++end;
    if (end == 1 || end == text.size() || text[end] != '=') return false;
    const std::string name(text.substr(1, end - 1));
    const std::string_view value = trimmed(text.substr(end + 1));
    if (value.ends_with('\\')) {
        unfinished_ = Unfinished{name, std::string(trimmed(value.substr(0, value.size() - 1)))};
    } else {
        definitions_[name] = value;
    }
    return true;
}

/// "~SEQ(…) rest", "~SEQx(…) rest" and "~LST(…) rest".
bool LineReader::repeat(std::string_view text, Place at, std::size_t depth) {
    const bool list = text.starts_with("~LST(");
    const bool hexadecimal = text.starts_with("~SEQx(");
    if (!list && !hexadecimal && !text.starts_with("~SEQ(")) return false;
    const std::size_t open = text.find('(');
    const std::size_t close = text.find(')');
    if (close == text.npos) {
        remarks_.broken(at, std::string(text.substr(0, open)), "has no closing parenthesis: the line is left out");
        return true;
    }
    const std::string inside = substituted(std::string(text.substr(open + 1, close - open - 1)), at);
    const std::string_view rest = trimmed(text.substr(close + 1));
    if (list) {
        repeat_list(inside, rest, at, depth);
    } else {
        repeat_sequence(inside, rest, hexadecimal, at, depth);
    }
    return true;
}

namespace {

/// The parts between commas; a part in braces may have commas itself.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        text = trimmed(text);
        const std::size_t close = text.starts_with('{') ? text.find('}') : text.npos;
        const std::size_t from = close == text.npos ? 0 : close;
        const std::size_t comma = std::min(text.find(',', from), text.size());
        parts.push_back(trimmed(text.substr(0, comma)));
        if (comma == text.size()) return parts;
        text.remove_prefix(comma + 1);
    }
}

std::vector<std::string_view> group_of(std::string_view part) {
    if (part.starts_with('{') && part.ends_with('}')) part = part.substr(1, part.size() - 2);
    return parts_of(part);
}

std::optional<long> number_of(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size() || value > 1'000'000'000) return std::nullopt;
    return negative ? -value : value;
}

std::string text_of(long number, bool hexadecimal) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, number, hexadecimal ? 16 : 10).ptr;
    return {text, end};
}

}  // namespace

void LineReader::repeat_list(std::string_view inside, std::string_view rest, Place at, std::size_t depth) {
    const auto parts = parts_of(inside);
    const auto names = group_of(parts.front());
    for (std::size_t i = 1; i < parts.size() && !over_; ++i) {
        const auto values = group_of(parts[i]);
        for (std::size_t n = 0; n < names.size(); ++n) {
            definitions_[std::string(names[n])] = n < values.size() ? values[n] : std::string_view();
        }
        process(rest, at, depth + 1);
    }
}

void LineReader::repeat_sequence(std::string_view inside, std::string_view rest, bool hexadecimal, Place at,
                                 std::size_t depth) {
    const auto parts = parts_of(inside);
    std::vector<long> numbers;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        if (const auto number = number_of(parts[i])) numbers.push_back(*number);
    }
    const bool whole = numbers.size() + 1 == parts.size() && !numbers.empty() && numbers.size() <= 3;
    if (!whole || (numbers.size() == 3 && numbers[1] == 0)) {
        remarks_.broken(at, "~SEQ", "wants a name, a start, a step and an end: the line is left out");
        return;
    }
    const long end = numbers.back();
    const long start = numbers.size() == 1 ? (end < 0 ? -1 : 1) : numbers.front();
    const long step = numbers.size() == 3 ? numbers[1] : (end < start ? -1 : 1);
    for (long value = start; (step > 0 ? value <= end : value >= end) && !over_; value += step) {
        definitions_[std::string(parts.front())] = text_of(value, hexadecimal);
        process(rest, at, depth + 1);
    }
}

std::optional<std::string> LineReader::value_of(const std::string& name, Place at) {
    if (const auto known = definitions_.find(name); known != definitions_.end()) return known->second;
    if (name == "_INSTANCE") return node_;
    if (name == "_HASH") return "#";
    if (name == "_BANG") return "!";
    if (name == "_PWD") {
        const std::size_t slash = open_.back().rfind('/');
        return slash == std::string::npos ? "." : open_.back().substr(0, slash);
    }
    if (name.starts_with("_RANDOM")) {
        remarks_.broken(at, "${_RANDOM}", "is another number at each start of keepalived", "write the number itself");
    }
    return std::nullopt;
}

/// Replaces ${NAME}, and $NAME before a blank or the end. A value is looked through as well; that of several lines only
/// when its lines are.
std::string LineReader::substituted(std::string text, Place at) {
    for (std::size_t i = text.find('$'); i != text.npos; i = text.find('$', i)) {
        if (over(at) || text.size() > most_line) break;
        size_ += text.size();  // a definition may name itself
        const bool braced = i + 1 < text.size() && text[i + 1] == '{';
        const std::size_t start = i + (braced ? 2 : 1);
        std::size_t end = start;
        if (braced) {
            end = text.find('}', start);
            if (end == text.npos) break;
        } else {
            while (end < text.size() && is_name(text[end])) ++end;
        }
        const bool whole = braced || end == text.size() || is_blank(text[end]);
        const auto value = whole && end > start ? value_of(text.substr(start, end - start), at) : std::nullopt;
        if (!value) {
            ++i;
            continue;
        }
        text.replace(i, end - i + (braced ? 1 : 0), *value);
        if (value->find('\n') != value->npos) i += value->size();
    }
    return text;
}

/// include, and its variants that say what is an error.
bool LineReader::include(std::string_view text, Place at) {
    constexpr std::string_view word = "include";
    if (!text.starts_with(word)) return false;
    std::string_view rest = text.substr(word.size());
    if (!rest.empty() && std::string_view("rmwba").find(rest.front()) != rest.npos) rest.remove_prefix(1);
    if (rest.empty() || !is_blank(rest.front())) return false;
    rest = trimmed(rest);
    if (rest.size() > 1 && rest.front() == '"' && rest.back() == '"') rest = rest.substr(1, rest.size() - 2);
    std::string pattern = substituted(std::string(rest), at);
    const std::size_t slash = open_.back().rfind('/');
    if (!pattern.starts_with('/') && slash != std::string::npos) pattern.insert(0, open_.back(), 0, slash + 1);
    include_files(pattern, at);
    return true;
}

void LineReader::include_files(const std::string& pattern, Place at) {
    std::vector<std::string> paths = system_.glob(pattern);
    if (paths.empty() && pattern.find_first_of("*?[{") == pattern.npos) paths = {pattern};
    if (paths.empty()) {
        remarks_.lost(at, "include", "no file is named " + config::in_quotes(pattern), "import where the file is");
    }
    for (const std::string& path : paths) {
        if (over_) return;
        if (++reads_ > most_reads) {
            over_ = true;
            remarks_.broken(at, "include", "more than 2000 files are included: reading ends here",
                            "files that include each other");
            return;
        }
        if (std::find(open_.begin(), open_.end(), path) != open_.end() || open_.size() >= most_depth) {
            remarks_.broken(at, "include", config::in_quotes(path) + " includes itself: it is not read again");
        } else if (!read(path)) {
            remarks_.lost(at, "include", config::in_quotes(path) + " cannot be read", "import where the file is");
        }
    }
}

void LineReader::emit(std::string_view text, Place at) {
    ConfLine line;
    line.place = at;
    line.comment = std::exchange(comment_, {});
    line.has_comment = std::exchange(has_comment_, false);
    if (auto words = words_of(text)) {
        line.words = std::move(*words);
    } else {
        remarks_.broken(at, "", "a quote has no end: keepalived ignores the whole line", "close the quote");
    }
    line.text = text;
    lines_.push_back(std::move(line));
}

}  // namespace lbconverge::importer
