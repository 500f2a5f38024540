#include "lbconverge/config/mistakes.hpp"
#include "sections.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace lbconverge::config {

namespace {

using Ports = std::vector<std::uint16_t>;

bool read_port(Reader& in, const toml::node& node, Ports& ports) {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < 0 || number->get() > 65535) {
        in.problems().error(place(node),
                            "\"port\" of a service must be a number from 0 to 65535, or a list of such numbers",
                            node.is_string() ? "leave the quotes out" : "");
        return false;
    }
    ports.push_back(static_cast<std::uint16_t>(number->get()));
    return true;
}

bool read_ports(Reader& in, Ports& ports) {
    const toml::node* node = in.take("port");
    if (node == nullptr) {
        in.problems().error(in.place(), "a service of a VIP needs a port", "port = 80, or port = [80, 443]");
        return false;
    }
    const toml::array* list = node->as_array();
    if (list == nullptr) return read_port(in, *node, ports);
    if (list->empty()) in.problems().error(place(*node), "\"port\" of a service is an empty list", "port = [80, 443]");
    bool good = !list->empty();
    for (const toml::node& each : *list) good = read_port(in, each, ports) && good;
    return good;
}

bool read_vip_of(Reader& in, Context& context, Service& service) {
    std::string text;
    if (!in.text("vip", text)) return false;
    if (const Vip* named = context.find_vip(text)) {
        service.vip = named->address;
        service.vip_name = text;
        return true;
    }
    const auto address = IpAddress::parse(text);
    if (!address) {
        std::vector<std::string_view> names;
        for (const Vip& vip : context.config.vips) {
            if (!vip.name.empty()) names.push_back(vip.name);
        }
        context.problems.error(in.place("vip"), in_quotes(text) + " is neither an IP address nor the name of a VIP",
                               names.empty() ? "write the address without prefix and port" : suggestion(text, names));
        return false;
    }
    if (address->is_unspecified() || address->is_multicast()) {
        context.problems.error(in.place("vip"), in_quotes(text) + " cannot be the VIP of a service",
                               "a VIP is one host's unicast address");
        return false;
    }
    service.vip = *address;
    return true;
}

void read_mark(const toml::node& node, Context& context, Service& service) {
    const auto* text = node.as_string();
    const auto destination = text != nullptr ? parse_destination(text->get()) : std::nullopt;
    if (!destination || destination->port == 0 || destination->vip.family != service.vip.family) {
        context.problems.error(place(node),
                               "what gets a mark is a protocol and an address of the service's family with its port",
                               service.vip.family == Family::ipv4 ? "marks = [\"tcp 192.0.2.20:80\"]"
                                                                  : "marks = [\"tcp [2001:db8::20]:80\"]");
        return;
    }
    service.marks.push_back({*destination, place(node)});
}

/// Which packets get the mark. A list, so that ports and protocols that belong together become one service.
void read_marks(Reader& in, Context& context, Service& service) {
    const toml::node* node = in.take("marks");
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) return in.wrong_type(*node, "marks", "a list of strings", "marks = [\"tcp 192.0.2.20:80\"]");
    for (const toml::node& each : *list) read_mark(each, context, service);
}

/// Reads which packets belong to the service: those of a VIP, protocol and ports, or those with a firewall mark.
bool read_identity(Reader& in, Context& context, Service& service, Ports& ports) {
    const bool marked = in.number("fwmark", service.fwmark, 1, 0xffffffff);
    in.choice("family", service.vip.family);
    if (!in.has("fwmark")) {
        if (in.has("family")) {
            context.problems.error(in.place("family"), "only a service with a fwmark has a family",
                                   "the VIP's address says it already: leave it out");
        }
        if (in.has("marks")) {
            context.problems.error(in.place("marks"), "only a service with a fwmark marks packets", "fwmark = 1");
        }
        if (!in.has("vip")) {
            context.problems.error(service.source, "a service needs a vip or a fwmark",
                                   "vip = \"192.0.2.20\" and port = 80");
        }
        bool good = read_vip_of(in, context, service);
        good = read_ports(in, ports) && good;
        in.choice("protocol", service.protocol, {Protocol::tcp, Protocol::udp, Protocol::sctp});
        return good;
    }
    for (const std::string_view key : {"vip", "port", "protocol"}) {
        if (!in.has(key)) continue;
        context.problems.error(
            in.place(key), "a service with a fwmark has no " + in_quotes(key),
            "the mark alone decides; what gets it stands in marks = [\"tcp 192.0.2.20:80\"], or in a "
            "rule of your firewall");
    }
    read_marks(in, context, service);
    service.protocol = Protocol::none;
    ports.push_back(0);
    return marked;
}

