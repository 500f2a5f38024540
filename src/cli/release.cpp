#include "daemon_client.hpp"
#include "print.hpp"
#include "task.hpp"

namespace lbconverge::cli {

int release_command(const Options& options) {
    const Result<config::Config> config = configuration_of(options);
    if (!config) return report(config.error());
    const plan::Task task{.config = *config, .election = election_of(options, *config), .release = true};
    if (options.dry_run) return dry_run(task, options);
    if (const auto refused = refused_by_daemon("a daemon is at work here, and would make everything again",
                                               "stop it first (systemctl stop lbconverge)")) {
        return *refused;
    }
    auto run = daemon::RunDirectory::of_this_namespace();
    if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    return converge(run, task, options);
}

}  // namespace lbconverge::cli
