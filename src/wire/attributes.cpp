#include "lbconverge/wire/attributes.hpp"

#include <linux/netlink.h>

#include <algorithm>

namespace lbconverge::wire {

std::uint16_t Attribute::be16() const {
    const auto bytes = as<std::array<std::uint8_t, 2>>();
    return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

ShortName Attribute::name() const {
    const auto* text = reinterpret_cast<const char*>(data.data());
    return ShortName(
        std::string_view(text, static_cast<std::size_t>(std::find(text, text + data.size(), '\0') - text)));
}

bool Attributes::next() {
    if (rest_.size() < NLA_HDRLEN) return false;
    nlattr start;
    std::memcpy(&start, rest_.data(), sizeof start);
    if (start.nla_len < NLA_HDRLEN || start.nla_len > rest_.size()) return false;
    current_ = {.type = static_cast<std::uint16_t>(start.nla_type & NLA_TYPE_MASK),
                .data = rest_.subspan(NLA_HDRLEN, start.nla_len - NLA_HDRLEN)};
    rest_ = rest_.subspan(std::min<std::size_t>(NLA_ALIGN(start.nla_len), rest_.size()));
    return true;
}

Bytes attributes_of(Bytes message, std::size_t fixed) {
    const std::size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);
    return message.size() < start ? Bytes{} : message.subspan(start);
}

}  // namespace lbconverge::wire
