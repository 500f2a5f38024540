// Any bytes as what happens to a node: each event is one byte that says what, and a few that say how (see Story). What
// is asked of the kernel is answered as the bytes want; at the end the node is stopped and has to come to its end.
#include "../support/ip.hpp"
#include "lbconverge/config/document.hpp"
#include "lbconverge/node/node.hpp"
#include "lbconverge/wire/signature.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <set>

using namespace lbconverge;
using namespace lbconverge::node;
using test::ip;

namespace {

constexpr const char* files[] = {
    // Multicast and unicast, version 3 and 2, a VIP of the other family.
    R"(role = "director"
interface = "eth0"
[[vip]]
address = "192.0.2.20"
vrrp = "one"
[[vip]]
address = "2001:db8::20"
vrrp = "one"
[[vip]]
address = "192.0.2.30"
vrrp = "two"
[[vrrp]]
name = "one"
vrid = 1
garp = { count = 2, repeat = "1s", refresh = "1s" }
advert_interval = "100ms"
[[vrrp]]
name = "two"
vrid = 2
version = 2
auth_pass = "pass"
priority = 200
preempt = "delay 2s"
peers = ["192.0.2.6", "192.0.2.7"]
)",
    // The first one with another priority and interval, the second one as another router, and the owner of a third.
    R"(role = "both"
interface = "eth0"
[[vip]]
address = "192.0.2.20"
vrrp = "one"
[[vip]]
address = "192.0.2.30"
vrrp = "two"
[[vip]]
address = "192.0.2.40"
vrrp = "three"
[[vrrp]]
name = "one"
vrid = 1
advert_interval = "10ms"
preempt = false
priority = 150
[[vrrp]]
name = "two"
vrid = 2
[[vrrp]]
name = "three"
vrid = 3
priority = 255
start_delay = "1s"
)",
    R"(role = "director"
interface = "eth1"
vips = ["2001:db8::20"]
[[vrrp]]
name = "one"
vrid = 1
peers = ["2001:db8::6"]
min_ttl = 64
[daemon]
repair = false
)",
    // Two that go together, what they depend on, what runs when they move, and servers that are asked.
    R"(role = "director"
interface = "eth0"
[[vip]]
address = "192.0.2.20"
vrrp = "one"
[[vip]]
address = "192.0.2.30"
vrrp = "two"
[[track]]
name = "weighs"
file = "/weight"
weight = 1
[[track]]
name = "faults"
command = ["/true"]
fall = 2
rise = 2
[[track]]
name = "link"
interface = "eth1"
[[vrrp]]
name = "one"
vrid = 1
priority = 101
advert_interval = "100ms"
track = ["weighs", "faults"]
[[vrrp]]
name = "two"
vrid = 2
advert_interval = "100ms"
track = ["link"]
[[sync_group]]
name = "pair"
members = ["one", "two"]
[[hook]]
on = ["master", "backup", "stop"]
command = ["/bin/true"]
timeout = "1s"
retries = 1
retry_delay = "100ms"
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
check = { type = "tcp", interval = "200ms", timeout = "100ms", fall = 2, rise = 2 }
quorum = 2
fallback = "192.0.2.9"
on_down = "remove"
drain_timeout = "1s"
)",
    // The first one signs, and the second one says what it would do.
    R"(role = "director"
interface = "eth0"
[[vip]]
address = "192.0.2.20"
vrrp = "one"
[[vip]]
address = "192.0.2.30"
vrrp = "two"
[[vrrp]]
name = "one"
vrid = 1
advert_interval = "100ms"
auth_key_file = "/keys"
auth_active_key = 1
[[vrrp]]
name = "two"
vrid = 2
auth_key_file = "/keys"
auth_active_key = 1
auth_mode = "permissive"
)",
};

SigningKey shared_key() { return {1, std::vector<std::uint8_t>(32, 0x5a)}; }

ConfigPtr read_file(const char* text) {
    config::Diagnostics problems;
    auto config = config::Document::parse({{"lb.toml", text}}, problems).config_for("", problems);
    if (!config) std::abort();
    for (config::Vrrp& each : config->vrrp) {  // they stand in a file of their own
        if (!each.auth_key_file.empty()) each.auth_keys = {shared_key()};
    }
    return std::make_shared<const config::Config>(std::move(*config));
}

