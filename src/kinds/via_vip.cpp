#include "lbconverge/kinds/via_vip.hpp"

namespace lbconverge::kinds {

std::vector<ViaVip> checked_via_vip(const config::Config& config) {
    std::vector<ViaVip> all;
    if (config.role == Role::real_server) return all;
    for (std::uint32_t s = 0; s < config.services.size(); ++s) {
        const config::Service& service = config.services[s];
        for (std::uint32_t i = 0; i < service.real_servers.size(); ++i) {
            const std::int32_t check =
                service.real_servers[i].check >= 0 ? service.real_servers[i].check : service.check;
            if (check < 0 || config.checks[static_cast<std::size_t>(check)].via.empty()) continue;
            all.push_back({s, i, first_probe_mark + static_cast<std::uint32_t>(all.size())});
        }
    }
    return all;
}

Service::Key probe_service(const config::Config& config, const ViaVip& probe) {
    return {{config.services[probe.service].vip.family, {}}, Protocol::none, 0, probe.mark};
}

RealServer::Key probe_server(const config::Config& config, const ViaVip& probe) {
    return {probe_service(config, probe), config.services[probe.service].real_servers[probe.server].address, 0};
}

}  // namespace lbconverge::kinds
