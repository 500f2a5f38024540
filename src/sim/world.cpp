#include "world.hpp"
#include "boot.hpp"

#include "lbconverge/plan/safety.hpp"

#include <linux/if_addr.h>

#include <algorithm>

namespace lbconverge::sim {

using node::Lane;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// From the wake-up of a thread to its work, and from a change in the kernel to its notification.
constexpr Duration least_latency = microseconds(20);
constexpr Duration most_latency = microseconds(150);
/// Streams of random numbers.
enum : std::uint64_t { schedule_stream = 1, start_stream = 2, network_stream = 3, host_stream = 100 };
/// No node is off by more without a fault.
constexpr std::uint64_t rate_spread = 1000;  // millionths
/// Nodes start within this time of each other, or at least a multiple of it apart.
constexpr Duration together = milliseconds(2);

/// On an interface that answers for it.
bool answers_for(const kinds::Observed& kernel, const IpAddress& address) {
    const auto& rows = kernel.get<kinds::Address>().rows();
    return std::any_of(rows.begin(), rows.end(), [&](const Row<kinds::Address>& row) {
        return row.key.address == address && !row.key.interface.is_loopback();
    });
}

}  // namespace

bool Queue::run_one(Instant end) {
    if (events_.empty() || events_.top().when > end) {
        now_ = end;
        return false;
    }
    now_ = events_.top().when;
    const Callback action = std::move(const_cast<Scheduled&>(events_.top()).action);  // top() is about to go
    events_.pop();
    action();
    return true;
}

std::vector<Router> routers_of(const std::vector<node::ConfigPtr>& configs) {
    std::vector<Router> routers;
    for (const node::ConfigPtr& config : configs) {
        for (const config::Vrrp& each : config->vrrp) {
            if (router_of(routers, each.interface, each.vrid, each.family) != nobody) continue;
            Router router{each.name, each.interface, each.vrid, each.family, {}};
            for (const config::Vip& vip : config->vips) {
                if (vip.vrrp == each.name) router.vips.push_back(vip.address);
            }
            routers.push_back(std::move(router));
        }
    }
    return routers;
}

std::size_t router_of(const std::vector<Router>& routers, const InterfaceName& interface, std::uint8_t vrid,
                      Family family) {
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const Router& each = routers[i];
        if (each.interface == interface && each.vrid == vrid && each.family == family) return i;
    }
    return nobody;
}

std::vector<Fault> faults_of(const Scenario& scenario) {
    const ScheduleRules rules{scenario.configs.size(), scenario.window, scenario.kinds};
    const auto schedule = make_schedule(Random(scenario.seed).stream(schedule_stream), rules);
    return scenario.kept ? only(schedule, *scenario.kept) : schedule;
}

