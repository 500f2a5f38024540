#include "lbconverge/node/node.hpp"

#include "settings.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::node {

namespace {

using std::chrono::seconds;

/// The shortest time between two equal complaints about an instance.
constexpr Duration complaint_interval = seconds(60);
/// Role both: the time that an old master gets to give up its table; much shorter than vrrp::hand_over_grace.
constexpr Duration yield_time = std::chrono::milliseconds(20);

/// Some rows of the tables are only on the master, or only on the backup.
bool follows_election(const config::Config& config) {
    if (config.ipvs.sync && !config.ipvs.sync->follow.empty()) return true;
    return std::any_of(config.services.begin(), config.services.end(),
                       [](const config::Service& each) { return each.active == config::Active::master; });
}

bool elapsed(const std::optional<Instant>& at, Instant now) { return at && *at <= now; }

}  // namespace

Node::Node(ConfigPtr config) : config_(std::move(config)), instances_(instances_of(*config_)), lanes_(*config_) {
    renew_tracks();
    renew_hooks({});
    prioritize(instances_, {});
    revise_announcements({});
    board_.configure(*config_, Instant{});
}

Effects Node::turn(const Event& event, Instant now, WallTime wall) {
    effects_ = {};
    wall_ = wall;
    notice_absence(now);
    if (!exited_) std::visit([&](const auto& each) { handle(each, now); }, event);
    if (!exited_) {
        if (std::holds_alternative<Tick>(event)) run_tracks(now);
        run_health(now, std::holds_alternative<Tick>(event));
        follow_tracks(now);
        run_attempts(now);
        follow_what_is_dark(now);
        start_what_can(now);
        // Only a Tick says that all packets were handed over. One of them may be what the timer waits for.
        if (std::holds_alternative<Tick>(event)) run_mute(now);
        if (std::holds_alternative<Tick>(event)) run_timers(now);
        if (std::holds_alternative<Tick>(event)) effects_.announce = announcements_.due(now);
        run_hooks(now);
        if (stopping_) finish_stop();
    }
    if (!exited_) run_lanes(now);
    return std::exchange(effects_, {});
}

std::optional<Instant> Node::wake_at() const {
    if (exited_) return std::nullopt;
    std::optional<Instant> at = lanes_.wake_at();
    const auto sooner = [&](const std::optional<Instant>& other) {
        if (other && (!at || *other < *at)) at = other;
    };
    for (const Instance& each : instances_) {
        sooner(each.machine.wake_at());
        if (!stopping_) sooner(each.try_at);
        sooner(each.offer_at);
        if (const auto sleep = each.machine.longest_sleep(); sleep && ran_at_) sooner(*ran_at_ + *sleep);
    }
    if (ran_at_) sooner(announcements_.wake_at(*ran_at_));
    for (const Track& each : tracks_) sooner(each.wake_at());
    for (const HookQueue& each : hooks_) sooner(each.wake_at());
    for (const PartingHook& each : parting_) sooner(each.queue.wake_at());
    for (const auto& [row, avoided] : avoided_) {
        sooner(avoided.until);
    }
    for (const auto& [address, attempt] : attempts_) {
        sooner(attempt.until);
    }
    if (!stopping_) sooner(board_.wake_at());
    return at;
}

Election Node::election() const {
    Election election;
    for (const Instance& each : instances_) {
        ElectionState state = ElectionState::backup;
        // A node that gives up its addresses keeps them for a moment, but takes no new ones.
        const bool keeps = each.machine.serving() || (!stopping_ && each.machine.undecided());
        if (keeps) state = ElectionState::undecided;
        if (each.machine.yielding() && config_->role == Role::both) state = ElectionState::yielding;
        if (each.machine.state() == vrrp::State::master) state = ElectionState::master;
        election[each.machine.settings().name] = state;
    }
    return election;
}

// ---- what is true of the interfaces --------------------------------------------------------------------------------

