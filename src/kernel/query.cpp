#include "lbconverge/kernel/query.hpp"

#include "netlink.hpp"
#include "nft.hpp"

#include <linux/netlink.h>

namespace lbconverge::kernel {

Result<void> query_rtnetlink(wire::Requests& requests, const std::function<void(std::span<const std::byte>)>& receive) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    RETURN_IF_ERROR(socket);
    for (const wire::Request& request : requests.list()) {
        RETURN_IF_ERROR(socket->query(requests, request, receive));
    }
    return {};
}

Result<std::optional<std::string>> list_nftables() {
    Result<Nft> tables = Nft::open();
    RETURN_IF_ERROR(tables);
    return tables->ruleset();
}

}  // namespace lbconverge::kernel
