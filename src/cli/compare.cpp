#include "compare.hpp"

#include "print.hpp"
#include "saved_health.hpp"

#include <set>
#include <type_traits>

namespace lbconverge::cli {

using namespace kinds;

Election election_here(const config::Config& config, const Observed& observed) {
    Election election;
    for (const config::Vrrp& instance : config.vrrp) election[instance.name] = ElectionState::backup;
    for (const Row<Address>& row : observed.get<Address>().rows()) {
        if (row.key.interface.is_loopback()) continue;
        for (const config::Vip& vip : config.vips) {
            if (vip.address == row.key.address && election.contains(vip.vrrp)) {
                election[vip.vrrp] = ElectionState::master;
            }
        }
    }
    return election;
}

namespace {

/// What a daemon does at its start: a server that is not as the file says waits for the answer to its first check. (One
/// that is needs no word.)
HealthPtr health_at_start(const config::Config& config, const plan::Plan& all_up) {
    std::set<RealServer::Key> differ;
    for (const plan::Step& step : all_up.steps) {
        all_up.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, RealServer>) differ.insert(change.key);
        });
    }
    Health health = health_of_nobody_asked(config);
    std::erase_if(health.servers, [&](const ServerOpinion& each) { return !differ.contains(each.key); });
    return std::make_shared<const Health>(std::move(health));
}

}  // namespace

Result<ComparedHere> compared(const config::Config& config) {
    daemon::LoadedLedger loaded = daemon::RunDirectory::of_this_namespace().load();
    print_notes(loaded.notes);
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    plan::Task task{.config = config, .election = {}};
    const auto look = [&] { return daemon::look(*kernel, loaded.ledger, task, now()); };
    const auto first = look();
    RETURN_IF_ERROR(first);
    task.election = election_here(config, *first->observed);
    const auto all_up = look();
    RETURN_IF_ERROR(all_up);
    task.health = health_at_start(config, *all_up);
    auto plan = look();
    RETURN_IF_ERROR(plan);
    return ComparedHere{std::move(task), std::move(*plan), std::move(loaded.ledger)};
}

int compare(const config::Config& config) {
    const Result<ComparedHere> here = compared(config);
    if (!here) return report(here.error());
    const Scene scene = scene_of(here->task);
    write_plan(here->plan, scene, print);
    write_unchanged(here->plan, scene, print);
    return here->plan.steps.empty() ? exit_good : exit_to_do;
}

}  // namespace lbconverge::cli
