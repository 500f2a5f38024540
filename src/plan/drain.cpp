#include "drain.hpp"

#include "held.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/kinds/via_vip.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace lbconverge::plan {

using namespace kinds;
using std::chrono::milliseconds;

namespace {

/// How long the servers of a service drain: as the file says; for a service that is not in it any more, as the last
/// file said.
class DrainTimes {
public:
    DrainTimes(const config::Config& config, const FileMemory& before) : before_(before) {
        services_.reserve(config.services.size());
        for (const config::Service& each : config.services) {
            services_.push_back({Service::key_of(each), each.drain_timeout});
        }
        std::ranges::stable_sort(services_, {}, &RememberedService::key);
    }
    [[nodiscard]] milliseconds of(const Service::Key& key, const DrainingServer* begun) const {
        const auto at = std::ranges::lower_bound(services_, key, {}, &RememberedService::key);
        if (at != services_.end() && at->key == key) return at->drain_timeout;
        if (begun != nullptr && begun->timeout) return *begun->timeout;
        const RememberedService* left = before_.service(key);
        return left != nullptr ? left->drain_timeout : config::Service{}.drain_timeout;
    }

private:
    const FileMemory& before_;
    std::vector<RememberedService> services_;
};

const DrainingServer* begun(const RealServer::Key& key, const Ledger& ledger) {
    const auto at = std::ranges::lower_bound(ledger.drains, key, {}, &DrainingServer::key);
    return at != ledger.drains.end() && at->key == key ? &*at : nullptr;
}

/// There is nobody who could finish what its connections began.
bool is_down(const RealServer::Key& key, const Inputs& inputs) {
    const ServerOpinion* opinion = inputs.health == nullptr ? nullptr : inputs.health->of(key);
    return opinion != nullptr && opinion->is == Liveness::down;
}

/// Keeps servers with weight 0 in the kernel although they are not desired any more.
void want_drained(const Observed& observed, const std::vector<Row<RealServer>>& kept, Desired& desired) {
    Table<RealServer, Origin>& servers = desired.get<RealServer>().rows;
    Table<Service, Origin>& services = desired.get<Service>().rows;
    const auto& unwanted = desired.get<RealServer>().unwanted;  // has the servers that are in the file but down
    std::vector<std::uint32_t> missing;                         // services, as observed
    for (const Row<RealServer>& row : kept) {
        const bool named = std::binary_search(unwanted.begin(), unwanted.end(), row.key);
        servers.add(row.key, row.value, {{}, named ? Cause::health : Cause::drain});
        const std::uint32_t parent = observed.get<Service>().find(row.key.service);
        if (parent == Seen<Service>::npos || (!missing.empty() && missing.back() == parent)) continue;
        if (services.find(row.key.service) == Table<Service, Origin>::npos) missing.push_back(parent);
    }
    for (const std::uint32_t each : missing) {
        services.add(observed.get<Service>().row(each).key, observed.get<Service>().row(each).value,
                     {{}, Cause::drain});
    }
    services.finish();
    servers.finish();
}

}  // namespace

Drains keep_draining(const Observed& observed, const Ledger& ledger, const Inputs& inputs, BootTime now,
                     Desired& desired) {
    Drains drains;
    const DrainTimes times(inputs.config, ledger.file);
    const Table<RealServer, Origin>& wanted = desired.get<RealServer>().rows;
    std::vector<Row<RealServer>> kept;
    const auto rows = observed.get<RealServer>().rows();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const RealServer::Facts& facts = observed.get<RealServer>().note(i);
        const std::uint32_t connections = RealServer::connections(rows[i].key, facts);
        if (connections == 0) continue;
        const RealServer::Key& key = rows[i].key;
        if (wanted.find(key) != Table<RealServer, Origin>::npos || is_held<RealServer>(key, desired)) continue;
        const Owner owner = RealServer::owner(key, facts, desired, ledger);
        if (owner == Owner::foreign || owner == Owner::unrelated) continue;
        if (is_down(key, inputs)) continue;
        // A service that must not balance here any more is not drained: its connections belong to the new master.
        if (Service::lost(key.service, inputs)) continue;
        const DrainingServer* before = begun(key, ledger);
        // An older version wrote the time of the wall clock, which is far ahead.
        const BootTime since = before == nullptr ? now : std::min(before->since, now);
        const milliseconds timeout = times.of(key.service, before);
        const BootTime until = since + std::chrono::ceil<std::chrono::seconds>(timeout);
        if (now >= until) continue;
        kept.push_back(rows[i]);
        kept.back().value.weight = 0;
        drains.deferred.push_back({key, connections, until, until - now});
        drains.servers.push_back({key, since, timeout});
    }
    if (!kept.empty()) want_drained(observed, kept, desired);
    return drains;
}

