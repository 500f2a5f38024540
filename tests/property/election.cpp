// Elections among two or three machines on a network that loses nothing, and one machine with anything happening to it.
#include "property.hpp"

#include "lbconverge/vrrp/machine.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <random>

using namespace lbconverge;
using namespace lbconverge::test;
using vrrp::Machine;
using vrrp::Output;
using vrrp::State;

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T>
T any_of(std::vector<T> choices) {
    return *rc::gen::elementOf(std::move(choices));
}
/// In all of the range whatever the size: rapidcheck begins with small values, and here none is simpler than another.
template <class T>
T within(T least, T most) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(least, static_cast<T>(most + 1)));
}
Duration up_to(Duration most) { return Duration(within<Duration::rep>(0, most.count())); }

/// What all routers of one election have in common.
vrrp::Settings any_settings() {
    vrrp::Settings settings{.name = "one", .vrid = 51, .addresses = {*IpAddress::parse("192.0.2.20")}};
    settings.version = any_of<std::uint8_t>({2, 3});
    settings.interval = settings.version == 2 ? any_of<Duration>({seconds(1), seconds(3)})
                                              : any_of<Duration>({milliseconds(10), milliseconds(100), seconds(1)});
    return settings;
}

/// Machines that hear each other, with a little delay, and nothing else. What was sent arrives before a timer fires.
class Network {
public:
    Network(std::vector<vrrp::Settings> routers, Duration delay, std::uint32_t seed) : delay_(delay), random_(seed) {
        for (vrrp::Settings& each : routers) {
            settings_.push_back(each);
            routers_.emplace_back(std::move(each));
            sources_.push_back({Family::ipv4, {192, 0, 2, static_cast<std::uint8_t>(routers_.size())}});
        }
        alive_.resize(routers_.size());
    }

    void start(std::size_t who, bool holding = false) {
        routers_[who] = Machine(settings_[who]);
        routers_[who].set_source(sources_[who]);
        alive_[who] = true;
        carry(who, routers_[who].start(now, holding));
    }
    void crash(std::size_t who) { alive_[who] = false; }
    void stop(std::size_t who) { carry(who, routers_[who].stop(now)); }

    void run_until(Instant end) {
        while (const auto next = next_event()) {
            if (*next > end) break;
            RC_ASSERT(*next >= now);
            now = *next;
            step();
            if (watch) watch();
        }
        now = end;
    }

    [[nodiscard]] std::vector<std::size_t> in(State state) const {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < routers_.size(); ++i)
            if (alive_[i] && routers_[i].state() == state) found.push_back(i);
        return found;
    }
    [[nodiscard]] const Machine& router(std::size_t who) const { return routers_[who]; }
    [[nodiscard]] bool alive(std::size_t who) const { return alive_[who]; }
    [[nodiscard]] std::size_t size() const { return routers_.size(); }
    [[nodiscard]] std::uint8_t best_priority() const {
        std::uint8_t best = 0;
        for (std::size_t i = 0; i < size(); ++i)
            if (alive_[i]) best = std::max(best, settings_[i].priority);
        return best;
    }

    Instant now{std::chrono::hours(1)};
    std::function<void()> watch;  ///< after each event

private:
    struct Arrival {
        std::size_t to;
        vrrp::Heard heard;
    };

    [[nodiscard]] std::optional<Instant> next_event() const {
        std::optional<Instant> next;
        if (!arrivals_.empty()) next = arrivals_.begin()->first;
        for (std::size_t i = 0; i < size(); ++i) {
            const auto at = alive_[i] ? routers_[i].wake_at() : std::nullopt;
            if (at && (!next || *at < *next)) next = at;
        }
        return next;
    }
    void step() {
        if (!arrivals_.empty() && arrivals_.begin()->first <= now) {
            const Arrival arrival = arrivals_.begin()->second;
            arrivals_.erase(arrivals_.begin());
            if (alive_[arrival.to]) carry(arrival.to, routers_[arrival.to].heard(arrival.heard, now));
            return;
        }
        for (std::size_t i = 0; i < size(); ++i) {
            if (!alive_[i] || !routers_[i].wake_at() || *routers_[i].wake_at() > now) continue;
            carry(i, routers_[i].tick(now));
            RC_ASSERT((!routers_[i].wake_at() || *routers_[i].wake_at() > now));
        }
    }
    void carry(std::size_t from, const Output& output) {
        if (!output.send) return;
        const vrrp::Heard heard{.advertisement = routers_[from].advertisement(*output.send), .source = sources_[from]};
        for (std::size_t to = 0; to < size(); ++to) {
            if (to == from) continue;
            const Duration delay(std::uniform_int_distribution<Duration::rep>(0, delay_.count())(random_));
            Instant& last = last_arrival_[{from, to}];  // nothing overtakes: a late word would undo a priority 0
            last = std::max(last, now + delay);
            arrivals_.emplace(last, Arrival{to, heard});
        }
    }

    Duration delay_;
    std::mt19937 random_;
    std::vector<vrrp::Settings> settings_;
    std::vector<Machine> routers_;
    std::vector<IpAddress> sources_;
    std::vector<bool> alive_;
    std::multimap<Instant, Arrival> arrivals_;
    std::map<std::pair<std::size_t, std::size_t>, Instant> last_arrival_;
};

