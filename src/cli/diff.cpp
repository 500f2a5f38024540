#include "lbconverge/kernel/file.hpp"
#include "lbconverge/plan/ledger.hpp"
#include "load.hpp"
#include "print.hpp"
#include "show.hpp"
#include "task.hpp"

namespace lbconverge::cli {

namespace {

void add_interface(HostFacts& facts, const InterfaceName& name) {
    const bool special = name.empty() || name.is_collective();
    if (special || facts.interface(name) != nullptr) return;
    facts.interfaces.push_back({.index = static_cast<std::uint32_t>(facts.interfaces.size() + 1),
                                .name = name,
                                .up = true,
                                .loopback = name.is_loopback(),
                                .speaks_arp = !name.is_loopback()});
}

/// The kernel and the ledger of a node that has converged to `old`. It has the interfaces that either file names.
Snapshot assume_converged(const config::Config& old, const config::Config& fresh, const Election& election) {
    using namespace kinds;
    auto observed = std::make_shared<Observed>();
    add_interface(observed->facts, loopback);
    for (const config::Config* config : {&old, &fresh}) {
        add_interface(observed->facts, config->interface);
        for (const config::Vip& vip : config->vips) add_interface(observed->facts, vip.interface);
        for (const config::Vrrp& instance : config->vrrp) add_interface(observed->facts, instance.interface);
        for (const InterfaceName& name : config->arp.interfaces) add_interface(observed->facts, name);
        for (const config::Route& route : config->routes) add_interface(observed->facts, route.interface);
        if (config->ipvs.sync) add_interface(observed->facts, config->ipvs.sync->interface);
        for (const config::Sysctl& each : config->sysctls) {
            add_interface(observed->facts, Sysctl::interface_of(Sysctl::Key(each.path)));
        }
    }
    observed->facts.ipvs_loaded = true;
    Election assumed = election;
    // An instance that only the old file has gets the state that all others have.
    const ElectionState state = election.empty() ? ElectionState::backup : election.begin()->second;
    for (const config::Vrrp& instance : old.vrrp) assumed.try_emplace(instance.name, state);
    const Desired desired = desire({old, assumed, observed->facts});
    Ledger ledger = plan::claims_on(desired, *observed, {});
    ledger.file = file_memory_of(old);
    for_each_kind([&]<class Kind>() {
        for (const Row<Kind>& row : desired.get<Kind>().rows.rows()) observed->get<Kind>().add(row.key, row.value);
    });
    return {std::move(observed), std::move(ledger)};
}

/// Prints what is to be done if the kernel and the ledger are as in the snapshot.
int diff_against(const Snapshot& snapshot, BootTime now, const plan::Task& task, const Options& options) {
    const HostFacts& facts = snapshot.observed->facts;
    const plan::Plan plan =
        plan::plan_for(task, plan::desired_for(task, facts), snapshot.observed, snapshot.ledger, now);
    return print_plan(plan, task, options);
}

int diff_against_snapshot(const plan::Task& task, const Options& options) {
    const auto text = kernel::read_file(options.against);
    if (!text) return report(text.error());
    const auto snapshot = parse_snapshot(options.against, *text);
    if (!snapshot) return report(snapshot.error());
    // An older version did not write when the snapshot was taken, and its drains have times of the wall clock.
    const auto wall = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch();
    return diff_against(*snapshot, snapshot->taken.value_or(BootTime(wall)), task, options);
}

int diff_from_old(const plan::Task& task, const Options& options) {
    const Result<config::Config> old = load_node(options.from, task.config.node);
    if (!old) return report(old.error());
    return diff_against(assume_converged(*old, task.config, task.election), now(), task, options);
}

}  // namespace

int diff_command(const Options& options) {
    const Result<config::Config> config = configuration_of(options);
    if (!config) return report(config.error());
    const Result<plan::Task> task = task_of(options, *config);
    if (!task) return report(task.error());
    if (!options.from.empty()) return diff_from_old(*task, options);
    if (!options.against.empty()) return diff_against_snapshot(*task, options);
    return dry_run(*task, options);
}

}  // namespace lbconverge::cli
