// What IPVS has counted, per service and per real server: connections, packets, octets. No plan depends on it, so it is
// no part of a kind, and a table of it is small: there may be a hundred thousand servers.
#pragma once

#include "lbconverge/kinds/service.hpp"
#include "lbconverge/wire/attributes.hpp"
#include "lbconverge/wire/request.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace lbconverge::kinds {

/// Since the service or the server was made (linux/ip_vs.h, IPVS_STATS_ATTR_*).
struct Traffic {
    std::uint64_t connections = 0;
    std::uint64_t in_packets = 0;   ///< from clients
    std::uint64_t out_packets = 0;  ///< to clients, where they come back through this node (masquerading)
    std::uint64_t in_bytes = 0;
    std::uint64_t out_bytes = 0;

    bool operator==(const Traffic&) const = default;
};

struct ServiceTraffic {
    Service::Key key;
    Traffic traffic;
};

struct ServerTraffic {
    std::uint32_t service = 0;  ///< its place in the table
    IpAddress address;
    std::uint16_t port = 0;
    std::uint32_t weight = 0;
    std::uint32_t active = 0;  ///< connections that are established
    std::uint32_t inactive = 0;
    Traffic traffic;
};

class TrafficTable {
public:
    static void ask_services(wire::Requests& requests);
    /// One request per service; the tag is the place of the service in the table.
    void ask_servers(wire::Requests& requests) const;
    /// Takes one message of an answer. All messages about services come before those about servers. What makes no
    /// sense is left out.
    void take(const wire::Reply& reply);
    /// All services are here. They are sorted, and none is there twice: a list that changes while it is read may have a
    /// row twice. Services that only a check uses are left out.
    void finish_services();
    /// The same for the servers.
    void finish_servers();

    [[nodiscard]] std::span<const ServiceTraffic> services() const { return services_; }
    [[nodiscard]] std::span<const ServerTraffic> servers() const { return servers_; }
    /// The servers of the service at this place.
    [[nodiscard]] std::span<const ServerTraffic> servers_of(std::size_t service) const;

private:
    void take_service(wire::Bytes attributes);
    void take_server(std::uint32_t service, wire::Bytes attributes);

    std::vector<ServiceTraffic> services_;
    std::vector<ServerTraffic> servers_;
    std::vector<std::uint32_t> first_;  ///< of each service; and the end of the last
};

}  // namespace lbconverge::kinds
