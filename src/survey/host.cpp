// What the kernel says of this host besides the kinds: routes, tunnel devices, sockets, modules.
#include "lbconverge/kernel/file.hpp"
#include "lbconverge/kernel/query.hpp"
#include "lbconverge/survey/survey.hpp"
#include "parts.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <charconv>

namespace lbconverge::survey {

namespace {

/// Dumps one of rtnetlink's tables.
template <class Header>
Result<void> dump(std::uint16_t type, const std::function<void(std::span<const std::byte>)>& receive) {
    const Header header{};
    wire::Requests requests;
    requests.begin(wire::Transport::route, type, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
    return kernel::query_rtnetlink(requests, receive);
}

Result<void> read_links(doctor::Evidence& evidence) {
    auto routes = dump<rtmsg>(RTM_GETROUTE, [&](std::span<const std::byte> message) {
        const auto route = doctor::parse_route(message, evidence.kernel->facts);
        if (route) evidence.routes.push_back(*route);
    });
    RETURN_IF_ERROR(routes);
    return dump<ifinfomsg>(RTM_GETLINK, [&](std::span<const std::byte> message) {
        if (const auto device = doctor::parse_ipip_device(message)) evidence.tunnels.push_back(*device);
    });
}

std::vector<doctor::Listener> read_listeners() {
    std::vector<doctor::Listener> all;
    for (const auto& [name, family, protocol] :
         {std::tuple{"tcp", Family::ipv4, Protocol::tcp}, std::tuple{"tcp6", Family::ipv6, Protocol::tcp},
          std::tuple{"udp", Family::ipv4, Protocol::udp}, std::tuple{"udp6", Family::ipv6, Protocol::udp}}) {
        // Of this network namespace.
        const std::string text = kernel::read_file(std::string("/proc/net/") + name).value_or(std::string());
        for (const doctor::Listener& each : doctor::parse_sockets(text, family, protocol)) all.push_back(each);
    }
    return all;
}

/// "kernel/net/netfilter/ipvs/ip_vs_rr.ko.xz: …" as "ip_vs_rr"
std::string module_name(std::string path) {
    path = path.substr(0, path.find(':'));
    path = path.substr(path.rfind('/') + 1);
    path = path.substr(0, path.find(".ko"));
    std::replace(path.begin(), path.end(), '-', '_');
    return path;
}

doctor::Modules read_modules() {
    doctor::Modules modules;
    for (const char* list : {"modules.dep", "modules.builtin"}) {
        const auto lines = lines_of(modules_folder() + list);
        modules.known = modules.known || !lines.empty();
        for (const std::string& line : lines) modules.names.insert(module_name(line));
    }
    for (const std::string& line : lines_of("/proc/modules")) modules.names.insert(line.substr(0, line.find(' ')));
    return modules;
}

/// The buckets of the connection table, as a power of two; it can be set only as the module is loaded.
std::optional<std::uint32_t> read_connection_bits() {
    const auto lines = lines_of("/sys/module/ip_vs/parameters/conn_tab_bits");
    std::uint32_t bits = 0;
    if (lines.empty()) return std::nullopt;
    const std::string& text = lines.front();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(bits) : std::nullopt;
}

}  // namespace

std::string modules_folder() {
    const auto release = lines_of("/proc/sys/kernel/osrelease");
    return "/lib/modules/" + (release.empty() ? std::string() : release.front()) + "/";
}

Result<void> read_host(doctor::Evidence& evidence) {
    RETURN_IF_ERROR(read_links(evidence));
    evidence.firewall = read_firewall();
    evidence.listeners = read_listeners();
    evidence.files = read_files();
    evidence.modules = read_modules();
    evidence.connection_bits = read_connection_bits();
    evidence.managers = read_managers();
    return {};
}

}  // namespace lbconverge::survey
