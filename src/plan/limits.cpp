#include "lbconverge/plan/limits.hpp"

#include "lbconverge/kinds/via_vip.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// Services that the plan removes, or whose servers it puts out of use because it will: a service that is only kept
/// until its connections are gone takes no new ones.
std::size_t services_given_up(const Plan& plan) {
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
    return given_up.size();
}

}  // namespace

Result<void> within_limits(const Plan& plan, const config::Config& config) {
    const config::Limits& limits = config.limits;
    const std::size_t removed = services_given_up(plan);
    if (limits.max_service_deletes && removed > *limits.max_service_deletes) {
        return fail(ErrorKind::refused,
                    std::to_string(removed) + " services would be removed, and max_service_deletes is " +
                        std::to_string(*limits.max_service_deletes),
                    "if that is meant, raise max_service_deletes in [limits] for this once");
    }
    if (!limits.max_weight_loss) return {};

    // A guard against wrong files: what health or an operator takes out of use, and what steps in for it, does not
    // count.
    const auto& unwanted = plan.desired->get<RealServer>().unwanted;
    const auto counts = [&](const RealServer::Key& key) {
        return plan.overruled<RealServer>(key) == nullptr && !std::binary_search(unwanted.begin(), unwanted.end(), key);
    };
    struct Weights {
        std::uint64_t before = 0, after = 0;
    };
    std::map<Service::Key, Weights> weights;
    for (const Row<Service>& row : plan.desired->get<Service>().rows.rows()) {
        if (plan.observed->get<Service>().find(row.key) != Seen<Service>::npos) weights[row.key];
    }
    for (const Row<RealServer>& row : plan.observed->get<RealServer>().rows()) {
        const auto at = weights.find(row.key.service);
        if (at != weights.end() && counts(row.key)) at->second.before += row.value.weight;
    }
    for (const Row<RealServer>& row : plan.desired->get<RealServer>().rows.rows()) {
        const auto at = weights.find(row.key.service);
        if (at != weights.end() && counts(row.key)) at->second.after += row.value.weight;
    }
    for (const auto& [key, weight] : weights) {
        if (weight.after >= weight.before) continue;
        const std::uint64_t loss = (weight.before - weight.after) * 100 / weight.before;
        if (loss <= *limits.max_weight_loss) continue;
        return fail(ErrorKind::refused,
                    Service::id(key) + " would lose " + std::to_string(loss) + " % of its weight (" +
                        std::to_string(weight.before) + " to " + std::to_string(weight.after) +
                        "), and max_weight_loss is " + std::to_string(*limits.max_weight_loss),
                    "if that is meant, raise max_weight_loss in [limits] for this once");
    }
    return {};
}

}  // namespace lbconverge::plan
