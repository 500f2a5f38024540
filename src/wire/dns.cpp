#include "lbconverge/wire/dns.hpp"

#include <algorithm>
#include <array>

namespace lbconverge::wire {

namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t response = 0x8000, recursion_desired = 0x0100, code_mask = 0x000f;
constexpr std::uint16_t internet = 1;  // CLASS IN

void put16(std::vector<std::byte>& out, std::uint16_t value) {
    out.push_back(static_cast<std::byte>(value >> 8));
    out.push_back(static_cast<std::byte>(value & 0xff));
}

/// Reads from front to back; past the end everything is 0 and good() is false.
class Cursor {
public:
    explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint8_t byte() {
        if (at_ >= bytes_.size()) {
            good_ = false;
            return 0;
        }
        return std::to_integer<std::uint8_t>(bytes_[at_++]);
    }
    std::uint16_t number() {
        const auto high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }
    std::span<const std::byte> take(std::size_t size) {
        if (size > bytes_.size() - std::min(at_, bytes_.size())) {
            good_ = false;
            return {};
        }
        at_ += size;
        return bytes_.subspan(at_ - size, size);
    }
    /// A name ends with an empty label or with a pointer (RFC 1035 §4.1.4); the target of the pointer is not read.
    void skip_name() {
        constexpr std::uint8_t pointer = 0xc0;
        while (good_) {
            const std::uint8_t length = byte();
            if (length == 0) return;
            if ((length & pointer) == pointer) {
                byte();
                return;
            }
            if ((length & pointer) != 0) good_ = false;
            take(length);
        }
    }
    [[nodiscard]] bool good() const { return good_; }

private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
    bool good_ = true;
};

bool put_name(std::vector<std::byte>& out, std::string_view name) {
    constexpr std::size_t longest_label = 63, longest_name = 255;
    if (name.ends_with('.')) name.remove_suffix(1);
    const std::size_t start = out.size();
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > longest_label) return false;
        out.push_back(static_cast<std::byte>(label.size()));
        for (const char each : label) out.push_back(static_cast<std::byte>(each));
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    out.push_back(std::byte{0});
    return out.size() - start <= longest_name;
}

std::optional<IpAddress> address_in(std::uint16_t type, std::span<const std::byte> data) {
    const bool ipv4 = type == static_cast<std::uint16_t>(DnsType::a) && data.size() == 4;
    const bool ipv6 = type == static_cast<std::uint16_t>(DnsType::aaaa) && data.size() == 16;
    if (!ipv4 && !ipv6) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < data.size(); ++i) bytes[i] = std::to_integer<std::uint8_t>(data[i]);
    return IpAddress::from_bytes(ipv4 ? Family::ipv4 : Family::ipv6, bytes.data());
}

}  // namespace

std::optional<std::vector<std::byte>> dns_question(std::uint16_t id, std::string_view name, DnsType type) {
    std::vector<std::byte> out;
    for (const std::uint16_t each :
         {id, recursion_desired, std::uint16_t{1}, std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}}) {
        put16(out, each);
    }
    if (!put_name(out, name)) return std::nullopt;
    put16(out, static_cast<std::uint16_t>(type));
    put16(out, internet);
    return out;
}

std::optional<DnsAnswer> read_dns_answer(std::span<const std::byte> message, std::uint16_t id) {
    if (message.size() < header_size) return std::nullopt;
    Cursor in(message);
    const bool same = in.number() == id;
    const std::uint16_t flags = in.number();
    if (!same || (flags & response) == 0) return std::nullopt;
    const std::uint16_t questions = in.number();
    const std::uint16_t answers = in.number();
    in.take(4);  // authority and additional: not read
    for (std::uint16_t i = 0; i < questions && in.good(); ++i) {
        in.skip_name();
        in.take(4);
    }
    DnsAnswer out{.code = static_cast<std::uint8_t>(flags & code_mask), .addresses = {}};
    for (std::uint16_t i = 0; i < answers && in.good(); ++i) {
        in.skip_name();
        const std::uint16_t type = in.number();
        in.take(6);  // class and time to live
        const auto data = in.take(in.number());
        if (const auto address = address_in(type, data)) out.addresses.push_back(*address);
    }
    if (!in.good()) return std::nullopt;
    return out;
}

}  // namespace lbconverge::wire