std::string state_of(const Network& network) {
    std::string text;
    for (std::size_t i = 0; i < network.size(); ++i) {
        const Machine& each = network.router(i);
        text += "priority " + std::to_string(each.settings().priority) + ": " +
                (network.alive(i) ? std::string(to_text(each.state())) + ", " + each.why() : "dead") + "\n";
    }
    return text;
}

/// Settings that differ in everything in which routers of one election may differ.
std::vector<vrrp::Settings> any_routers(const vrrp::Settings& common, Duration longest_delay) {
    std::vector<vrrp::Settings> routers(within<std::size_t>(2, 3), common);
    for (vrrp::Settings& each : routers) {
        each.priority = *rc::gen::oneOf(rc::gen::just<std::uint8_t>(255), rc::gen::just<std::uint8_t>(100),
                                        rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint8_t>(1, 255)));
        each.preempt = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
        each.preempt_delay = any_of<Duration>({Duration{0}, Duration{0}, up_to(longest_delay)});
    }
    return routers;
}

/// Crashes and restarts, each of one machine; a master that returns may still have its addresses.
void disturb(Network& network, Duration interval) {
    for (auto faults = within<int>(0, 6); faults > 0; --faults) {
        const auto who = within<std::size_t>(0, network.size() - 1);
        if (!network.alive(who)) {
            const bool was_master = network.router(who).state() == State::master;
            network.start(who, was_master && *rc::gen::arbitrary<bool>());
        } else {
            network.crash(who);
        }
        network.run_until(network.now + up_to(5 * interval));
    }
    if (network.in(State::master).empty() && network.in(State::backup).empty()) network.start(0);
}

}  // namespace

TEST_CASE("when the faults end, soon exactly one is master, and stays so: the best where all preempt") {
    property("one master", [] {
        const vrrp::Settings common = any_settings();
        const Duration interval = common.interval;
        const std::vector<vrrp::Settings> routers = any_routers(common, 20 * interval);
        Network network(routers, interval / 10, *rc::gen::arbitrary<std::uint32_t>());
        for (std::size_t i = 0; i < routers.size(); ++i) {
            network.run_until(network.now + up_to(5 * interval));
            network.start(i);
        }
        disturb(network, interval);
        // One to notice that the master is gone, and one more of them where who follows is not the best.
        Duration settling = 2 * (3 * interval + interval) + interval + vrrp::settling_time;
        for (const vrrp::Settings& each : routers) settling += each.preempt_delay;
        network.run_until(network.now + settling);
        const auto masters = network.in(State::master);
        if (masters.size() != 1) RC_FAIL(state_of(network));
        const auto all_preempt = std::ranges::all_of(routers, [](const auto& each) { return each.preempt; });
        if (all_preempt && network.router(masters[0]).settings().priority != network.best_priority())
            RC_FAIL("not the best:\n" + state_of(network));
        const std::uint64_t before = network.router(masters[0]).counters().became_master;
        network.watch = [&] { RC_ASSERT(network.in(State::master) == masters); };
        network.run_until(network.now + 10 * interval);
        RC_ASSERT(network.router(masters[0]).counters().became_master == before);
    });
}

TEST_CASE("when all start together, the best becomes master and nobody else ever does") {
    property("no needless transition", [] {
        const vrrp::Settings common = any_settings();
        std::vector<vrrp::Settings> routers = any_routers(common, 5 * common.interval);
        // Who preempts at once listens for less time at a start; below an interval of a second that decides.
        for (vrrp::Settings& each : routers) {
            each.preempt = routers.front().preempt;
            each.preempt_delay = routers.front().preempt_delay;
        }
        const auto same_priority = [](const auto& a, const auto& b) { return a.priority == b.priority; };
        std::ranges::sort(routers, {}, &vrrp::Settings::priority);
        routers.erase(std::unique(routers.begin(), routers.end(), same_priority), routers.end());
        // Two neighbouring priorities are this far apart; starting late and being heard late must not add up to more.
        const Duration step = (common.version == 2 ? Duration(seconds(1)) : common.interval) / 256;
        Network network(routers, step / 3, *rc::gen::arbitrary<std::uint32_t>());
        const Instant begin = network.now;
        for (std::size_t i = 0; i < routers.size(); ++i) {
            network.run_until(std::max(network.now, begin + up_to(step / 3)));
            network.start(i);
        }
        network.run_until(network.now + 30 * common.interval + vrrp::settling_time);
        const std::size_t best = routers.size() - 1;
        for (std::size_t i = 0; i < routers.size(); ++i) {
            if (network.router(i).counters().became_master != (i == best ? 1U : 0U)) RC_FAIL(state_of(network));
        }
        RC_ASSERT(network.in(State::master) == std::vector<std::size_t>{best});
    });
}

