#include "lbconverge/daemon/run.hpp"

#include "lbconverge/daemon/log.hpp"
#include "load.hpp"
#include "print.hpp"
#include "task.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace lbconverge::cli {

namespace {

/// Passwords that stand in files of their own (RFC 2338 §5.3.6: up to 8 octets).
Result<void> read_passwords(config::Config& config) {
    constexpr std::size_t longest = 8;
    for (config::Vrrp& each : config.vrrp) {
        if (each.auth_pass_file.empty()) continue;
        Result<std::string> text = read_file(each.auth_pass_file);
        if (!text) return fail(text.error().kind, text.error().what, "auth_pass_file names the password's file");
        while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
        if (text->empty() || text->size() > longest) {
            return fail(ErrorKind::invalid_input, each.auth_pass_file + ": a VRRP password has 1 to 8 octets",
                        "write the same one on every node");
        }
        each.auth_pass = std::move(*text);
    }
    return {};
}

/// Where the daemon keeps a copy of the file that it goes by.
std::string running(const daemon::RunDirectory& run) { return run.path() + "/running"; }

void keep_copy(const std::string& file, const daemon::RunDirectory& run) {
    if (const auto kept = copy_files(file, running(run)); !kept) daemon::log(Level::warning, kept.error().what);
}

bool takes_vips_away(const plan::Plan& plan) {
    return std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) {
        return step.kind == kinds::kind_id<kinds::Address> && step.action() == kinds::Action::remove;
    });
}

int become_daemon(const Options& options, config::Config first) {
    auto run = daemon::RunDirectory::of_this_namespace();
    if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    const daemon::Log log(options.log_level_given ? options.log_level : "info");
    if (const auto read = read_passwords(first); !read) return report(read.error());
    keep_copy(options.config, run);
    const std::string node = first.node;
    daemon::RunOptions how;
    how.file = absolute(options.config);
    how.node = node;
    how.config = std::make_shared<const config::Config>(std::move(first));
    how.load = [&options, &run, node]() -> Result<node::ConfigPtr> {
        Result<config::Config> again = load_node(options.config, node);
        RETURN_IF_ERROR(again);
        RETURN_IF_ERROR(read_passwords(*again));
        keep_copy(options.config, run);
        if (options.prune_foreign) again->ipvs.exclusive = true;
        return std::make_shared<const config::Config>(std::move(*again));
    };
    how.render = [](const daemon::Outcome& done, const config::Config& config, const Election& election, bool json) {
        const Scene scene{config, election, config.files};
        if (json) return plan_json(done.plan, scene, &done, done.error ? exit_failed : exit_good);
        return plan_text(done.plan, scene) + outcome_text(done, scene);
    };
    const Result<void> end = daemon::run_daemon(how, run);
    return end ? exit_good : report(end.error());
}

/// The file is not good, and so no daemon starts. Where one has died, its VIPs are withdrawn all the same: by the file
/// that it went by. Nothing happens beside a daemon.
void withdraw_left_behind(const Options& options) {
    auto run = daemon::RunDirectory::of_this_namespace();
    const std::string file = running(run) + "/lbconverge.toml";
    if (::access(file.c_str(), R_OK) != 0 || !run.lock({})) return;
    const Result<config::Config> last = load_node(file, options.node);
    if (!last) return;
    const daemon::LoadedLedger loaded = run.load();
    Election nobody;
    for (const config::Vrrp& instance : last->vrrp) nobody[instance.name] = ElectionState::backup;
    daemon::Task task{.config = *last, .election = nobody};
    if (last->role == Role::director) task.part = kinds::Part::network;
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto plan = daemon::look(*kernel, loaded.ledger, task, now());
    if (!plan || !takes_vips_away(*plan)) return;
    const daemon::Outcome done = daemon::converge(*kernel, run, task, now(), [](const plan::Plan&) {});
    if (done.error) {
        report(*done.error);
    } else {
        std::fputs("lbconverge: the VIPs that an earlier daemon has left here are withdrawn\n", stderr);
    }
}

}  // namespace

int run_command(const Options& options) {
    Result<config::Config> config = configuration_of(options);
    if (config) return become_daemon(options, std::move(*config));
    const int exit = report(config.error());
    withdraw_left_behind(options);
    return exit;
}

}  // namespace lbconverge::cli
