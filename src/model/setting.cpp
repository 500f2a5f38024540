#include "lbconverge/model/setting.hpp"

namespace lbconverge {

namespace {

std::string start_of(Family family, std::string_view folder) {
    return std::string(family == Family::ipv4 ? "net/ipv4/" : "net/ipv6/").append(folder).append("/");
}

std::string with_separators_swapped(std::string_view text) {
    std::string swapped(text);
    for (char& c : swapped) c = c == '/' ? '.' : c == '.' ? '/' : c;
    return swapped;
}

}  // namespace

std::string setting_path(const InterfaceName& interface, std::string_view name, Family family) {
    return start_of(family, "conf").append(interface.view()).append("/").append(name);
}

std::string forwarding_path(Family family) {
    return family == Family::ipv4 ? "net/ipv4/ip_forward" : setting_path("all", "forwarding", family);
}

std::optional<InterfaceSetting> parse_setting_path(std::string_view path, std::string_view folder) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const std::string start = start_of(family, folder);
        if (!path.starts_with(start)) continue;
        const std::string_view rest = path.substr(start.size());
        const std::size_t slash = rest.find('/');
        if (slash == std::string_view::npos || !InterfaceName::fits(rest.substr(0, slash))) return std::nullopt;
        return InterfaceSetting{InterfaceName(rest.substr(0, slash)), rest.substr(slash + 1), family};
    }
    return std::nullopt;
}

std::string sysctl_name(std::string_view path) { return with_separators_swapped(path); }

std::string path_of_sysctl(std::string_view name) {
    const std::size_t first = name.find_first_of("./");
    const bool is_path = first == std::string_view::npos || name[first] == '/';
    return is_path ? std::string(name) : with_separators_swapped(name);
}

}  // namespace lbconverge
