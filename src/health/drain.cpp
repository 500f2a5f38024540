#include "lbconverge/health/drain.hpp"

#include <algorithm>

namespace lbconverge::health {

using kinds::Drained;
using kinds::Service;

namespace {

const IpAddress* address_of_node(std::string_view name, const config::Config& config) {
    for (const config::Node& each : config.nodes) {
        if (each.name == name && each.address) return &*each.address;
    }
    return nullptr;
}

std::optional<Drained> parse_server(const std::string& text, const config::Config& config) {
    if (const auto address = IpAddress::parse(text)) return Drained{.address = *address};
    if (const auto both = parse_with_port(text)) return Drained{.address = both->address, .port = both->port};
    if (const IpAddress* node = address_of_node(text, config)) return Drained{.address = *node};
    const std::size_t colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon == std::string::npos || !lbconverge::from_text(text.substr(colon + 1), port)) return std::nullopt;
    const IpAddress* node = address_of_node(text.substr(0, colon), config);
    return node == nullptr ? std::nullopt : std::optional(Drained{.address = *node, .port = port});
}

bool is_named(const config::Service& service, const std::string& name) {
    const std::string id = Service::id(Service::key_of(service));
    return service.name == name || id == name || id.ends_with(" " + name);
}

bool any_covered(const std::vector<Drained>& drains, const config::Config& config) {
    return std::any_of(config.services.begin(), config.services.end(), [&](const config::Service& service) {
        const Service::Key key = Service::key_of(service);
        return std::any_of(service.real_servers.begin(), service.real_servers.end(), [&](const auto& server) {
            return std::any_of(drains.begin(), drains.end(), [&](const Drained& each) {
                return each.covers({key, server.address, server.port});
            });
        });
    });
}

}  // namespace

Result<std::vector<Drained>> parse_drain(const std::string& text, const config::Config& config, bool undo) {
    const std::size_t at = text.find('@');
    const std::string name = text.substr(0, at);
    const auto server = parse_server(name, config);
    if (!server) {
        return fail(ErrorKind::usage, "\"" + name + "\" is neither an address nor a node with one",
                    "SERVER is ADDR, ADDR:PORT, [ADDR]:PORT, a node's name, or one of these with @SERVICE");
    }
    std::vector<Drained> drains;
    if (at == std::string::npos) drains.push_back(*server);
    const std::string of = at == std::string::npos ? "" : text.substr(at + 1);
    for (const config::Service& service : config.services) {
        if (of.empty() || !is_named(service, of)) continue;
        drains.push_back(*server);
        drains.back().service = Service::key_of(service);
    }
    if (drains.empty()) {
        return fail(ErrorKind::usage, "there is no service \"" + of + "\"",
                    "name it as name of [[service]] does, or as \"tcp VIP:PORT\"");
    }
    if (!undo && !any_covered(drains, config)) {
        return fail(ErrorKind::usage, "no service has the real server " + text, "lbconverge status lists them");
    }
    return drains;
}

Result<void> can_take_back(const Drained& what, const kinds::Health& health) {
    for (const Drained& each : health.drains) {
        const bool wider = (each.port == 0 && what.port != 0) || (!each.service && what.service);
        const bool concerns = each.address == what.address &&
                              (each.port == 0 || what.port == 0 || each.port == what.port) &&
                              (!each.service || !what.service || each.service == what.service);
        if (!wider || !concerns) continue;
        return fail(ErrorKind::failed, "more than " + to_text(what) + " is drained: " + to_text(each),
                    "undrain " + to_text(each) + ", and drain again what is to stay so");
    }
    return {};
}

std::string to_text(const Drained& drained) {
    const std::string server =
        drained.port == 0 ? lbconverge::to_text(drained.address) : with_port(drained.address, drained.port);
    return drained.service ? server + "@" + Service::id(*drained.service) : server;
}

}  // namespace lbconverge::health
