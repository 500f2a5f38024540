#include "lbconverge/cli/main.hpp"

#include "daemon_commands.hpp"
#include "doctor.hpp"
#include "explain.hpp"
#include "health.hpp"
#include "lbconverge/health/drain.hpp"
#include "lbconverge/kernel/kernel.hpp"
#include "load.hpp"
#include "options.hpp"
#include "render.hpp"
#include "show.hpp"
#include "simulate.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace lbconverge::cli {

namespace {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::chrono::sys_seconds now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

bool want_colour() { return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

/// One command with all that it needs.
class Command {
public:
    explicit Command(Options options) : options_(std::move(options)) {}

    int check();
    int diff();
    int apply(bool release);
    int drain(bool undo);
    int run();
    int status() { return status_command(options_); }
    int show();
    int doctor() { return doctor_command(options_); }
    int simulate() { return simulate_command(options_); }
    int explain();

private:
    /// The configuration of this node; prints what is wrong with it. False: exit_ says why.
    bool load();
    [[nodiscard]] Election election() const;
    /// What is to be done here: with this node's election, and with what health and the operator have said.
    [[nodiscard]] Result<daemon::Task> task(bool release) const;
    int converge(kernel::Kernel& kernel, const daemon::RunDirectory& run, const daemon::Task& task);
    [[nodiscard]] Scene scene(const Election& election, bool release = false) const {
        return {loaded_.config, election, loaded_.files, want_colour(), release};
    }
    int print_diff(const plan::Plan& plan, const daemon::Task& task);
    int diff_from_old(const daemon::Task& task);
    int diff_against_snapshot(const daemon::Task& task);

    Options options_;
    Loaded loaded_;
    int exit_ = exit_good;
};

bool Command::load() {
    Result<Loaded> loaded = load_node(options_.config, options_.node);
    if (!loaded) {
        exit_ = report(loaded.error());
        return false;
    }
    loaded_ = std::move(*loaded);
    if (options_.prune_foreign) loaded_.config.ipvs.exclusive = true;
    return true;
}

/// Without a daemon nobody has won an election: every instance counts as backup, unless the operator knows better.
/// Where one is at work, what it has decided is true.
Election Command::election() const {
    const bool of_this_kernel = options_.against.empty() && options_.from.empty();
    const Election decided = of_this_kernel && !options_.as ? election_of_daemon() : Election{};
    Election election;
    for (const config::Vrrp& instance : loaded_.config.vrrp) {
        const auto at = decided.find(instance.name);
        election[instance.name] = at != decided.end() ? at->second : options_.as.value_or(ElectionState::backup);
    }
    return election;
}

Result<daemon::Task> Command::task(bool release) const {
    daemon::Task task{.config = loaded_.config, .election = election(), .release = release};
    const bool of_this_kernel = options_.against.empty() && options_.from.empty();
    if (!of_this_kernel || release) return task;
    auto health = health_of(loaded_.config, daemon::RunDirectory::of_this_namespace(), now());
    if (!health) return tl::unexpected(health.error());
    task.health = std::move(*health);
    return task;
}

int Command::check() {
    Result<Checked> checked = check_files(options_.config, options_.node);
    if (!checked) return report(checked.error());
    print(checked->text);
    return checked->errors ? exit_invalid : exit_good;
}

int Command::print_diff(const plan::Plan& plan, const daemon::Task& task) {
    const int exit = plan.steps.empty() ? exit_good : exit_to_do;
    const Scene scene = this->scene(task.election, task.release);
    if (options_.json) {
        write_json(plan, scene, nullptr, exit, print);
    } else {
        write_plan(plan, scene, print);
    }
    if (const auto allowed = daemon::allowed(plan, task); !allowed) {
        std::fprintf(stderr, "lbconverge: apply would refuse this: %s\n", allowed.error().what.c_str());
    }
    return exit;
}

int Command::diff() {
    if (!load()) return exit_;
    const Result<daemon::Task> asked = this->task(false);
    if (!asked) return report(asked.error());
    const daemon::Task& task = *asked;
    if (!options_.from.empty()) return diff_from_old(task);
    if (!options_.against.empty()) return diff_against_snapshot(task);
    const auto ledger = daemon::RunDirectory::of_this_namespace().load();
    if (!ledger) return report(ledger.error());
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto plan = daemon::look(*kernel, *ledger, task, now());
    if (!plan) return report(plan.error());
    return print_diff(*plan, task);
}

int Command::diff_against_snapshot(const daemon::Task& task) {
    const auto text = read_file(options_.against);
    if (!text) return report(text.error());
    auto snapshot = parse_snapshot(options_.against, *text);
    if (!snapshot) return report(snapshot.error());
    const HostFacts& facts = snapshot->observed->facts;
    const plan::Plan plan = plan::make_plan(daemon::desired_for(task, facts), snapshot->observed, snapshot->ledger,
                                            {task.config, task.election, facts}, now());
    return print_diff(plan, task);
}

int Command::diff_from_old(const daemon::Task& task) {
    const Result<Loaded> old = load_node(options_.from, loaded_.config.node);
    if (!old) return report(old.error());
    const Assumed assumed = assume_converged(old->config, loaded_.config, task.election);
    const HostFacts& facts = assumed.observed->facts;
    const plan::Plan plan = plan::make_plan(daemon::desired_for(task, facts), assumed.observed, assumed.ledger,
                                            {task.config, task.election, facts}, now());
    return print_diff(plan, task);
}

int Command::apply(bool release) {
    if (!load()) return exit_;
    const Result<daemon::Task> asked = this->task(release);
    if (!asked) return report(asked.error());
    const daemon::Task& task = *asked;
    auto run = daemon::RunDirectory::of_this_namespace();
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = !options_.dry_run});
    if (options_.dry_run) {
        const auto ledger = run.load();
        if (!ledger) return report(ledger.error());
        const auto plan = daemon::look(*kernel, *ledger, task, now());
        return plan ? print_diff(*plan, task) : report(plan.error());
    }
    // A daemon at work is the only writer: it does this now, and says what came of it.
    if (release || options_.as || options_.prune_foreign) {
        if (const auto refused = refused_by_daemon(release)) return *refused;
    } else if (const auto done = apply_by_daemon(options_, loaded_)) {
        return *done;
    }
    if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    return converge(*kernel, run, task);
}

