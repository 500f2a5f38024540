// Messages of IPVS with counters, as the kernel sends them. Only for tests.
#pragma once

#include "lbconverge/kinds/traffic.hpp"
#include "unit/kinds/messages.hpp"
#include "unit/world.hpp"

#include <linux/ip_vs.h>

namespace lbconverge::test {

inline void add_counters(wire::Requests& out, std::uint16_t attribute, const kinds::Traffic& traffic) {
    const std::size_t nest = out.begin_nest(attribute);
    const auto add = [&](std::uint16_t type, std::uint64_t value) { out.attribute(type, &value, sizeof value); };
    add(IPVS_STATS_ATTR_CONNS, traffic.connections);
    add(IPVS_STATS_ATTR_INPKTS, traffic.in_packets);
    add(IPVS_STATS_ATTR_OUTPKTS, traffic.out_packets);
    add(IPVS_STATS_ATTR_INBYTES, traffic.in_bytes);
    add(IPVS_STATS_ATTR_OUTBYTES, traffic.out_bytes);
    out.end_nest(nest);
}

/// As old kernels send them, and new ones as well.
inline void add_narrow_counters(wire::Requests& out, std::uint16_t attribute, const kinds::Traffic& traffic) {
    const std::size_t nest = out.begin_nest(attribute);
    out.attribute_u32(IPVS_STATS_ATTR_CONNS, static_cast<std::uint32_t>(traffic.connections));
    out.attribute_u32(IPVS_STATS_ATTR_INPKTS, static_cast<std::uint32_t>(traffic.in_packets));
    out.attribute_u32(IPVS_STATS_ATTR_OUTPKTS, static_cast<std::uint32_t>(traffic.out_packets));
    out.attribute(IPVS_STATS_ATTR_INBYTES, &traffic.in_bytes, sizeof traffic.in_bytes);
    out.attribute(IPVS_STATS_ATTR_OUTBYTES, &traffic.out_bytes, sizeof traffic.out_bytes);
    out.end_nest(nest);
}

inline Message service_message(const char* id, const kinds::Traffic& traffic) {
    return ipvs_message(IPVS_CMD_NEW_SERVICE, IPVS_CMD_ATTR_SERVICE, [&](wire::Requests& out) {
        kinds::Service::encode_key(key<kinds::Service>(id), out);
        add_narrow_counters(out, IPVS_SVC_ATTR_STATS, traffic);
        add_counters(out, IPVS_SVC_ATTR_STATS64, traffic);
    });
}

inline Message server_message(const char* address, std::uint16_t port, const kinds::ServerTraffic& what) {
    return ipvs_message(IPVS_CMD_NEW_DEST, IPVS_CMD_ATTR_DEST, [&](wire::Requests& out) {
        const IpAddress parsed = IpAddress::parse(address).value();
        out.attribute(IPVS_DEST_ATTR_ADDR, parsed.bytes.data(), parsed.bytes.size());
        out.attribute_be16(IPVS_DEST_ATTR_PORT, port);
        out.attribute_u16(IPVS_DEST_ATTR_ADDR_FAMILY, static_cast<std::uint16_t>(parsed.family));
        out.attribute_u32(IPVS_DEST_ATTR_WEIGHT, what.weight);
        out.attribute_u32(IPVS_DEST_ATTR_ACTIVE_CONNS, what.active);
        out.attribute_u32(IPVS_DEST_ATTR_INACT_CONNS, what.inactive);
        add_counters(out, IPVS_DEST_ATTR_STATS64, what.traffic);
        add_narrow_counters(out, IPVS_DEST_ATTR_STATS, what.traffic);
    });
}

inline void add_service(kinds::TrafficTable& table, const char* id, const kinds::Traffic& traffic) {
    table.take({wire::Transport::ipvs, 0, service_message(id, traffic)});
}
inline void add_server(kinds::TrafficTable& table, std::uint32_t service, const char* address, std::uint16_t port,
                       const kinds::ServerTraffic& what) {
    table.take({wire::Transport::ipvs, service, server_message(address, port, what)});
}

}  // namespace lbconverge::test
