#include "compare.hpp"

#include "print.hpp"

#include <algorithm>

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

Result<ComparedHere> compared(const config::Config& config) {
    daemon::LoadedLedger loaded = daemon::RunDirectory::of_this_namespace().load();
    print_notes(loaded.notes);
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    plan::Task task{.config = config, .election = {}};
    for (const config::Vrrp& instance : config.vrrp) task.election[instance.name] = ElectionState::backup;
    const auto first = daemon::look(*kernel, loaded.ledger, task, now());
    RETURN_IF_ERROR(first);
    task.election = election_here(config, *first->observed);
    auto plan = daemon::look(*kernel, loaded.ledger, task, now());
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