TEST_CASE("a planned hand-over leaves no moment in which nobody serves") {
    property("hand-over", [] {
        const vrrp::Settings common = any_settings();
        const std::vector<vrrp::Settings> routers = any_routers(common, Duration{0});
        const Duration delay = std::min<Duration>(common.interval / 10, vrrp::hand_over_margin / 2);
        Network network(routers, delay, *rc::gen::arbitrary<std::uint32_t>());
        for (std::size_t i = 0; i < routers.size(); ++i) network.start(i);
        network.run_until(network.now + 10 * common.interval + vrrp::settling_time + up_to(common.interval));
        network.watch = [&] {
            if (network.in(State::master).empty() && network.in(State::leaving).empty()) RC_FAIL(state_of(network));
        };
        for (std::size_t left = routers.size(); left > 1; --left) {
            const auto masters = network.in(State::master);
            RC_ASSERT(masters.size() == 1U);
            network.stop(masters[0]);
            network.run_until(network.now + 10 * common.interval + up_to(common.interval));
            RC_ASSERT(network.in(State::leaving).empty());
        }
    });
}

TEST_CASE("a restart that is quicker than the peers' patience is no transition for anybody else") {
    property("held, not dropped", [] {
        const vrrp::Settings common = any_settings();
        const std::vector<vrrp::Settings> routers = any_routers(common, Duration{0});
        Network network(routers, common.interval / 300, *rc::gen::arbitrary<std::uint32_t>());
        for (std::size_t i = 0; i < routers.size(); ++i) network.start(i);
        network.run_until(network.now + 10 * common.interval + vrrp::settling_time + up_to(common.interval));
        const auto masters = network.in(State::master);
        RC_ASSERT(masters.size() == 1U);
        std::vector<std::uint64_t> before;
        for (std::size_t i = 0; i < network.size(); ++i) before.push_back(network.router(i).counters().became_master);
        network.crash(masters[0]);
        // Heard last an interval ago at worst, it listens for two at most, and speaks before three have passed.
        network.run_until(network.now + up_to(common.interval / 300));
        const Duration listens = common.interval + network.router(masters[0]).skew();
        RC_PRE(common.interval + listens < 3 * common.interval);
        network.start(masters[0], true);
        network.run_until(network.now + 10 * common.interval);
        RC_ASSERT(network.in(State::master) == masters);
        for (std::size_t i = 0; i < network.size(); ++i) {
            if (i != masters[0]) RC_ASSERT(network.router(i).counters().became_master == before[i]);
        }
    });
}

// ---- anything at all -----------------------------------------------------------------------------------------------

