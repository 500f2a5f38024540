#include "ldirectord.hpp"

#include "known.hpp"
#include "lbconverge/config/suggestion.hpp"
#include "ldirectord_file.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

namespace lbconverge::importer {

namespace ldirectord {

namespace {

constexpr std::uint32_t default_interval = 10;           // seconds
constexpr std::uint32_t default_check_timeout = 5;       // seconds
constexpr std::uint32_t default_negotiate_timeout = 30;  // seconds
constexpr std::uint32_t most_fall = 1000;

constexpr std::string_view by_a_command = "a check by command (type = \"exec\")";

template <class T>
T first_said(const std::optional<T>& a, const std::optional<T>& b, T otherwise) {
    return a ? *a : b ? *b : otherwise;
}

/// What a section has for the checks of its servers, its own settings before those of the file.
struct CheckSettings {
    std::uint32_t interval = default_interval;
    std::uint32_t connect = default_check_timeout;
    std::uint32_t negotiate = default_negotiate_timeout;
    std::uint32_t count = 1;
    std::uint32_t failures = 1;
};

/// Each of the two time-outs is the other one's default, within a section and within the file.
CheckSettings settings_of(const VirtualSection& section, const LdirectordFile& file) {
    const Overridable& own = section.own;
    const Overridable& all = file.settings;
    const auto either = [](const auto& a, const auto& b) { return a ? a : b; };
    CheckSettings result;
    result.connect = first_said(either(own.check_timeout, own.negotiate_timeout),
                                either(all.check_timeout, all.negotiate_timeout), default_check_timeout);
    result.negotiate = first_said(either(own.negotiate_timeout, own.check_timeout),
                                  either(all.negotiate_timeout, all.check_timeout), default_negotiate_timeout);
    result.interval = first_said(file.forks ? own.check_interval : std::nullopt, all.check_interval, default_interval);
    result.count = first_said(own.check_count, all.check_count, 1U);
    result.failures = first_said(own.failure_count, all.failure_count, 1U);
    return result;
}

/// The text that a regular expression stands for, if it stands for one: without what matches anything at its ends, and
/// with what is escaped. nullopt: it stands for several.
std::optional<std::string> plain_text_of(std::string_view expression) {
    while (expression.starts_with(".*")) expression.remove_prefix(2);
    while (expression.ends_with(".*") && !expression.ends_with("\\.*")) expression.remove_suffix(2);
    std::string text;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        char c = expression[i];
        if (c == '\\') {
            if (++i == expression.size()) return std::nullopt;
            c = expression[i];
            const bool is_class = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (is_class) return std::nullopt;
        } else if (std::string_view("^$.|?*+()[]{}").find(c) != std::string_view::npos) {
            return std::nullopt;
        }
        text += c;
    }
    return text;
}

/// What a person may have meant with dots that are not escaped; empty: more than dots.
std::string with_plain_dots(std::string_view expression) {
    std::string escaped;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        if (expression[i] == '\\' && i + 1 < expression.size())
            escaped += expression[i++];
        else if (expression[i] == '.')
            escaped += '\\';
        escaped += expression[i];
    }
    return plain_text_of(escaped).value_or("");
}

/// As LWP writes a path into a request.
std::string escaped_path(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : path) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet > 0x20 && octet < 0x7f && c != '"' && c != '<' && c != '>')
            text += c;
        else
            text.append("%").append(1, digits[octet >> 4]).append(1, digits[octet & 0xf]);
    }
    return text;
}

/// The address of a range that is that far behind its first one.
IpAddress address_behind(IpAddress first, std::uint32_t offset) {
    for (std::size_t i = first.size(); i-- > 0 && offset != 0; offset >>= 8) {
        offset += first.bytes[i];
        first.bytes[i] = static_cast<std::uint8_t>(offset & 0xff);
    }
    return first;
}

/// The checks of one section.
class SectionChecks {
public:
    SectionChecks(const VirtualSection& section, const LdirectordFile& file, Remarks& remarks)
        : section_(section), remarks_(remarks), settings_(settings_of(section, file)), service_(service()) {}

