#include "known.hpp"
#include "lbconverge/config/suggestion.hpp"
#include "ldirectord_reader.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::importer::ldirectord {

namespace {

constexpr std::uint32_t most_of_range = 65536;
constexpr std::uint32_t most_servers = 131072;  // of all ranges

std::optional<Forward> forward_of(std::string_view word) {
    if (word == "gate") return Forward::direct;
    if (word == "masq") return Forward::masquerade;
    if (word == "ipip") return Forward::tunnel;
    return std::nullopt;
}

/// The address with the next number; that of the last one is the first one again.
void increment(IpAddress& address) {
    for (std::size_t i = address.size(); i-- > 0;) {
        if (++address.bytes[i] != 0) return;
    }
}

/// How many addresses from the first to the last; 0: none, or too many.
std::uint32_t addresses_between(IpAddress first, const IpAddress& last) {
    for (std::uint32_t count = 1; count <= most_of_range; ++count) {
        if (first == last) return count;
        increment(first);
    }
    return 0;
}

struct CheckWord {
    std::string_view word;
    CheckBy by;
};
constexpr CheckWord check_words[] = {{"negotiate", CheckBy::negotiate},
                                     {"connect", CheckBy::connect},
                                     {"ping", CheckBy::ping},
                                     {"external", CheckBy::external},
                                     {"off", CheckBy::off},
                                     {"external-perl", CheckBy::external_perl},
                                     {"on", CheckBy::on}};

constexpr KnownService services[] = {
    {"ftp", 21},          {"smtp", 25},     {"dns", 53},     {"http", 80},   {"pop", 110},     {"nntp", 119},
    {"imap", 143},        {"ldap", 389},    {"https", 443},  {"ldaps", 636}, {"imaps", 993},   {"pops", 995},
    {"submission", 587},  {"oracle", 1521}, {"mysql", 3306}, {"sip", 5060},  {"radius", 1812}, {"pgsql", 5432},
    {"http_proxy", 3128}, {"none", 0},      {"simpletcp", 0}};

}  // namespace

void FileReader::broken(const GivenDirective& at, std::string what, std::string remedy) {
    remarks_.broken(at.place, std::string(at.word), std::move(what), std::move(remedy));
}

void FileReader::changed(const GivenDirective& at, std::string what, std::string remedy) {
    remarks_.changed(at.place, std::string(at.word), std::move(what), std::move(remedy));
}

// ---- values --------------------------------------------------------------------------------------------------------

/// ldirectord takes the first digits that it finds.
void FileReader::number(const GivenDirective& at, std::optional<std::uint32_t>& out, std::uint32_t least,
                        std::uint32_t most) {
    const auto begin = static_cast<std::size_t>(std::ranges::find_if(at.value, is_digit) - at.value.begin());
    std::string_view digits = at.value.substr(begin);
    digits = digits.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(digits, is_digit) - digits.begin()));
    const auto value = whole_number(digits);
    if (!value || *value < least || *value > most) {
        return broken(at, config::in_quotes(at.value) + " is no number from " + std::to_string(least) + " to " +
                              std::to_string(most) + ": the line is passed over");
    }
    if (digits.size() != at.value.size()) {
        changed(at, config::in_quotes(at.value) + " counts as " + std::string(digits) + ", as for ldirectord");
    }
    out = *value;
}

std::optional<bool> FileReader::yes_or_no(const GivenDirective& at, std::optional<bool> before) {
    if (at.value == "yes") return true;
    if (at.value == "no") return false;
    broken(at, config::in_quotes(at.value) + " is neither yes nor no: the line is passed over");
    return before;
}

/// From the first quote to the last one: there are no escapes.
std::optional<std::string> FileReader::quoted_text(const GivenDirective& at) {
    const std::size_t last = at.value.rfind('"');
    if (!at.value.starts_with('"') || last < 2 || last == at.value.npos) {
        broken(at, "wants a text in double quotes: ldirectord refuses the file, and the line is passed over",
               std::string(at.word) + "=\"…\"");
        return std::nullopt;
    }
    return std::string(at.value.substr(1, last - 1));
}

std::optional<IpAddress> FileReader::address(const GivenDirective& at, const HostAndPort& text, Family family) {
    const auto found = IpAddress::parse(text.host);
    if (found && found->family == family && text.bracketed == (family == Family::ipv6)) return found;
    if (!found) {
        broken(at,
               config::in_quotes(text.host) + " is no IP address, and names are not looked up: the line is passed over",
               "write its address");
    } else {
        broken(at,
               "wants " + std::string(family == Family::ipv6 ? "an IPv6 address in brackets" : "an IPv4 address") +
                   ": ldirectord refuses the file, and the line is passed over",
               family == Family::ipv6 ? "[ADDRESS]" : "virtual6, real6 and fallback6 are for IPv6");
    }
    return std::nullopt;
}

