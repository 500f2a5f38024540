#include "lbconverge/kernel/traffic.hpp"

#include "netlink.hpp"

#include <linux/netlink.h>
#include <unistd.h>

namespace lbconverge::kernel {

namespace {

Result<void> ask(NetlinkSocket& socket, wire::Requests& requests, kinds::TrafficTable& table) {
    for (const wire::Request& request : requests.list()) {
        const auto answer = socket.query(requests, request, [&](std::span<const std::byte> message) {
            table.take({request.transport, request.tag, message});
        });
        RETURN_IF_ERROR(answer);
    }
    return {};
}

}  // namespace

Result<kinds::TrafficTable> read_traffic() {
    kinds::TrafficTable table;
    const bool loaded = ::access("/proc/net/ip_vs", F_OK) == 0;
    if (loaded) {
        Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC);
        RETURN_IF_ERROR(socket);
        const Result<std::uint16_t> family = socket->resolve("IPVS");
        RETURN_IF_ERROR(family);
        socket->set_type(*family);
        wire::Requests requests;
        kinds::TrafficTable::ask_services(requests);
        RETURN_IF_ERROR(ask(*socket, requests, table));
        table.finish_services();
        requests.clear();
        table.ask_servers(requests);
        RETURN_IF_ERROR(ask(*socket, requests, table));
    }
    table.finish_servers();
    return table;
}

}  // namespace lbconverge::kernel
