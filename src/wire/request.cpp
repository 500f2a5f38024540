#include "lbconverge/wire/request.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace lbconverge::wire {

std::byte* Requests::grow(std::size_t size) {
    const std::size_t old = used_;
    used_ += NLMSG_ALIGN(size);
    if (used_ > bytes_.size()) bytes_.resize(std::max(used_, 2 * bytes_.size()));
    return bytes_.data() + old;
}

void Requests::clear() {
    std::fill_n(bytes_.begin(), used_, std::byte{});
    used_ = 0;
    list_.clear();
}

void Requests::begin(Transport transport, std::uint16_t type, std::uint16_t flags, std::span<const std::byte> header,
                     std::uint32_t tag) {
    list_.push_back({.offset = static_cast<std::uint32_t>(used_),
                     .tag = tag,
                     .transport = transport,
                     .dump = (flags & NLM_F_DUMP) == NLM_F_DUMP});
    nlmsghdr start{};
    start.nlmsg_type = type;
    start.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    std::memcpy(grow(sizeof start), &start, sizeof start);
    std::memcpy(grow(header.size()), header.data(), header.size());
}

void Requests::end() {
    Request& request = list_.back();
    request.size = static_cast<std::uint32_t>(used_) - request.offset;
    std::memcpy(bytes_.data() + request.offset, &request.size, sizeof request.size);  // nlmsg_len comes first
}

void Requests::file(std::string_view path, const std::string_view* value, std::uint32_t tag) {
    const std::size_t size = path.size() + (value != nullptr ? 1 + value->size() : 0);
    list_.push_back({.offset = static_cast<std::uint32_t>(used_),
                     .size = static_cast<std::uint32_t>(size),
                     .tag = tag,
                     .transport = Transport::file});
    std::byte* to = grow(size);
    std::memcpy(to, path.data(), path.size());
    if (value != nullptr && !value->empty()) std::memcpy(to + path.size() + 1, value->data(), value->size());
}

void Requests::text(Transport transport, std::string_view text, std::uint32_t tag) {
    list_.push_back({.offset = static_cast<std::uint32_t>(used_),
                     .size = static_cast<std::uint32_t>(text.size()),
                     .tag = tag,
                     .transport = transport});
    std::memcpy(grow(text.size()), text.data(), text.size());
}

void Requests::attribute(std::uint16_t type, const void* data, std::size_t size) {
    const nlattr start{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + size), .nla_type = type};
    std::byte* to = grow(NLA_HDRLEN + size);
    std::memcpy(to, &start, sizeof start);
    if (size != 0) std::memcpy(to + NLA_HDRLEN, data, size);
}

void Requests::attribute_be16(std::uint16_t type, std::uint16_t host_order) {
    const std::uint8_t bytes[2] = {static_cast<std::uint8_t>(host_order >> 8), static_cast<std::uint8_t>(host_order)};
    attribute(type, bytes, sizeof bytes);
}

void Requests::attribute_text(std::uint16_t type, std::string_view text) {
    const nlattr start{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + text.size() + 1), .nla_type = type};
    std::byte* to = grow(NLA_HDRLEN + text.size() + 1);
    std::memcpy(to, &start, sizeof start);
    if (!text.empty()) std::memcpy(to + NLA_HDRLEN, text.data(), text.size());
}

std::size_t Requests::begin_nest(std::uint16_t type) {
    const std::size_t start = used_;
    attribute(static_cast<std::uint16_t>(type | NLA_F_NESTED), nullptr, 0);
    return start;
}

void Requests::end_nest(std::size_t start) {
    const auto size = static_cast<std::uint16_t>(used_ - start);
    std::memcpy(bytes_.data() + start, &size, sizeof size);  // nla_len comes first
}

}  // namespace lbconverge::wire