/// The daemon does it where there is one; else what it would remember is written down, and carried out.
int Command::drain(bool undo) {
    if (!load()) return exit_;
    if (!options_.dry_run) {
        if (const auto done = drain_by_daemon(options_, undo)) return *done;
    }
    const auto drains = health::parse_drain(options_.arguments.front(), loaded_.config, undo);
    if (!drains) return report(drains.error());
    auto run = daemon::RunDirectory::of_this_namespace();
    if (!options_.dry_run) {
        if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    }
    const auto health = with_drains(loaded_.config, run, now(), *drains, undo);
    if (!health) return report(health.error());
    const daemon::Task task{.config = loaded_.config, .election = election(), .health = *health};
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = !options_.dry_run});
    if (options_.dry_run) {
        const auto ledger = run.load();
        if (!ledger) return report(ledger.error());
        const auto plan = daemon::look(*kernel, *ledger, task, now());
        return plan ? print_diff(*plan, task) : report(plan.error());
    }
    if (const auto saved = run.save_health(**health, now()); !saved) return report(saved.error());
    return converge(*kernel, run, task);
}

/// The caller has the lock.
int Command::converge(kernel::Kernel& kernel, const daemon::RunDirectory& run, const daemon::Task& asked) {
    daemon::Task task = asked;
    task.keep_rows = options_.json;  // the text of a plan is printed before it is carried out, JSON after it
    const Scene scene = this->scene(task.election, task.release);
    const daemon::Outcome outcome = daemon::converge(kernel, run, task, now(), [&](const plan::Plan& plan) {
        if (options_.json) return;
        write_plan(plan, scene, print);
        std::fflush(stdout);  // on record before the first write, whatever happens then
    });
    int exit = exit_good;
    if (outcome.error) exit = outcome.changed ? exit_not_converged : exit_code(outcome.error->kind);
    if (options_.json) {
        write_json(outcome.plan, scene, &outcome, exit, print);
    } else if (outcome.planned) {
        print(outcome_text(outcome, scene));
    }
    if (outcome.error) report(*outcome.error);
    return exit;
}

int Command::run() {
    if (load()) return run_command(options_, std::move(loaded_));
    withdraw_left_behind(options_);
    return exit_;
}

int Command::show() {
    const auto observed = observe_all();
    if (!observed) return report(observed.error());
    if (options_.format == "toml") {
        print(toml_of(**observed));
        return exit_good;
    }
    const auto ledger = daemon::RunDirectory::of_this_namespace().load();
    if (!ledger) return report(ledger.error());
    print(snapshot_of(**observed, *ledger, options_.node.empty() ? host_name() : options_.node));
    return exit_good;
}

int Command::explain() {
    const auto address = IpAddress::parse(options_.arguments.front());
    if (!address) return report({ErrorKind::usage, "\"" + options_.arguments.front() + "\" is not an IP address", {}});
    if (!load()) return exit_;
    const Result<daemon::Task> asked = this->task(false);
    if (!asked) return report(asked.error());
    const daemon::Task& task = *asked;
    const auto ledger = daemon::RunDirectory::of_this_namespace().load();
    if (!ledger) return report(ledger.error());
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto plan = daemon::look(*kernel, *ledger, task, now());
    if (!plan) return report(plan.error());
    print(explain_text(*address, *plan, *ledger, scene(task.election)));
    return exit_good;
}

Result<void> enter_namespace(const std::string& name) {
    const std::string path = "/run/netns/" + name;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(ErrorKind::failed, "there is no network namespace " + name, "ip netns lists them");
    const bool entered = ::setns(fd, CLONE_NEWNET) == 0;
    ::close(fd);
    if (!entered)
        return fail(ErrorKind::not_permitted, "entering network namespace " + name + " is not permitted",
                    "run as root");
    return {};
}

/// Large tables are built and thrown away one after the other: give nothing back in between, since fresh pages are
/// dearer than anything else that happens here.
void keep_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that glibc takes
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
}

}  // namespace

int run(int argc, char** argv) {
    keep_memory();
    Result<Options> options = parse_options(argc, argv);
    if (!options) return report(options.error());
    if (options->help) {
        print(*options->help);
        return exit_good;
    }
    if (!options->netns.empty()) {
        if (const auto entered = enter_namespace(options->netns); !entered) return report(entered.error());
    }
    const std::string name = options->command;
    Command command(std::move(*options));
    if (name == "check") return command.check();
    if (name == "diff") return command.diff();
    if (name == "apply") return command.apply(false);
    if (name == "release") return command.apply(true);
    if (name == "run") return command.run();
    if (name == "status") return command.status();
    if (name == "drain" || name == "undrain") return command.drain(name == "undrain");
    if (name == "doctor") return command.doctor();
    if (name == "simulate") return command.simulate();
    if (name == "show") return command.show();
    return command.explain();
}

}  // namespace lbconverge::cli
