#include "lbconverge/kinds/file_memory.hpp"

#include <algorithm>

namespace lbconverge::kinds {

namespace {

/// Sorted, and the first one of each key. Mostly it is so already: a ledger is written in this order.
template <class List, class KeyOf>
void in_order_of_keys(List& list, KeyOf key_of) {
    const auto later = [&](const auto& a, const auto& b) { return !(std::invoke(key_of, a) < std::invoke(key_of, b)); };
    if (std::ranges::adjacent_find(list, later) == list.end()) return;
    std::ranges::stable_sort(list, {}, key_of);
    const auto same = [&](const auto& a, const auto& b) { return std::invoke(key_of, a) == std::invoke(key_of, b); };
    list.erase(std::unique(list.begin(), list.end(), same), list.end());
}

template <class List, class Key, class KeyOf>
auto* remembered(const List& list, const Key& key, KeyOf key_of) {
    const auto at = std::ranges::lower_bound(list, key, {}, key_of);
    return at != list.end() && std::invoke(key_of, *at) == key ? &*at : nullptr;
}

}  // namespace

const RememberedVip* FileMemory::vip(const IpAddress& address) const {
    return remembered(vips, address, &RememberedVip::address);
}

const RememberedService* FileMemory::service(const Service::Key& key) const {
    return remembered(services, key, &RememberedService::key);
}

void FileMemory::finish() {
    in_order_of_keys(vips, &RememberedVip::address);
    in_order_of_keys(services, &RememberedService::key);
    in_order_of_keys(servers, &RememberedServer::key);
}

FileMemory file_memory_of(const config::Config& config) {
    FileMemory memory{.known = true,
                      .max_service_deletes = config.limits.max_service_deletes,
                      .max_weight_loss = config.limits.max_weight_loss,
                      .exclusive = config.ipvs.exclusive};
    for (const config::Vip& vip : config.vips) memory.vips.push_back({vip.address, vip.vrrp});
    if (config.role != Role::real_server) {  // a real server balances nothing
        for (const config::Service& service : config.services) {
            const Service::Key key = Service::key_of(service);
            memory.services.push_back({key, service.drain_timeout});
            for (const config::RealServer& server : service.real_servers) {
                memory.servers.push_back({{key, server.address, server.port}, server.weight});
            }
        }
    }
    memory.finish();
    return memory;
}

}  // namespace lbconverge::kinds
