#include "lbconverge/daemon/run.hpp"

#include "caught.hpp"
#include "control_server.hpp"
#include "lbconverge/daemon/control.hpp"
#include "lbconverge/daemon/log.hpp"
#include "lbconverge/health/drain.hpp"
#include "lbconverge/kernel/watch.hpp"
#include "lbconverge/kinds/nft.hpp"
#include "lbconverge/model/exit.hpp"
#include "lbconverge/node/lane_work.hpp"
#include "lbconverge/node/node.hpp"
#include "links.hpp"
#include "loop.hpp"
#include "picture.hpp"
#include "probes.hpp"
#include "processes.hpp"
#include "service_manager.hpp"
#include "status.hpp"
#include "status_desk.hpp"
#include "tracker.hpp"
#include "vrrp_sockets.hpp"
#include "worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <future>
#include <set>

namespace lbconverge::daemon {

using node::Lane;

namespace {

Instant now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                                        std::chrono::nanoseconds(time.tv_nsec)));
}

WallTime wall_time() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

BootTime boot_time() { return std::chrono::floor<std::chrono::seconds>(now()); }

/// systemd starts the daemon again at once, and it goes on with what is here; a node that contradicts itself must not.
void end_if(const BrokenInvariant& broken) {
    if (broken) abort_with("internal error: " + *broken + "; the daemon ends, to be started again; please report it");
}

/// How often a VRRP socket that could not be opened is tried again.
constexpr Duration socket_retry = std::chrono::seconds(5);

/// A one-shot apply that waits for what this daemon does.
struct Waiting {
    Admission::Client client = 0;
    Instant since;
    bool json = false;
    std::vector<Lane> lanes;  ///< still to come
    bool changed = false;
    ControlReply reply{};
};

/// A file that was read, and waits for a picture of its interfaces.
struct PendingReload {
    node::ConfigPtr config;
    std::optional<Waiting> then_apply;
};

/// What a lane did, as those want it who wait for it.
struct Rendered {
    std::string text;
    std::string json;
    bool changed = false;
    int exit = exit_good;
};

class Daemon {
public:
    Daemon(const RunOptions& options, const RunDirectory& run)
        : options_(options),
          run_(run),
          node_(options.config),
          sockets_(loop_, [this] { receive(); }),
          timer_(loop_),
          socket_timer_(loop_),
          signals_(loop_, {SIGTERM, SIGINT, SIGHUP, SIGUSR2}, [this](int signal) { signalled(signal); }),
          control_(loop_, [this](const auto& asked, auto client, bool is_root) { request(asked, client, is_root); }),
          status_desk_(loop_, control_, [this] { return status_of(node_, now(), std::chrono::system_clock::now()); }),
          service_manager_(loop_),
          processes_(loop_),
          tracker_(loop_, processes_, [this](const node::Tracked& event) { turn(event); }) {}

    Result<void> run();

private:
    void turn(const node::Event& event);
    void act();
    void tell_supervisor();
    void tell(const node::Event& event);
    std::vector<node::Unsent> send(const std::vector<node::Packet>& packets);
    plan::Told announce(const std::vector<plan::Announcement>& vips);
    void carry_out(node::Effects effects);
    void set_timer();
    void receive();
    void look_round();
    void cannot_look(const std::string& what);
    void open_sockets(const Memberships& memberships);
    void converge(const node::Converge& job);
    void run_hook(const node::RunHook& hook);
    void finished(Lane lane, Instant began, const node::Converged& result, const Rendered& output);
    void signalled(int signal);
    void reload(std::optional<Waiting> then_apply);
    void reloaded(const node::ConfigPtr& config, std::optional<Waiting> then_apply);
    void take_reloads(const node::ConfigPtr& last);
    void take_reload(PendingReload reload);
    void not_reloaded(const FreshConfig& fresh, const std::optional<Waiting>& then_apply);
    void request(const ControlRequest& asked, Admission::Client client, bool is_root);
    void serve(const StatusRequest& status, Admission::Client client);
    void serve(const ApplyRequest& apply, Admission::Client client);
    void serve(const DrainRequest& drain, Admission::Client client);
    [[nodiscard]] std::optional<Error> why_not_for(const ApplyRequest& apply) const;
    void remember(std::shared_ptr<const kinds::Health> health);
    void write_health();
    void write_the_rest();
    void end();