const std::vector<ConfigPtr>& configs() {
    static const std::vector<ConfigPtr> all = [] {
        std::vector<ConfigPtr> read;
        for (const char* file : files) read.push_back(read_file(file));
        return read;
    }();
    return all;
}

/// 0 when there is nothing left.
class Bytes {
public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}
    std::uint8_t next() { return data_ == end_ ? std::uint8_t{0} : *data_++; }
    [[nodiscard]] bool more() const { return data_ != end_; }

private:
    const std::uint8_t* data_;
    const std::uint8_t* end_;
};

void require(bool condition, int line = __builtin_LINE()) {
    if (condition) return;
    std::fprintf(stderr, "line %d does not hold\n", line);
    std::abort();
}

class Story {
public:
    Story(const std::uint8_t* data, std::size_t size) : bytes_(data, size), node_(configs()[0]) {}

    void tell() {
        while (bytes_.more() && !exited_) turn(event());
        end();
    }

private:
    Event event() {
        const int what = bytes_.next() % 18;
        switch (what) {
            case 0:
                return links();
            case 1:
                return Arrived{anything()};
            case 2:
            case 3:
                return Arrived{advertisement(what == 3)};
            case 4:
                return Disturbed{};
            case 5:
                return Asked{};
            case 6:
                return converged(Lane::network);
            case 7:
                return converged(Lane::tables);
            case 8:
                return Reload{configs()[bytes_.next() % configs().size()]};
            case 9:
                return Stop{.keep = bytes_.next() == 1};
            case 10:  // microseconds to minutes
                now_ += Duration(std::int64_t{1 + bytes_.next() % 16} << (bytes_.next() % 24));
                return Tick{};
            case 11:
                return tracked();
            case 12:
                return hook_ended();
            case 13:
                return probed();
            case 14:
                return DrainAsked{.what = {.address = ip("192.0.2.3"), .port = 80}, .undo = bytes_.next() % 2 == 1};
            case 15:
                return Unsent{.interface = "eth0", .vrid = static_cast<std::uint8_t>(bytes_.next() % 4), .why = "no"};
            case 16:
                return of_the_surroundings();
            default:
                now_ = std::max(now_, std::min(node_.wake_at().value_or(now_), now_ + std::chrono::hours(1)));
                return Tick{};
        }
    }

    Event of_the_surroundings() {
        const std::uint8_t choice = bytes_.next();
        const std::vector<plan::Announcement> vips{
            {ip("192.0.2.20"), "eth0", static_cast<std::uint32_t>(choice / 4 % 8)}};
        switch (choice % 4) {
            case 0:
                return Trouble{"no"};
            case 1:
                return NoSocket{.interface = "eth0", .family = Family::ipv6, .why = "no"};
            case 2:
                return VipsBound{vips};
            default:
                return Untaken{vips, ""};
        }
    }

    Event links() {
        const std::uint8_t bits = bytes_.next();
        Links event;
        for (const char* name : {"eth0", "eth1"}) {
            InterfaceState link{.name = name, .up = (bits & 1) == 0};
            if ((bits & 2) == 0) link.addresses.push_back(ip("192.0.2.5"));
            if ((bits & 4) == 0) link.addresses.push_back(ip("2001:db8::5"));
            if ((bits & 8) == 0) link.addresses.push_back(ip("fe80::5"));
            event.links.push_back(std::move(link));
        }
        if ((bits & 16) != 0) event.links.pop_back();
        if ((bits & 32) != 0) event.holding.push_back(ip("192.0.2.20"));
        if ((bits & 64) != 0) event.holding.push_back(ip("192.0.2.30"));
        return event;
    }

    Packet from_somebody() {
        const std::uint8_t bits = bytes_.next();
        constexpr const char* sources[] = {"192.0.2.6", "192.0.2.7",   "192.0.2.4",   "192.0.2.5",
                                           "fe80::6",   "2001:db8::6", "2001:db8::7", "fe80::5"};
        const IpAddress source = ip(sources[bits % 8]);
        const bool multicast = (bits & 16) == 0;
        const IpAddress ours = ip(source.family == Family::ipv4 ? "192.0.2.5" : "2001:db8::5");
        return {.interface = (bits & 8) == 0 ? "eth0" : "eth1",
                .source = source,
                .destination = multicast ? wire::vrrp_group(source.family) : ours,
                .ttl = (bits & 32) == 0 ? std::uint8_t{255} : bytes_.next()};
    }