    /// The check of one server; nullopt: it has none, and counts as up.
    [[nodiscard]] std::optional<CheckerBlock> of(const RealLine& real, const IpAddress& server) const;

private:
    [[nodiscard]] std::string_view service() const;
    [[nodiscard]] std::uint32_t port_for(const RealLine& real) const;
    [[nodiscard]] CheckerBlock with_times(CheckerKind kind, std::uint32_t timeout) const;
    [[nodiscard]] std::optional<CheckerBlock> connecting(CheckerKind kind, const RealLine& real,
                                                         std::uint32_t timeout) const;
    [[nodiscard]] CheckerBlock pinging() const;
    [[nodiscard]] CheckerBlock external(const RealLine& real, const IpAddress& server) const;
    [[nodiscard]] std::optional<CheckerBlock> negotiating(const RealLine& real, const IpAddress& server) const;
    [[nodiscard]] CheckerKind kind_of_service() const;
    void http(CheckerBlock& out, const RealLine& real, const IpAddress& server) const;
    void absolute_url(CheckerBlock& out, std::string_view url, const IpAddress& server) const;
    void http_expect(CheckerBlock& out, const RealLine& real) const;
    void dns(CheckerBlock& out, const RealLine& real) const;

    [[nodiscard]] const RequestReceive& pair(const RealLine& real) const {
        return real.pair ? *real.pair : section_.pair;
    }
    [[nodiscard]] Place receive_place(const RealLine& real) const {
        return real.pair                          ? real.place
               : section_.receive_place.line != 0 ? section_.receive_place
                                                  : section_.check_place;
    }
    void changed(std::string keyword, std::string what, std::string remedy) const {
        remarks_.changed(section_.check_place, std::move(keyword), std::move(what), std::move(remedy));
    }

    const VirtualSection& section_;
    Remarks& remarks_;
    CheckSettings settings_;
    std::string_view service_;
};

std::string_view SectionChecks::service() const {
    if (!section_.service.empty()) return section_.service;
    const auto known = known_services();
    const auto at = std::ranges::find(known, section_.port, &KnownService::port);
    return at == known.end() ? "none" : at->word;
}

/// 0: nothing says which one.
std::uint32_t SectionChecks::port_for(const RealLine& real) const {
    if (section_.check_port != 0) return section_.check_port;
    if (real.port != 0) return real.port;
    const auto known = known_services();
    return std::ranges::find(known, service_, &KnownService::word)->port;
}

CheckerBlock SectionChecks::with_times(CheckerKind kind, std::uint32_t timeout) const {
    CheckerBlock checker;
    checker.place = section_.check_place;
    checker.kind = kind;
    checker.times.loop = settings_.interval * second;
    checker.times.timeout = timeout * second;
    checker.times.retry = settings_.failures - 1;
    checker.status_given = true;  // what ldirectord takes for good is said in http()
    return checker;
}

std::optional<CheckerBlock> SectionChecks::of(const RealLine& real, const IpAddress& server) const {
    switch (section_.by) {
        case CheckBy::on:
        case CheckBy::off:
            return std::nullopt;
        case CheckBy::connect:
            if (section_.is_udp()) return pinging();
            return connecting(CheckerKind::tcp, real, settings_.connect);
        case CheckBy::ping:
            return pinging();
        case CheckBy::external:
        case CheckBy::external_perl:
            return external(real, server);
        case CheckBy::combined:
            if (section_.connects != 0) {
                changed("checktype", "every check negotiates, not only one after so many connects",
                        "a longer interval");
            }
            return negotiating(real, server);
        case CheckBy::negotiate:
            break;
    }
    return negotiating(real, server);
}

std::optional<CheckerBlock> SectionChecks::connecting(CheckerKind kind, const RealLine& real,
                                                      std::uint32_t timeout) const {
    CheckerBlock checker = with_times(kind, timeout);
    checker.port = port_for(real);
    if (checker.port != 0) return checker;
    remarks_.lost(real.place, "checktype",
                  "nothing says which port is checked: ldirectord takes the server for down, and the "
                  "result does not check it",
                  "checkport=PORT");
    return std::nullopt;
}

/// Several attempts of one check become as many checks.
CheckerBlock SectionChecks::pinging() const {
    CheckerBlock checker = with_times(CheckerKind::ping, settings_.connect);
    if (settings_.count > 1) {
        const std::uint32_t fall = std::min(settings_.count * settings_.failures, most_fall);
        checker.times.retry = fall - 1;
        changed("checkcount", "attempts follow at the interval of the check: it is bad after " + std::to_string(fall),
                "a shorter interval");
    }
    return checker;
}

