#include "lbconverge/daemon/run.hpp"

#include "caught.hpp"
#include "clock.hpp"
#include "health_file.hpp"
#include "lane_threads.hpp"
#include "lbconverge/daemon/log.hpp"
#include "lbconverge/kernel/watch.hpp"
#include "lbconverge/kinds/nft.hpp"
#include "lbconverge/node/node.hpp"
#include "links.hpp"
#include "loop.hpp"
#include "metrics_desk.hpp"
#include "picture.hpp"
#include "probes.hpp"
#include "processes.hpp"
#include "request_desk.hpp"
#include "service_manager.hpp"
#include "status.hpp"
#include "tracker.hpp"
#include "vrrp_sockets.hpp"
#include "worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <set>

namespace lbconverge::daemon {

using node::Lane;

namespace {

/// A node whose state contradicts itself must not go on. systemd starts the daemon again at once, and the new daemon
/// goes on with what is here.
void end_if(const BrokenInvariant& broken) {
    if (broken) abort_with("internal error: " + *broken + "; the daemon ends, to be started again; please report it");
}

/// The time between two attempts to open a VRRP socket.
constexpr Duration socket_retry = std::chrono::seconds(5);

/// A configuration that was read again, and waits for a picture of its interfaces.
struct PendingReload {
    node::ConfigPtr config;
    std::optional<Waiting> then_apply;
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
          control_(loop_, [this](const auto& asked, auto client, bool root) { requests_.take(asked, client, root); }),
          status_desk_(loop_, control_, [this] { return status_of(node_, now(), std::chrono::system_clock::now()); }),
          requests_(options, node_, control_, status_desk_, files_,
                    {.reload = [this](Waiting client) { reload(std::move(client)); },
                     .drain = [this](const std::vector<node::DrainAsked>& drains) { drain(drains); }}),
          service_manager_(loop_),
          processes_(loop_),
          tracker_(loop_, processes_, [this](const node::Tracked& event) { turn(event); }),
          health_file_(run, loop_, files_),
          lanes_(
              options, run, loop_,
              {.ended = [this](Instant began, const auto& result, const auto& output) { ended(began, result, output); },
               .bound = [this](const auto& vips) { turn(node::VipsBound{vips}); }}) {}

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
    void run_hook(const node::RunHook& hook);
    void ended(Instant began, const node::Converged& result, const Rendered& output);
    void drain(const std::vector<node::DrainAsked>& drains);
    void signalled(int signal);
    void reload(std::optional<Waiting> then_apply);
    void reloaded(const node::ConfigPtr& config, std::optional<Waiting> then_apply);
    void take_reloads(const node::ConfigPtr& last);
    void take_reload(PendingReload reload);
    void not_reloaded(const FreshConfig& fresh, const std::optional<Waiting>& then_apply);
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
    RequestDesk requests_;
    ServiceManager service_manager_;
    Processes processes_;
    std::map<std::uint64_t, Processes::Id> hooks_;  ///< the hooks that run, by the number that the node gave them
    Tracker tracker_;
    HealthFile health_file_;
    HostPictures pictures_;
    kernel::Surroundings surroundings_;
    std::deque<PendingReload> reloads_;
    std::unique_ptr<plan::Kernel> announcer_ = kernel::linux_kernel({});
    std::unique_ptr<kernel::Watch> watch_;
    // These members are last, so that their threads end before anything that they use is destroyed.
    LaneThreads lanes_;
    Worker files_;
    MetricsDesk metrics_{loop_, node_, options_};
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
    metrics_.follow(*options_.config);
    service_manager_.start(options_.config->daemon.realtime_priority);
    loop_.run();
    health_file_.finish();
    return {};
}

void Daemon::turn(const node::Event& event) {
    tell(event);
    act();
}

/// One turn of the node. If the node contradicts itself, the daemon ends before it carries out the effects.
void Daemon::tell(const node::Event& event) {
    node::Effects effects = node_.turn(event, now(), wall_time());
    end_if(node_.broken_invariant(Depth::quick));
    const std::vector<node::Unsent> unsent = send(effects.send);
    const plan::Told told = announce(effects.announce);
    carry_out(std::move(effects));
    for (const node::Unsent& each : unsent) tell(each);
    if (!told.untaken.empty() || !told.why.empty()) tell(node::Untaken{told.untaken, told.why});
}

/// Announces on this thread, which also sends the advertisements. On another thread an announcement could be sent after
/// our last advertisement, and so after the announcements of the node that takes over.
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

/// Packets come before timers: a packet that has arrived already may be the one that a timer waits for.
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
    for (const Lane each : effects.overtaken) lanes_.overtake(each);
    for (const node::Converge& each : effects.converge) lanes_.start(each, requests_.waiting().wanted());
    if (!effects.probe.empty()) probes_.ask(std::move(effects.probe));
    if (effects.remember != nullptr) health_file_.save(effects.remember);
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

void Daemon::look_round() {
    const HostPicturePtr picture = pictures_.take();
    if (picture == nullptr) return;
    surroundings_ = picture->seen;
    take_reloads(picture->config);
    if (picture->config != node_.shared_config()) return;  // a picture for the node's file will follow
    open_sockets(picture->memberships);
    turn(picture->links);
}

void Daemon::cannot_look(const std::string& what) {
    turn(node::Trouble{"reading interfaces: " + what});
    if (!reloads_.empty()) take_reloads(reloads_.back().config);
}

/// Sockets that cannot be opened are tried again by a timer, because no event says when they can be opened.
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

void Daemon::ended(Instant began, const node::Converged& result, const Rendered& output) {
    requests_.waiting().finished(began, result, output);
    turn(result);
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
    metrics_.reloaded(false);
    const Error& error = fresh.config.error();
    const std::string hint = error.hint.empty() ? "" : " (" + error.hint + ")";
    log(Level::error, error.what + "; the configuration stays as it was" + hint);
    if (!then_apply) return;
    control_.answer(then_apply->client,
                    ControlReply{.exit = exit_code(error.kind),
                                 .diagnostics = fresh.diagnostics,
                                 .errors = {error.what + "; the daemon goes on with the one before" + hint}});
}

/// The new file may name interfaces that were not watched until now. So the watch reads those first, and the node gets
/// the file afterwards.
void Daemon::reloaded(const node::ConfigPtr& config, std::optional<Waiting> then_apply) {
    reloads_.push_back({config, std::move(then_apply)});
    watch_->follow(kernel::concern_of(config));
}

/// Takes the configurations that wait, up to and including this one.
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
    if (reload.then_apply) {  // the client waits only for work that begins after this
        reload.then_apply->since = now();
        reload.then_apply->lanes = {Lane::network};
        if (config->role == Role::director) reload.then_apply->lanes.push_back(Lane::tables);
        requests_.waiting().add(std::move(*reload.then_apply));
    }
    if (surroundings_ != nullptr) tell(links_of(*surroundings_, node_.config(), config.get()));
    turn(node::Reload{config});
    end_if(node_.board().broken_invariant());  // the board was just built again, which takes as long
    tracker_.match(node_.tracks());
    metrics_.reloaded(true);
    metrics_.follow(*config);
    if (kinds::uses_nftables(*config)) watch_->follow_nftables();
    service_manager_.ready();
}

void Daemon::drain(const std::vector<node::DrainAsked>& drains) {
    for (const node::DrainAsked& each : drains) tell(each);
    act();
}

void Daemon::end() {
    control_.close();
    watch_.reset();
    loop_.stop();
}

/// Many descriptors are needed: a check of a server that does not answer holds one until its time-out.
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
