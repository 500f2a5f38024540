#include "lbconverge/kinds/traffic.hpp"

#include "ipvs.hpp"
#include "lbconverge/kinds/via_vip.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace lbconverge::kinds {

namespace {

/// A number of 32 bits in old messages, and of 64 bits in new ones.
Traffic traffic_of(wire::Bytes attributes) {
    Traffic traffic;
    for (wire::Attributes walk(attributes); walk.next();) {
        const auto value = walk.current().as<std::uint64_t>();
        switch (walk.current().type) {
            case IPVS_STATS_ATTR_CONNS:
                traffic.connections = value;
                break;
            case IPVS_STATS_ATTR_INPKTS:
                traffic.in_packets = value;
                break;
            case IPVS_STATS_ATTR_OUTPKTS:
                traffic.out_packets = value;
                break;
            case IPVS_STATS_ATTR_INBYTES:
                traffic.in_bytes = value;
                break;
            case IPVS_STATS_ATTR_OUTBYTES:
                traffic.out_bytes = value;
                break;
            default:
                break;
        }
    }
    return traffic;
}

/// The kernel sends both lists of counters. Those of 32 bits begin again at 0 when they are full, so they count only if
/// the others are missing.
class CounterLists {
public:
    explicit CounterLists(std::uint16_t narrow, std::uint16_t wide) : narrow_(narrow), wide_(wide) {}
    void take(const wire::Attribute& attribute, Traffic& traffic) {
        if (attribute.type == wide_ || (attribute.type == narrow_ && !has_wide_)) traffic = traffic_of(attribute.data);
        has_wide_ = has_wide_ || attribute.type == wide_;
    }

private:
    std::uint16_t narrow_, wide_;
    bool has_wide_ = false;
};

bool is_known(Family family) { return family == Family::ipv4 || family == Family::ipv6; }

auto place_of(const ServerTraffic& server) { return std::tie(server.service, server.address, server.port); }

void ask(std::uint8_t command, std::uint32_t tag, const Service::Key* service, wire::Requests& requests) {
    const genlmsghdr header = ipvs_header(command);
    requests.begin(wire::Transport::ipvs, 0, NLM_F_DUMP, std::as_bytes(std::span(&header, 1)), tag);
    if (service != nullptr) {
        const std::size_t nest = requests.begin_nest(IPVS_CMD_ATTR_SERVICE);
        Service::encode_key(*service, requests);
        requests.end_nest(nest);
    }
    requests.end();
}

/// The content of this attribute; empty: it is not there.
wire::Bytes nested(wire::Bytes attributes, std::uint16_t type) {
    for (wire::Attributes walk(attributes); walk.next();) {
        if (walk.current().type == type) return walk.current().data;
    }
    return {};
}

}  // namespace

void TrafficTable::ask_services(wire::Requests& requests) { ask(IPVS_CMD_GET_SERVICE, 0, nullptr, requests); }

void TrafficTable::ask_servers(wire::Requests& requests) const {
    for (std::uint32_t i = 0; i < services_.size(); ++i) ask(IPVS_CMD_GET_DEST, i, &services_[i].key, requests);
}

void TrafficTable::take(const wire::Reply& reply) {
    if (reply.transport != wire::Transport::ipvs) return;
    const std::uint8_t command = wire::fixed_header<genlmsghdr>(reply.bytes, NLMSG_HDRLEN).cmd;
    const wire::Bytes attributes = wire::attributes_of(reply.bytes, sizeof(genlmsghdr));
    if (command == IPVS_CMD_NEW_SERVICE) take_service(nested(attributes, IPVS_CMD_ATTR_SERVICE));
    if (command == IPVS_CMD_NEW_DEST) take_server(reply.tag, nested(attributes, IPVS_CMD_ATTR_DEST));
}

void TrafficTable::take_service(wire::Bytes attributes) {
    ServiceTraffic row;
    Service::Key& key = row.key;
    CounterLists counters(IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64);
    std::array<std::uint8_t, 16> vip{};
    key.vip.family = Family{};
    for (wire::Attributes walk(attributes); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        counters.take(attribute, row.traffic);
        switch (attribute.type) {
            case IPVS_SVC_ATTR_AF:
                key.vip.family = static_cast<Family>(attribute.as<std::uint16_t>());
                break;
            case IPVS_SVC_ATTR_PROTOCOL:
                key.protocol = static_cast<Protocol>(attribute.as<std::uint16_t>());
                break;
            case IPVS_SVC_ATTR_ADDR:
                vip = attribute.as<std::array<std::uint8_t, 16>>();
                break;
            case IPVS_SVC_ATTR_PORT:
                key.port = attribute.be16();
                break;
            case IPVS_SVC_ATTR_FWMARK:
                key.fwmark = attribute.as<std::uint32_t>();
                break;
            default:
                break;
        }
    }
    if (!is_known(key.vip.family)) return;
    if (key.fwmark != 0) key = {{key.vip.family, {}}, Protocol::none, 0, key.fwmark};
    if (key.fwmark == 0) key.vip = IpAddress::from_bytes(key.vip.family, vip.data());
    services_.push_back(row);
}

void TrafficTable::take_server(std::uint32_t service, wire::Bytes attributes) {
    if (service >= services_.size() || attributes.empty()) return;
    ServerTraffic row{.service = service};
    CounterLists counters(IPVS_DEST_ATTR_STATS, IPVS_DEST_ATTR_STATS64);
    Family family = services_[service].key.vip.family;
    std::array<std::uint8_t, 16> address{};
    for (wire::Attributes walk(attributes); walk.next();) {
        const wire::Attribute& attribute = walk.current();
        counters.take(attribute, row.traffic);
        switch (attribute.type) {
            case IPVS_DEST_ATTR_ADDR:
                address = attribute.as<std::array<std::uint8_t, 16>>();
                break;
            case IPVS_DEST_ATTR_PORT:
                row.port = attribute.be16();
                break;
            case IPVS_DEST_ATTR_ADDR_FAMILY:
                if (attribute.as<std::uint16_t>() != 0) family = static_cast<Family>(attribute.as<std::uint16_t>());
                break;
            case IPVS_DEST_ATTR_WEIGHT:
                row.weight = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_ACTIVE_CONNS:
                row.active = attribute.as<std::uint32_t>();
                break;
            case IPVS_DEST_ATTR_INACT_CONNS:
                row.inactive = attribute.as<std::uint32_t>();
                break;
            default:
                break;
        }
    }
    if (!is_known(family)) return;
    row.address = IpAddress::from_bytes(family, address.data());
    servers_.push_back(row);
}

void TrafficTable::finish_services() {
    std::erase_if(services_, [](const ServiceTraffic& each) { return is_probe_mark(each.key.fwmark); });
    std::sort(services_.begin(), services_.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    const auto same = [](const auto& a, const auto& b) { return a.key == b.key; };
    services_.erase(std::unique(services_.begin(), services_.end(), same), services_.end());
}

void TrafficTable::finish_servers() {
    std::sort(servers_.begin(), servers_.end(), [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
    const auto same = [](const auto& a, const auto& b) { return place_of(a) == place_of(b); };
    servers_.erase(std::unique(servers_.begin(), servers_.end(), same), servers_.end());
    first_.assign(services_.size() + 1, 0);
    for (const ServerTraffic& each : servers_) ++first_[each.service + 1];
    for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
}

std::span<const ServerTraffic> TrafficTable::servers_of(std::size_t service) const {
    return servers().subspan(first_.at(service), first_.at(service + 1) - first_.at(service));
}

}  // namespace lbconverge::kinds
