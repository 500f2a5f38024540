#include "lbconverge/kernel/query.hpp"

#include "netlink.hpp"
#include "nft.hpp"

#include <linux/netlink.h>

namespace lbconverge::kernel {

Result<void> query_rtnetlink(wire::Requests& requests, const std::function<void(std::span<const std::byte>)>& receive) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    if (!socket) return tl::unexpected(socket.error());
    for (const wire::Request& request : requests.list()) {
        if (auto done = socket->query(requests, request, receive); !done) return done;
    }
    return {};
}

Result<std::optional<std::string>> list_nftables() {
    Result<Nft> tables = Nft::open();
    if (!tables) return tl::unexpected(tables.error());
    return tables->ruleset();
}

}  // namespace lbconverge::kernel
