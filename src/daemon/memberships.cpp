#include "memberships.hpp"

#include "lbconverge/kernel/file.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>

namespace lbconverge::daemon {

namespace {

/// VRRP's group as the kernel prints it: for IPv4 a number in the machine's byte order, for IPv6 the octets one by one.
std::string group_text(Family family) {
    const IpAddress group = wire::vrrp_group(family);
    char text[2 * sizeof group.bytes + 1] = {};
    if (family == Family::ipv4) {
        std::uint32_t number = 0;
        std::memcpy(&number, group.bytes.data(), sizeof number);
        std::snprintf(text, sizeof text, "%08X", static_cast<unsigned>(number));
        return text;
    }
    for (std::size_t i = 0; i < group.bytes.size(); ++i) std::snprintf(text + 2 * i, 3, "%02x", group.bytes[i]);
    return text;
}

/// nullopt: the table cannot be read.
std::optional<std::set<std::uint32_t>> read_table(Family family) {
    const auto table = kernel::read_file(family == Family::ipv4 ? "/proc/net/igmp" : "/proc/net/igmp6");
    if (!table) return std::nullopt;
    return members_in(*table, family);
}

}  // namespace

Memberships read_memberships(const std::vector<config::Vrrp>& instances) {
    Memberships read{.read_at = std::chrono::steady_clock::now()};
    const auto has = [&](Family family) {
        return std::any_of(instances.begin(), instances.end(), [&](const auto& each) { return each.family == family; });
    };
    if (has(Family::ipv4)) read.ipv4 = read_table(Family::ipv4);
    if (has(Family::ipv6)) read.ipv6 = read_table(Family::ipv6);
    return read;
}

std::set<std::uint32_t> members_in(std::string_view table, Family family) {
    const std::string group = group_text(family);
    std::set<std::uint32_t> members;
    std::istringstream lines{std::string(table)};
    std::uint32_t index = 0;
    for (std::string line; std::getline(lines, line);) {
        // IPv4: a line for the interface, and below it a line for each of its groups. IPv6: a line for each group, with
        // the index, the name and the group.
        std::istringstream words(line);
        std::string word;
        const bool names_interface = line.find_first_not_of(" \t") == 0;
        if (names_interface && !(words >> index)) index = 0;  // the heading
        words >> word;
        if (family == Family::ipv6) words >> word;
        if (index != 0 && word == group) members.insert(index);
    }
    return members;
}

}  // namespace lbconverge::daemon