    Packet anything() {
        Packet packet = from_somebody();
        for (std::uint8_t left = bytes_.next() % 64; left > 0; --left)
            packet.message.push_back(std::byte{bytes_.next()});
        return packet;
    }

    /// One that can be read, and that often fits an instance.
    Packet advertisement(bool is_signed) {
        Packet packet = from_somebody();
        const std::uint8_t bits = bytes_.next();
        wire::Advertisement said{.vrid = static_cast<std::uint8_t>(1 + bits % 4), .priority = bytes_.next()};
        if (packet.source.family == Family::ipv4 && (bits & 4) != 0) {
            said.version = 2;
            said.auth_type = (bits & 8) == 0 ? 1 : 0;
            said.auth_data = {'p', 'a', 's', 's'};
        }
        if ((bits & 16) != 0) said.interval = std::chrono::milliseconds(said.version == 2 ? 2000 : 10 + 10 * bits);
        const IpAddress vip = ip(packet.source.family == Family::ipv4 ? "192.0.2.20" : "fe80::20");
        said.addresses.assign(1 + bits / 32, vip);
        if (is_signed) {
            const auto now = std::chrono::floor<std::chrono::seconds>(wall()).time_since_epoch().count();
            wire::sign(said, packet.source, shared_key(), static_cast<std::uint64_t>(now) << 32 | said.priority);
        }
        const auto dialect = (bits & 128) == 0 ? wire::ChecksumDialect::pseudo_header : wire::ChecksumDialect::message;
        packet.message = wire::encode(said, packet.source, packet.destination, dialect);
        return packet;
    }

    [[nodiscard]] WallTime wall() const { return WallTime(now_.time_since_epoch()); }

    /// Only what was asked for can have been done.
    Event converged(Lane lane) {
        const std::uint8_t bits = bytes_.next();
        if (!node_.lane(lane).busy) return Tick{};
        now_ += Duration(bits);
        Converged event{.lane = lane};
        if ((bits & 1) != 0) event.error = "no such device";
        if ((bits & 2) != 0) event.repaired.push_back("address 192.0.2.20/32 dev eth0");
        if ((bits & 4) != 0) event.repaired.push_back(std::to_string(bits));
        event.overtaken = overtaken_[static_cast<std::size_t>(lane)] && (bits & 8) == 0;
        return event;
    }

    Event tracked() {
        const std::uint8_t bits = bytes_.next();
        constexpr const char* names[] = {"weighs", "faults", "link", "nobody"};
        constexpr TrackOpinion opinions[] = {TrackOpinion::unknown, TrackOpinion::good, TrackOpinion::bad,
                                             TrackOpinion::bad};
        return Tracked{names[bits % 4], {opinions[bits / 4 % 4], "why", static_cast<std::int8_t>(bytes_.next())}};
    }

    /// One that runs; now and then one that never did.
    Event hook_ended() {
        const std::uint8_t bits = bytes_.next();
        if (hooks_.empty() || bits % 16 == 15) return HookEnded{.id = bits, .good = true};
        const auto which = std::next(hooks_.begin(), bits % static_cast<std::ptrdiff_t>(hooks_.size()));
        return HookEnded{.id = *which, .good = (bits & 128) == 0, .said = "exit status 1"};
    }

    /// An answer to the oldest question; to any other one it is too late, or too early.
    Event probed() {
        const std::uint8_t bits = bytes_.next();
        health::ProbeAnswer answer{.id = bits, .run = 1, .good = (bits & 1) != 0, .what = "refused"};
        if (!asked_.empty() && bits % 16 != 15) {
            answer.id = asked_.front().id;
            answer.run = asked_.front().run;
            asked_.erase(asked_.begin());
        }
        answer.asked = (bits & 2) == 0;
        if ((bits & 4) != 0) answer.weight = bits;
        return Probed{{answer}};
    }