const InterfaceState* Node::link(const InterfaceName& name) const {
    const auto at =
        std::lower_bound(links_.begin(), links_.end(), name, [](const auto& a, const auto& b) { return a.name < b; });
    return at == links_.end() || at->name != name ? nullptr : &*at;
}

std::optional<std::string> Node::unable_alone(const Instance& instance) const {
    if (auto reason = link_fault(instance.interface)) return reason;
    if (auto reason = no_interface(instance)) return "no VIP can be here: " + *reason;
    if (auto reason = unheard(instance)) return reason;
    return source_of(instance) ? tracked_fault(instance) : lacks_source(instance);
}

bool Node::holds(const IpAddress& vip) const {
    return std::find(holding_.begin(), holding_.end(), vip) != holding_.end();
}

void Node::watch_link(Instance& instance, Instant now) {
    const auto reason = unable(instance);
    if (!reason) settle_source(instance);
    const vrrp::State is = instance.machine.state();
    if (!instance.started || stopping_) return;
    const bool news = reason && (is != vrrp::State::fault || instance.machine.why() != *reason);
    if (news) carry_out(instance, instance.machine.fault(now, *reason), now);
    if (!reason && is == vrrp::State::fault) carry_out(instance, instance.machine.recover(now), now);
}

void Node::handle(const Links& event, Instant now) {
    const auto same = [](const InterfaceState& a, const InterfaceState& b) { return a.name == b.name && a.up == b.up; };
    std::vector<InterfaceState> links = event.links;  // by name: there may be thousands, and they are looked up
    std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    const bool moved = !std::equal(links_.begin(), links_.end(), links.begin(), links.end(), same);
    const bool news = links_ != links;
    const std::vector<InterfaceState> links_before = std::exchange(links_, std::move(links));
    holding_ = event.holding;
    const bool first = !std::exchange(links_known_, true);
    for (Instance& each : instances_) {
        if (first) {
            each.holding = std::any_of(each.vips.begin(), each.vips.end(),
                                       [&](const plan::Announcement& vip) { return holds(vip.address); });
        }
    }
    read_links(now);
    for (Instance& each : instances_) watch_link(each, now);
    if (news) {
        try_again();
        dark_moved_ = true;
    }
    follow_links(links_before, now);
    if (first) lanes_.look(now);
    if (!moved) return;
    lanes_.want(Lane::network);  // a new interface needs its ARP settings, one that is back needs its addresses
    // The sync daemon does not work with an interface that was made again.
    if (config_->ipvs.sync) lanes_.want(Lane::tables);
}

void Node::handle(const Disturbed&, Instant) {
    if (config_->daemon.repair) lanes_.want(Lane::network);
}

// ---- the election --------------------------------------------------------------------------------------------------

/// A director takes part in elections once its tables are loaded with the servers that answer. Before that, it would
/// attract traffic that no server gets.
bool Node::ready_to_elect() const {
    const Lane last = lanes_.has(Lane::tables) ? Lane::tables : Lane::network;
    return lane(last).converged && board_.knows_all();
}

void Node::start_what_can(Instant now) {
    if (stopping_ || !links_known_) return;
    for (Instance& each : instances_) {
        // A node that already has the addresses serves with the tables that it has, and its peers wait for its
        // advertisements.
        if (each.started || !(group_holds(each) || ready_to_elect())) continue;
        each.started = true;
        if (const auto reason = unable(each)) {
            carry_out(each, each.machine.fault(now, *reason), now);
        } else {
            settle_source(each);
            carry_out(each, each.machine.start(now, each.holding), now);
        }
    }
}

/// A backup takes no silence for its master's while the node itself was stopped, suspended or starved.
void Node::notice_absence(Instant now) {
    const std::optional<Instant> before = std::exchange(ran_at_, now);
    if (!before) return;
    for (Instance& each : instances_) each.machine.was_away(now - *before, now);
}

void Node::run_timers(Instant now) {
    for (Instance& each : instances_) {
        if (elapsed(each.machine.wake_at(), now)) carry_out(each, each.machine.tick(now), now);
    }
    offer_room(now);
    lead_groups(now);
}

