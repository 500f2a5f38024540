// Reads the packet filters: nftables through libnftables, iptables-legacy, which has no netlink, through a socket
// option.
#include "lbconverge/kernel/query.hpp"
#include "parts.hpp"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace lbconverge::survey {

namespace {

bool read_nftables(doctor::Firewall& firewall) {
    const auto listed = kernel::list_nftables();
    return listed && *listed && doctor::parse_nftables(**listed, firewall);
}

/// Whether nftables is loaded already: otherwise a request would load its module. (A kernel without modules has no such
/// list; there a request does no harm.)
bool has_nftables() {
    if (::access("/proc/modules", F_OK) != 0) return true;
    const auto loaded = lines_of("/proc/modules");
    const auto is_it = [](const std::string& line) { return line.starts_with("nf_tables "); };
    if (std::any_of(loaded.begin(), loaded.end(), is_it)) return true;
    const auto built_in = lines_of(modules_folder() + "modules.builtin");
    return std::any_of(built_in.begin(), built_in.end(),
                       [](const std::string& line) { return line.ends_with("/nf_tables.ko"); });
}

bool read_table(int fd, const std::string& name, doctor::Firewall& firewall) {
    ipt_getinfo info{};
    name.copy(info.name, sizeof info.name - 1);
    socklen_t size = sizeof info;
    if (::getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size) != 0) return false;
    std::vector<std::byte> bytes(sizeof(ipt_get_entries) + info.size);
    auto* wanted = reinterpret_cast<ipt_get_entries*>(bytes.data());
    std::memcpy(wanted->name, info.name, sizeof wanted->name);
    wanted->size = info.size;
    size = static_cast<socklen_t>(bytes.size());
    if (::getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, bytes.data(), &size) != 0) return false;
    const std::span<const std::byte> entries = std::span(bytes).subspan(sizeof(ipt_get_entries));
    doctor::parse_iptables(std::as_bytes(std::span(&info, 1)), entries, firewall);
    return true;
}

bool read_iptables(const std::string& name, doctor::Firewall& firewall) {
    const int fd = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0) return false;
    const bool good = read_table(fd, name, firewall);
    ::close(fd);
    return good;
}

/// False: iptables is used for IPv6, or a table cannot be read; then nothing is certain. The kernel lists the tables
/// that some program has used.
bool read_all_iptables(doctor::Firewall& firewall) {
    for (const std::string& name : lines_of("/proc/net/ip_tables_names")) {
        if (!read_iptables(name, firewall)) return false;
    }
    return lines_of("/proc/net/ip6_tables_names").empty();
}

}  // namespace

doctor::Firewall read_firewall() {
    doctor::Firewall firewall;
    firewall.known = read_all_iptables(firewall) && (!has_nftables() || read_nftables(firewall));
    firewall.arp_unknown = !lines_of("/proc/net/arp_tables_names").empty();
    return firewall;
}

}  // namespace lbconverge::survey
