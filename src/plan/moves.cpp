#include "lbconverge/plan/moves.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// A service, and what the plan makes of it.
struct Pools {
    OrderedPool before;
    OrderedPool after;
    bool leaves = false;
    bool grows = false;  ///< the next round puts it in order
};

/// What the kernel does with the change: a new server comes to the head of the list.
void follow(const Change<RealServer>& change, OrderedPool& pool) {
    const auto at = std::find_if(pool.servers.begin(), pool.servers.end(), [&](const PoolServer& each) {
        return each.address == change.key.address && each.port == change.key.port;
    });
    const bool there = at != pool.servers.end();
    const bool stays = there && change.after != nullptr && !change.again;
    PoolServer server = there ? *at : PoolServer{change.key.address, change.key.port};
    if (there && !stays) pool.servers.erase(at);
    if (change.after == nullptr) return;
    server.weight = change.after->weight;
    if (server.weight != 0 || !stays) server.last_weight = std::max(server.weight, change.first_weight);
    if (stays) {
        *at = server;
    } else {
        pool.servers.insert(pool.servers.begin(), server);
    }
}

void follow(const Change<Service>& change, Pools& pools) {
    pools.leaves = change.after == nullptr;
    if (pools.leaves) return;
    pools.after.scheduler = change.after->scheduler;
    pools.after.flags = change.after->flags;
}

/// Of a pool whose scheduler has no table: in proportion to the weights, if it looks at them.
std::vector<double> shares_by_weight(const OrderedPool& pool) {
    const std::string_view scheduler = pool.scheduler.view();
    const bool equal = scheduler == "rr" || scheduler == "lc" || scheduler == "nq";
    std::vector<double> shares;
    double all = 0;
    for (const PoolServer& each : pool.servers) {
        shares.push_back(!each.available() ? 0 : equal ? 1 : each.weight);
        all += shares.back();
    }
    if (all > 0) std::for_each(shares.begin(), shares.end(), [&](double& each) { each /= all; });
    return shares;
}

std::vector<double> shares_of(const OrderedPool& pool) {
    const auto table = SlotTable::of(pool);
    if (!table) return shares_by_weight(pool);
    std::vector<double> shares(pool.servers.size());
    if (pool.scheduler == "dh" && pool.service.fwmark == 0) {
        const Choice choice = table->choose({.destination = pool.service.vip});
        if (choice.server != Choice::none) shares[choice.server] = 1;
        return shares;
    }
    for (std::uint32_t i = 0; i < shares.size(); ++i) {
        if (pool.servers[i].available()) shares[i] = static_cast<double>(table->slots_of(i)) / table->size();
    }
    return shares;
}

/// All but those whose server is the same by chance.
MovedShare by_chance(const OrderedPool& before, const OrderedPool& after) {
    const std::vector<double> old = shares_of(before);
    const std::vector<double> now = shares_of(after);
    double stay = 0;
    double served = 0;
    for (std::size_t i = 0; i < after.servers.size(); ++i) {
        served += now[i];
        for (std::size_t j = 0; j < before.servers.size(); ++j) {
            if (before.servers[j].key() == after.servers[i].key()) stay += old[j] * now[i];
        }
    }
    return {served - stay, 1 - served};
}

/// The service stays, and has a table before or afterwards.
bool may_move_clients(const Service::Key& key, const Plan& plan) {
    const auto& observed = plan.observed->get<Service>();
    const std::uint32_t before = observed.find(key);
    if (before == Seen<Service>::npos) return false;
    if (has_slot_table(observed.row(before).value.scheduler)) return true;
    const auto& wanted = plan.desired->get<Service>().rows;
    const std::uint32_t after = wanted.find(key);
    return after != Seen<Service>::npos && has_slot_table(wanted.row(after).value.scheduler);
}

void put_in_order(OrderedPool& pool) {
    std::sort(pool.servers.begin(), pool.servers.end(), [&](const PoolServer& a, const PoolServer& b) {
        return comes_before({pool.service, a.address, a.port}, {pool.service, b.address, b.port});
    });
}

std::map<Service::Key, Pools> pools_of(const Plan& plan, const config::Config& config) {
    std::map<Service::Key, Pools> all;
    std::optional<FileServices> file;  // of many services, hardly one may have a table
    const auto find = [&](const Service::Key& key) -> Pools* {
        const auto known = all.find(key);
        if (known != all.end()) return &known->second;
        if (!may_move_clients(key, plan)) return nullptr;
        if (!file) file.emplace(&config);
        const auto pool = pool_of(key, *plan.observed, file->find(key));
        return pool ? &all.emplace(key, Pools{*pool, *pool}).first->second : nullptr;
    };
    for (const Step& step : plan.steps) {
        if (step.blocked) continue;
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Service>) {
                if (Pools* pools = find(change.key)) follow(change, *pools);
            } else if constexpr (std::is_same_v<Kind, RealServer>) {
                Pools* pools = find(change.key.service);
                if (pools == nullptr) return;
                follow(change, pools->after);
                pools->grows = pools->grows || change.before == nullptr;
            }
        });
    }
    for (auto& [key, pools] : all) {
        if (pools.grows && (pools.after.scheduler == "mh" || pools.after.scheduler == "sh")) put_in_order(pools.after);
    }
    return all;
}

}  // namespace

std::vector<ClientsMoved> clients_moved(const Plan& plan, const config::Config& config) {
    std::vector<ClientsMoved> all;
    for (const auto& [key, pools] : pools_of(plan, config)) {
        const bool by_table = has_slot_table(pools.before.scheduler) || has_slot_table(pools.after.scheduler);
        if (pools.leaves || !by_table) continue;
        const std::uint32_t row = plan.observed->get<Service>().find(key);
        ClientsMoved moved{key, pools.after.scheduler, plan.observed->get<Service>().row(row).value.persistence, {}};
        const auto before = SlotTable::of(pools.before);
        const auto after = SlotTable::of(pools.after);
        moved.from_or_to_no_table = !before || !after;
        moved.share = before && after ? SlotTable::moved(*before, *after) : by_chance(pools.before, pools.after);
        all.push_back(moved);
    }
    return all;
}

}  // namespace lbconverge::plan