void Node::carry_out(Instance& instance, const vrrp::Output& output, Instant now) {
    if (output.send) send(instance, *output.send);
    if (output.from) on_transition(instance, *output.from, now);
    announcements_.hush(instance.vips, instance.machine.listening());
    if (output.announce) announce_group_against(instance, now);
    if (output.obeys) yield_group(instance, output.from != vrrp::State::master, now);
    if (output.given_up) hurry_group(instance, now);
}

void Node::on_transition(Instance& instance, vrrp::State from, Instant now) {
    const vrrp::Machine& machine = instance.machine;
    if (lanes_[Lane::network].busy) effects_.overtaken.push_back(Lane::network);
    lanes_.want_at_once(Lane::network);  // even if the lane waits after an error: a VIP must not wait
    if (follows_election(*config_)) lanes_.want_at_once(Lane::tables);
    if (machine.state() != from) forget_refusals();
    if (machine.state() == vrrp::State::master && config_->role == Role::both && machine.has_living_peer(now)) {
        let_others_yield(now);
    }
    if (machine.state() == from) return;  // only what the node does with the addresses has changed
    instance.history.push_back({now, from, machine.state(), machine.why()});
    if (instance.history.size() > history_size) instance.history.erase(instance.history.begin());
    say(machine.state() == vrrp::State::fault ? Level::warning : Level::info,
        machine.settings().name + ": " + std::string(vrrp::to_text(from)) + " -> " +
            std::string(vrrp::to_text(machine.state())) + ": " + machine.why());
    announcements_.lost(instance.vips);
    if (machine.state() != vrrp::State::master) return;
    announcements_.won(instance.vips, instance.rhythm, now);
    announcements_.here(holding_);  // no run binds what is here already
}

/// Two nodes that balance at the same moment send packets to each other. The old master hears this node and gives up
/// its table, but goes on answering for the VIP (vrrp::hand_over_grace). This node waits a moment, so that the old
/// master can do that before this one loads its table.
void Node::let_others_yield(Instant now) { lanes_.hold_back(Lane::network, now + yield_time); }

void Node::send(Instance& instance, std::uint8_t priority) {
    vrrp::Machine& machine = instance.machine;
    if (!machine.source()) return;  // the link is gone, so nobody could hear it
    follow_sending(instance);
    const vrrp::Settings& settings = machine.settings();
    wire::Advertisement said = machine.advertisement(priority);
    const InterfaceState* on = link(instance.interface);
    complete(said.addresses, *machine.source(), on != nullptr ? on->addresses : std::vector<IpAddress>{});
    machine.sign(said, wall_);
    std::vector<IpAddress> to = settings.peers;
    if (to.empty()) to.push_back(wire::vrrp_group(settings.family));
    for (const IpAddress& each : to) {
        effects_.send.push_back({.interface = instance.interface,
                                 .source = *machine.source(),
                                 .destination = each,
                                 .ttl = wire::vrrp_ttl,
                                 .message = wire::encode(said, *machine.source(), each, settings.checksum)});
    }
}

void Node::handle(const Arrived& event, Instant now) {
    const Packet& packet = event.packet;
    const auto byte = [&](std::size_t at) {
        return at < packet.message.size() ? std::to_integer<std::uint8_t>(packet.message[at]) : std::uint8_t{0};
    };
    Instance* instance = nullptr;
    for (Instance& each : instances_) {
        const vrrp::Settings& settings = each.machine.settings();
        const bool ours = settings.vrid == byte(1) && settings.family == packet.source.family;
        if (ours && each.interface == packet.interface) instance = &each;
    }
    if (instance == nullptr) {
        ++strangers_;
        return;
    }
    auto said = wire::decode_advertisement(packet.message, packet.source, packet.destination);
    if (!said) return unreadable(*instance, said.error(), packet.source, now);
    const vrrp::Heard heard{std::move(*said),
                            packet.source,
                            packet.ttl,
                            packet.destination.is_multicast(),
                            decides_tie(*instance, now),
                            {packet.message, wall_}};
    const vrrp::Counters before = instance->machine.counters();
    const vrrp::Output output = instance->machine.heard(heard, now);
    complain_about(*instance, heard, before, now);
    constexpr auto own = static_cast<std::size_t>(vrrp::Drop::own);
    if (instance->machine.counters().dropped[own] != before.dropped[own]) notice_shared(*instance, heard, now);
    carry_out(*instance, output, now);
}

