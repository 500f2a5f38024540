// The commands drain and undrain.
#include "lbconverge/health/drain.hpp"
#include "daemon_client.hpp"
#include "print.hpp"
#include "saved_health.hpp"
#include "task.hpp"

namespace lbconverge::cli {

namespace {

/// If there is a daemon, it does this. Else the drain is saved in the run directory, for the next daemon, and carried
/// out here.
int drain_or_undrain(const Options& options, bool undo) {
    const std::string& server = options.arguments.front();
    if (!options.dry_run) {
        const daemon::DrainRequest request{
            .server = server, .undo = undo, .json = options.json, .force = options.force};
        if (const auto done = done_by_daemon(request)) return *done;
    }
    const Result<config::Config> config = configuration_of(options);
    if (!config) return report(config.error());
    const auto drains = health::parse_drain(server, *config, undo);
    if (!drains) return report(drains.error());
    auto run = daemon::RunDirectory::of_this_namespace();
    if (!options.dry_run) {
        if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    }
    const auto health = with_drains(*config, run, now(), {*drains, undo, options.force});
    if (!health) return report(health.error());
    const plan::Task task{.config = *config, .election = election_of(options, *config), .health = *health};
    if (options.dry_run) return dry_run(task, options);
    if (const auto saved = run.save_health(**health, now()); !saved) return report(saved.error());
    return converge(run, task, options);
}

}  // namespace

int drain_command(const Options& options) { return drain_or_undrain(options, false); }

int undrain_command(const Options& options) { return drain_or_undrain(options, true); }

}  // namespace lbconverge::cli
