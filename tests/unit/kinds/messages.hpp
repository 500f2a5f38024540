// Messages as the kernel sends them, and what a kind makes of them. Only for tests.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "unit/bytes.hpp"

#include <doctest/doctest.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <functional>
#include <string>
#include <vector>

namespace lbconverge::test {

using Message = std::vector<std::byte>;

/// One netlink message; `fill` writes its attributes.
inline Message message(wire::Transport transport, std::uint16_t type, std::span<const std::byte> header,
                       const std::function<void(wire::Requests&)>& fill) {
    wire::Requests requests;
    requests.begin(transport, type, 0, header, 0);
    fill(requests);
    requests.end();
    const auto bytes = requests.bytes(requests.list()[0]);
    return {bytes.begin(), bytes.end()};
}

/// A message of the IPVS family with all its attributes in one nest.
inline Message ipvs_message(std::uint8_t command, std::uint16_t nest,
                            const std::function<void(wire::Requests&)>& fill) {
    const genlmsghdr header{.cmd = command, .version = 1, .reserved = 0};
    return message(wire::Transport::ipvs, 0x20, std::as_bytes(std::span(&header, 1)), [&](wire::Requests& requests) {
        const std::size_t start = requests.begin_nest(nest);
        fill(requests);
        requests.end_nest(start);
    });
}

template <class Kind>
void decode(const Message& bytes, kinds::Observed& observed, wire::Transport transport = wire::Transport::ipvs,
            std::uint32_t tag = 0) {
    Kind::decode({transport, tag, bytes}, {}, observed);
}

/// Decodes every beginning of the message: nothing outside of it may be read (the sanitizers watch).
template <class Kind>
void decode_every_beginning(const Message& bytes, const kinds::Observed& before, wire::Transport transport) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        kinds::Observed observed = before;
        const Message part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        decode<Kind>(part, observed, transport);
    }
}

/// What is written for one change, one line of hexadecimal digits per message; without the netlink header.
template <class Kind>
std::string encoded(const kinds::Change<Kind>& change, const HostFacts& facts = {}) {
    wire::Requests requests;
    Kind::encode(change, facts, 7, requests);
    std::string text;
    for (const wire::Request& request : requests.list()) {
        const auto bytes = static_cast<const wire::Requests&>(requests).bytes(request);
        text += hex(request.transport == wire::Transport::file ? bytes : bytes.subspan(NLMSG_HDRLEN)) + "\n";
    }
    return text;
}

/// What is written for one change of a table of nftables.
template <class Kind>
std::string nft_text(const kinds::Change<Kind>& change) {
    wire::Requests requests;
    Kind::encode(change, {}, 0, requests);
    REQUIRE(requests.list().size() == 1);
    const auto bytes = requests.bytes(requests.list()[0]);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What a kind makes of a table as libnftables lists it.
template <class Kind>
kinds::Observed nft_listed(const std::string& json) {
    kinds::Observed observed;
    Kind::decode({wire::Transport::nft, 0, std::as_bytes(std::span(json))}, {}, observed);
    return observed;
}

}  // namespace lbconverge::test
