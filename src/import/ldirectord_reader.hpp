// How ldirectord.cf is read: its lines, and the table of its directives. Private to import.
#pragma once

#include "keywords.hpp"
#include "ldirectord_file.hpp"

namespace lbconverge::importer::ldirectord {

/// A directive with its value, and the comment behind it.
struct GivenDirective {
    Place place;
    std::string_view word;
    std::string_view value;
    std::string comment;
};

// Parts of a line.
inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}
std::string_view trimmed(std::string_view text);
/// Takes what stands before the next blank off the text, and the blanks behind it.
std::string_view take_word(std::string_view& text);
/// The number that is all of the text; nullopt: it is none, or above 4294967295.
std::optional<std::uint32_t> whole_number(std::string_view text);
/// Without blanks around it, and without control characters.
std::string printable(std::string_view text);

/// "192.0.2.1:80", "[2001:db8::1]:80", or without a port. Neither part is understood yet.
struct HostAndPort {
    std::string_view host;
    std::optional<std::string_view> port;
    bool bracketed = false;
};

HostAndPort host_and_port(std::string_view text);

/// Reads a file, line by line.
class FileReader {
public:
    FileReader(std::uint32_t file, Remarks& remarks) : remarks_(remarks) { at_.file = file; }

    LdirectordFile read(std::string_view text);

    // What the table of directives works with.
    void take_check_timeout(const GivenDirective& at) { number(at, here().check_timeout, 1, 86400); }
    void take_negotiate_timeout(const GivenDirective& at) { number(at, here().negotiate_timeout, 1, 86400); }
    void take_check_interval(const GivenDirective& at) { number(at, here().check_interval, 1, 86400); }
    void take_check_count(const GivenDirective& at) { number(at, here().check_count, 1, 1000); }
    void take_failure_count(const GivenDirective& at) { number(at, here().failure_count, 1, 1000); }
    void take_quiescent(const GivenDirective& at) { here().quiescent = yes_or_no(at, here().quiescent); }
    void take_clean_stop(const GivenDirective& at) { here().clean_stop = yes_or_no(at, here().clean_stop); }
    void take_fork(const GivenDirective& at) { file_.forks = yes_or_no(at, file_.forks).value_or(false); }
    void take_fallback(const GivenDirective& at) { fallback(at, Family::ipv4, here().fallback); }
    void take_fallback6(const GivenDirective& at) { fallback(at, Family::ipv6, here().fallback6); }
    void take_real(const GivenDirective& at) { real(at, Family::ipv4); }
    void take_real6(const GivenDirective& at) { real(at, Family::ipv6); }
    void take_checktype(const GivenDirective& at);
    void take_service(const GivenDirective& at);
    void take_command(const GivenDirective& at);
    void take_check_port(const GivenDirective& at);
    void take_request(const GivenDirective& at);
    void take_receive(const GivenDirective& at);
    void take_method(const GivenDirective& at);
    void take_virtual_host(const GivenDirective& at);
    void take_scheduler(const GivenDirective& at);
    void take_flags(const GivenDirective& at);
    void take_persistent(const GivenDirective& at) { number(at, section_.persistent, 1, 86400 * 31); }
    void take_netmask(const GivenDirective& at) { section_.netmask = at.value; }
    void take_protocol(const GivenDirective& at);
    void take_ops(const GivenDirective& at);
    void take_note(const GivenDirective& at) { section_.comments.above.push_back(printable(at.value)); }
    void take_deprecated(const GivenDirective& at);

private:
    void line(std::string_view raw);
    void comment(std::string_view text);
    void statement(std::string_view text, std::string comment, std::size_t indent);
    void check_indent(const GivenDirective& at, std::size_t indent);
    void directive(const GivenDirective& at, bool indented);
    void unknown(const GivenDirective& at, std::uint8_t scope);
    void begin_section(const GivenDirective& at);
    bool set_target(const GivenDirective& at);
    bool set_mark(std::string_view text);
    void end_section();

    Overridable& here() { return in_section_ ? section_.own : file_.settings; }
    void broken(const GivenDirective& at, std::string what, std::string remedy = {});
    void changed(const GivenDirective& at, std::string what, std::string remedy = {});
    void number(const GivenDirective& at, std::optional<std::uint32_t>& out, std::uint32_t least, std::uint32_t most);
    std::optional<bool> yes_or_no(const GivenDirective& at, std::optional<bool> before);
    std::optional<std::string> quoted_text(const GivenDirective& at);
    std::optional<IpAddress> address(const GivenDirective& at, const HostAndPort& text, Family family);
    std::optional<std::uint32_t> port(const GivenDirective& at, std::string_view text);
    void fallback(const GivenDirective& at, Family family, std::optional<FallbackLine>& out);
    void real(const GivenDirective& at, Family family);
    bool real_addresses(const GivenDirective& at, std::string_view text, Family family, RealLine& out);
    bool real_options(const GivenDirective& at, std::string_view text, RealLine& out);
    bool pair_of(const GivenDirective& at, std::string_view& text, RealLine& out);
    bool threshold(const GivenDirective& at, std::string_view word, RealLine& out);

    LdirectordFile file_;
    Remarks& remarks_;
    Place at_;
    VirtualSection section_;
    bool open_ = false;        ///< there is a section
    bool usable_ = false;      ///< its first line could be read
    bool ended_ = false;       ///< ldirectord takes it for ended
    bool in_section_ = false;  ///< the directive that is being read belongs to it
    bool begun_ = false;       ///< there was something else than comments
    std::vector<std::string> above_;
    std::uint32_t servers_ = 0;
    int suggestions_ = 0;
};

/// Where a directive may stand.
enum DirectiveScope : std::uint8_t { scope_global = 1, scope_section = 2, scope_both = 3 };

/// A line of the table of directives.
struct Directive {
    std::uint8_t scope;
    std::string_view word;
    Destiny fate;
    std::string_view here;      ///< carried: our key; same: why; lost: why not
    std::string_view remedy{};  ///< lost: what to do instead
    void (FileReader::*take)(const GivenDirective& at) = nullptr;
};

/// nullptr: there is no such directive.
const Directive* find_directive(std::string_view word);
std::vector<std::string_view> words_in(std::uint8_t scope);

}  // namespace lbconverge::importer::ldirectord
