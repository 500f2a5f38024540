#include "daemon_commands.hpp"

#include "lbconverge/daemon/control.hpp"
#include "lbconverge/daemon/log.hpp"
#include "lbconverge/daemon/run.hpp"
#include "render.hpp"
#include "show.hpp"
#include "status.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace lbconverge::cli {

namespace {

constexpr std::chrono::seconds watch_interval{1};

std::string absolute(const std::string& path) {
    std::error_code error;
    const auto whole = std::filesystem::weakly_canonical(path, error);
    return error ? path : whole.string();
}

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

/// The part of the kernel's state that status shows; nullptr where it may not be read.
std::shared_ptr<const kinds::Observed> tables() {
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto facts = kernel->facts();
    if (!facts || !facts->ipvs_loaded) return nullptr;
    auto observed = kernel->observe({.ipvs = true}, *facts);
    return observed ? *observed : nullptr;
}

/// Has the daemon do something, and prints what came of it. nullopt: there is none.
std::optional<int> done_by_daemon(const Options& options, const daemon::ControlRequest& request) {
    const auto run = daemon::RunDirectory::of_this_namespace();
    const auto line = daemon::ask_daemon(run.path(), request);
    if (!line) return report(line.error());
    if (!*line) return std::nullopt;
    const auto reply = daemon::parse_reply(**line);
    if (!reply) return report(reply.error());
    if (options.json) {
        std::fputs(merged_json(reply->outputs, reply->exit).c_str(), stdout);
    } else {
        for (const std::string& each : reply->outputs) std::fputs(each.c_str(), stdout);
    }
    for (const std::string& error : reply->errors) std::fprintf(stderr, "lbconverge: %s\n", error.c_str());
    return reply->exit;
}

}  // namespace

int run_command(const Options& options, Loaded loaded) {
    auto run = daemon::RunDirectory::of_this_namespace();
    if (const auto locked = run.lock(lock_patience); !locked) return report(locked.error());
    const daemon::Log log(options.log_level_given ? options.log_level : "info");
    if (const auto read = read_passwords(loaded.config); !read) return report(read.error());
    keep_copy(options.config, run);
    const std::string node = loaded.config.node;
    daemon::RunOptions how;
    how.file = absolute(options.config);
    how.node = node;
    how.config = std::make_shared<const config::Config>(std::move(loaded.config));
    how.load = [&options, &run, node]() -> Result<node::ConfigPtr> {
        Result<Loaded> again = load_node(options.config, node);
        if (!again) return tl::unexpected(again.error());
        if (const auto read = read_passwords(again->config); !read) return tl::unexpected(read.error());
        keep_copy(options.config, run);
        again->config.ipvs.exclusive = again->config.ipvs.exclusive || options.prune_foreign;
        return std::make_shared<const config::Config>(std::move(again->config));
    };
    how.render = [](const daemon::Outcome& done, const config::Config& config, const Election& election, bool json) {
        const Scene scene{config, election, config.files};
        if (json) return plan_json(done.plan, scene, &done, done.error ? exit_failed : exit_good);
        return plan_text(done.plan, scene) + outcome_text(done, scene);
    };
    const Result<void> end = daemon::run_daemon(how, run);
    return end ? exit_good : report(end.error());
}

void withdraw_left_behind(const Options& options) {
    auto run = daemon::RunDirectory::of_this_namespace();
    const std::string file = running(run) + "/lbconverge.toml";
    if (::access(file.c_str(), R_OK) != 0 || !run.lock({})) return;
    const Result<Loaded> last = load_node(file, options.node);
    const auto ledger = run.load();
    if (!last || !ledger) return;
    Election nobody;
    for (const config::Vrrp& instance : last->config.vrrp) nobody[instance.name] = ElectionState::backup;
    daemon::Task task{.config = last->config, .election = nobody};
    if (last->config.role == Role::director) task.part = kinds::Part::network;
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto plan = daemon::look(*kernel, *ledger, task, now);
    if (!plan || !takes_vips_away(*plan)) return;
    const daemon::Outcome done = daemon::converge(*kernel, run, task, now, [](const plan::Plan&) {});
    if (done.error) {
        report(*done.error);
    } else {
        std::fputs("lbconverge: the VIPs that an earlier daemon has left here are withdrawn\n", stderr);
    }
}

std::optional<int> apply_by_daemon(const Options& options, const Loaded& loaded) {
    return done_by_daemon(
        options,
        {.command = "apply", .file = absolute(options.config), .node = loaded.config.node, .json = options.json});
}

std::optional<int> drain_by_daemon(const Options& options, bool undo) {
    return done_by_daemon(
        options, {.command = undo ? "undrain" : "drain", .server = options.arguments.front(), .json = options.json});
}

Election election_of_daemon() {
    const auto run = daemon::RunDirectory::of_this_namespace();
    const auto reply = daemon::ask_daemon(run.path(), {.command = "status"});
    return reply && *reply ? election_in(**reply) : Election{};
}

std::optional<int> refused_by_daemon(bool release) {
    const auto run = daemon::RunDirectory::of_this_namespace();
    const auto reply = daemon::ask_daemon(run.path(), {.command = "status"});
    if (!reply) return report(reply.error());
    if (!*reply) return std::nullopt;
    const std::string stop = "stop it first (systemctl stop lbconverge)";
    if (release) return report({ErrorKind::busy, "a daemon is at work here, and would make everything again", stop});
    return report({ErrorKind::busy, "a daemon is at work here, and its election decides who is master",
                   stop + ", or leave --as and --prune-foreign out"});
}

int status_command(const Options& options) {
    const auto run = daemon::RunDirectory::of_this_namespace();
    for (;;) {
        const auto reply = daemon::ask_daemon(run.path(), {.command = "status"});
        if (!reply) return report(reply.error());
        if (!*reply) {
            return report({ErrorKind::failed, "no daemon is at work here",
                           "lbconverge run starts it; lbconverge diff says what the kernel looks like without one"});
        }
        const auto kernel = tables();
        if (options.watch) std::fputs("\x1b[H\x1b[2J", stdout);
        const std::string text = options.json ? status_with_services(**reply, kernel.get())
                                              : status_text(**reply, kernel.get(), std::chrono::system_clock::now());
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        if (!options.watch) return exit_good;
        std::this_thread::sleep_for(watch_interval);
    }
}

}  // namespace lbconverge::cli
