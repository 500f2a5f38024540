// /proc/net/tcp and its kin: one line per socket, addresses as 32-bit words of the machine's own order in hexadecimal
// (proc(5); net/ipv4/tcp_ipv4.c, get_tcp4_sock).
#include "lbconverge/doctor/evidence.hpp"

#include <charconv>
#include <cstring>

namespace lbconverge::doctor {

namespace {

constexpr std::uint32_t tcp_listen = 10;      // include/net/tcp_states.h
constexpr std::uint32_t udp_unconnected = 7;  // TCP_CLOSE: a datagram socket that takes from anybody

std::optional<std::uint32_t> hex(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The next word; cut off from the front of the line.
std::string_view word(std::string_view& line) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return line = {};
    line.remove_prefix(start);
    const std::string_view found = line.substr(0, line.find(' '));
    line.remove_prefix(found.size());
    return found;
}

std::optional<Listener> listener_of(std::string_view line, Family family, Protocol protocol) {
    word(line);  // its number
    const std::string_view local = word(line);
    word(line);  // the other end
    const auto state = hex(word(line));
    const std::size_t digits = family == Family::ipv4 ? 8 : 32;
    if (local.size() != digits + 5 || local[digits] != ':') return std::nullopt;
    if (state != (protocol == Protocol::tcp ? tcp_listen : udp_unconnected)) return std::nullopt;
    Listener listener{protocol, {family, {}}, 0};
    for (std::size_t i = 0; i < digits / 8; ++i) {
        const auto part = hex(local.substr(i * 8, 8));
        if (!part) return std::nullopt;
        std::memcpy(listener.address.bytes.data() + i * 4, &*part, 4);
    }
    const auto port = hex(local.substr(digits + 1));
    if (!port) return std::nullopt;
    listener.port = static_cast<std::uint16_t>(*port);
    return listener;
}

}  // namespace

std::vector<Listener> parse_sockets(std::string_view text, Family family, Protocol protocol) {
    std::vector<Listener> listeners;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (const auto listener = listener_of(text.substr(0, end), family, protocol)) listeners.push_back(*listener);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return listeners;
}

}  // namespace lbconverge::doctor