/// The program gets what ldirectord gives it, and runs as root, as it does there.
CheckerBlock SectionChecks::external(const RealLine& real, const IpAddress& server) const {
    const auto with_brackets = [](const IpAddress& address) {
        return address.family == Family::ipv6 ? "[" + to_text(address) + "]" : to_text(address);
    };
    CheckerBlock checker = with_times(CheckerKind::misc, settings_.connect);
    checker.script_timeout = settings_.connect * second;
    checker.script.user = "root";
    std::vector<std::string>& command = checker.script.command;
    if (section_.by == CheckBy::external_perl) {
        command.emplace_back("/usr/bin/perl");
        changed("checktype", "the script runs as a process for each check, not within the daemon", "nothing is needed");
    } else if (!section_.command.starts_with('/')) {
        command.emplace_back("/usr/bin/env");
    }
    command.push_back(section_.command);
    command.push_back(section_.address ? with_brackets(*section_.address) : std::to_string(section_.fwmark));
    command.push_back(std::to_string(section_.port));
    command.push_back(with_brackets(server));
    command.push_back(std::to_string(real.port));
    if (section_.command.find(' ') != std::string::npos) {
        changed("checkcommand", "is the name of one program, blanks included, as for ldirectord",
                "a script without arguments");
    }
    return checker;
}

std::optional<CheckerBlock> SectionChecks::negotiating(const RealLine& real, const IpAddress& server) const {
    if (service_ == "none") return std::nullopt;
    auto checker = connecting(kind_of_service(), real, settings_.negotiate);
    if (!checker) return checker;
    if (checker->kind == CheckerKind::http || checker->kind == CheckerKind::https) http(*checker, real, server);
    if (checker->kind == CheckerKind::dns) dns(*checker, real);
    return checker;
}

/// Protocols that no check speaks are at least connected to.
CheckerKind SectionChecks::kind_of_service() const {
    if (service_ == "http") return CheckerKind::http;
    if (service_ == "https") return CheckerKind::https;
    if (service_ == "dns") return CheckerKind::dns;
    const bool udp = service_ == "radius" || section_.is_udp();
    changed("service",
            std::string(service_) + (udp ? ": the check sends a datagram, and only a refusal is bad"
                                         : ": the check ends when it is connected, and does not speak the protocol"),
            std::string(by_a_command));
    return udp ? CheckerKind::udp : CheckerKind::tcp;
}

void SectionChecks::http(CheckerBlock& out, const RealLine& real, const IpAddress& server) const {
    const std::string& request = pair(real).request;
    const std::string scheme = std::string(service_) + "://";
    out.host = section_.virtual_host;
    if (real.pair && request.find(scheme) != std::string::npos) {
        absolute_url(out, std::string_view(request).substr(request.find(scheme) + scheme.size()), server);
    } else {
        out.path = escaped_path(request);
    }
    http_expect(out, real);
    changed("service",
            "redirections are not followed, and count as good (200 to 399); ldirectord follows them, and wants "
            "200 to 299",
            "status = 200 of the check");
}

/// ldirectord asks whatever host the URL names; a check asks the real server.
void SectionChecks::absolute_url(CheckerBlock& out, std::string_view url, const IpAddress& server) const {
    const std::size_t slash = std::min(url.find('/'), url.size());
    const std::string_view authority = url.substr(0, slash);
    const std::string_view host = authority.substr(0, authority.rfind(':'));
    out.path = slash == url.size() ? "/" : escaped_path(url.substr(slash));
    if (IpAddress::parse(host) != server) {
        changed("request", "the check asks the real server itself, for host " + config::in_quotes(host),
                by_a_command.data());
        if (out.host.empty()) out.host = host;
    }
    if (authority.size() == host.size()) {
        out.port = service_ == "https" ? 443 : 80;
        return;
    }
    std::uint32_t port = 0;
    const std::string_view digits = authority.substr(host.size() + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc{} && end == digits.data() + digits.size() && port >= 1 && port <= 65535) out.port = port;
}

