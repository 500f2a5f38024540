// Checks that go through the VIP to one real server (via = "vip"): the packets of the probe carry a firewall mark that
// leads them to that server, so that an answer also proves that the server has the VIP. Each such server has a mark,
// and a service of that mark with only this server in its pool. Only packets that this host itself sends carry the
// mark.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/real_server.hpp"

#include <cstdint>
#include <vector>

namespace lbconverge::kinds {

/// The first of these marks (the first two octets are "lb"). Other programs must not use the marks from here on.
constexpr std::uint32_t first_probe_mark = 0x6c620001;
constexpr std::uint32_t most_probe_marks = 0xfffe;
constexpr bool is_probe_mark(std::uint32_t mark) {
    return mark >= first_probe_mark && mark - first_probe_mark < most_probe_marks;
}

/// A server that is checked through its VIP; indices into Config::services and Service::real_servers.
struct ViaVip {
    std::uint32_t service = 0;
    std::uint32_t server = 0;
    std::uint32_t mark = 0;
};
/// In the order of the configuration, which numbers the marks. Nothing on a real server.
std::vector<ViaVip> checked_via_vip(const config::Config& config);

/// The service of that mark, and its only real server.
Service::Key probe_service(const config::Config& config, const ViaVip& probe);
RealServer::Key probe_server(const config::Config& config, const ViaVip& probe);

}  // namespace lbconverge::kinds