void Node::unreadable(Instance& instance, wire::VrrpRefusal refusal, const IpAddress& source, Instant now) {
    ++instance.refused[static_cast<std::size_t>(refusal)];
    complain(instance, "dropped an advertisement of " + to_text(source) + ": " + std::string(wire::to_text(refusal)),
             now);
}

void Node::complain_about(Instance& instance, const vrrp::Heard& heard, const vrrp::Counters& before, Instant now) {
    const vrrp::Counters& after = instance.machine.counters();
    const std::string from = to_text(heard.source);
    for (std::size_t i = 0; i < vrrp::drop_count; ++i) {
        if (after.dropped[i] == before.dropped[i]) continue;
        complain(instance,
                 "dropped an advertisement of " + from + ": " + std::string(to_text(static_cast<vrrp::Drop>(i))), now);
    }
    if (after.other_addresses != before.other_addresses) {
        complain(instance,
                 from + " has another list of VIPs; if it is a keepalived before 2.3.3, it drops our advertisements",
                 now);
    }
    if (after.other_interval != before.other_interval) {
        complain(instance, from + " has another advertisement interval", now);
    }
}

void Node::complain(Instance& instance, const std::string& what, Instant now) {
    std::erase_if(instance.warned, [&](const auto& each) { return now - each.second >= complaint_interval; });
    // A host that invents senders gets no more lines than this, either. The counters have the rest.
    if (instance.warned.size() >= complaints_at_once || !instance.warned.try_emplace(what, now).second) return;
    say(Level::warning, instance.machine.settings().name + ": " + what);
}

// ---- kernel work ---------------------------------------------------------------------------------------------------

void Node::run_lanes(Instant now) {
    if (!links_known_) return;
    lanes_.wake(now);
    for (const Lane each : {Lane::network, Lane::tables}) {
        const auto start = lanes_.begin(each, now);
        if (!start) continue;
        effects_.converge.push_back({.lane = each,
                                     .part = start->part,
                                     .config = config_,
                                     .election = election(),
                                     .urgent = start->urgent,
                                     .health = health_for(start->part, now),
                                     .avoid = rows_to_avoid(each)});
    }
}

void Node::handle(const Converged& event, Instant now) {
    const bool failed_before = lanes_[event.lane].backoff.count() > 0;
    const Converged before = lanes_.ended(event, lacks_vips(), now);
    board_.found(event.found, now);
    learn_refusals(event, now);
    learn_what_is_dark(event);
    complain_about_lane(event, before);
    if (!event.error.empty() && failed_before) learn_from_failed_runs(event.lane);
    const bool loaded = event.lane == Lane::tables && event.error.empty();
    if (loaded && !not_yet_.empty()) lanes_.want_at_once(Lane::network);  // VIPs have waited for their services
    count_repairs(event, now);
}

/// Logs each new reason once: the same one may come with every look.
void Node::complain_about_lane(const Converged& event, const Converged& before) {
    const std::string lane = std::string(to_text(event.lane)) + ": ";
    if (!event.error.empty() && event.error != before.error) say(Level::error, lane + event.error);
    if (event.overtaken || !event.error.empty() || event.obstacle == before.obstacle) return;
    if (event.obstacle.empty()) {
        say(Level::info, lane + "nothing is blocked any more");
    } else {
        say(Level::error, lane + std::to_string(event.blocked) + " blocked: " + event.obstacle);
    }
}