std::optional<std::uint32_t> FileReader::port(const GivenDirective& at, std::string_view text) {
    const auto number = whole_number(text);
    if (number && *number <= 65535) return number;
    broken(at, config::in_quotes(text) + " is no port, and names are not looked up: the line is passed over",
           "a number: getent services NAME");
    return std::nullopt;
}

void FileReader::fallback(const GivenDirective& at, Family family, std::optional<FallbackLine>& out) {
    if (in_section_ && family != section_.family) {
        return broken(at, "is of another address family than its section: ldirectord refuses the file",
                      family == Family::ipv6 ? "fallback" : "fallback6");
    }
    std::string_view rest = at.value;
    const HostAndPort parts = host_and_port(take_word(rest));
    FallbackLine line{.place = at.place};
    const auto found = address(at, parts, family);
    if (!found) return;
    line.address = *found;
    if (parts.port && !(line.port = port(at, *parts.port))) return;
    const auto forward = rest.empty() ? Forward::direct : forward_of(rest);
    if (!forward)
        return broken(at, config::in_quotes(rest) + " is none of gate, masq and ipip: the line is passed over");
    line.forward = *forward;
    out = line;
}

// ---- real servers --------------------------------------------------------------------------------------------------

void FileReader::real(const GivenDirective& at, Family family) {
    if (family != section_.family) {
        return broken(at, "is of another address family than its section: ldirectord refuses the file",
                      family == Family::ipv6 ? "real" : "real6");
    }
    RealLine line;
    line.place = at.place;
    std::string_view rest = at.value;
    if (!real_addresses(at, take_word(rest), family, line) || !real_options(at, rest, line)) return;
    servers_ += line.count;
    if (servers_ > most_servers) {
        return broken(at, "makes more than " + std::to_string(most_servers) + " real servers: the line is passed over");
    }
    line.comments.above = std::exchange(above_, {});
    line.comments.behind = at.comment;
    section_.reals.push_back(std::move(line));
}

/// ADDRESS[->ADDRESS][:PORT].
bool FileReader::real_addresses(const GivenDirective& at, std::string_view text, Family family, RealLine& out) {
    const std::size_t arrow = text.find("->");
    const bool range = arrow != text.npos;
    const HostAndPort last = host_and_port(range ? text.substr(arrow + 2) : text);
    const auto end = address(at, last, family);
    const auto first = range && end ? address(at, host_and_port(text.substr(0, arrow)), family) : end;
    if (!first || !end) return false;
    if (range && family == Family::ipv6) {
        broken(at, "ldirectord knows no ranges of IPv6 addresses: the line is passed over", "a line for each server");
        return false;
    }
    out.first = *first;
    out.count = addresses_between(*first, *end);
    if (out.count == 0) {
        broken(at, "a range has 1 to " + std::to_string(most_of_range) +
                       " addresses, the lower one first: the line is passed over");
        return false;
    }
    if (!last.port) return true;
    const auto number = port(at, *last.port);
    out.port = number.value_or(0);
    return number.has_value();
}

/// gate|masq|ipip [WEIGHT] ["REQUEST", "RECEIVE"] [l:N] [u:N].
bool FileReader::real_options(const GivenDirective& at, std::string_view text, RealLine& out) {
    const std::string_view method = take_word(text);
    const auto forward = forward_of(method);
    if (!forward) {
        broken(at, config::in_quotes(method) + " is none of gate, masq and ipip: the line is passed over",
               "real=ADDRESS:PORT gate");
        return false;
    }
    out.forward = *forward;
    if (!text.empty() && is_digit(text.front())) {
        const auto weight = whole_number(take_word(text));
        if (!weight || *weight > 0x7fffffff) {
            broken(at, "a weight is a number from 0 to 2147483647: the line is passed over");
            return false;
        }
        out.weight = *weight;
    }
    if (text.starts_with('"') && !pair_of(at, text, out)) return false;
    while (!text.empty()) {
        if (!threshold(at, take_word(text), out)) return false;
    }
    return true;
}

/// "REQUEST", "RECEIVE": to the last quote of the line, so that there may be quotes within.
bool FileReader::pair_of(const GivenDirective& at, std::string_view& text, RealLine& out) {
    const std::size_t last = text.rfind('"');
    const std::string_view inside = text.substr(1, last == 0 ? 0 : last - 1);
    const std::size_t close = inside.find('"');
    const std::size_t open = close == inside.npos ? inside.npos : inside.find('"', close + 1);
    const std::string_view between =
        open == inside.npos ? std::string_view() : trimmed(inside.substr(close + 1, open - close - 1));
    if (open == inside.npos || !(between.empty() || between == ",")) {
        broken(at, "after the weight two texts in quotes are wanted: the line is passed over",
               "\"REQUEST\", \"RECEIVE\"");
        return false;
    }
    out.pair = RequestReceive{std::string(inside.substr(0, close)), std::string(inside.substr(open + 1))};
    if (!out.pair->request.starts_with('/')) out.pair->request.insert(0, "/");
    text = trimmed(text.substr(last + 1));
    return true;
}

