#include "task.hpp"

#include "daemon_client.hpp"
#include "lbconverge/kernel/traffic.hpp"
#include "load.hpp"
#include "print.hpp"
#include "saved_health.hpp"
#include "textfile.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace lbconverge::cli {

namespace {

bool want_colour() { return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

/// Whether the plan is for this kernel, and not for a snapshot or a node that is only assumed.
bool of_this_kernel(const Options& options) { return options.against.empty() && options.from.empty(); }

}  // namespace

BootTime now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return BootTime(std::chrono::seconds(time.tv_sec));
}

Result<config::Config> configuration_of(const Options& options) {
    Result<config::Config> config = load_node(options.config, options.node);
    if (config && options.prune_foreign) config->ipvs.exclusive = true;
    return config;
}

/// If a daemon is at work, its elections count. Without a daemon there is no election, so every instance counts as
/// backup, unless the operator says otherwise.
Election election_of(const Options& options, const config::Config& config) {
    const Election decided = of_this_kernel(options) && !options.as ? election_of_daemon() : Election{};
    Election election;
    for (const config::Vrrp& instance : config.vrrp) {
        const auto at = decided.find(instance.name);
        election[instance.name] = at != decided.end() ? at->second : options.as.value_or(ElectionState::backup);
    }
    return election;
}

Result<plan::Task> task_of(const Options& options, const config::Config& config) {
    plan::Task task{.config = config, .election = election_of(options, config), .others = options.as};
    if (!of_this_kernel(options)) return task;
    task.health = health_of(config, daemon::RunDirectory::of_this_namespace(), now());
    return task;
}

Scene scene_of(const plan::Task& task) {
    return {task.config, task.election, task.config.files, want_colour(), task.release};
}

int print_plan(const plan::Plan& plan, const plan::Task& task, const Options& options) {
    const int exit = plan.steps.empty() ? exit_good : exit_to_do;
    if (options.json) {
        write_json(plan, scene_of(task), nullptr, exit, print);
    } else {
        write_plan(plan, scene_of(task), print);
    }
    if (const auto good = plan::guarded(plan, task); !good) {
        std::fprintf(stderr, "lbconverge: apply would refuse this: %s\n", good.error().what.c_str());
    }
    return exit;
}

int dry_run(const plan::Task& task, const Options& options) {
    const daemon::LoadedLedger loaded = daemon::RunDirectory::of_this_namespace().load();
    print_notes(loaded.notes);
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto plan = daemon::look(*kernel, loaded.ledger, task, now());
    return plan ? print_plan(*plan, task, options) : report(plan.error());
}

int converge(const daemon::RunDirectory& run, plan::Task task, const Options& options) {
    task.keep_rows = options.json;  // text is printed before the plan is carried out, JSON afterwards
    const Scene scene = scene_of(task);
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = true});
    const auto began = std::chrono::steady_clock::now();
    const plan::Outcome outcome = daemon::converge(*kernel, run, task, now(), [&](const plan::Plan& plan) {
        if (options.json) return;
        write_plan(plan, scene, print);
        std::fflush(stdout);  // the plan is on record before the first write
    });
    print_notes(outcome.notes);
    const int exit = plan::exit_of(outcome);
    if (options.json) {
        write_json(outcome.plan, scene, &outcome, exit, print);
    } else if (outcome.planned) {
        print(outcome_text(outcome, scene));
    }
    if (outcome.error) report(*outcome.error);
    if (!options.textfile.empty()) {
        metrics::MetricsPicture picture =
            picture_of(outcome, task, std::chrono::system_clock::now(), std::chrono::steady_clock::now() - began);
        if (auto traffic = kernel::read_traffic()) picture.traffic = std::move(*traffic);
        picture.traffic_read = picture.traffic.has_value();
        if (const auto written = write_textfile(options.textfile, picture); !written) report(written.error());
    }
    return exit;
}

}  // namespace lbconverge::cli
