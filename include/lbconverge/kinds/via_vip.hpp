// Checks that go through the VIP to one real server (via = "vip"): a firewall mark of its own leads the probe's packets
// to that server, so that an answer proves the server's VIP as well. Each such server has a service of its mark in the
// table, with nothing else in its pool; only what this host itself sends carries the mark.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/real_server.hpp"

#include <cstdint>
#include <vector>

namespace lbconverge::kinds {

/// The marks are counted from here ("lb" in front of them); whoever sets marks of his own stays clear of them.
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
