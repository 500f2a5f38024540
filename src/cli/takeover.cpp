#include "takeover.hpp"

#include "compare.hpp"
#include "daemon_client.hpp"
#include "format.hpp"
#include "lbconverge/daemon/other_programs.hpp"
#include "load.hpp"
#include "print.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

namespace lbconverge::cli {

using namespace kinds;

namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* our_unit = "lbconverge.service";
/// After this time without the state of before, the way back begins.
constexpr std::chrono::seconds good_within{5};
constexpr std::chrono::milliseconds between_looks{100};

template <class Kind>
std::string moved_row(const Observed& before, const Observed& after) {
    const auto& old = before.get<Kind>();
    const auto& fresh = after.get<Kind>();
    for (const Row<Kind>& row : old.rows()) {
        const std::uint32_t at = fresh.find(row.key);
        const std::string id = std::string(Kind::label) + " " + Kind::id(row.key);
        if (at == Seen<Kind>::npos) return id + " is gone";
        if (!(fresh.row(at).value == row.value)) return id + " has changed";
    }
    for (const Row<Kind>& row : fresh.rows()) {
        if (old.find(row.key) == Seen<Kind>::npos)
            return std::string(Kind::label) + " " + Kind::id(row.key) + " is new";
    }
    return {};
}

void say(const std::string& what) {
    print(what + "\n");
    std::fflush(stdout);
}

bool systemctl(std::vector<std::string> words) {
    words.insert(words.begin(), {"systemctl", "--quiet"});
    return daemon::run_command(words);
}

/// Ends one program and starts the other, by systemd if that has started keepalived, else by itself.
class Exchange {
public:
    Exchange(daemon::RunningKeepalived keepalived, const Options& options, std::string node)
        : keepalived_(std::move(keepalived)), options_(options), node_(std::move(node)) {}

    [[nodiscard]] bool by_systemd() const { return !keepalived_.unit.empty(); }

    Result<void> forward();
    void settle() const;
    Result<void> back();

private:
    void end_ours();

    daemon::RunningKeepalived keepalived_;
    const Options& options_;
    std::string node_;
    std::string log_ = daemon::RunDirectory::of_this_namespace().path() + "/takeover.log";
    int ours_ = -1;
};

Result<void> Exchange::forward() {
    {
        auto run = daemon::RunDirectory::of_this_namespace();  // nobody else writes, and the daemon can have it
        RETURN_IF_ERROR(run.lock(lock_patience));
    }
    // A unit with Restart= would bring keepalived back at once.
    if (by_systemd() && !systemctl({"mask", "--runtime", keepalived_.unit})) {
        return fail(ErrorKind::failed, "systemctl mask --runtime " + keepalived_.unit + " failed; nothing was changed");
    }
    RETURN_IF_ERROR(daemon::kill_keepalived(keepalived_));
    if (by_systemd()) {
        if (systemctl({"start", "--no-block", our_unit})) return {};
        return fail(ErrorKind::failed, std::string("systemctl start ") + our_unit + " failed");
    }
    std::vector<std::string> command{std::filesystem::read_symlink("/proc/self/exe").string(), "-c",
                                     absolute(options_.config)};
    if (!node_.empty()) command.insert(command.end(), {"--node", node_});
    command.emplace_back("run");
    ours_ = daemon::start_alone(command, log_);
    return ours_ > 0 ? Result<void>{} : fail(ErrorKind::failed, "the daemon cannot be started");
}

/// The next boot starts lbconverge, and not keepalived.
void Exchange::settle() const {
    if (!by_systemd()) {
        say(formatted(
            "The daemon is process {}, and its log {}. Let your init start \"lbconverge run\", and not keepalived.",
            ours_, log_));
        return;
    }
    systemctl({"unmask", "--runtime", keepalived_.unit});
    systemctl({"reset-failed", keepalived_.unit});
    const bool done = systemctl({"disable", keepalived_.unit}) && systemctl({"enable", our_unit});
    say(done ? "systemd starts lbconverge at the next boot, and keepalived no more."
             : "systemctl disable or enable has failed: see to it that keepalived is not started at the next boot.");
}

/// The orderly end: a peer takes the VIPs over at once. keepalived removes them in any case when it starts.
void Exchange::end_ours() {
    if (by_systemd()) systemctl({"stop", our_unit});
    if (ours_ > 0) daemon::end_child(ours_, good_within);
}

Result<void> Exchange::back() {
    end_ours();
    const bool started = by_systemd() ? systemctl({"unmask", "--runtime", keepalived_.unit}) &&
                                            (systemctl({"reset-failed", keepalived_.unit}), true) &&
                                            systemctl({"start", keepalived_.unit})
                                      : daemon::start_alone(keepalived_.command, log_) > 0;
    if (started) return {};
    return fail(ErrorKind::failed, "keepalived cannot be started again", "start it by hand now");
}

/// Puts the settings back that the daemon has changed, and forgets its claims: all else is keepalived's again.
void forget_all(const ComparedHere& before) {
    auto run = daemon::RunDirectory::of_this_namespace();
    if (!run.lock(lock_patience)) return;
    plan::Task task{.config = before.task.config, .election = before.task.election, .release = true};
    const Error why{ErrorKind::refused, "keepalived goes on with it", {}};
    for_each_kind([&]<class Kind>() {
        if constexpr (!std::is_same_v<Kind, Sysctl>) {
            for (const Row<Kind>& row : before.plan.observed->get<Kind>().rows()) {
                task.avoid.add(kind_id<Kind>, Kind::id(row.key), why, true);
            }
        }
    });
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    daemon::converge(*kernel, run, std::move(task), now(), [](const plan::Plan&) {});
    if (const auto saved = run.save(before.ledger); !saved) report(saved.error());
}

/// The daemon that has begun, seen from outside.
class Watcher {
public:
    explicit Watcher(const ComparedHere& before) : before_(before) {}

