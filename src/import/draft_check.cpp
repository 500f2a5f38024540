#include "draft.hpp"
#include "interpreter.hpp"

#include <algorithm>

namespace lbconverge::importer {

namespace {

/// Of several checkers the one that sees most.
std::size_t worth(CheckerKind kind) {
    constexpr CheckerKind order[] = {CheckerKind::ping, CheckerKind::udp,  CheckerKind::tcp,   CheckerKind::smtp,
                                     CheckerKind::dns,  CheckerKind::misc, CheckerKind::https, CheckerKind::http};
    return static_cast<std::size_t>(std::find(std::begin(order), std::end(order), kind) - std::begin(order));
}

std::string_view keyword_of(CheckerKind kind) {
    constexpr std::string_view words[] = {"TCP_CHECK", "HTTP_GET",   "SSL_GET",   "SMTP_CHECK",
                                          "DNS_CHECK", "MISC_CHECK", "UDP_CHECK", "PING_CHECK"};
    return words[static_cast<std::size_t>(kind)];
}

const CheckerBlock& best_of(const ServerBlock& server, Remarks& remarks) {
    const CheckerBlock* best = &server.checkers.front();
    for (const CheckerBlock& each : server.checkers) {
        if (worth(each.kind) > worth(best->kind)) best = &each;
    }
    for (const CheckerBlock& each : server.checkers) {
        if (&each == best) continue;
        remarks.lost(each.place, std::string(keyword_of(each.kind)),
                     "a server has one check, and " + std::string(keyword_of(best->kind)) + " sees more",
                     "a check by command (type = \"exec\") can ask several things");
    }
    return *best;
}

template <class T>
T first_of(const std::optional<T>& a, const std::optional<T>& b, const std::optional<T>& c, T otherwise) {
    return a ? *a : b ? *b : c ? *c : otherwise;
}

class CheckWriter {
public:
    CheckWriter(const ServiceBlock& service, const ServerBlock& server, const CheckerBlock& checker)
        : service_(service), server_(server), checker_(checker) {}

    void add(std::string_view key, const std::string& value) {
        text_.append(text_.empty() ? "" : ", ").append(key).append(" = ").append(value);
    }

    void port(std::uint32_t usual) {
        const std::uint32_t port = checker_.port != 0 ? checker_.port : server_.port;
        if (port != 0 && port != usual) add("port", std::to_string(port));
    }

    void http(Remarks& remarks) {
        if (!checker_.path.empty() && checker_.path != "/") add("path", toml_text(checker_.path));
        const std::string& host = !checker_.host.empty()  ? checker_.host
                                  : !server_.host.empty() ? server_.host
                                                          : service_.host;
        if (!host.empty()) add("host", toml_text(host));
        status(remarks);
        if (!checker_.expect.empty()) add("expect", toml_text(checker_.expect));
    }

    void times(Micros timeout, std::uint32_t usual_retry) {
        const std::uint32_t retry =
            first_of(checker_.times.retry, server_.times.retry, service_.times.retry, usual_retry);
        const Micros least = 10'000;
        if (interval() != 2 * second) add("interval", toml_time(std::max(interval(), least)));
        if (timeout != second) add("timeout", toml_time(std::max(timeout, least)));
        if (retry != 2) add("fall", std::to_string(retry + 1));
        add("rise", "1");
    }

    [[nodiscard]] Micros interval() const {
        return first_of(checker_.times.loop, server_.times.loop, service_.times.loop, 60 * second);
    }

    /// Of a check that connects.
    [[nodiscard]] Micros timeout() const {
        return first_of(checker_.times.timeout, server_.times.timeout, service_.times.timeout, 5 * second);
    }

    [[nodiscard]] std::string table() const { return "{ " + text_ + " }"; }

private:
    void status(Remarks& remarks) {
        std::vector<std::uint32_t> codes = checker_.status;
        if (codes.empty() && !checker_.status_given) {
            remarks.changed(checker_.place, std::string(keyword_of(checker_.kind)),
                            "has no status_code: 200 to 399 are good here, 200 to 299 for keepalived",
                            "status = 200, or the codes that are good");
        }
        if (codes.size() == 1) add("status", std::to_string(codes.front()));
        if (codes.size() < 2) return;
        std::string list;
        for (const std::uint32_t each : codes) list.append(list.empty() ? "" : ", ").append(std::to_string(each));
        add("status", "[" + list + "]");
    }