void SectionChecks::http_expect(CheckerBlock& out, const RealLine& real) const {
    const std::string& receive = pair(real).receive;
    if (const auto text = plain_text_of(receive)) {
        out.expect = *text;
        return;
    }
    const std::string meant = with_plain_dots(receive);
    remarks_.lost(
        receive_place(real), "receive",
        "an answer is looked through for plain text, not for the regular expression " + config::in_quotes(receive),
        "expect = " + (meant.empty() ? "\"text\" of the check"
                                     : config::in_quotes(meant) + " of the check, if each dot means itself"));
}

/// An address matches itself as a regular expression, too.
void SectionChecks::dns(CheckerBlock& out, const RealLine& real) const {
    const auto& [request, receive] = pair(real);
    out.host = request.substr(request.starts_with('/') ? 1 : 0);
    if (!section_.is_udp()) changed("protocol", "the query is sent over UDP", std::string(by_a_command));
    if (IpAddress::parse(out.host)) {
        changed("request",
                "the check asks for addresses of names, not for the name of " + out.host + ": any answer is good",
                "request=\"NAME\"");
        out.host.clear();
        return;
    }
    const std::string address = with_plain_dots(receive);
    if (IpAddress::parse(address)) {
        out.expect = address;
    } else if (receive.empty()) {
        changed("receive", "is not said: ldirectord takes every server for down; here the name must exist",
                "receive=\"ADDRESS\"");
    } else {
        remarks_.lost(
            receive_place(real), "receive",
            "of an answer a check knows one address, not the regular expression " + config::in_quotes(receive),
            "expect = \"ADDRESS\" of the check");
    }
}

/// Makes the services of a file.
class FileModel {
public:
    FileModel(const LdirectordFile& file, NodeModel& out, Remarks& remarks)
        : file_(file), out_(out), remarks_(remarks) {}

    void add(const VirtualSection& section);
    void note_differences() const;

private:
    bool is_new(const VirtualSection& section);
    void options(const VirtualSection& section, ServiceBlock& out) const;
    void servers(const VirtualSection& section, ServiceBlock& out) const;
    std::uint32_t port_of(const VirtualSection& section, Place place, std::string_view word, std::uint32_t port,
                          Forward forward) const;
    void fallback(const VirtualSection& section, ServiceBlock& out) const;

    const LdirectordFile& file_;
    NodeModel& out_;
    Remarks& remarks_;
    std::set<std::tuple<std::optional<IpAddress>, std::uint32_t, std::uint32_t, Family, std::string>> seen_;
};

bool FileModel::is_new(const VirtualSection& section) {
    const bool added =
        seen_.emplace(section.address, section.port, section.fwmark, section.family, section.protocol).second;
    if (!added) {
        remarks_.broken(section.place, "virtual",
                        "is there already: ldirectord refuses the file, and this section is left out",
                        "put all real servers into one section");
    }
    return added;
}

void FileModel::add(const VirtualSection& section) {
    if (!is_new(section)) return;
    ServiceBlock service;
    service.place = section.place;
    service.comments = section.comments;
    ServiceTarget target;
    target.place = section.place;
    target.first = section.address;
    target.port = section.port;
    target.fwmark = section.fwmark;
    target.family = section.family;
    service.targets = {target};
    service.family = section.family;
    options(section, service);
    servers(section, service);
    fallback(section, service);
    out_.services.push_back(std::move(service));
}

void FileModel::options(const VirtualSection& section, ServiceBlock& out) const {
    out.protocol = section.protocol;
    out.scheduler = section.scheduler;
    out.flags = section.flags;
    out.persistence = section.persistent;
    out.persistence_mask = section.netmask;
    out.one_packet = section.one_packet && section.is_udp();
    if (section.one_packet && !section.is_udp()) {
        remarks_.broken(section.place, "ops", "works for UDP only: ldirectord leaves it out, and so does the result");
    }
    if (!section.netmask.empty() && !section.persistent) {
        remarks_.broken(section.place, "netmask",
                        "means nothing without persistent: ldirectord leaves it out, and so does "
                        "the result");
    }
    out.inhibit = first_said(section.own.quiescent, file_.settings.quiescent, false);
    if (section.own.check_interval && !file_.forks) {
        remarks_.changed(section.place, "checkinterval",
                         "counts in a section only with fork=yes: the interval of the file is used",
                         "interval of the check");
    }
}