std::optional<std::uint8_t> parse_ipv4_mask(const std::string& text) {
    const auto mask = IpAddress::parse(text);
    if (!mask || mask->family != Family::ipv4) return std::nullopt;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) bits = bits << 8 | mask->bytes[i];
    const auto prefix = static_cast<std::uint8_t>(__builtin_popcount(bits));
    const bool contiguous = bits != 0 && bits == 0xffffffffU << (32 - prefix);
    return contiguous ? std::optional(prefix) : std::nullopt;
}

void read_mask(Reader& in, Service& service) {
    service.persistence_mask = service.vip.bits();
    const toml::node* node = in.take("persistence_mask");
    if (node == nullptr) return;
    const auto* text = node->as_string();
    if (text == nullptr) {
        in.number("persistence_mask", service.persistence_mask, 1, service.vip.bits());
        return;
    }
    const auto mask = parse_ipv4_mask(text->get());
    if (mask && service.vip.family == Family::ipv4) {
        service.persistence_mask = *mask;
        return;
    }
    in.problems().error(place(*node), in_quotes(text->get()) + " is not a persistence mask",
                        service.vip.family == Family::ipv4 ? "write \"255.255.255.0\" or the prefix length: 24"
                                                           : "for IPv6, write the prefix length: 64");
}

void read_persistence(Reader& in, Service& service) {
    constexpr DurationRange range{std::chrono::seconds(1), std::chrono::hours(24 * 31)};
    in.seconds("persistence", service.persistence, range);
    read_mask(in, service);
    std::string engine;
    if (in.text("persistence_engine", engine)) {
        service.persistence_engine = ShortName(engine);
        if (engine != "sip") {
            in.problems().error(in.place("persistence_engine"), "there is no persistence engine " + in_quotes(engine),
                                "the kernel has one: \"sip\"");
        }
    }
    for (const std::string_view key : {"persistence_mask", "persistence_engine"}) {
        if (in.has("persistence") || !in.has(key)) continue;
        in.problems().warning(in.place(key), in_quotes(key) + " without \"persistence\" does nothing",
                              "add persistence = \"300s\", or leave it out");
    }
}

void read_options(Reader& in, Context& context, Service& service) {
    in.text("name", service.name);
    read_scheduler(in, service);
    in.choice("forward", service.forward, {Forward::direct, Forward::tunnel, Forward::masquerade});
    read_persistence(in, service);
    in.boolean("one_packet", service.one_packet);
    read_check(in, context, service.check);
    in.number("quorum", service.quorum, 1, 1'000'000);
    in.number("hysteresis", service.hysteresis, 0, 1'000'000);
    in.choice("on_down", service.on_down);
    service.keep = context.config.ipvs.keep;
    in.share("keep", service.keep);
    in.duration("drain_timeout", service.drain_timeout);
    service.active = context.config.role == Role::both ? Active::master : Active::always;
    in.choice("active", service.active);
}

void read_servers(Reader& in, Context& context, Service& service) {
    RealServer start;
    start.forward = service.forward;
    if (const toml::node* fallback = in.take("fallback")) {
        RealServer server;
        if (read_real_server(*fallback, start, context, server)) service.fallback = server;
    }
    const toml::node* node = in.take("real_servers");
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) {
        in.wrong_type(*node, "real_servers", "a list", "real_servers = [\"192.0.2.3\", \"192.0.2.4\"]");
        return;
    }
    service.real_servers.reserve(list->size());
    for (const toml::node& each : *list) {
        RealServer server;
        if (read_real_server(each, start, context, server)) service.real_servers.push_back(server);
    }
}

