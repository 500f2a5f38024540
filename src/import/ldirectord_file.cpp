#include "ldirectord_file.hpp"

#include "lbconverge/config/suggestion.hpp"
#include "lbconverge/wire/json.hpp"
#include "ldirectord_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lbconverge::importer::ldirectord {

namespace {

constexpr std::size_t most_octets = std::size_t{16} << 20;
constexpr std::size_t most_comment_lines = 12;
constexpr int most_suggestions = 200;  // to look for near words takes time

/// A setting that is commented out is not about what comes next.
bool is_setting(std::string_view comment) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(comment, is_word) - comment.begin());
    return end != 0 && trimmed(comment.substr(end)).starts_with('=');
}

}  // namespace

// ---- parts of a line -----------------------------------------------------------------------------------------------

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view take_word(std::string_view& text) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if(text, is_blank) - text.begin());
    const std::string_view word = text.substr(0, end);
    text = trimmed(text.substr(end));
    return word;
}

std::optional<std::uint32_t> whole_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string printable(std::string_view comment) {
    std::string text(trimmed(comment));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

HostAndPort host_and_port(std::string_view text) {
    HostAndPort result;
    result.bracketed = text.starts_with('[') && text.find(']') != text.npos;
    const std::size_t colon = text.find(':', result.bracketed ? text.find(']') : 0);
    if (colon != text.npos) result.port = text.substr(colon + 1);
    result.host = text.substr(0, colon);
    if (result.bracketed) result.host = result.host.substr(1, result.host.find(']') - 1);
    return result;
}

// ---- lines ---------------------------------------------------------------------------------------------------------

LdirectordFile FileReader::read(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (text.size() > most_octets) {
        remarks_.broken(at_, "", "is longer than 16 MiB: the rest is not read", "import it in parts");
        text = text.substr(0, most_octets);
    }
    const std::string valid = wire::valid_utf8(text);
    if (valid != text) {
        remarks_.changed(at_, "", "is not UTF-8: other octets became U+FFFD", "iconv -t UTF-8 before the import");
    }
    const std::string_view all = valid;
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = std::min(all.find('\n', begin), all.size());
        ++at_.line;
        line(all.substr(begin, end - begin));
        begin = end + 1;
    }
    end_section();
    return std::move(file_);
}

void FileReader::line(std::string_view raw) {
    const std::string_view inside = trimmed(raw);
    if (inside.empty()) {
        if (!begun_ && !above_.empty()) {
            file_.header = std::exchange(above_, {});
            begun_ = true;
        }
        ended_ = true;
        return above_.clear();
    }
    if (inside.front() == '#') return comment(inside);
    begun_ = true;
    std::size_t indent = 0;  // a tab counts four spaces, wherever it stands
    for (const char c : raw) {
        if (c != ' ' && c != '\t') break;
        indent += c == '\t' ? 4 : 1;
    }
    const std::size_t sign = inside.find('#');
    const bool in_quotes = sign != inside.npos && std::ranges::count(inside.substr(0, sign), '"') % 2 != 0;
    if (in_quotes) {
        remarks_.broken(at_, "#",
                        "begins a comment even in quotes: ldirectord refuses the file, and the line is passed over",
                        "write it in another way, such as %23 in a request");
        return;
    }
    const std::string_view behind = sign == inside.npos ? std::string_view() : inside.substr(sign + 1);
    statement(trimmed(inside.substr(0, sign)), printable(behind), indent);
}

void FileReader::comment(std::string_view text) {
    while (text.starts_with('#')) text.remove_prefix(1);
    std::string line = printable(text);
    if (above_.size() < most_comment_lines && !line.empty() && !is_setting(line)) above_.push_back(std::move(line));
}

void FileReader::statement(std::string_view text, std::string comment, std::size_t indent) {
    GivenDirective at;
    at.place = at_;
    at.comment = std::move(comment);
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_word) - text.begin());
    at.word = text.substr(0, end);
    const std::string_view rest = trimmed(text.substr(end));
    const bool bare = at.word == "supervised" && rest.empty();
    if (at.word.empty() || (!bare && !rest.starts_with('='))) {
        remarks_.broken(at_, std::string(at.word),
                        config::in_quotes(text) + " is no directive: the line is passed over", "NAME=VALUE");
    } else {
        at.value = bare ? rest : trimmed(rest.substr(1));
        if (indent == 0 && (at.word == "virtual" || at.word == "virtual6")) {
            begin_section(at);
        } else {
            check_indent(at, indent);
        }
    }
    above_.clear();
}