void keep_leaving_servers(const Observed& observed, const Ledger& ledger, const Inputs& inputs, Desired& desired) {
    if (inputs.health == nullptr || inputs.health->incomplete.empty()) return;
    Wanted<RealServer>& wanted = desired.get<RealServer>();
    std::vector<Row<RealServer>> kept;
    const auto rows = observed.get<RealServer>().rows();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const RealServer::Key& key = rows[i].key;
        if (rows[i].value.weight == 0 || !inputs.health->is_incomplete(key.service)) continue;
        const bool named = wanted.rows.find(key) != Table<RealServer, Origin>::npos ||
                           std::ranges::binary_search(wanted.unwanted, key) || is_held<RealServer>(key, desired);
        if (named || Service::lost(key.service, inputs)) continue;
        const Owner owner = RealServer::owner(key, observed.get<RealServer>().note(i), desired, ledger);
        if (owner != Owner::foreign && owner != Owner::unrelated) kept.push_back(rows[i]);
    }
    for (const Row<RealServer>& row : kept) {
        wanted.rows.add(row.key, row.value, {{}, Cause::keep});
        wanted.overruled.push_back({row.key, "stays until enough servers of the file are known to be up"});
    }
    if (!kept.empty()) wanted.finish();
}

namespace {

/// The VIPs of services that are not in the file any more but still have connections.
struct Leaving {
    std::set<IpAddress> vips;
    std::set<Family> of_marks;  ///< a firewall mark does not say which VIPs it belongs to

    void add(const Service::Key& key) {
        if (key.fwmark == 0) vips.insert(key.vip);
        if (key.fwmark != 0 && !is_probe_mark(key.fwmark)) of_marks.insert(key.vip.family);
    }
    [[nodiscard]] bool needs(const IpAddress& vip) const { return vips.contains(vip) || of_marks.contains(vip.family); }
    [[nodiscard]] bool empty() const { return vips.empty() && of_marks.empty(); }
};

Leaving leaving_services(const Ledger& ledger, const Inputs& inputs, const Desired& desired) {
    std::set<Service::Key> named;
    for (const config::Service& each : inputs.config.services) named.insert(Service::key_of(each));
    Leaving leaving;
    if (within<Service>(desired.part)) {
        const Table<Service, Origin>& services = desired.get<Service>().rows;
        for (std::size_t i = 0; i < services.size(); ++i) {
            const Service::Key& key = services.row(i).key;
            if (services.note(i).cause == Cause::drain && !named.contains(key)) leaving.add(key);
        }
    } else {
        for (const Claim<Service>& each : ledger.get<Service>()) {
            if (!named.contains(each.key)) leaving.add(each.key);
        }
    }
    return leaving;
}

/// The instance that it hung on has another master now. One that has left the file, perhaps for another name, is taken
/// for lost where this node is backup of everything else.
bool is_lost(const IpAddress& vip, const Ledger& ledger, const Inputs& inputs) {
    const RememberedVip* before = ledger.file.vip(vip);
    if (before == nullptr || before->instance.empty()) return false;
    const auto is_backup = [](const auto& each) { return each.second == ElectionState::backup; };
    const auto state = inputs.election.find(before->instance);
    if (state != inputs.election.end()) return is_backup(*state);
    return !inputs.election.empty() && std::ranges::all_of(inputs.election, is_backup);
}

}  // namespace

void keep_leaving_vips(const Observed& observed, const Ledger& ledger, const Inputs& inputs, Desired& desired) {
    if (inputs.config.role == Role::real_server) return;
    const Leaving leaving = leaving_services(ledger, inputs, desired);
    if (leaving.empty()) return;
    Wanted<Address>& wanted = desired.get<Address>();
    const auto rows = observed.get<Address>().rows();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const Address::Key& key = rows[i].key;
        const Owner owner = Address::owner(key, observed.get<Address>().note(i), desired, ledger);
        if (owner != Owner::ours || key.interface.is_loopback()) continue;
        if (!leaving.needs(key.address) || is_lost(key.address, ledger, inputs)) continue;
        wanted.rows.add(key, rows[i].value, {{}, Cause::drain});
        wanted.overruled.push_back({key, "stays until the connections of its services are gone"});
    }
    wanted.finish();
}

}  // namespace lbconverge::plan
