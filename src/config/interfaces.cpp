#include "lbconverge/config/interfaces.hpp"

#include "lbconverge/model/setting.hpp"

#include <algorithm>

namespace lbconverge::config {

std::vector<InterfaceName> named_interfaces(const Config& config) {
    std::vector<InterfaceName> names{loopback, config.interface};
    for (const Vip& each : config.vips) names.push_back(each.interface);
    for (const Vrrp& each : config.vrrp) names.push_back(each.interface);
    for (const Route& each : config.routes) names.push_back(each.interface);
    names.insert(names.end(), config.arp.interfaces.begin(), config.arp.interfaces.end());
    for (const Track& each : config.tracks) {
        if (each.type == TrackType::interface) names.emplace_back(each.target);
    }
    for (const Sysctl& each : config.sysctls) {
        for (const char* folder : {"conf", "neigh"}) {
            if (const auto setting = parse_setting_path(each.path, folder)) names.push_back(setting->interface);
        }
    }
    if (tunnelled_here(config, Family::ipv4) != nullptr) names.emplace_back("tunl0");
    if (tunnelled_here(config, Family::ipv6) != nullptr) names.emplace_back("ip6tnl0");
    if (config.ipvs.sync) names.push_back(config.ipvs.sync->interface);
    std::erase_if(names, [](const InterfaceName& each) { return each.empty() || each.is_collective(); });
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace lbconverge::config