bool FileReader::threshold(const GivenDirective& at, std::string_view word, RealLine& out) {
    const auto value = word.size() > 2 ? whole_number(word.substr(2)) : std::nullopt;
    const bool lower = word.starts_with("l:");
    if (!value || *value > 0x7fffffff || !(lower || word.starts_with("u:"))) {
        broken(at, config::in_quotes(word) + " means nothing in this place: the line is passed over",
               "l:NUMBER u:NUMBER");
        return false;
    }
    if (lower && out.upper != 0) {
        changed(at, "ldirectord drops u:, which stands before l:; the result has both", "l:NUMBER u:NUMBER");
    }
    (lower ? out.lower : out.upper) = *value;
    return true;
}

// ---- directives ----------------------------------------------------------------------------------------------------

void FileReader::take_checktype(const GivenDirective& at) {
    section_.check_place = at.place;
    const auto* known = std::ranges::find(check_words, at.value, &CheckWord::word);
    if (known != std::end(check_words)) {
        section_.by = known->by;
        return;
    }
    if (const auto connects = whole_number(at.value)) {
        section_.by = CheckBy::combined;
        section_.connects = *connects;
        return;
    }
    std::vector<std::string_view> words;
    for (const CheckWord& each : check_words) words.push_back(each.word);
    broken(at, "there is no checktype " + config::in_quotes(at.value) + ": the line is passed over",
           config::suggestion(at.value, words));
}

void FileReader::take_service(const GivenDirective& at) {
    const auto* known = std::ranges::find(services, at.value, &KnownService::word);
    if (known == std::end(services)) {
        std::vector<std::string_view> words;
        for (const KnownService& each : services) words.push_back(each.word);
        return broken(at, "there is no service " + config::in_quotes(at.value) + ": the line is passed over",
                      config::suggestion(at.value, words));
    }
    section_.service = known->word;
    section_.check_place = at.place;
}

/// With quotes or without.
void FileReader::take_command(const GivenDirective& at) {
    std::string_view text = at.value;
    if (text.size() > 1 && text.front() == '"' && text.rfind('"') > 0) text = text.substr(1, text.rfind('"') - 1);
    if (text.empty()) return broken(at, "names no program: the line is passed over");
    section_.command = text;
    section_.check_place = at.place;
}

void FileReader::take_check_port(const GivenDirective& at) {
    std::optional<std::uint32_t> value;
    number(at, value, 1, 65535);
    if (value) section_.check_port = *value;
}

void FileReader::take_request(const GivenDirective& at) {
    auto text = quoted_text(at);
    if (!text) return;
    section_.pair.request = text->starts_with('/') ? *text : "/" + *text;
}

void FileReader::take_receive(const GivenDirective& at) {
    auto text = quoted_text(at);
    if (!text) return;
    section_.pair.receive = std::move(*text);
    section_.receive_place = at.place;
}

void FileReader::take_method(const GivenDirective& at) {
    std::string word(at.value);
    std::ranges::transform(word, word.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (word != "GET" && word != "HEAD") return broken(at, "is GET or HEAD: the line is passed over");
    section_.head = word == "HEAD";
    if (section_.head) changed(at, "a check asks with GET", "nothing is needed; the answer of GET has a body");
}

void FileReader::take_virtual_host(const GivenDirective& at) {
    std::string_view text = at.value;
    if (text.starts_with('"')) text.remove_prefix(1);
    section_.virtual_host = text.substr(0, text.find('"'));
}

void FileReader::take_scheduler(const GivenDirective& at) {
    if (std::ranges::find(known_schedulers, at.value) == std::end(known_schedulers)) {
        return broken(at, config::in_quotes(at.value) + " is no scheduler of Linux: the default wrr is used instead",
                      config::suggestion(at.value, known_schedulers));
    }
    section_.scheduler = at.value;
}

void FileReader::take_flags(const GivenDirective& at) {
    section_.flags = flags_of(at.value, at.place, at.word, remarks_);
}

void FileReader::take_protocol(const GivenDirective& at) {
    const bool mark = !section_.address;
    if (mark ? at.value != "fwm" : at.value != "tcp" && at.value != "udp") {
        return broken(at, std::string("must be ") + (mark ? "fwm" : "tcp or udp") + " here: the line is passed over");
    }
    if (!mark) section_.protocol = at.value;
}

void FileReader::take_ops(const GivenDirective& at) {
    section_.one_packet = yes_or_no(at, section_.one_packet).value_or(false);
}

void FileReader::take_deprecated(const GivenDirective& at) {
    broken(at, "is a word of the past: ldirectord refuses the file, and the line is passed over",
           "checktimeout and negotiatetimeout");
}

}  // namespace lbconverge::importer::ldirectord

namespace lbconverge::importer {

std::span<const KnownService> known_services() { return ldirectord::services; }

}  // namespace lbconverge::importer
