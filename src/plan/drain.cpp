#include "drain.hpp"

#include "held.hpp"

#include <algorithm>

namespace lbconverge::plan {

using namespace kinds;

namespace {

std::chrono::milliseconds drain_timeout_of(const Service::Key& key, const config::Config& config) {
    for (const config::Service& service : config.services) {
        if (Service::key_of(service) == key) return service.drain_timeout;
    }
    return config::Service{}.drain_timeout;
}

}  // namespace

Drains keep_draining(const Observed& observed, const Ledger& ledger, const Inputs& inputs, std::chrono::sys_seconds now,
                     Desired& desired) {
    Drains kept_back;
    Table<RealServer, Origin>& wanted = desired.get<RealServer>().rows;
    Table<Service, Origin>& services = desired.get<Service>().rows;
    std::vector<Row<RealServer>> kept;
    const auto rows = observed.get<RealServer>().rows();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const RealServer::Facts& facts = observed.get<RealServer>().note(i);
        if (facts.active == 0) continue;
        const RealServer::Key& key = rows[i].key;
        if (wanted.find(key) != Table<RealServer, Origin>::npos || is_held<RealServer>(key, desired)) continue;
        const Owner owner = RealServer::owner(key, facts, desired, ledger);
        if (owner == Owner::foreign || owner == Owner::unrelated) continue;
        // What must not balance any more is not drained: its connections belong to the new master.
        if (Service::lost(key.service, inputs)) continue;
        const auto& drains = ledger.drains;
        const auto known =
            std::find_if(drains.begin(), drains.end(), [&](const DrainingServer& d) { return d.key == key; });
        const std::chrono::sys_seconds since = known == drains.end() ? now : known->since;
        const auto until =
            since + std::chrono::ceil<std::chrono::seconds>(drain_timeout_of(key.service, inputs.config));
        if (now >= until) continue;
        Row<RealServer> row = rows[i];
        row.value.weight = 0;
        kept.push_back(row);
        kept_back.deferred.push_back({key, facts.active, until});
        kept_back.servers.push_back({key, since});
    }
    for (const Row<RealServer>& row : kept) {
        const auto& unwanted = desired.get<RealServer>().unwanted;  // those that are down are still in the file
        const bool named = std::binary_search(unwanted.begin(), unwanted.end(), row.key);
        wanted.add(row.key, row.value, {{}, named ? Cause::health : Cause::drain});
        const std::uint32_t parent = observed.get<Service>().find(row.key.service);
        if (parent != Seen<Service>::npos && services.find(row.key.service) == Table<Service, Origin>::npos) {
            services.add(row.key.service, observed.get<Service>().row(parent).value, {{}, Cause::drain});
            services.finish();
        }
    }
    wanted.finish();
    return kept_back;
}

}  // namespace lbconverge::plan
