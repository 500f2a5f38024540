#include "lbconverge/kinds/all.hpp"

#include <algorithm>

namespace lbconverge::kinds {

Desired desire(const Inputs& inputs, Part part) {
    Desired desired;
    desired.part = part;
    desired.exclusive = inputs.config.ipvs.exclusive;
    for (const config::Vip& vip : inputs.config.vips) desired.vips.push_back(vip.address);
    std::sort(desired.vips.begin(), desired.vips.end());
    const config::Node* self = config::self(inputs.config);
    if (self != nullptr && self->address) desired.own.push_back(*self->address);
    for (const config::Vrrp& instance : inputs.config.vrrp) {
        if (instance.source_address) desired.own.push_back(*instance.source_address);
    }
    std::sort(desired.own.begin(), desired.own.end());
    for_each_kind([&]<class Kind>() {
        if (!within<Kind>(part)) return;
        Kind::desire(inputs, desired.get<Kind>());
        desired.get<Kind>().finish();
    });
    return desired;
}

Reading reading_for(const Desired& desired, const Ledger& ledger, Role role, const HostFacts& facts) {
    Reading reading;
    reading.desired = &desired;
    reading.ledger = &ledger;
    for (const Row<Sysctl>& row : desired.get<Sysctl>().rows.rows()) reading.sysctls.push_back(row.key.path);
    for (const Claim<Sysctl>& claim : ledger.get<Sysctl>()) reading.sysctls.push_back(claim.key.path);
    // This setting says whether the kernel removes other addresses together with one. Netlink tells it with the
    // interface.
    if (within<Sysctl>(desired.part)) {
        reading.sysctls.push_back(promote_secondaries("all").path);
        for (const Interface& each : facts.interfaces) {
            if (!each.ipv4_devconf.empty()) reading.sysctls.push_back(promote_secondaries(each.name).path);
        }
    }
    std::sort(reading.sysctls.begin(), reading.sysctls.end());
    reading.sysctls.erase(std::unique(reading.sysctls.begin(), reading.sysctls.end()), reading.sysctls.end());
    for_each_kind([&]<class Kind>() {
        if constexpr (OnDemand<Kind>) {
            const Wanted<Kind>& wanted = desired.get<Kind>();
            const bool named = !wanted.rows.empty() || !wanted.held.empty() || !wanted.unwanted.empty();
            const bool concerned = named || !ledger.get<Kind>().empty();
            if (within<Kind>(desired.part) && concerned) reading.kinds |= kind_bit<Kind>;
        }
    });
    if (desired.part == Part::network) return reading;
    const Wanted<Service>& services = desired.get<Service>();
    const bool named = !services.rows.empty() || !services.held.empty() || !services.unwanted.empty();
    // A node that balances nothing must not load the module only to learn that the tables are empty.
    reading.ipvs = named || !ledger.get<Service>().empty() ||
                   (facts.ipvs_loaded && (role != Role::real_server || desired.exclusive));
    reading.expected_real_servers = desired.get<RealServer>().rows.size();
    return reading;
}

}  // namespace lbconverge::kinds