/// Checks that a real server fits its service, and fills in its port.
void fit_server(const Service& service, bool redirected, bool director, RealServer& server, Diagnostics& problems) {
    const bool rewritten = server.forward == Forward::masquerade;
    const bool own_port = server.port != 0 && server.port != service.port;
    if (own_port && !rewritten && !redirected) {
        const std::string_view how = to_text(server.forward);
        const std::string arrival =
            service.port == 0 ? "the port that the client used" : "port " + std::to_string(service.port);
        problems.error(server.source,
                       "forward = " + in_quotes(how) + " to another port: the packet is not rewritten and arrives at " +
                           arrival + ", where nobody may listen",
                       "leave the port out, or use forward = \"masquerade\"", mistake("LVS11").code);
    }
    // A real server that redirects does so itself: the director sends to the service's port.
    if (server.port == 0 || (redirected && director && !rewritten)) server.port = service.port;
    if (server.address.family != service.vip.family && server.forward != Forward::tunnel) {
        problems.error(
            server.source, "a real server of the other address family than its service needs forward = \"tunnel\"",
            "use an " + std::string(service.vip.family == Family::ipv4 ? "IPv4" : "IPv6") + " address, or a tunnel");
    }
}

void report_double_servers(const std::vector<RealServer>& servers, Diagnostics& problems) {
    const auto before = [](const RealServer& a, const RealServer& b) {
        return std::tie(a.address, a.port) < std::tie(b.address, b.port);
    };
    // Most lists are in order already.
    const auto not_after = [&](const RealServer& a, const RealServer& b) { return !before(a, b); };
    if (std::adjacent_find(servers.begin(), servers.end(), not_after) == servers.end()) return;
    std::vector<const RealServer*> sorted;
    sorted.reserve(servers.size());
    for (const RealServer& server : servers) sorted.push_back(&server);
    std::stable_sort(sorted.begin(), sorted.end(), [&](const auto* a, const auto* b) { return before(*a, *b); });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (before(*sorted[i - 1], *sorted[i])) continue;
        problems
            .error(sorted[i]->source,
                   "real server " + with_port(sorted[i]->address, sorted[i]->port) + " is there twice in this service",
                   "remove one; weight = 2 gives it twice the share")
            .other = sorted[i - 1]->source;
    }
}

/// With a quorum that cannot be reached, or not reached again after a failure, the fallback would serve for ever.
void report_unreachable_quorum(Reader& in, const Service& service, Diagnostics& problems) {
    const std::size_t servers = service.real_servers.size();
    if (!(in.has("quorum") || in.has("hysteresis")) || service.quorum + service.hysteresis <= servers) return;
    problems.warning(in.place(in.has("quorum") ? "quorum" : "hysteresis"),
                     "quorum and hysteresis ask for " + std::to_string(service.quorum + service.hysteresis) +
                         " servers that are up, and the service has " + std::to_string(servers),
                     "with fewer than the quorum the fallback serves, until quorum + hysteresis are up");
}

/// A check that connects needs a port.
void report_check_without_port(const Service& service, const Context& context) {
    for (const RealServer& server : service.real_servers) {
        const std::int32_t index = server.check >= 0 ? server.check : service.check;
        if (server.port != 0 || index < 0) continue;
        const Check& check = context.config.checks[static_cast<std::size_t>(index)];
        const bool local =
            check.type == CheckType::none || check.type == CheckType::exec || check.type == CheckType::file;
        if (local || check.port != 0) continue;
        context.problems.error(server.source, "the check of this real server has no port to connect to",
                               "check = { type = \"tcp\", port = 80 }: the service itself has none");
    }
}

