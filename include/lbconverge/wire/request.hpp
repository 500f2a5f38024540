// Requests to the kernel and its replies as values. Kinds write requests and read replies; only src/kernel sends them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lbconverge::wire {

/// The interface of the kernel to which a request goes.
enum class Transport : std::uint8_t {
    ipvs,   ///< generic netlink family IPVS; nlmsg_type is filled in by the sender (the id is dynamic)
    route,  ///< NETLINK_ROUTE
    file,   ///< one file below /proc/sys: to read, its path; to write, path NUL value
    nft,    ///< nft(8) commands as text; those of one phase are one transaction. To read: one "list table"
};

/// One message among the bytes of a Requests.
struct Request {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t tag = 0;  ///< each reply has it as well; the writer of the request decides what it means
    Transport transport = Transport::ipvs;
    bool dump = false;  ///< answered by many messages; never batched (linux: one dump at a time per socket)
};

/// Messages written one behind the other, ready to be sent in few system calls.
class Requests {
public:
    /// Starts a netlink message of `type` (for ipvs: ignored) with its fixed header.
    void begin(Transport transport, std::uint16_t type, std::uint16_t flags, std::span<const std::byte> header,
               std::uint32_t tag);
    void end();
    /// A request to Transport::file: to read when `value` is null.
    void file(std::string_view path, const std::string_view* value, std::uint32_t tag);
    /// A request that is text.
    void text(Transport transport, std::string_view text, std::uint32_t tag);

    void attribute(std::uint16_t type, const void* data, std::size_t size);
    void attribute_u8(std::uint16_t type, std::uint8_t value) { attribute(type, &value, sizeof value); }
    void attribute_u16(std::uint16_t type, std::uint16_t value) { attribute(type, &value, sizeof value); }
    void attribute_be16(std::uint16_t type, std::uint16_t host_order);
    void attribute_u32(std::uint16_t type, std::uint32_t value) { attribute(type, &value, sizeof value); }
    /// With the closing NUL that the kernel wants.
    void attribute_text(std::uint16_t type, std::string_view text);
    /// Returns what end_nest() needs.
    std::size_t begin_nest(std::uint16_t type);
    void end_nest(std::size_t start);

    [[nodiscard]] const std::vector<Request>& list() const { return list_; }
    [[nodiscard]] std::span<std::byte> bytes(const Request& request) {
        return std::span(bytes_).subspan(request.offset, request.size);
    }
    [[nodiscard]] std::span<const std::byte> bytes(const Request& request) const {
        return std::span(bytes_).subspan(request.offset, request.size);
    }
    [[nodiscard]] std::span<std::byte> all_bytes() { return std::span(bytes_).first(used_); }
    [[nodiscard]] bool empty() const { return list_.empty(); }
    void clear();

private:
    std::byte* grow(std::size_t size);

    std::vector<std::byte> bytes_;  ///< zero from used_ on, so that padding is zero
    std::size_t used_ = 0;
    std::vector<Request> list_;
};

/// One answer: a whole netlink message, the contents of a file, or a listing as JSON.
struct Reply {
    Transport transport = Transport::ipvs;
    std::uint32_t tag = 0;
    std::span<const std::byte> bytes;

    [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

}  // namespace lbconverge::wire
