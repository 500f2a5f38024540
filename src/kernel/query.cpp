#include "lbconverge/kernel/query.hpp"

#include "netlink.hpp"
#include "nft.hpp"

#include <linux/netlink.h>

#include <vector>

namespace lbconverge::kernel {

namespace {

/// An interrupted list is read again. Where other programs never rest, the last one is good enough.
constexpr int attempts = 5;

using Messages = std::vector<std::vector<std::byte>>;

Result<Messages> ask(NetlinkSocket& socket, wire::Requests& requests, const wire::Request& request) {
    for (int attempt = 1;; ++attempt) {
        Messages messages;
        const auto answer = socket.query(requests, request, [&](std::span<const std::byte> message) {
            messages.emplace_back(message.begin(), message.end());
        });
        RETURN_IF_ERROR(answer);
        if (!answer->interrupted || attempt == attempts) return messages;
    }
}

}  // namespace

Result<void> query_rtnetlink(wire::Requests& requests, const std::function<void(std::span<const std::byte>)>& receive) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    RETURN_IF_ERROR(socket);
    for (const wire::Request& request : requests.list()) {
        const Result<Messages> messages = ask(*socket, requests, request);
        RETURN_IF_ERROR(messages);
        for (const std::vector<std::byte>& each : *messages) receive(each);
    }
    return {};
}

Result<std::optional<std::string>> list_nftables() {
    Result<Nft> tables = Nft::open();
    RETURN_IF_ERROR(tables);
    return tables->ruleset();
}

}  // namespace lbconverge::kernel