/// A check via the VIP needs a real server that has the VIP, and a director that is not a real server itself.
void report_checks_via_vip(const Service& service, const Context& context) {
    for (const RealServer& server : service.real_servers) {
        const std::int32_t index = server.check >= 0 ? server.check : service.check;
        if (index < 0 || context.config.checks[static_cast<std::size_t>(index)].via.empty()) continue;
        const Source source = context.config.checks[static_cast<std::size_t>(index)].source;
        if (server.forward == Forward::masquerade || service.fwmark != 0) {
            context.problems.error(
                source, "via = \"vip\" needs a VIP that the real server has: forward = \"direct\" or \"tunnel\"",
                "leave via out");
            return;
        }
        if (context.config.role == Role::both) {
            context.problems.error(source, "via = \"vip\" is not possible where a director is a real server as well",
                                   "leave via out");
            return;
        }
    }
}

/// One of the services that a table with several ports makes.
void finish_service(Service& service, Context& context) {
    const Vip* vip = service.fwmark == 0 ? context.find_vip(service.vip) : nullptr;
    const bool redirected = vip != nullptr && vip->accept == Accept::redirect;
    const bool director = context.config.role != Role::real_server;
    for (RealServer& server : service.real_servers) fit_server(service, redirected, director, server, context.problems);
    if (service.fallback) fit_server(service, redirected, director, *service.fallback, context.problems);
    report_double_servers(service.real_servers, context.problems);
    report_check_without_port(service, context);
    report_checks_via_vip(service, context);
    if (service.port == 0 && service.fwmark == 0 && service.persistence == 0) {
        context.problems.error(service.source,
                               "port 0 (every port) without persistence: connections of one client would be torn apart",
                               "add persistence = \"300s\", or name the ports", mistake("LVS22").code);
    }
}

void read_service(const toml::table& table, Context& context) {
    Reader in({&table}, "a service", context.problems);
    Service service;
    service.source = in.place();
    Ports ports;
    const bool identified = read_identity(in, context, service, ports);
    read_options(in, context, service);
    read_servers(in, context, service);
    report_unreachable_quorum(in, service, context.problems);
    in.finish();
    if (!identified) return;
    for (std::size_t i = 0; i + 1 < ports.size(); ++i) {
        Service& copy = context.config.services.emplace_back(service);
        copy.port = ports[i];
        finish_service(copy, context);
    }
    service.port = ports.back();
    finish_service(service, context);
    context.config.services.push_back(std::move(service));
}

void report_double_services(const std::vector<Service>& services, Diagnostics& problems) {
    const auto identity = [](const Service* s) {
        const bool marked = s->fwmark != 0;
        return std::tuple(s->fwmark, marked ? IpAddress{s->vip.family, {}} : s->vip, s->protocol, s->port);
    };
    std::vector<const Service*> sorted;
    sorted.reserve(services.size());
    for (const Service& service : services) sorted.push_back(&service);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const auto* a, const auto* b) { return identity(a) < identity(b); });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const Service& again = *sorted[i];
        if (identity(sorted[i - 1]) != identity(&again)) continue;
        const std::string name = again.fwmark != 0 ? "fwmark " + std::to_string(again.fwmark)
                                                   : std::string(lbconverge::to_text(again.protocol)) + " " +
                                                         with_port(again.vip, again.port);
        problems.error(again.source, "service " + name + " is there twice", "put its real servers into one [[service]]")
            .other = sorted[i - 1]->source;
    }
}

/// A packet has one mark.
void report_double_marks(const std::vector<Service>& services, Diagnostics& problems) {
    std::map<Destination, Source> first;
    for (const Service& service : services) {
        for (const Marked& each : service.marks) {
            const auto [at, is_new] = first.emplace(each.destination, each.source);
            if (is_new) continue;
            problems
                .error(each.source, lbconverge::to_text(each.destination) + " gets a mark twice",
                       "a packet has one mark, and belongs to one service")
                .other = at->second;
        }
    }
}

}  // namespace

void read_services(Reader& top, Context& context) {
    const toml::node* node = top.take("service");
    if (node != nullptr && node->is_array()) context.config.services.reserve(node->as_array()->size());
    top.tables("service", [&](const toml::table& table) { read_service(table, context); });
    report_double_services(context.config.services, context.problems);
    report_double_marks(context.config.services, context.problems);
}

}  // namespace lbconverge::config