    const RunOptions& options_;
    const RunDirectory& run_;
    Loop loop_;
    node::Node node_;
    VrrpSockets sockets_;
    Timer timer_;
    Timer socket_timer_;
    Signals signals_;
    ControlServer control_;
    StatusDesk status_desk_;
    ServiceManager service_manager_;
    Processes processes_;
    std::map<std::uint64_t, Processes::Id> hooks_;  ///< that run, by the node's number
    Tracker tracker_;
    HostPictures pictures_;
    kernel::Surroundings surroundings_;
    /// What the network lane saw last; only its own thread touches it.
    std::shared_ptr<const kinds::Observed> seen_;
    /// Per lane: the work that is under way there has been overtaken.
    std::atomic<bool> overtaken_[node::lane_count] = {};
    std::vector<Waiting> waiting_;
    std::deque<PendingReload> reloads_;
    std::shared_ptr<const kinds::Health> to_remember_;  ///< what the next write takes
    bool writing_ = false;
    std::unique_ptr<plan::Kernel> kernels_[node::lane_count] = {
        kernel::linux_kernel({.may_load_ipvs = true, .cut_short = &overtaken_[0]}),
        kernel::linux_kernel({.may_load_ipvs = true, .cut_short = &overtaken_[1]}),
    };
    std::unique_ptr<plan::Kernel> announcer_ = kernel::linux_kernel({});
    std::unique_ptr<kernel::Watch> watch_;
    // Last: their threads end before anything that they use.
    Worker lanes_[node::lane_count];
    Worker files_;
    Probes probes_{[this](std::vector<health::ProbeAnswer> answers) {
        loop_.post([this, all = std::move(answers)]() mutable { turn(node::Probed{std::move(all)}); });
    }};
};

Result<void> Daemon::run() {
    RETURN_IF_ERROR(control_.listen(run_.path() + "/control"));
    kernel::Watch::Calls calls{
        .disturbed = [this] { loop_.post([this] { turn(node::Disturbed{}); }); },
        .now =
            [this](kernel::Surroundings seen, const kernel::Concern& concern) {
                if (pictures_.draw(std::move(seen), concern.config)) loop_.post([this] { look_round(); });
            },
        .problem = [this](const std::string& what) { loop_.post([this, what] { cannot_look(what); }); },
    };
    auto watch = kernel::Watch::start(kernel::concern_of(options_.config), std::move(calls));
    RETURN_IF_ERROR(watch);
    watch_ = std::move(*watch);
    if (kinds::uses_nftables(*options_.config)) watch_->follow_nftables();
    LoadedHealth before = run_.load_health(boot_time());
    for (const std::string& note : before.notes) log(Level::warning, note);
    if (!before.health.empty()) turn(node::Remembered{std::move(before.health)});
    tracker_.match(node_.tracks());
    service_manager_.start(options_.config->daemon.realtime_priority);
    loop_.run();
    write_the_rest();
    return {};
}

void Daemon::turn(const node::Event& event) {
    tell(event);
    act();
}

/// One turn of the node. What a node asks for that is not in order is not done.
void Daemon::tell(const node::Event& event) {
    node::Effects effects = node_.turn(event, now(), wall_time());
    end_if(node_.broken_invariant(Depth::quick));
    const std::vector<node::Unsent> unsent = send(effects.send);
    const plan::Told told = announce(effects.announce);
    carry_out(std::move(effects));
    for (const node::Unsent& each : unsent) tell(each);
    if (!told.untaken.empty() || !told.why.empty()) tell(node::Untaken{told.untaken, told.why});
}

/// On this thread, as the advertisements: what is announced later than a last word would be later than the
/// announcements of the node that has heard it.
plan::Told Daemon::announce(const std::vector<plan::Announcement>& vips) {
    if (vips.empty() || surroundings_ == nullptr) return {};
    return announcer_->announce(vips, surroundings_->facts);
}

std::vector<node::Unsent> Daemon::send(const std::vector<node::Packet>& packets) {
    std::vector<node::Unsent> unsent;
    for (const node::Packet& each : packets) {
        const int error = sockets_.send(each);
        if (error == 0) continue;
        const std::uint8_t vrid = std::to_integer<std::uint8_t>(each.message.at(1));
        unsent.push_back({each.interface, each.source.family, vrid, std::strerror(error)});
    }
    return unsent;
}

