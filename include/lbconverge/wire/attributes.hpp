// Reading netlink attributes (linux/netlink.h, struct nlattr) from untrusted bytes. Never reads outside the span.
#pragma once

#include "lbconverge/model/address.hpp"
#include "lbconverge/model/name.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace lbconverge::wire {

using Bytes = std::span<const std::byte>;

/// One attribute; the flag bits (NLA_F_NESTED, NLA_F_NET_BYTEORDER) are taken off the type.
struct Attribute {
    std::uint16_t type = 0;
    Bytes data;

    /// The value in host byte order as the kernel wrote it; zero-extended when shorter, cut off when longer.
    template <class T>
    requires std::is_trivially_copyable_v<T>
    [[nodiscard]] T as() const {
        T value{};
        if (data.size() >= sizeof value) {
            std::memcpy(&value, data.data(), sizeof value);  // of a known size: no call
        } else if (!data.empty()) {
            std::memcpy(&value, data.data(), data.size());
        }
        return value;
    }
    [[nodiscard]] std::uint16_t be16() const {
        const auto bytes = as<std::array<std::uint8_t, 2>>();
        return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
    }
    /// Up to the first NUL.
    [[nodiscard]] ShortName name() const;
};

/// Walks a run of attributes: `for (Attributes walk(bytes); walk.next();) use(walk.current());`
/// Stops at the first one that does not fit into what is left.
class Attributes {
public:
    explicit Attributes(Bytes bytes) : rest_(bytes) {}
    bool next() {
        if (rest_.size() < NLA_HDRLEN) return false;
        nlattr start;
        std::memcpy(&start, rest_.data(), sizeof start);
        if (start.nla_len < NLA_HDRLEN || start.nla_len > rest_.size()) return false;
        current_ = {.type = static_cast<std::uint16_t>(start.nla_type & NLA_TYPE_MASK),
                    .data = rest_.subspan(NLA_HDRLEN, start.nla_len - NLA_HDRLEN)};
        rest_ = rest_.subspan(std::min<std::size_t>(NLA_ALIGN(start.nla_len), rest_.size()));
        return true;
    }
    [[nodiscard]] const Attribute& current() const { return current_; }

private:
    Bytes rest_;
    Attribute current_;
};

/// What follows the netlink header and a fixed header of `fixed` bytes; empty when the message is too short.
Bytes attributes_of(Bytes message, std::size_t fixed);

/// The fixed header itself, zero-extended when the message is too short.
template <class T>
T fixed_header(Bytes message, std::size_t offset) {
    T header{};
    if (message.size() >= offset + sizeof header) std::memcpy(&header, message.data() + offset, sizeof header);
    return header;
}

}  // namespace lbconverge::wire