    const ServiceBlock& service_;
    const ServerBlock& server_;
    const CheckerBlock& checker_;
    std::string text_;
};

/// Without misc_dynamic every status but 0 is bad for keepalived; ours takes 2 to 255 for weights.
std::vector<std::string> misc_command(const CheckerBlock& checker) {
    const std::vector<std::string>& command = checker.script.command;
    if (checker.dynamic) return command;
    const bool shell = command.size() == 3 && command[0] == "/bin/sh" && command[1] == "-c";
    if (shell) return {"/bin/sh", "-c", "( " + command[2] + " ) || exit 1"};
    std::vector<std::string> wrapped{"/bin/sh", "-c", "\"$0\" \"$@\" || exit 1"};
    wrapped.insert(wrapped.end(), command.begin(), command.end());
    return wrapped;
}

std::string misc_text(CheckWriter& out, const CheckerBlock& checker, const NodeModel& node, Remarks& remarks) {
    out.add("type", "\"exec\"");
    out.add("command", toml_list(misc_command(checker)));
    const std::string user = user_of(checker.script, node, checker.place, remarks);
    if (!user.empty()) out.add("user", toml_text(user));
    out.times(checker.script_timeout != 0 ? checker.script_timeout : out.interval(), 0);
    return out.table();
}

std::string ping_text(CheckWriter& out, const CheckerBlock& checker, const ServerBlock& server, Remarks& remarks) {
    remarks.changed(checker.place, "PING_CHECK", "a command asks, once per interval",
                    "it needs /bin/ping and a ping_group_range that lets nobody ping");
    out.add("type", "\"exec\"");
    out.add("command", toml_list({"/bin/ping", "-n", "-q", "-c", "1", to_text(server.address)}));
    out.times(out.timeout(), 1);
    return out.table();
}

std::string connecting_text(CheckWriter& out, const CheckerBlock& checker, std::uint32_t port, Remarks& remarks) {
    constexpr std::string_view types[] = {"tcp", "http", "https", "tcp", "dns", "", "udp", ""};
    out.add("type", toml_text(types[static_cast<std::size_t>(checker.kind)]));
    out.port(port);
    const bool http = checker.kind == CheckerKind::http || checker.kind == CheckerKind::https;
    if (http) out.http(remarks);
    const bool dns = checker.kind == CheckerKind::dns;
    if (dns && !checker.host.empty()) out.add("host", toml_text(checker.host));
    if (dns && !checker.expect.empty()) out.add("expect", toml_text(checker.expect));
    if (checker.kind == CheckerKind::smtp) {
        remarks.changed(checker.place, "SMTP_CHECK", "the check ends when it is connected: it does not speak SMTP",
                        "a check by command (type = \"exec\")");
    }
    out.times(out.timeout(), dns ? 3 : 1);
    return out.table();
}

}  // namespace

std::string draft_check(const ServiceBlock& service, const ServerBlock& server, std::uint32_t port,
                        const NodeModel& node, Remarks& remarks) {
    if (server.checkers.empty()) return {};
    const CheckerBlock& checker = best_of(server, remarks);
    CheckWriter out(service, server, checker);
    if (checker.kind == CheckerKind::misc) {
        if (!checker.script.command.empty()) return misc_text(out, checker, node, remarks);
        remarks.broken(checker.place, "MISC_CHECK", "has no misc_path: keepalived ignores it", "misc_path");
        return {};
    }
    if (checker.kind == CheckerKind::ping) return ping_text(out, checker, server, remarks);
    if (port == 0 && checker.port == 0 && server.port == 0) {
        remarks.lost(checker.place, std::string(keyword_of(checker.kind)), "has no port to connect to", "connect_port");
        return {};
    }
    return connecting_text(out, checker, port, remarks);
}

}  // namespace lbconverge::importer