/// Timers after events: what has arrived already may be what a timer waits for.
void Daemon::act() {
    if (const auto at = node_.wake_at(); at && *at <= now()) {
        for (node::Packet& packet : sockets_.receive()) tell(node::Arrived{std::move(packet)});
        tell(node::Tick{});
    }
    set_timer();
    tell_supervisor();
}

void Daemon::tell_supervisor() {
    std::string states;
    bool takes_part = node_.lane(Lane::network).converged;
    for (const node::Instance& each : node_.instances()) {
        takes_part = takes_part && each.started;
        if (!states.empty()) states += ", ";
        states += each.machine.settings().name + " " + std::string(vrrp::to_text(each.machine.state()));
    }
    service_manager_.alive(takes_part, states);
}

void Daemon::receive() {
    for (node::Packet& packet : sockets_.receive()) tell(node::Arrived{std::move(packet)});
    set_timer();
}

void Daemon::carry_out(node::Effects effects) {
    for (const Lane each : effects.overtaken) overtaken_[static_cast<std::size_t>(each)] = true;
    for (const node::Converge& each : effects.converge) converge(each);
    if (!effects.probe.empty()) probes_.ask(std::move(effects.probe));
    if (effects.remember != nullptr) remember(effects.remember);
    for (const node::RunHook& each : effects.run_hooks) run_hook(each);
    for (const std::uint64_t each : effects.end_hooks) {
        if (const auto at = hooks_.find(each); at != hooks_.end()) processes_.end(at->second);
    }
    for (const node::Say& each : effects.say) log(each.level, each.text);
    if (effects.exit) end();
}

void Daemon::set_timer() {
    const auto at = node_.wake_at();
    if (!at) {
        timer_.cancel();
        return;
    }
    timer_.start(*at - now(), [this] { act(); });
}

/// One write at a time, and of those that wait only the last.
void Daemon::remember(std::shared_ptr<const kinds::Health> health) {
    to_remember_ = std::move(health);
    if (!std::exchange(writing_, true)) write_health();
}

void Daemon::write_health() {
    files_.post([this, what = std::exchange(to_remember_, nullptr), when = boot_time()] {
        if (auto saved = run_.save_health(*what, when); !saved) log(Level::error, saved.error().what);
        loop_.post([this] {
            writing_ = to_remember_ != nullptr;
            if (writing_) write_health();
        });
    });
}

/// What the loop has ended before it was written. On the thread that may be writing still.
void Daemon::write_the_rest() {
    std::promise<void> written;
    files_.post([&] {
        if (to_remember_ != nullptr) (void)run_.save_health(*to_remember_, boot_time());
        written.set_value();
    });
    written.get_future().wait();
}

void Daemon::look_round() {
    const HostPicturePtr picture = pictures_.take();
    if (picture == nullptr) return;
    surroundings_ = picture->seen;
    take_reloads(picture->config);
    if (picture->config != node_.shared_config()) return;  // the picture for this file is under way
    open_sockets(picture->memberships);
    turn(picture->links);
}

void Daemon::cannot_look(const std::string& what) {
    turn(node::Trouble{"reading interfaces: " + what});
    if (!reloads_.empty()) take_reloads(reloads_.back().config);
}

/// What cannot be opened is tried again on a timer: nothing tells when it can be.
void Daemon::open_sockets(const Memberships& memberships) {
    std::set<VrrpSockets::SocketKey> places;
    for (const node::Instance& each : node_.instances()) places.emplace(each.interface, each.machine.settings().family);
    for (node::NoSocket& each : sockets_.match(places, surroundings_->facts, memberships)) tell(std::move(each));
    socket_timer_.cancel();
    if (!sockets_.lacks_some()) return;
    socket_timer_.start(socket_retry, [this] {
        open_sockets({});
        act();
    });
}

