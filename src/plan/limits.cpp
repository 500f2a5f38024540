#include "lbconverge/plan/safety.hpp"

#include "lbconverge/kinds/via_vip.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// Services that the plan removes now or later. A service that is kept only until its connections are gone has no
/// server that takes new ones, so it counts.
std::set<Service::Key> services_given_up(const Plan& plan) {
    std::set<Service::Key> given_up;
    const auto& services = plan.desired->get<Service>().rows;
    for (const Step& step : plan.steps) {
        if (step.kind == kind_id<Service> && step.action() == Action::remove) {
            const Service::Key& key = plan.observed->get<Service>().row(step.before).key;
            if (!is_probe_mark(key.fwmark)) given_up.insert(key);  // nobody but a check used it
        } else if (step.kind == kind_id<RealServer> && step.reason == Reason::drain) {
            const std::uint32_t at = services.find(plan.desired->get<RealServer>().rows.row(step.after).key.service);
            if (at != Table<Service, Origin>::npos && services.note(at).cause == Cause::drain) {
                given_up.insert(services.row(at).key);
            }
        }
    }
    return given_up;
}

/// The file memory as it can be guessed from the kernel, if the ledger has none.
FileMemory memory_of_kernel(const Plan& plan, const config::Config& config) {
    FileMemory memory{.known = true};
    std::set<Service::Key> named;
    for (const config::Service& service : config.services) named.insert(Service::key_of(service));
    for (const Service::Key& key : services_given_up(plan)) {
        // A service that the file names is removed because of the election or health.
        if (!named.contains(key)) memory.services.push_back({key});
    }
    for (const Row<Service>& row : plan.observed->get<Service>().rows()) {
        if (named.contains(row.key)) memory.services.push_back({row.key});
    }
    // Servers that health or an operator takes out of use do not count, and fallbacks do not either.
    const auto& unwanted = plan.desired->get<RealServer>().unwanted;
    for (const Row<RealServer>& row : plan.observed->get<RealServer>().rows()) {
        if (!named.contains(row.key.service) || plan.overruled<RealServer>(row.key) != nullptr) continue;
        if (std::binary_search(unwanted.begin(), unwanted.end(), row.key)) continue;
        memory.servers.push_back({row.key, row.value.weight});
    }
    memory.finish();
    return memory;
}

using Limit = std::optional<std::uint32_t>;

/// A file may remove a limit together with what it guarded. The limit must stop just that.
Limit stricter(const Limit& before, const Limit& now) {
    return before && now ? std::min(before, now) : before ? before : now;
}

Error exceeds(const std::string& what, const std::string& limit, std::uint32_t value) {
    return {ErrorKind::refused, what + ", and " + limit + " is " + std::to_string(value),
            "if that is meant, raise " + limit + " in [limits] for this once, in an apply of its own before this one"};
}

/// Clients lose a service also if its VIP is removed.
std::size_t services_removed(const FileMemory& last, const FileMemory& next) {
    return static_cast<std::size_t>(std::ranges::count_if(last.services, [&](const RememberedService& each) {
        if (next.service(each.key) == nullptr) return true;
        const IpAddress& vip = each.key.vip;
        return each.key.fwmark == 0 && last.vip(vip) != nullptr && next.vip(vip) == nullptr;
    }));
}

std::size_t foreign_services_removed(const Plan& plan) {
    return static_cast<std::size_t>(std::ranges::count_if(plan.steps, [](const Step& step) {
        return step.kind == kind_id<Service> && step.action() == Action::remove && step.reason == Reason::foreign;
    }));
}

struct Weights {
    std::uint64_t before = 0, lost = 0;
};

/// The weights that services lose which stay. Weight that other servers gain does not count, since it is not known yet
/// whether they work.
std::map<Service::Key, Weights> weights_lost(const FileMemory& last, const FileMemory& next) {
    std::map<Service::Key, Weights> all;
    auto now = next.servers.begin();
    for (const RememberedServer& before : last.servers) {
        if (next.service(before.key.service) == nullptr) continue;
        while (now != next.servers.end() && now->key < before.key) ++now;
        const std::uint32_t weight = now != next.servers.end() && now->key == before.key ? now->weight : 0;
        Weights& of_service = all[before.key.service];
        of_service.before += before.weight;
        of_service.lost += before.weight - std::min(before.weight, weight);
    }
    return all;
}

}  // namespace

Result<void> within_limits(const FileMemory& last, const config::Config& config, std::size_t foreign) {
    const Limit deletes = stricter(last.max_service_deletes, config.limits.max_service_deletes);
    const Limit weight_loss = stricter(last.max_weight_loss, config.limits.max_weight_loss);
    if (!deletes && !weight_loss) return {};
    const FileMemory next = file_memory_of(config);
    const std::size_t removed = services_removed(last, next) + foreign;
    if (deletes && removed > *deletes) {
        return tl::unexpected(
            exceeds(std::to_string(removed) + " services would be removed", "max_service_deletes", *deletes));
    }
    if (weight_loss && removed != 0 && !last.vips.empty() && next.vips.empty()) {
        return fail(
            ErrorKind::refused, "all VIPs would be removed, and [limits] guards the services on them",
            "is the file complete? If that is meant, take max_weight_loss out of [limits] in an apply of its own "
            "before this one");
    }
    if (!weight_loss) return {};
    for (const auto& [key, weight] : weights_lost(last, next)) {
        if (weight.before == 0) continue;
        const std::uint64_t loss = weight.lost * 100 / weight.before;
        if (loss <= *weight_loss) continue;
        return tl::unexpected(exceeds(Service::id(key) + " would lose " + std::to_string(loss) + " % of its weight (" +
                                          std::to_string(weight.lost) + " of " + std::to_string(weight.before) + ")",
                                      "max_weight_loss", *weight_loss));
    }
    return {};
}

Result<void> within_limits(const Plan& plan, const config::Config& config) {
    const FileMemory& last = plan.ledger.file;
    if (!last.known) return within_limits(memory_of_kernel(plan, config), config);
    const bool cleared = config.ipvs.exclusive && !last.exclusive;
    return within_limits(last, config, cleared ? foreign_services_removed(plan) : 0);
}

}  // namespace lbconverge::plan
