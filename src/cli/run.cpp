#include "lbconverge/daemon/run.hpp"

#include "lbconverge/daemon/log.hpp"
#include "lbconverge/kernel/file.hpp"
#include "lbconverge/plan/safety.hpp"
#include "load.hpp"
#include "print.hpp"
#include "task.hpp"
#include "withdraw.hpp"

namespace lbconverge::cli {

namespace {

/// Reads passwords and keys that are in files of their own (RFC 2338 §5.3.6: a password has up to 8 octets). A real
/// server takes part in no election.
Result<void> read_secrets(config::Config& config) {
    constexpr std::size_t longest = 8;
    if (config.role == Role::real_server) return {};
    for (config::Vrrp& each : config.vrrp) {
        RETURN_IF_ERROR(read_auth_keys(each));
        if (each.auth_pass_file.empty()) continue;
        Result<std::string> text = kernel::read_file(each.auth_pass_file, {.most = 4096});
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

void keep_copy(const std::string& file, const daemon::RunDirectory& run) {
    if (const auto kept = copy_files(file, running_copy(run)); !kept) daemon::log(Level::warning, kept.error().what);
}

/// `last`: the configuration that the daemon uses now. A file that a guard refuses does not replace it: the election of
/// an instance that is not in the new file would end here, but its VIPs would stay.
daemon::FreshConfig read_again(const Options& options, const daemon::RunDirectory& run, const config::Config& last) {
    std::string diagnostics;
    Result<config::Config> again = load_node(options.config, last.node, diagnostics);
    print_errors(diagnostics);
    const Result<void> secrets = again ? read_secrets(*again) : Result<void>{};
    if (!again) return {tl::unexpected(again.error()), diagnostics};
    if (!secrets) return {tl::unexpected(secrets.error()), diagnostics};
    const Result<void> guarded = plan::within_limits(kinds::file_memory_of(last), *again);
    if (!guarded) return {tl::unexpected(guarded.error()), diagnostics};
    keep_copy(options.config, run);
    if (options.prune_foreign) again->ipvs.exclusive = true;
    return {std::make_shared<const config::Config>(std::move(*again)), diagnostics};
}

int become_daemon(const Options& options, config::Config first) {
    auto run = daemon::RunDirectory::of_this_namespace();
    if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    const daemon::Log log(options.log_level_given ? options.log_level : "info");
    if (const auto read = read_secrets(first); !read) return report(read.error());
    keep_copy(options.config, run);
    daemon::RunOptions how;
    how.file = absolute(options.config);
    how.node = first.node;
    how.config = std::make_shared<const config::Config>(std::move(first));
    how.load = [&options, &run, last = how.config]() mutable {
        daemon::FreshConfig fresh = read_again(options, run, *last);
        if (fresh.config) last = *fresh.config;
        return fresh;
    };
    how.version = LBCONVERGE_VERSION;
    how.stale = [watch = CopyWatch(options.config, running_copy(run))]() mutable { return watch.differs(); };
    how.render = [](const plan::Outcome& done, const config::Config& config, const Election& election, bool json) {
        const Scene scene{config, election, config.files};
        if (json) return plan_json(done.plan, scene, &done, done.error ? exit_failed : exit_good);
        return plan_text(done.plan, scene) + outcome_text(done, scene);
    };
    const Result<void> end = daemon::run_daemon(how, run);
    return end ? exit_good : report(end.error());
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