void Daemon::converge(const node::Converge& job) {
    const auto lane = static_cast<std::size_t>(job.lane);
    overtaken_[lane] = false;
    const bool asked = std::any_of(waiting_.begin(), waiting_.end(), [](const Waiting& each) { return !each.json; });
    const bool asked_json =
        std::any_of(waiting_.begin(), waiting_.end(), [](const Waiting& each) { return each.json; });
    lanes_[lane].post([this, job, lane, asked, asked_json, began = now()] {
        plan::Task task = node::task_of(job, job.part == kinds::Part::network ? seen_ : nullptr);
        const auto bound = [this](const std::vector<plan::Announcement>& vips) {
            loop_.post([this, vips] { turn(node::VipsBound{vips}); });
        };
        const plan::Outcome report = daemon::converge(
            *kernels_[lane], run_, std::move(task), boot_time(), [](const plan::Plan&) {}, &overtaken_[lane], bound);
        for (const std::string& note : report.notes) log(Level::warning, note);
        if (job.part == kinds::Part::network) seen_ = report.seen;
        node::Converged result = node::converged_of(job, report);
        result.overtaken = overtaken_[lane];
        Rendered output{.changed = report.changed, .exit = plan::exit_of(report)};
        if (asked && report.planned) output.text = options_.render(report, *job.config, job.election, false);
        if (asked_json && report.planned) output.json = options_.render(report, *job.config, job.election, true);
        loop_.post([this, lane = job.lane, began, result, output] {
            finished(lane, began, result, output);
            turn(result);
        });
    });
}

void Daemon::run_hook(const node::RunHook& hook) {
    ChildCommand command{.argv = hook.command,
                         .user = hook.user,
                         .environment = hook.environment,
                         .environment_file = hook.environment_file,
                         .timeout = hook.timeout};
    hooks_[hook.id] = processes_.start(std::move(command), [this, id = hook.id](const Ended& ended) {
        hooks_.erase(id);
        turn(node::HookEnded{.id = id, .good = ended.good(), .said = to_text(ended), .took = ended.took});
    });
}

/// Hands the outcome to those who wait for it.
void Daemon::finished(Lane lane, Instant began, const node::Converged& result, const Rendered& output) {
    if (result.overtaken) return;  // another run comes
    std::erase_if(waiting_, [&](Waiting& each) {
        if (began < each.since || std::erase(each.lanes, lane) == 0) return false;
        if (!output.json.empty() && each.json) each.reply.values.push_back(output.json);
        if (!output.text.empty() && !each.json) each.reply.texts.push_back(output.text);
        if (!result.error.empty()) each.reply.errors.push_back(result.error);
        if (!result.obstacle.empty()) each.reply.errors.push_back(result.obstacle);
        each.changed = each.changed || output.changed;
        each.reply.exit = exit_of_parts(each.reply.exit, output.exit, each.changed);
        if (!each.lanes.empty()) return false;
        control_.answer(each.client, each.reply);
        return true;
    });
}

void Daemon::signalled(int signal) {
    if (signal == SIGHUP) return reload({});
    const bool keep = signal == SIGUSR2;  // a restart: the next daemon goes on with what is here
    log(Level::info, keep ? "stopping, and leaving the VIPs to the next daemon" : "stopping");
    service_manager_.stopping();
    turn(node::Stop{.keep = keep});
}

void Daemon::reload(std::optional<Waiting> then_apply) {
    service_manager_.reloading();
    files_.post([this, then_apply = std::move(then_apply)] {
        const auto read = caught(options_.load);
        loop_.post([this, then_apply, fresh = read ? *read : FreshConfig{tl::unexpected(read.error()), {}}] {
            if (fresh.config) {
                reloaded(*fresh.config, then_apply);
            } else {
                not_reloaded(fresh, then_apply);
                service_manager_.ready();
            }
        });
    });
}

void Daemon::not_reloaded(const FreshConfig& fresh, const std::optional<Waiting>& then_apply) {
    const Error& error = fresh.config.error();
    const std::string hint = error.hint.empty() ? "" : " (" + error.hint + ")";
    log(Level::error, error.what + "; the configuration stays as it was" + hint);
    if (!then_apply) return;
    control_.answer(then_apply->client,
                    ControlReply{.exit = exit_code(error.kind),
                                 .diagnostics = fresh.diagnostics,
                                 .errors = {error.what + "; the daemon goes on with the one before" + hint}});
}

