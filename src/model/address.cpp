#include "lbconverge/model/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace lbconverge {

static_assert(static_cast<int>(Family::ipv4) == AF_INET && static_cast<int>(Family::ipv6) == AF_INET6);

namespace {

/// Decimal digits only, without sign and leading zeros: one spelling per number, as inet_pton has it for addresses.
template <class T>
std::optional<T> plain_number(std::string_view text, unsigned max) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
    return static_cast<T>(value);
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return std::nullopt;
    terminated[text.copy(terminated, text.size())] = '\0';
    IpAddress address;
    if (text.find(':') != std::string_view::npos) address.family = Family::ipv6;
    if (inet_pton(static_cast<int>(address.family), terminated, address.bytes.data()) != 1) return std::nullopt;
    return address;
}

IpAddress IpAddress::from_bytes(Family family, const std::uint8_t* data) {
    IpAddress address{family, {}};
    std::copy_n(data, address.size(), address.bytes.begin());
    return address;
}

bool IpAddress::is_unspecified() const { return *this == IpAddress{family, {}}; }

bool IpAddress::is_loopback() const {
    if (family == Family::ipv4) return bytes[0] == 127;
    IpAddress one{Family::ipv6, {}};
    one.bytes[15] = 1;
    return *this == one;
}

bool IpAddress::is_multicast() const { return family == Family::ipv4 ? (bytes[0] & 0xf0) == 0xe0 : bytes[0] == 0xff; }

bool IpAddress::is_link_local() const {
    if (family == Family::ipv4) return bytes[0] == 169 && bytes[1] == 254;
    return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool IpAddress::in_same_net(const IpAddress& other, std::uint8_t prefix) const {
    if (family != other.family) return false;
    const std::size_t whole = std::min<std::size_t>(prefix / 8, size());
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), other.bytes.begin()))
        return false;
    const unsigned rest = prefix % 8;
    if (rest == 0 || whole == size()) return true;
    return ((bytes[whole] ^ other.bytes[whole]) >> (8 - rest)) == 0;
}

IpAddress network_of(IpAddress address, std::uint8_t prefix) {
    for (std::size_t bit = prefix; bit < address.bits(); ++bit) {
        address.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    }
    return address;
}

std::string to_text(const IpAddress& address) {
    char text[INET6_ADDRSTRLEN];
    if (address.family == Family::ipv6) {
        inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
        return text;
    }
    char* end = text;  // inet_ntop uses snprintf, which is too slow for a plan of a hundred thousand rows
    for (std::size_t i = 0; i < 4; ++i) {
        if (i != 0) *end++ = '.';
        end = std::to_chars(end, text + sizeof text, address.bytes[i]).ptr;
    }
    return {text, end};
}

bool from_text(std::string_view text, IpAddress& address) {
    const auto parsed = IpAddress::parse(text);
    if (parsed) address = *parsed;
    return parsed.has_value();
}

std::string with_port(const IpAddress& address, std::uint16_t port) {
    std::string text = to_text(address);
    if (address.family == Family::ipv6) text = "[" + text + "]";
    return text.append(":").append(std::to_string(port));
}

std::optional<AddressAndPort> parse_with_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool brackets = host.size() > 1 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    const auto port = plain_number<std::uint16_t>(text.substr(colon + 1), 65535);
    // Without brackets the last group of an IPv6 address could pass for a port.
    if (!address || !port || brackets != (address->family == Family::ipv6)) return std::nullopt;
    return AddressAndPort{*address, *port};
}

std::optional<AddressAndPrefix> parse_with_prefix(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return AddressAndPrefix{*address, address->bits(), false};
    const auto prefix = plain_number<std::uint8_t>(text.substr(slash + 1), address->bits());
    if (!prefix) return std::nullopt;
    return AddressAndPrefix{*address, *prefix, true};
}

}  // namespace lbconverge
