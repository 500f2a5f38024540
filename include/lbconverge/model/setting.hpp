// Settings by name: paths below /proc/sys are put together and taken apart here, and written as sysctl(8) writes them.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge {

/// "net/ipv4/conf/INTERFACE/NAME", or "net/ipv6/…". The interface can also be "all" or "default".
std::string setting_path(const InterfaceName& interface, std::string_view name, Family family = Family::ipv4);
/// Whether this host forwards packets of the family.
std::string forwarding_path(Family family);

/// Whether a packet ends its connection if the real server has no row.
constexpr std::string_view expire_nodest_conn = "net/ipv4/vs/expire_nodest_conn";
/// What makes the kernel give the clients of a server that was removed, or has weight 0, another one: connections whose
/// server is gone end, and so do persistence entries. Without these it sends them nowhere (ipvs-sysctl.rst).
inline constexpr std::array<std::string_view, 2> other_server_settings{expire_nodest_conn,
                                                                       "net/ipv4/vs/expire_quiescent_template"};

/// The parts of such a path.
struct InterfaceSetting {
    InterfaceName interface;
    std::string_view name;  ///< a part of the path that was parsed
    Family family = Family::ipv4;
};
/// `folder` is "conf" or "neigh". nullopt: another path, or the name in it is too long for an interface.
std::optional<InterfaceSetting> parse_setting_path(std::string_view path, std::string_view folder = "conf");

/// "net/ipv4/conf/eth0.100/rp_filter" as "net.ipv4.conf.eth0/100.rp_filter".
std::string sysctl_name(std::string_view path);
/// The reverse of it. The first separator decides, as in sysctl(8): a name that begins with "net/" is a path already.
std::string path_of_sysctl(std::string_view name);

}  // namespace lbconverge