/// Finds out where the line belongs: what a person meant, with a word where ldirectord sees it otherwise.
void FileReader::check_indent(const GivenDirective& at, std::size_t indent) {
    constexpr std::string_view as_meant = ": ldirectord refuses the file, and it is read as part of the section above";
    const Directive* known = find_directive(at.word);
    const bool only_inside = known != nullptr && known->scope == scope_section;
    if (indent == 0 && !(only_inside && open_)) {
        ended_ = true;
        return directive(at, false);
    }
    if (!open_) {
        return broken(at, "is indented, and no section is open: the line is passed over", "virtual=… comes before it");
    }
    if (indent < 4) {
        broken(at, std::string("is not indented by four spaces or a tab").append(as_meant));
    } else if (ended_) {
        broken(at,
               std::string("comes after the end of its section, which is the first line that is empty or not indented")
                   .append(as_meant));
        ended_ = false;  // once is enough for what follows
    }
    directive(at, true);
}

void FileReader::directive(const GivenDirective& at, bool indented) {
    const std::uint8_t scope = indented ? scope_section : scope_global;
    const Directive* known = find_directive(at.word);
    if (known == nullptr || (known->scope & scope) == 0) return unknown(at, scope);
    if (known->fate == Destiny::lost) {
        remarks_.lost(at.place, std::string(at.word), std::string(known->here), std::string(known->remedy));
    }
    in_section_ = indented;
    if (known->take != nullptr) (this->*known->take)(at);
}

void FileReader::unknown(const GivenDirective& at, std::uint8_t scope) {
    const bool indented = scope == scope_section;
    if (find_directive(at.word) != nullptr) {
        return broken(at,
                      indented ? "does not belong into a section: the line is passed over"
                               : "belongs into a section: the line is passed over",
                      indented ? "put it before the first virtual=, without blanks" : "indent it below a virtual=");
    }
    std::string remedy;
    if (++suggestions_ <= most_suggestions) {
        const std::string_view near = config::nearest(at.word, words_in(scope));
        if (!near.empty()) remedy = "did you mean " + config::in_quotes(near) + "?";
    }
    remarks_.broken(at.place, printable(at.word.substr(0, 60)),
                    "ldirectord knows no such directive: the line is passed over", std::move(remedy));
}

// ---- sections ------------------------------------------------------------------------------------------------------

void FileReader::begin_section(const GivenDirective& at) {
    end_section();
    section_ = VirtualSection{};
    section_.place = section_.check_place = at.place;
    section_.comments.above = std::exchange(above_, {});
    section_.comments.behind = at.comment;
    section_.family = at.word == "virtual6" ? Family::ipv6 : Family::ipv4;
    open_ = true;
    ended_ = false;
    usable_ = set_target(at);
}

void FileReader::end_section() {
    if (open_ && usable_) {
        file_.sections.push_back(std::move(section_));
    } else if (open_) {
        for (const RealLine& each : section_.reals) {
            remarks_.lost(each.place, "real", "is left out with its section", "mend the virtual= above it");
        }
    }
    open_ = false;
}

/// ADDRESS:PORT, or the number of a firewall mark.
bool FileReader::set_target(const GivenDirective& at) {
    constexpr std::string_view left_out = ": the section is left out";
    std::string_view rest = at.value;
    const std::string_view text = take_word(rest);
    if (!rest.empty()) broken(at, config::in_quotes(rest) + " behind the address means nothing");
    if (!text.empty() && std::ranges::all_of(text, is_digit)) {
        if (set_mark(text)) return true;
        broken(at, std::string("a firewall mark is a number from 1 to 4294967295").append(left_out));
        return false;
    }
    const HostAndPort parts = host_and_port(text);
    if (!parts.port) {
        broken(at, config::in_quotes(text) + std::string(" has no port").append(left_out),
               "ADDRESS:PORT, or a firewall mark");
        return false;
    }
    const auto vip = address(at, parts, section_.family);
    const auto number = vip ? port(at, *parts.port) : std::nullopt;
    if (!number) return false;
    if (*number == 0)
        broken(at, std::string("ipvsadm refuses port 0").append(left_out), "a firewall mark covers all ports");
    section_.address = *vip;
    section_.port = *number;
    section_.protocol = *number == 53 ? "udp" : "tcp";
    return *number != 0;
}

bool FileReader::set_mark(std::string_view text) {
    const auto mark = whole_number(text);
    section_.fwmark = mark.value_or(0);
    section_.service = "none";
    return section_.fwmark != 0;
}

}  // namespace lbconverge::importer::ldirectord

namespace lbconverge::importer {

LdirectordFile read_ldirectord(std::string_view text, std::uint32_t file, Remarks& remarks) {
    return ldirectord::FileReader(file, remarks).read(text);
}

}  // namespace lbconverge::importer
