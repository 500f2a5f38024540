#include "lbconverge/config/config.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace {

/// The entry of this node among the real servers of a service. A file without [nodes] is for one node only.
const RealServer* own_entry(const Service& service, const Config& config) {
    const Node* own = self(config);
    const auto at = std::ranges::find_if(service.real_servers, [&](const RealServer& server) {
        return own == nullptr ? config.nodes.empty() : own->address == server.address;
    });
    return at == service.real_servers.end() ? nullptr : &*at;
}

}  // namespace

const Node* self(const Config& config) {
    const auto at = std::ranges::find_if(config.nodes, [&](const Node& node) { return node.name == config.node; });
    return at == config.nodes.end() ? nullptr : &*at;
}

const RealServer* tunnelled_here(const Config& config, Family outer) {
    if (config.role == Role::director) return nullptr;
    for (const Service& service : config.services) {
        const RealServer* own = own_entry(service, config);
        if (own == nullptr || own->forward != Forward::tunnel || own->tunnel_type != TunnelType::ipip) continue;
        if (own->address.family == outer) return own;
    }
    return nullptr;
}

std::optional<std::uint16_t> redirected_to(const Service& service, const Config& config) {
    const auto vip = std::ranges::find_if(config.vips, [&](const Vip& each) { return each.address == service.vip; });
    const bool redirected =
        service.fwmark == 0 && service.port != 0 && vip != config.vips.end() && vip->accept == Accept::redirect;
    if (!redirected) return std::nullopt;
    // A service without real servers has only its own port.
    if (service.real_servers.empty()) return service.port;
    const RealServer* own = own_entry(service, config);
    if (own == nullptr) return std::nullopt;
    return own->port != 0 ? own->port : service.port;
}

}  // namespace lbconverge::config