void Node::handle(const Asked&, Instant) {
    try_again();
    lanes_.want_all_at_once();
}

// ---- change and end ------------------------------------------------------------------------------------------------

/// `kept` goes on in the place of `fresh`, with what the file says now. If nothing has changed for it, its election
/// goes on as if there had been no reload.
void Node::keep(Instance& fresh, Instance kept, Instant now) {
    kept.vips = fresh.vips;
    kept.rhythm = fresh.rhythm;
    kept.base_priority = fresh.base_priority;
    kept.tracks = fresh.tracks;
    kept.group = fresh.group;
    kept.machine.set_grouped(fresh.machine.grouped(), now);
    carry_out(kept, kept.machine.reconfigure(fresh.machine.settings(), now), now);
    fresh = std::move(kept);
}

/// The instances of the new configuration. Returns what each of them that goes on was called until now.
std::map<std::string, std::string> Node::renew_instances(Instant now) {
    std::vector<Instance> fresh = instances_of(*config_);
    const auto old_of = [&](const Instance& each) {
        return std::find_if(instances_.begin(), instances_.end(),
                            [&](const Instance& old) { return same_router(old, each); });
    };
    // A VIP that could not be served most likely still cannot be; the next turn finds out.
    for (Instance& each : fresh) {
        if (const auto same = old_of(each); same != instances_.end()) each.dark = same->dark;
    }
    prioritize(fresh, now);
    std::map<std::string, std::string> before;
    for (Instance& each : fresh) {
        const auto same = old_of(each);
        if (same == instances_.end()) continue;
        before[each.machine.settings().name] = same->machine.settings().name;
        Instance old = std::move(*same);
        instances_.erase(same);
        keep(each, std::move(old), now);
    }
    for (Instance& gone : instances_) {
        const std::string& name = gone.machine.settings().name;
        carry_out(gone, gone.machine.stop(now), now);
        const bool named = std::any_of(fresh.begin(), fresh.end(),
                                       [&](const Instance& each) { return each.machine.settings().name == name; });
        // Another router that has the name of this one goes on with its hooks, unless it had another name.
        if (!named || !before.try_emplace(name, name).second) part_hooks(gone);
    }
    instances_ = std::move(fresh);
    return before;
}

void Node::handle(const Reload& event, Instant now) {
    config_ = event.config;
    lanes_.configure(*config_);
    attempts_.clear();
    unserved_.clear();
    avoided_.clear();
    renew_tracks();
    renew_hooks(renew_instances(now));
    revise_announcements(now);
    if (links_known_) read_links(now);
    for (Instance& each : instances_) watch_link(each, now);
    dark_moved_ = true;
    board_.configure(*config_, now);
    read_services(now);
    fights_.clear();
    unfollowed_ = {};
    handle(Asked{}, now);
}

void Node::handle(const Stop& event, Instant now) {
    if (event.keep || config_->daemon.on_exit == config::OnExit::keep) {
        exited_ = true;
        effects_.exit = true;
        return;
    }
    if (std::exchange(stopping_, true)) return;
    for (Instance& each : instances_) carry_out(each, each.machine.stop(now, hand_over_of(each, instances_)), now);
}

/// Once no instance waits for a successor any more, the addresses are withdrawn, and then the daemon ends.
void Node::finish_stop() {
    const auto busy = [](const Instance& each) { return each.machine.state() == vrrp::State::leaving; };
    if (std::any_of(instances_.begin(), instances_.end(), busy) || !hooks_idle()) return;
    const LaneState& network = lanes_[Lane::network];
    if (network.busy) return;  // this run was planned while the addresses were still desired
    if (links_known_ && !last_run_) {
        last_run_ = network.runs;
        lanes_.want_at_once(Lane::network);
        return;
    }
    if (links_known_ && network.runs == *last_run_) return;
    exited_ = true;
    effects_.exit = true;
}

}  // namespace lbconverge::node