    /// Why the way back must begin; empty: all is as it was, also after the time in which a peer could have taken over.
    std::string verdict();

private:
    Difference look();

    const ComparedHere& before_;
    Steady::time_point began_ = Steady::now();
    std::optional<Steady::time_point> answered_;
    std::chrono::milliseconds down_{0};  ///< the longest down interval
};

Difference Watcher::look() {
    const auto status = status_of_daemon();
    if (!status || !*status) return {"the daemon does not answer"};
    if (!answered_) answered_ = Steady::now();
    const std::vector<InstanceSeen> instances = instances_in(**status);
    for (const InstanceSeen& each : instances) down_ = std::max(down_, each.down_interval);
    const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - *answered_);
    if (Difference found = what_changed(before_.task.election, instances, silence); !found.what.empty()) return found;
    const Result<ComparedHere> here = compared(before_.task.config);
    if (!here) return {here.error().what};
    if (std::string what = what_moved(*before_.plan.observed, *here->plan.observed); !what.empty()) return {what, true};
    return {here->plan.steps.empty() ? "" : "the node is not yet as the file says"};
}

std::string Watcher::verdict() {
    Difference found{"the daemon does not answer"};
    for (auto until = began_ + good_within; Steady::now() < until && !found.what.empty() && !found.for_good;) {
        std::this_thread::sleep_for(between_looks);
        found = look();
    }
    for (auto until = Steady::now() + down_ + std::chrono::seconds(1); Steady::now() < until && found.what.empty();) {
        std::this_thread::sleep_for(between_looks);
        found = look();
    }
    return found.what;
}

/// An error: it would change what clients meet.
Result<void> judged(const ComparedHere& before, const Options& options) {
    write_plan(before.plan, scene_of(before.task), print);
    if (const auto good = plan::guarded(before.plan, before.task); !good) return tl::unexpected(good.error());
    const std::vector<std::size_t> met = steps_that_clients_meet(before.plan);
    if (met.empty() || options.force) return {};
    return fail(ErrorKind::refused,
                formatted("the file is not what keepalived has made here: {} of the steps above change addresses or "
                          "services, the first is step {}",
                          met.size(), met.front() + 1),
                "mend the file until only settings are left, or --force");
}

int take_over(const ComparedHere& before, Exchange exchange) {
    say("Ending keepalived, with all that it has made left as it is, and starting lbconverge in its stead ...");
    const Result<void> done = exchange.forward();
    const std::string why = done ? Watcher(before).verdict() : done.error().what;
    if (why.empty()) {
        say("Everything is as it was, the elections, addresses and services as well.");
        exchange.settle();
        return exit_good;
    }
    say("Not as it was: " + why + ". Going back to keepalived ...");
    const Result<void> back = exchange.back();
    forget_all(before);
    if (!back) return report(back.error());
    return report({ErrorKind::failed, "not taken over: " + why, "keepalived runs again"});
}

}  // namespace

std::vector<std::size_t> steps_that_clients_meet(const plan::Plan& plan) {
    std::vector<std::size_t> met;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        if (plan.steps[i].kind != kind_id<Sysctl>) met.push_back(i);
    }
    return met;
}

std::string what_moved(const Observed& before, const Observed& after) {
    std::string why = moved_row<Address>(before, after);
    if (why.empty()) why = moved_row<Service>(before, after);
    if (why.empty()) why = moved_row<RealServer>(before, after);
    if (why.empty()) why = moved_row<SyncDaemon>(before, after);
    return why;
}

Difference what_changed(const Election& before, const std::vector<InstanceSeen>& now,
                        std::chrono::milliseconds silence) {
    for (const auto& [name, state] : before) {
        const auto at = std::find_if(now.begin(), now.end(),
                                     [&name = name](const InstanceSeen& each) { return each.name == name; });
        if (at == now.end()) return {"the daemon does not know " + name, true};
        if (at->dropped != 0) return {name + " does not believe the advertisements of its peers", true};
        if (at->state != to_text(state)) {
            return {name + " is " + at->state + ", and was " + std::string(to_text(state)), !at->undecided};
        }
        const bool hears = at->received != 0;
        if (state == ElectionState::master && hears) return {name + " has a second master", true};
        // Before it takes the silence for the end of its master.
        if (state == ElectionState::backup && !hears) {
            return {name + " does not hear its master", silence > at->down_interval * 2 / 3};
        }
    }
    return {};
}

int takeover_command(const Options& options) {
    if (options.arguments.front() != "keepalived") {
        return report({ErrorKind::usage, "there is no takeover from \"" + options.arguments.front() + "\"",
                       "lbconverge takeover keepalived"});
    }
    const Result<config::Config> config = configuration_of(options);
    if (!config) return report(config.error());
    if (const auto refused = refused_by_daemon("a daemon of lbconverge is at work here already",
                                               "lbconverge status says what it does")) {
        return *refused;
    }
    auto keepalived = daemon::find_keepalived();
    if (!keepalived) return report(keepalived.error());
    if (!keepalived->unit.empty() && options.config_given) {
        return report({ErrorKind::usage, "systemd starts lbconverge with the options of /etc/default/lbconverge",
                       "put the file to /etc/lbconverge/lbconverge.toml, and leave -c out"});
    }
    const Result<ComparedHere> before = compared(*config);
    if (!before) return report(before.error());
    if (const auto good = judged(*before, options); !good) return report(good.error());
    if (options.dry_run) return exit_good;
    return take_over(*before, Exchange(std::move(*keepalived), options, options.node));
}

}  // namespace lbconverge::cli