World::World(const Scenario& scenario) : scenario_(scenario), random_(Random(scenario.seed).stream(network_stream)) {
    run_.faults = faults_of(scenario);
    picture_.only_pauses = std::all_of(run_.faults.begin(), run_.faults.end(), [](const Fault& each) {
        return each.kind == FaultKind::pause && each.parameter < 2;
    });
    picture_.routers = run_.routers = routers_of(scenario.configs);
    const Random all(scenario.seed);
    for (std::size_t i = 0; i < scenario.configs.size(); ++i) {
        const node::ConfigPtr& config = scenario.configs[i];
        hosts_.push_back({.base = config,
                          .config = config,
                          .kernel = FakeKernel(booted(*config, i)),
                          .links = links_of(*config),
                          .wanted = wanted_rows(*config, i)});
        Host& host = hosts_.back();
        host.random = all.stream(host_stream + i);
        host.rate = static_cast<std::int64_t>(Clock::true_rate - rate_spread + host.random.below(2 * rate_spread + 1));
        host.clock = Clock({}, Instant(host.random.between(seconds(1), seconds(100'000))), host.rate);
        NodePicture who{.name = config->node, .seats = std::vector<Seat>(picture_.routers.size())};
        for (std::size_t r = 0; r < who.seats.size(); ++r) {
            who.seats[r].held.resize(picture_.routers[r].vips.size());
            who.seats[r].able.resize(picture_.routers[r].vips.size(), true);
            who.seats[r].untold.resize(picture_.routers[r].vips.size());
        }
        run_.nodes.push_back(who.name);
        picture_.nodes.push_back(std::move(who));
    }
    for (const Router& router : picture_.routers) {
        picture_.believed.emplace_back(router.vips.size(), nobody);
        outdated_.emplace_back(router.vips.size());
        was_served_.emplace_back(router.vips.size(), false);
    }
    picture_.strangers.resize(picture_.routers.size());
    last_arrival_.assign(hosts_.size() + 1, std::vector<Instant>(hosts_.size() + 1));
    refresh_hearing();
    refresh_judgement();
    checker_ = std::make_unique<Checker>(picture_, run_.faults.empty());
}

void World::note(Moment moment) {
    moment.at = queue_.now();
    run_.moments.push_back(std::move(moment));
}

// ---- the course of events ------------------------------------------------------------------------------------------

/// By then every timer of an election has run out, and every kernel work that failed was tried again.
Instant World::settling_ends() const {
    Duration election{0};
    for (const Host& host : hosts_) {
        for (const config::Vrrp& each : host.base->vrrp) {
            // Twice: a reload may have doubled it. Down interval, the preemption that follows, listening, and margin.
            election = std::max<Duration>(
                election, 16 * each.advert_interval + each.preempt.delay + each.start_delay + patience_of(*host.base));
        }
    }
    Instant last{};
    Duration failing{0};
    Duration muted{0};
    for (const Fault& each : run_.faults) {
        last = std::max(last, each.end());
        if (each.kind == FaultKind::failing) failing += each.duration;
        if (each.kind == FaultKind::unsent) muted += each.duration;
    }
    // The wait is doubled after each failure, so it is at most a second longer than the time before it.
    // A node that made room tries again after a minute, and later after each further failure.
    const bool refused = std::any_of(run_.faults.begin(), run_.faults.end(), [](const Fault& each) {
        return each.kind == FaultKind::refused || each.kind == FaultKind::setting || each.kind == FaultKind::step;
    });
    const Duration attempts = refused ? seconds(200) : seconds(failing.count() == 0 ? 0 : 70);
    const Duration backoff =
        failing.count() == 0 ? Duration{0} : std::min<Duration>(2 * failing + seconds(3), seconds(33));
    // So is the wait between two attempts to send, up to 16 s.
    const Duration tries = muted.count() == 0 ? Duration{0} : std::min<Duration>(muted + seconds(2), seconds(17));
    return last + election + backoff + tries + attempts + seconds(4);
}

Run World::run() {
    Random random = Random(scenario_.seed).stream(start_stream);
    const bool at_once = random.chance(500);
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        const Duration when = random.between(Duration{0}, at_once ? together : Duration(seconds(10)));
        ++hosts_[i].down;
        queue_.after(when, [this, i] { bring_up(i); });
    }
    for (const Fault& each : run_.faults) {
        queue_.at(each.start, [this, &each] { fault(each, true); });
        queue_.at(each.end(), [this, &each] { fault(each, false); });
    }
    run_.settled = std::max(settling_ends(), Instant(at_once ? seconds(10) : seconds(20)));
    run_.end = run_.settled + seconds(5);
    queue_.at(run_.settled, [this] { settle(); });
    for (Instant before = queue_.now(); queue_.run_one(run_.end); before = queue_.now()) {
        ++run_.counts.events;
        count_dark(queue_.now() - before);
        if (!checker_->goes_on(queue_.now())) break;
    }
    checker_->look(run_.end);
    run_.counts.simulated = run_.end.time_since_epoch();
    run_.violations = checker_->violations();
    return std::move(run_);
}

/// To within one event, which is close enough for a figure.
void World::count_dark(Duration passed) {
    for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
        for (std::size_t vip = 0; vip < picture_.routers[router].vips.size(); ++vip) {
            const bool served = picture_.served(router, vip);
            if (served) was_served_[router][vip] = true;
            if (!served && was_served_[router][vip]) run_.counts.dark += passed;
        }
    }
}

void World::settle() {
    checker_->settled(queue_.now());
    for (std::size_t i = 0; i < hosts_.size(); ++i) checker_->left_to_do(queue_.now(), i, left_to_do(i));
}

std::string World::left_to_do(std::size_t node) {
    Host& host = hosts_[node];
    if (host.process == nullptr || host.process->brain.stopping()) return "does not run after everything had settled";
    const node::Node& brain = host.process->brain;
    const bool director = brain.config().role == Role::director;
    for (const Lane lane : {Lane::network, Lane::tables}) {
        if (lane == Lane::tables && !director) continue;
        const std::string name(node::to_text(lane));
        if (!brain.lane(lane).converged) return "lane " + name + " has never converged";
        if (!brain.lane(lane).last.error.empty()) return "lane " + name + ": " + brain.lane(lane).last.error;
        if (!brain.lane(lane).last.obstacle.empty()) return "lane " + name + ": " + brain.lane(lane).last.obstacle;
        const auto part = !director              ? kinds::Part::all
                          : lane == Lane::tables ? kinds::Part::tables
                                                 : kinds::Part::network;
        const auto health = std::make_shared<const kinds::Health>(brain.board().health(host.clock.local(queue_.now())));
        const node::Converge ask{lane, part, host.config, brain.election(), false, health, {}};
        const auto left = make_plan(host, host.ledger[static_cast<std::size_t>(lane)], ask).steps.size();
        if (left != 0) return "lane " + name + ": " + std::to_string(left) + " steps are left";
    }
    return {};
}

// ---- processes -----------------------------------------------------------------------------------------------------

void World::start(std::size_t node) {
    Host& host = hosts_[node];
    ++host.life;
    host.process = std::make_unique<Process>(host.config);
    note({.kind = MomentKind::started, .node = node});
    picture_.nodes[node].running = true;
    refresh(node);
    refresh_vips(node);  // now its sync groups are known
    if (host.overlay != nullptr) {
        for_process(node, milliseconds(1), [this, node] { turn(node, node::Remembered{*hosts_[node].overlay}); });
    }
    for_process(node, host.random.between(milliseconds(1), milliseconds(5)), [this, node] {
        tell_tracks(node);
        tell_sockets(node);
        send_links(node);
    });
}

void World::forget(std::size_t node, std::string why) {
    Host& host = hosts_[node];
    ++host.life;
    host.process.reset();
    host.mail.clear();
    host.inbox.clear();
    host.unsent.clear();
    host.untaken.clear();
    note({.kind = MomentKind::ended, .node = node, .text = std::move(why)});
    picture_.nodes[node].running = false;
    for (Seat& seat : picture_.nodes[node].seats) {
        const bool silent = seat.state == vrrp::State::master || seat.state == vrrp::State::leaving;
        seat.left_unheard = seat.left_unheard || silent;
        seat.state = vrrp::State::init;
    }
    checker_->look(queue_.now());
}

void World::kill(std::size_t node) {
    if (hosts_[node].process == nullptr) return;
    checker_->stop_ended(node);
    forget(node, "killed");
}

/// By itself, at the end of its turn.
void World::exited(std::size_t node) {
    checker_->stop_ended(node);
    forget(node, "stopped");
    if (std::exchange(hosts_[node].start_again, false)) start(node);
}

void World::for_process(std::size_t node, Duration wait, Callback action) {
    queue_.after(wait, [this, node, life = hosts_[node].life, action = std::move(action)] {
        Host& host = hosts_[node];
        if (host.life != life) return;
        if (host.paused > 0) {
            host.inbox.emplace_back(life, action);
        } else {
            action();
        }
    });
}

void World::turn(std::size_t node, const node::Event& event) {
    Host& host = hosts_[node];
    const Instant local = host.clock.local(queue_.now());
    node::Effects effects = host.process->brain.turn(event, local, WallTime(queue_.now().time_since_epoch()));
    if (scenario_.doctor) scenario_.doctor(node, effects);
    if (std::holds_alternative<node::Tick>(event))
        checker_->wake(queue_.now(), node, local, host.process->brain.wake_at());
    checker_->invariant(queue_.now(), node, host.process->brain.broken_invariant());
    refresh(node);
    carry_out(node, effects);
}

void World::carry_out(std::size_t node, const node::Effects& effects) {
    for (const node::Packet& each : effects.send) send(node, each);
    for (const Lane each : effects.overtaken) {
        hosts_[node].process->jobs[static_cast<std::size_t>(each)].overtaken = true;
    }
    for (const node::Converge& each : effects.converge) begin(node, each);
    run_hooks(node, effects);
    if (!effects.probe.empty()) probe(node, effects.probe);
    if (effects.remember != nullptr) hosts_[node].overlay = effects.remember;
    announce(node, effects.announce);
    if (effects.exit) {
        exited(node);
    } else {
        set_timer(node);
        tell_refusals(node);
    }
}

/// The kernel tells the process at once about packets and frames that it refused.
void World::tell_refusals(std::size_t node) {
    Host& host = hosts_[node];
    const std::uint64_t life = host.life;
    for (const node::Unsent& each : std::exchange(host.unsent, {})) {
        if (host.life == life) turn(node, each);
    }
    if (host.life != life || host.untaken.empty()) return;
    turn(node, node::Untaken{std::exchange(host.untaken, {}), {}});
}

void World::set_timer(std::size_t node) {
    Host& host = hosts_[node];
    const std::uint64_t number = ++host.process->timer;
    const auto wanted = host.process->brain.wake_at();
    if (!wanted) return;
    const Instant when =
        std::max(host.clock.when(*wanted), queue_.now()) + host.random.between(least_latency, most_latency);
    for_process(node, when - queue_.now(), [this, node, number] {
        if (hosts_[node].process->timer == number) turn(node, node::Tick{});
    });
}

/// The kernel tells the process of a change: first that there was one, and a little later the new state.
void World::news(std::size_t node) {
    Host& host = hosts_[node];
    if (host.process == nullptr || std::exchange(host.process->notified, true)) return;
    for_process(node, host.random.between(least_latency, most_latency), [this, node] {
        hosts_[node].process->notified = false;
        for_process(node, hosts_[node].random.between(least_latency, most_latency), [this, node] { send_links(node); });
        turn(node, node::Disturbed{});
    });
}

void World::send_links(std::size_t node) {
    const Host& host = hosts_[node];
    node::Links event;
    for (const Interface& each : host.kernel.node.facts.interfaces) {
        event.links.push_back(
            {.name = each.name, .up = each.up && each.carrier, .addresses = {}, .link_address = each.link_address});
    }
    const auto& vips = host.config->vips;
    for (const Row<kinds::Address>& row : host.kernel.node.get<kinds::Address>().rows()) {
        const auto is_it = [&](const config::Vip& vip) { return vip.address == row.key.address; };
        if (std::any_of(vips.begin(), vips.end(), is_it)) {
            if (!row.key.interface.is_loopback()) event.holding.push_back(row.key.address);
            continue;
        }
        for (node::InterfaceState& link : event.links) {
            if (link.name == row.key.interface) link.addresses.push_back(row.key.address);
        }
    }
    turn(node, event);
}

// ---- what is seen from outside -------------------------------------------------------------------------------------

void World::refresh(std::size_t node) {
    const Host& host = hosts_[node];
    if (host.process != nullptr) {
        const Election election = host.process->brain.election();
        for (const node::Instance& each : host.process->brain.instances()) {
            refresh_seat(node, each, election.find(each.machine.settings().name)->second);
        }
    }
    checker_->look(queue_.now());
}

void World::refresh_seat(std::size_t node, const node::Instance& instance, ElectionState election) {
    const vrrp::Machine& machine = instance.machine;
    const vrrp::Settings& settings = machine.settings();
    const std::size_t router = router_of(picture_.routers, instance.interface, settings.vrid, settings.family);
    Seat& seat = picture_.nodes[node].seats[router];
    seat.member = true;
    seat.priority = settings.priority;
    seat.preempt = settings.preempt;
    seat.interval = settings.interval;
    seat.listens = machine.first_listening();
    seat.waits = machine.settings().preempt_delay;
    seat.group = instance.group;
    seat.election = election;
    const vrrp::State from = std::exchange(seat.state, machine.state());
    if (from == seat.state) return;
    seat.since = queue_.now();
    if (from == vrrp::State::master && !heard_by_others(node, router)) seat.left_unheard = true;
    ++run_.counts.transitions;
    run_.counts.became_master += seat.state == vrrp::State::master ? 1 : 0;
    note({.node = node, .router = router, .from = from, .to = seat.state, .text = machine.why()});
    checker_->transition(queue_.now(), node, router, from);
}

/// After a change of the kernel's addresses.
void World::refresh_vips(std::size_t node) {
    const Host& host = hosts_[node];
    for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
        picture_.nodes[node].seats[router].stands = stands(node, router);
        for (std::size_t vip = 0; vip < picture_.routers[router].vips.size(); ++vip) {
            const bool holds = answers_for(host.kernel.node, picture_.routers[router].vips[vip]);
            std::vector<bool>& held = picture_.nodes[node].seats[router].held;
            std::vector<bool>& able = picture_.nodes[node].seats[router].able;
            able[vip] = this->able(node, router, picture_.routers[router].vips[vip], able[vip], holds);
            if (held[vip] == holds) continue;
            held[vip] = holds;
            note({.kind = holds ? MomentKind::bound : MomentKind::unbound, .node = node, .router = router, .vip = vip});
        }
    }
    checker_->look(queue_.now());
}

Run simulate(const Scenario& scenario) { return World(scenario).run(); }

}  // namespace lbconverge::sim