namespace {

const std::vector<IpAddress>& sources() {
    static const std::vector<IpAddress> all{*IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2"),
                                            *IpAddress::parse("192.0.2.3")};
    return all;
}

vrrp::Settings any_settings_at_all(std::uint8_t version) {
    vrrp::Settings settings{.name = "one", .version = version, .vrid = 51, .addresses = {sources()[0]}};
    settings.priority = *rc::gen::oneOf(rc::gen::just<std::uint8_t>(255), rc::gen::inRange<std::uint8_t>(1, 255));
    settings.interval = any_of<Duration>({milliseconds(10), seconds(1), milliseconds(40950)});
    if (version == 2) settings.interval = any_of<Duration>({seconds(1), seconds(255)});
    settings.preempt = *rc::gen::arbitrary<bool>();
    settings.preempt_delay = any_of<Duration>({Duration{0}, seconds(3)});
    settings.start_delay = any_of<Duration>({Duration{0}, Duration{0}, seconds(2)});
    if (version == 2 && *rc::gen::arbitrary<bool>()) settings.password = {'a'};
    if (*rc::gen::arbitrary<bool>()) settings.peers = {sources()[1]};
    if (*rc::gen::arbitrary<bool>()) settings.min_ttl = 200;
    return settings;
}

vrrp::Heard anything_heard(const vrrp::Settings& ours) {
    vrrp::Heard heard{.advertisement = Machine(ours).advertisement(*rc::gen::arbitrary<std::uint8_t>()),
                      .source = any_of(sources())};
    const auto now_and_then = [] { return *rc::gen::weightedElement<bool>({{9, false}, {1, true}}); };
    if (*rc::gen::arbitrary<bool>()) heard.advertisement.priority = ours.priority;
    if (now_and_then()) heard.advertisement.priority = 0;
    if (now_and_then()) heard.advertisement.version = 5 - ours.version;
    if (now_and_then()) heard.advertisement.interval = any_of<milliseconds>({milliseconds(10), milliseconds(40950)});
    if (now_and_then()) heard.advertisement.auth_type = any_of<std::uint8_t>({0, 1, 2});
    if (now_and_then()) heard.advertisement.auth_data = {'b'};
    if (now_and_then()) heard.ttl = *rc::gen::arbitrary<std::uint8_t>();
    if (now_and_then()) heard.multicast = false;
    return heard;
}

void require_sane(const Machine& machine, const Output& output, State before) {
    const State is = machine.state();
    RC_ASSERT(machine.broken_invariant().value_or("") == "");
    const bool waits_for_start = is == State::init && machine.why() == "start_delay";
    const bool needs_timer = is == State::master || is == State::backup || is == State::leaving || waits_for_start;
    RC_ASSERT(machine.wake_at().has_value() == needs_timer);
    // Every change is told, and nothing else but that held addresses have to go.
    if (is != before) RC_ASSERT(output.from == before);
    if (is == before && output.from) RC_ASSERT(is == State::backup);
    const bool last_word =
        is == State::backup && before == State::master;  // below the winner's priority, which may be 1
    if (output.send && *output.send == 0) RC_ASSERT((is == State::leaving || is == State::fault || last_word));
    if (output.send && *output.send != 0) {
        RC_ASSERT((is == State::master || last_word));
        const std::uint8_t own = machine.settings().priority;
        RC_ASSERT((last_word ? *output.send <= own : *output.send == own));
    }
    if (output.announce) RC_ASSERT(is == State::master);
    if (is == State::master && before != State::master) RC_ASSERT(output.send.has_value());
}

Output anything(Machine& machine, Instant now) {
    switch (within<int>(0, 11)) {
        case 0:
            return machine.state() == State::init ? machine.start(now, *rc::gen::arbitrary<bool>()) : Output{};
        case 1:
            return machine.stop(now);
        case 2:
            return machine.fault(now, "no link");
        case 3:
        case 4:
            return machine.recover(now);
        case 5:
            return machine.reconfigure(any_settings_at_all(machine.settings().version), now);
        default:
            return machine.heard(anything_heard(machine.settings()), now);
    }
}

}  // namespace

TEST_CASE("whatever happens to a machine, a tick gets on, and who has to act later has a timer") {
    property("anything", [] {
        Machine machine(any_settings_at_all(any_of<std::uint8_t>({2, 3})));
        machine.set_source(sources()[0]);
        Instant now{std::chrono::hours(1)};
        for (auto steps = within<int>(1, 60); steps > 0; --steps) {
            const bool in_time = machine.wake_at() && *rc::gen::arbitrary<bool>();
            now = in_time ? std::max(now, *machine.wake_at()) : now + up_to(any_of<Duration>({seconds(1), seconds(9)}));
            State before = machine.state();
            require_sane(machine, machine.tick(now), before);
            RC_ASSERT((!machine.wake_at() || *machine.wake_at() > now));
            before = machine.state();
            require_sane(machine, anything(machine, now), before);
        }
    });
}

TEST_CASE("what is not listened to changes nothing but a counter") {
    property("dropped", [] {
        Machine machine(any_settings_at_all(any_of<std::uint8_t>({2, 3})));
        machine.set_source(sources()[0]);
        Instant now{std::chrono::hours(1)};
        machine.start(now, *rc::gen::arbitrary<bool>());
        for (auto steps = within<int>(1, 30); steps > 0; --steps) {
            now += up_to(machine.settings().interval);
            machine.tick(now);
            const auto counters = machine.counters();
            const auto wake = machine.wake_at();
            const State state = machine.state();
            const Output output = machine.heard(anything_heard(machine.settings()), now);
            if (machine.counters().dropped == counters.dropped) continue;
            RC_ASSERT((!output.send && !output.announce && !output.from));
            RC_ASSERT(machine.wake_at() == wake);
            RC_ASSERT(machine.state() == state);
            RC_ASSERT(machine.counters().heard == counters.heard);
            const auto sum = [](const auto& all) { return std::accumulate(all.begin(), all.end(), std::uint64_t{0}); };
            RC_ASSERT(sum(machine.counters().dropped) == sum(counters.dropped) + 1);
        }
    });
}
