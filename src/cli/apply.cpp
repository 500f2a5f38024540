#include "daemon_client.hpp"
#include "load.hpp"
#include "print.hpp"
#include "task.hpp"
#include "textfile.hpp"
#include "withdraw.hpp"

namespace lbconverge::cli {

namespace {

/// If a daemon is at work, only it may write. So it applies now, and returns the result. nullopt: there is no daemon.
std::optional<int> applied_by_daemon(const Options& options) {
    if (options.as || options.prune_foreign) {
        return refused_by_daemon("a daemon is at work here, and its election decides who is master",
                                 "stop it first (systemctl stop lbconverge), or leave --as and --prune-foreign out");
    }
    if (!options.textfile.empty()) {
        return refused_by_daemon("a daemon is at work here, and serves its metrics itself",
                                 "[daemon] metrics says where; leave --textfile out");
    }
    return done_by_daemon(daemon::ApplyRequest{
        .file = absolute(options.config), .node = options.node, .host = host_name(), .json = options.json});
}

/// Also a file that cannot be used is news for those who watch.
void note_failure(const Options& options) {
    if (options.textfile.empty()) return;
    const auto written = write_textfile(options.textfile, picture_of_failure(std::chrono::system_clock::now()));
    if (!written) report(written.error());
}

}  // namespace

int apply_command(const Options& options) {
    if (!options.dry_run) {
        if (const auto done = applied_by_daemon(options)) return *done;
    }
    if (!options.textfile.empty()) {
        if (const auto ready = prepare_textfile(options.textfile); !ready) return report(ready.error());
    }
    const Result<config::Config> config = configuration_of(options);
    if (!config) {
        const int exit = report(config.error());
        note_failure(options);
        // The VIPs are given up even if the file has errors.
        if (options.as == ElectionState::backup && !options.dry_run) withdraw_left_behind(options);
        return exit;
    }
    const Result<plan::Task> task = task_of(options, *config);
    if (!task) return report(task.error());
    if (options.dry_run) return dry_run(*task, options);
    auto run = daemon::RunDirectory::of_this_namespace();
    if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    return converge(run, *task, options);
}

}  // namespace lbconverge::cli
