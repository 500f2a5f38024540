#include "take.hpp"

#include <algorithm>
#include <charconv>

namespace lbconverge::importer {

namespace {

struct CheckerWord {
    std::string_view word;
    CheckerKind kind;
};
constexpr CheckerWord checkers[] = {{"TCP_CHECK", CheckerKind::tcp}, {"HTTP_GET", CheckerKind::http},
                                    {"SSL_GET", CheckerKind::https}, {"SMTP_CHECK", CheckerKind::smtp},
                                    {"DNS_CHECK", CheckerKind::dns}, {"MISC_CHECK", CheckerKind::misc},
                                    {"UDP_CHECK", CheckerKind::udp}, {"PING_CHECK", CheckerKind::ping}};

}  // namespace

void take_checker(Interpreter& into, const Statement& at) {
    CheckerBlock checker;
    checker.place = at.place;
    for (const CheckerWord& each : checkers) {
        if (each.word == at.word(0)) checker.kind = each.kind;
    }
    into.checker = &checker;
    into.body(at.body);
    into.checker = nullptr;
    into.server->checkers.push_back(std::move(checker));
}

void take_loop(Interpreter& into, const Statement& at) {
    if (const auto time = into.duration(at, 1, 0.01, 86400)) into.times().loop = *time;
}

void take_timeout(Interpreter& into, const Statement& at) {
    if (const auto time = into.duration(at, 1, 0.01, 86400)) into.times().timeout = *time;
}

void take_retry(Interpreter& into, const Statement& at) {
    if (const auto count = into.number(at, 1, 0, 999)) into.times().retry = *count;
}

void take_retry_delay(Interpreter& into, const Statement& at) {
    if (!into.duration(at, 1, 0, 86400)) return;
    into.changed(at, "a check that fails is repeated at its interval: interval × fall until the server is down",
                 "a shorter interval");
}

void take_port(Interpreter& into, const Statement& at) {
    if (const auto port = into.number(at, 1, 1, 65535)) into.checker->port = *port;
}

void take_host(Interpreter& into, const Statement& at) {
    const auto host = into.text(at, 1);
    if (!host) return;
    (into.checker != nullptr  ? into.checker->host
     : into.server != nullptr ? into.server->host
                              : into.service->host) = *host;
}

void take_url(Interpreter& into, const Statement& at) {
    if (into.checker->has_url) {
        return into.lost(at, "a check asks for one path: the first url counts",
                         "a check by command can ask for several");
    }
    into.checker->has_url = true;
    into.body(at.body);
}

void take_path(Interpreter& into, const Statement& at) {
    const auto path = into.text(at, 1);
    if (path) into.checker->path = *path;
}

namespace {

/// "200" or "200-299".
bool read_codes(std::string_view word, std::uint32_t& first, std::uint32_t& last) {
    const char* const end = word.data() + word.size();
    const auto a = std::from_chars(word.data(), end, first);
    last = first;
    if (a.ec != std::errc{}) return false;
    if (a.ptr == end) return first >= 100 && first <= 599;
    const auto b = std::from_chars(a.ptr + 1, end, last);
    return *a.ptr == '-' && b.ec == std::errc{} && b.ptr == end && first >= 100 && last >= first && last <= 599;
}

}  // namespace

/// A range with more codes than people write is left to the default, 200 to 399.
void take_status(Interpreter& into, const Statement& at) {
    constexpr std::uint32_t most = 20;
    into.checker->status_given = true;
    for (std::size_t i = 1; i < at.words.size(); ++i) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        if (!read_codes(at.word(i), first, last)) {
            into.broken(at, quoted(at.word(i)) + " is no status code from 100 to 599");
        } else if (last - first >= most) {
            into.changed(at, std::string(at.word(i)) + ": the default is used, by which 200 to 399 are good",
                         "status = [200, 204] names the codes");
            into.checker->status.clear();
            return;
        } else {
            for (std::uint32_t code = first; code <= last; ++code) into.checker->status.push_back(code);
        }
    }
}

void take_regex(Interpreter& into, const Statement& at) {
    const auto regex = into.text(at, 1);
    if (!regex) return;
    if (regex->find_first_of("\\^$.|?*+()[]{}") == regex->npos) {
        into.checker->expect = *regex;
    } else {
        into.lost(at, "an answer is looked through for plain text, not for a regular expression",
                  "expect = \"text\" of the check");
    }
}

void take_misc_path(Interpreter& into, const Statement& at) {
    auto script = script_of(into, at);
    if (!script) return;
    if (!into.checker->script.user.empty()) script->user = into.checker->script.user;
    into.checker->script = std::move(*script);
}

void take_misc_timeout(Interpreter& into, const Statement& at) {
    if (const auto time = into.duration(at, 1, 0.01, 86400)) into.checker->script_timeout = *time;
}

void take_misc_dynamic(Interpreter& into, const Statement&) { into.checker->dynamic = true; }

void take_dns_name(Interpreter& into, const Statement& at) {
    const auto name = into.text(at, 1);
    if (name && *name != ".") into.checker->host = *name;
}

void take_dns_type(Interpreter& into, const Statement& at) {
    if (at.word(1) == "A") return;
    into.changed(at, "the query is for A instead of " + quoted(at.word(1)),
                 "every answer counts; without a name the query is for the root");
}

}  // namespace lbconverge::importer