/// Only masquerading goes to another port; of a mark, no port counts otherwise.
std::uint32_t FileModel::port_of(const VirtualSection& section, Place place, std::string_view word, std::uint32_t port,
                                 Forward forward) const {
    if (port == 0 || port == section.port) return 0;
    if (forward == Forward::masquerade) return port;
    if (section.address) {
        remarks_.changed(place, std::string(word),
                         "without masq the kernel keeps the port of the service, " + std::to_string(section.port) +
                             ", and so does the result",
                         "the port of the service, or masq");
    }
    return 0;
}

void FileModel::servers(const VirtualSection& section, ServiceBlock& out) const {
    const bool off = section.by == CheckBy::off;
    if (off) {
        remarks_.changed(section.check_place, "checktype", "off: all real servers have weight 0", "their weights");
    }
    const SectionChecks checks(section, file_, remarks_);
    for (const RealLine& real : section.reals) {
        ServerBlock server;
        server.place = real.place;
        server.port = port_of(section, real.place, "real", real.port, real.forward);
        server.weight = off ? 0 : real.weight;
        server.forwarding = Forwarding{.method = real.forward};
        server.upper = real.upper;
        server.lower = real.lower;
        server.comments = real.comments;
        for (std::uint32_t i = 0; i < real.count; ++i) {
            server.address = address_behind(real.first, i);
            server.checkers.clear();
            if (auto checker = checks.of(real, server.address)) server.checkers.push_back(std::move(*checker));
            out.servers.push_back(server);
            server.comments = {};
        }
    }
    out.forwarding = commonest_forwarding(out.servers);
}

void FileModel::fallback(const VirtualSection& section, ServiceBlock& out) const {
    const bool ipv4 = section.family == Family::ipv4;
    const auto& own = ipv4 ? section.own.fallback : section.own.fallback6;
    const auto& common = ipv4 ? file_.settings.fallback : file_.settings.fallback6;
    if (!own && !common) return;
    const FallbackLine& line = own ? *own : *common;
    if (!own && !section.address) {
        return remarks_.lost(line.place, "fallback",
                             "that of the file does not work for firewall marks in ldirectord, either",
                             "fallback=… in the section");
    }
    ServerBlock server;
    server.place = line.place;
    server.address = line.address;
    server.port = port_of(section, line.place, "fallback", line.port.value_or(0), line.forward);
    server.forwarding = Forwarding{.method = line.forward};
    out.sorry = std::move(server);
}

/// What ldirectord does otherwise, whatever the file says. Once for the file.
void FileModel::note_differences() const {
    const Place file{out_.file, 0};
    const auto& sections = file_.sections;
    if (sections.empty()) return;
    remarks_.lost(
        file, "virtual",
        "ldirectord does not set the addresses themselves: pacemaker, heartbeat or keepalived does, and the result "
        "does not, either",
        "vips = [\"ADDRESS\"] and a [[vrrp]], when that program gives them up");
    remarks_.changed(file, "checkinterval",
                     "is the time from check to check; ldirectord waits so long after a round of them",
                     "interval of the check");
    const auto says = [&](auto member) {
        return file_.settings.*member || std::ranges::all_of(sections, [&](const VirtualSection& each) {
                   return (each.own.*member).has_value();
               });
    };
    if (!says(&Overridable::quiescent)) {
        remarks_.changed(
            file, "quiescent",
            "is not said: ldirectord's manual promises yes, but its program takes no, and so does the result",
            "on_down = \"drain\" for yes");
    }
    const auto removes = [&](const VirtualSection& each) {
        return first_said(each.own.clean_stop, file_.settings.clean_stop, true);
    };
    if (std::ranges::any_of(sections, removes)) {
        remarks_.changed(file, "cleanstop", "services stay when the daemon ends; by default ldirectord removes its own",
                         "lbconverge release removes them");
    }
}

}  // namespace

}  // namespace ldirectord

NodeModel model_of_ldirectord(std::string_view text, std::uint32_t file, Remarks& remarks) {
    NodeModel model;
    model.file = file;
    model.of_keepalived = false;
    LdirectordFile read = read_ldirectord(text, file, remarks);
    model.header = std::move(read.header);
    ldirectord::FileModel services(read, model, remarks);
    for (const VirtualSection& each : read.sections) services.add(each);
    services.note_differences();
    return model;
}

}  // namespace lbconverge::importer