    void turn(const Event& event) {
        const bool was_exited = exited_;
        const bool links_known = links_known_ || std::holds_alternative<Links>(event);
        if (const auto* ended = std::get_if<HookEnded>(&event)) hooks_.erase(ended->id);
        if (const auto* done = std::get_if<Converged>(&event)) at_work_[static_cast<std::size_t>(done->lane)].reset();
        const std::size_t instances = node_.instances().size();
        const Effects effects = node_.turn(event, now_, wall());
        links_known_ = links_known;
        exited_ |= effects.exit;
        if (was_exited || !links_known) require(effects.send.empty() && effects.converge.empty());
        if (effects.exit) require(effects.converge.empty() && !node_.wake_at());
        if (std::holds_alternative<Tick>(event)) require(!node_.wake_at() || *node_.wake_at() > now_);
        // Each instance that there was or is says one thing, to two peers at most.
        require(effects.send.size() <= 2 * (instances + node_.instances().size()));
        // Each of three addresses once.
        require(effects.announce.size() <= 3 && effects.say.size() <= 10);
        require(effects.overtaken.size() <= instances + node_.instances().size());
        for (const Lane each : effects.overtaken) {
            require(at_work_[static_cast<std::size_t>(each)].has_value());
            overtaken_[static_cast<std::size_t>(each)] = true;
        }
        for (const std::uint64_t each : effects.end_hooks) require(hooks_.contains(each));
        for (const RunHook& each : effects.run_hooks) require(hooks_.insert(each.id).second);
        // One run at a time, which nobody has forgotten; a hook that a reload removed may still have to end.
        for (const HookQueue& each : node_.hooks())
            require(each.running() == HookState::none || hooks_.contains(each.run));
        require(effects.probe.size() <= node_.board().probes().size());
        asked_.insert(asked_.end(), effects.probe.begin(), effects.probe.end());
        for (const Packet& each : effects.send) check(each);
        for (const Converge& each : effects.converge) check(each);
        check_node();
    }

    /// Whatever is said can be read, by peers who are as strict as the RFC.
    void check(const Packet& sent) const {
        require(sent.ttl == 255 && sent.source != sent.destination);
        const auto said = wire::decode_advertisement(sent.message, sent.source, sent.destination);
        // Without any link-local address there is none to put in front.
        require(said || (sent.source.family == Family::ipv6 && !sent.source.is_link_local()));
    }

    /// Two lanes never work on the same.
    void check(const Converge& asked) {
        const auto lane = static_cast<std::size_t>(asked.lane);
        require(!at_work_[lane]);
        const auto& other = at_work_[1 - lane];
        require(!other || (*other != kinds::Part::all && asked.part != kinds::Part::all && *other != asked.part));
        require((asked.part == kinds::Part::all) == (asked.config->role != Role::director));
        require(asked.election.size() == asked.config->vrrp.size());
        at_work_[lane] = asked.part;
        overtaken_[lane] = false;
    }

    void check_node() const {
        if (const auto broken = node_.broken_invariant()) {
            std::fprintf(stderr, "%s\n", broken->c_str());
            std::abort();
        }
        for (const Lane each : {Lane::network, Lane::tables})
            require(node_.lane(each).busy == at_work_[static_cast<std::size_t>(each)].has_value());
        // Who stops is undecided only until its successor is ready, and then its addresses go.
        const Election election = node_.election();
        for (const Instance& each : node_.instances()) {
            const ElectionState state = election.at(each.machine.settings().name);
            require((state == ElectionState::master) == (each.machine.state() == vrrp::State::master));
            const bool keeps = state == ElectionState::undecided || state == ElectionState::yielding;
            if (node_.stopping()) require(keeps == each.machine.serving());
            require(state != ElectionState::yielding || node_.config().role == Role::both);
        }
    }

    /// However it got here: told to stop, and with time going by, it comes to its end soon.
    void end() {
        turn(Stop{});
        const Instant latest = now_ + std::chrono::seconds(2);
        for (int i = 0; i < 1000 && !exited_; ++i) {
            if (!hooks_.empty()) {
                turn(HookEnded{.id = *hooks_.begin(), .good = true});
            } else if (node_.lane(Lane::network).busy) {
                turn(Converged{.lane = Lane::network});
            } else if (const auto at = node_.wake_at(); at && *at <= latest) {
                now_ = std::max(now_, *at);
                turn(Tick{});
            } else {  // after a change of role everything waits for the tables of the old one
                require(node_.lane(Lane::tables).busy);
                turn(Converged{.lane = Lane::tables});
            }
        }
        require(exited_ && now_ <= latest);
    }

    Bytes bytes_;
    Node node_;
    Instant now_{std::chrono::hours(1)};
    bool links_known_ = false;
    bool exited_ = false;
    std::optional<kinds::Part> at_work_[lane_count];
    bool overtaken_[lane_count] = {};
    std::set<std::uint64_t> hooks_;              ///< those that run
    std::vector<health::ProbeRequest> asked_{};  ///< and are not answered
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Story(data, size).tell();
    return 0;
}
