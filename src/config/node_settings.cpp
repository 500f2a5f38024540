#include "sections.hpp"

#include <map>
#include <tuple>

namespace lbconverge::config {

namespace {

void read_timeouts(Reader& ipvs, Ipvs& out) {
    auto in = ipvs.table("timeouts", "[ipvs.timeouts]");
    if (!in) return;
    // The kernel takes 0 as "unchanged" and refuses more than INT_MAX / HZ seconds.
    constexpr DurationRange range{std::chrono::seconds(1), std::chrono::seconds(2147483)};
    const auto read = [&](std::string_view key, std::optional<Timeout>& timeout) {
        Timeout value;
        if (!in->seconds(key, value.seconds, range)) return;
        value.source = in->place(key);
        timeout = value;
    };
    read("tcp", out.tcp);
    read("tcp_fin", out.tcp_fin);
    read("udp", out.udp);
    in->finish();
}

void read_sync(Reader& ipvs, Context& context) {
    auto in = ipvs.table("sync", "[ipvs.sync]");
    if (!in) return;
    IpvsSync sync;
    sync.source = in->place();
    sync.interface = context.config.interface;
    in->interface("interface", sync.interface);
    if (sync.interface.empty() && !in->has("interface")) {
        context.problems.error(sync.source, "[ipvs.sync] needs an interface",
                               "interface = \"eth0\", here or at the top");
    }
    in->number("id", sync.id);
    if (in->address("group", sync.group) && !sync.group->is_multicast()) {
        context.problems.error(in->place("group"), "\"group\" of [ipvs.sync] must be a multicast address",
                               "the default is 224.0.0.81");
    }
    in->number("port", sync.port, 1, 65535);
    in->number("ttl", sync.ttl, 1, 255);
    in->text("follow", sync.follow);
    in->finish();
    context.config.ipvs.sync = std::move(sync);
}

}  // namespace

void read_ipvs(Reader& top, Context& context) {
    auto in = top.table("ipvs", "[ipvs]");
    if (!in) return;
    read_timeouts(*in, context.config.ipvs);
    read_sync(*in, context);
    in->share("keep", context.config.ipvs.keep);
    in->boolean("exclusive", context.config.ipvs.exclusive);
    in->number("connections", context.config.ipvs.connections, 1, 100'000'000);
    in->finish();
}

namespace {

/// Everybody who can connect may read them: they name each server and what it has to do.
void read_metrics(Reader& in, Daemon& daemon) {
    in.boolean("metrics_servers", daemon.metrics_servers);
    std::string text;
    if (!in.text("metrics", text)) return;
    if (text == "none") return daemon.metrics.reset();
    const Result<ListenAddress> where = parse_listen_address(text);
    if (!where) {
        in.problems().error(in.place("metrics"), "\"metrics\" of [daemon]: " + where.error().what, where.error().hint);
        return;
    }
    daemon.metrics = *where;
    if (where->is_local()) return;
    in.problems().warning(in.place("metrics"),
                          "whoever can reach " + to_text(*where) + " can read the metrics, without a password",
                          "127.0.0.1, [::1] and unix sockets are for programs on this host; else let a packet filter "
                          "say who may connect");
}

}  // namespace

void read_daemon(Reader& top, Context& context) {
    auto in = top.table("daemon", "[daemon]");
    if (!in) return;
    Daemon& daemon = context.config.daemon;
    daemon.source = in->place();
    read_metrics(*in, daemon);
    in->boolean("repair", daemon.repair);
    in->choice("on_exit", daemon.on_exit);
    in->number("realtime_priority", daemon.realtime_priority, 0, 99);
    in->finish();
}

void read_limits(Reader& top, Context& context) {
    auto in = top.table("limits", "[limits]");
    if (!in) return;
    Limits& limits = context.config.limits;
    limits.max_service_deletes_source = in->place("max_service_deletes");
    limits.max_weight_loss_source = in->place("max_weight_loss");
    std::uint32_t number = 0;
    if (in->number("max_service_deletes", number)) limits.max_service_deletes = number;
    if (in->number("max_weight_loss", number, 0, 100)) limits.max_weight_loss = number;
    in->finish();
}

namespace {

/// "default" is of the family of the rest.
void read_destination(Reader& in, Route& route) {
    std::string to;
    if (!in.has("to")) in.problems().error(route.source, "a route needs a destination", "to = \"default\"");
    if (!in.text("to", to)) return;
    const auto parsed = parse_with_prefix(to);
    if (to == "default") {
        const auto& other = route.via ? route.via : route.source_address;
        if (other) route.to.family = other->family;
    } else if (!parsed) {
        in.problems().error(in.place("to"), in_quotes(to) + " is not a destination",
                            "write \"default\", or \"192.0.2.0/24\"");
    } else {
        route.to = parsed->address;
        route.prefix = parsed->prefix;
        const IpAddress network = network_of(route.to, route.prefix);
        if (network == route.to) return;
        in.problems().error(in.place("to"), in_quotes(to) + " is an address in a network, not a network",
                            "write \"" + lbconverge::to_text(network) + "/" + std::to_string(route.prefix) + "\"");
    }
}

void check_route(Reader& in, const Route& route) {
    if (!in.has("via") && !in.has("interface")) {
        in.problems().error(route.source, "a route needs a gateway or an interface", "via = \"192.0.2.1\"");
    }
    for (const auto* each : {&route.via, &route.source_address}) {
        if (!*each || (*each)->family == route.to.family) continue;
        in.problems().error(route.source, "this route mixes IPv4 and IPv6",
                            "its destination, gateway and source are of one family");
        break;
    }
    const bool link_local = route.via && route.via->is_link_local();
    if (link_local && route.interface.empty()) {
        in.problems().error(route.source, "a link-local gateway needs the interface that it is on",
                            "interface = \"eth0\"");
    }
    if (route.via && !link_local && in.has("interface")) {
        in.problems().warning(in.place("interface"),
                              "beside a gateway the interface is not used: the kernel finds it by the gateway",
                              "leave it out");
    }
}

void report_double_routes(const std::vector<Route>& routes, Diagnostics& problems) {
    std::map<std::tuple<IpAddress, std::uint8_t, std::uint32_t>, Source> first;
    for (const Route& route : routes) {
        const auto [at, is_new] = first.emplace(std::tuple(route.to, route.prefix, route.table), route.source);
        if (is_new) continue;
        problems
            .error(route.source, "there are two routes to one destination",
                   "keep one of them, or put one into another table")
            .other = at->second;
    }
}

}  // namespace

void read_routes(Reader& top, Context& context) {
    top.tables("route", [&](const toml::table& table) {
        Reader in({&table}, "a route", context.problems);
        Route route;
        route.source = in.place();
        in.address("via", route.via);
        in.interface("interface", route.interface);
        in.address("source", route.source_address);
        read_destination(in, route);
        in.number("table", route.table, 1, 0xffffffff);
        in.text("vrrp", route.vrrp);
        check_route(in, route);
        in.finish();
        context.config.routes.push_back(std::move(route));
    });
    report_double_routes(context.config.routes, context.problems);
}

}  // namespace lbconverge::config