/// Nobody has watched the interfaces that only the new file names: the node hears of them first.
void Daemon::reloaded(const node::ConfigPtr& config, std::optional<Waiting> then_apply) {
    reloads_.push_back({config, std::move(then_apply)});
    watch_->follow(kernel::concern_of(config));
}

/// Those down to this one.
void Daemon::take_reloads(const node::ConfigPtr& last) {
    const auto is_last = [&](const PendingReload& each) { return each.config == last; };
    if (std::none_of(reloads_.begin(), reloads_.end(), is_last)) return;
    for (bool more = true; more;) {
        PendingReload next = std::move(reloads_.front());
        reloads_.pop_front();
        more = next.config != last;
        take_reload(std::move(next));
    }
}

void Daemon::take_reload(PendingReload reload) {
    log(Level::info, "configuration read again");
    const node::ConfigPtr& config = reload.config;
    if (reload.then_apply) {  // before the work begins, which is what is asked for
        reload.then_apply->since = now();
        reload.then_apply->lanes = {Lane::network};
        if (config->role == Role::director) reload.then_apply->lanes.push_back(Lane::tables);
        waiting_.push_back(std::move(*reload.then_apply));
    }
    if (surroundings_ != nullptr) tell(links_of(*surroundings_, node_.config(), config.get()));
    turn(node::Reload{config});
    end_if(node_.board().broken_invariant());  // it has just been made anew, which costs as much
    tracker_.match(node_.tracks());
    if (kinds::uses_nftables(*config)) watch_->follow_nftables();
    service_manager_.ready();
}

void Daemon::request(const ControlRequest& asked, Admission::Client client, bool is_root) {
    if (!is_root && !std::holds_alternative<StatusRequest>(asked)) {
        return control_.refuse(client,
                               {ErrorKind::not_permitted, "only root may have the daemon change something", {}});
    }
    std::visit([&](const auto& each) { serve(each, client); }, asked);
}

void Daemon::serve(const StatusRequest&, Admission::Client client) { status_desk_.ask(client, files_); }

void Daemon::serve(const ApplyRequest& apply, Admission::Client client) {
    if (const auto why = why_not_for(apply)) return control_.refuse(client, *why);
    reload(Waiting{.client = client, .since = now(), .json = apply.json, .lanes = {}});
}

/// A node that nobody names is this host, as it is without a daemon; in a file without [nodes] it does not matter.
std::optional<Error> Daemon::why_not_for(const ApplyRequest& apply) const {
    if (apply.file != options_.file) {
        return Error{ErrorKind::busy, "a daemon with another configuration is at work here: " + options_.file, {}};
    }
    const std::string& host = options_.node.empty() ? options_.node : apply.host;
    if ((apply.node.empty() ? host : apply.node) == options_.node) return std::nullopt;
    return Error{ErrorKind::busy,
                 "a daemon for another node is at work here: " +
                     (options_.node.empty() ? "it was started without --node" : options_.node),
                 {}};
}

/// Answered when the tables are as the operator wants them.
void Daemon::serve(const DrainRequest& drain, Admission::Client client) {
    const auto drains = health::parse_drain(drain.server, node_.config(), drain.undo);
    if (!drains) return control_.refuse(client, drains.error());
    for (const kinds::Drained& each : *drains) {
        const auto possible = drain.undo ? health::can_take_back(each, node_.board().health(now())) : Result<void>{};
        if (!possible) return control_.refuse(client, possible.error());
    }
    const Lane lane = node_.config().role == Role::director ? Lane::tables : Lane::network;
    waiting_.push_back({.client = client, .since = now(), .json = drain.json, .lanes = {lane}});
    for (const kinds::Drained& each : *drains) {
        log(Level::info, (drain.undo ? "taken back: drain of " : "drain of ") + health::to_text(each));
        tell(node::DrainAsked{each, drain.undo});
    }
    act();
}

void Daemon::end() {
    control_.close();
    watch_.reset();
    loop_.stop();
}

/// A check of a server that does not answer holds a descriptor for as long as its time-out.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        log(Level::warning, std::string("descriptors: ") + std::strerror(errno));
    }
}

}  // namespace

Result<void> run_daemon(const RunOptions& options, const RunDirectory& run) {
    raise_descriptor_limit();
    Daemon daemon(options, run);
    return daemon.run();
}

}  // namespace lbconverge::daemon
