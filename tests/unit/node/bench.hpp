// A node under test: its clock, its links, and everybody who answers it: the kernel's lanes and other routers. Only for
// tests.
#pragma once

#include "lbconverge/node/node.hpp"

#include "support/ip.hpp"
#include "unit/world.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace lbconverge::test {

using namespace node;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline ConfigPtr config_of(const std::string& toml, const std::string& name = "") {
    return std::make_shared<const config::Config>(world(toml, {}, name).config);
}

/// A director with one VIP in one election; whatever is added stands in its [[vrrp]].
inline std::string director(const std::string& more = "", const std::string& role = "director") {
    return R"(
        role = "$"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        name = "one"
        vrid = 51
    )"_with(role) +
           more;
}

/// One with two elections and a VIP in each; whatever is added stands in the second [[vrrp]].
inline std::string pair(const std::string& more = "", const std::string& role = "director") {
    return R"(
        role = "$"
        interface = "eth0"
        [[vip]]
        address = "192.0.2.20"
        vrrp = "one"
        [[vip]]
        address = "192.0.2.30"
        vrrp = "two"
        [[vrrp]]
        name = "one"
        vrid = 51
        [[vrrp]]
        name = "two"
        vrid = 52
    )"_with(role) +
           more;
}

inline void append(Effects& all, Effects more) {
    const auto move_to = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
    move_to(all.send, more.send);
    move_to(all.overtaken, more.overtaken);
    move_to(all.converge, more.converge);
    move_to(all.announce, more.announce);
    move_to(all.run_hooks, more.run_hooks);
    move_to(all.end_hooks, more.end_hooks);
    move_to(all.say, more.say);
    move_to(all.probe, more.probe);
    all.exit |= more.exit;
}

inline bool nothing(const Effects& effects) {
    return effects.send.empty() && effects.overtaken.empty() && effects.converge.empty() && effects.announce.empty() &&
           effects.run_hooks.empty() && effects.end_hooks.empty() && effects.say.empty() && !effects.exit;
}

inline wire::Advertisement read(const Packet& packet) {
    const auto said = wire::decode_advertisement(packet.message, packet.source, packet.destination);
    REQUIRE(said);
    return *said;
}

/// "priority to destination", one line per packet.
inline std::string sent(const Effects& effects) {
    std::string text;
    for (const Packet& each : effects.send)
        text += std::to_string(read(each).priority) + " to " + to_text(each.destination) + "\n";
    return text;
}

/// "lane part name=state …", one line per request.
inline std::string asked(const Effects& effects) {
    constexpr const char* parts[] = {"all", "network", "tables"};
    std::string text;
    for (const Converge& each : effects.converge) {
        text += std::string(to_text(each.lane)) + " " + parts[static_cast<int>(each.part)];
        for (const auto& [name, state] : each.election) text += " " + name + "=" + std::string(to_text(state));
        text += "\n";
    }
    return text;
}

/// Rows that the lanes leave alone.
inline std::string left_alone(const Effects& effects) {
    std::string text;
    for (const Converge& each : effects.converge) {
        for (const BadRow& row : each.avoid) text += row.row + ": " + row.why + "\n";
    }
    return text;
}

inline std::string announced(const Effects& effects) {
    std::string text;
    for (const plan::Announcement& each : effects.announce)
        text += to_text(each.address) + " on " + each.interface.str() + " x" + std::to_string(each.count) + "\n";
    return text;
}

inline std::string told(const Effects& effects) {
    std::string text;
    for (const Say& each : effects.say) text += each.text + "\n";
    return text;
}

struct Bench {
    Node node;
    Instant now{hours(1)};
    std::vector<InterfaceState> up{{"eth0", true, {ip("192.0.2.5"), ip("fe80::5")}}};

    Duration clock_error{0};  ///< of the time of day

    explicit Bench(const std::string& toml, const std::string& name = "") : node(config_of(toml, name)) {}
    explicit Bench(ConfigPtr config) : node(std::move(config)) {}

    [[nodiscard]] WallTime wall() const {
        return WallTime(now.time_since_epoch() + hours(24 * 365 * 57) + clock_error);
    }

    Effects turn(const Event& event) {
        Effects effects = node.turn(event, now, wall());
        REQUIRE(node.broken_invariant().value_or("") == "");
        return effects;
    }
    /// That much time passes, with a tick whenever the node wants one.
    Effects pass(Duration duration) {
        const Instant end = now + duration;
        Effects all;
        for (auto at = node.wake_at(); at && *at <= end; at = node.wake_at()) {
            now = std::max(now, *at);
            append(all, turn(Tick{}));
            REQUIRE_MESSAGE((!node.wake_at() || *node.wake_at() > now), "no progress");
        }
        now = end;
        return all;
    }
    /// The time has come for what the first instance waits for, and no tick yet.
    void until_due() {
        pass(*first().machine.wake_at() - now - microseconds(1));
        now += microseconds(1);
    }
    /// What the daemon does after each event: a tick, if the node wants one now.
    Effects ticked(Effects effects) {
        if (node.wake_at() && *node.wake_at() <= now) append(effects, turn(Tick{}));
        return effects;
    }
    Effects links(std::vector<IpAddress> holding = {}) { return ticked(turn(Links{up, std::move(holding)})); }
    /// The kernel says that all VIPs are here.
    void arrive() {
        std::vector<IpAddress> vips;
        for (const Instance& each : node.instances())
            for (const plan::Announcement& vip : each.vips) vips.push_back(vip.address);
        links(std::move(vips));
        settle();
    }
    /// A run of the network lane that is at work has bound these.
    Effects bound(const std::vector<const char*>& vips) {
        VipsBound event;
        for (const char* each : vips) event.vips.push_back({ip(each), "eth0"});
        return ticked(turn(event));
    }
    Effects link_goes(bool is_up) {
        up.front().up = is_up;
        return links();
    }
    Effects done(Lane lane, std::string error = "", std::vector<std::string> repaired = {}) {
        REQUIRE(node.lane(lane).busy);
        return turn(Converged{.lane = lane, .repaired = std::move(repaired), .error = std::move(error)});
    }
    /// A run that was told that it had been overtaken.
    Effects cut_off(Lane lane) {
        REQUIRE(node.lane(lane).busy);
        return ticked(turn(Converged{.lane = lane, .overtaken = true}));
    }
    /// All that is under way succeeds, and what follows from it, too.
    Effects settle() {
        Effects all;
        for (int i = 0; i < 10; ++i) {
            for (const Lane lane : {Lane::network, Lane::tables})
                if (node.lane(lane).busy) append(all, done(lane));
        }
        return all;
    }
    Effects run(std::vector<IpAddress> holding = {}) {
        Effects all = links(std::move(holding));
        append(all, settle());
        return all;
    }
    Effects reload(const std::string& toml, const std::string& name = "") {
        return turn(Reload{config_of(toml, name)});
    }

    /// What another router with the settings of the first instance says.
    [[nodiscard]] Packet packet(std::uint8_t priority, const char* from = "192.0.2.6") const {
        const vrrp::Machine& ours = first().machine;
        const IpAddress group = wire::vrrp_group(ours.settings().family);
        auto said = ours.advertisement(priority);
        if (said.addresses.empty()) said.addresses.push_back(ip(from));
        return {.interface = "eth0",
                .source = ip(from),
                .destination = group,
                .message = wire::encode(said, ip(from), group, wire::ChecksumDialect::pseudo_header)};
    }
    Effects hear(std::uint8_t priority, const char* from = "192.0.2.6") {
        return ticked(turn(Arrived{packet(priority, from)}));
    }
    /// The successor of a master, or a master above a backup.
    [[nodiscard]] const Instance& first() const { return node.instances().front(); }
    [[nodiscard]] vrrp::State state() const { return first().machine.state(); }
};

inline Bench backup(const std::string& toml, const std::string& name = "", std::vector<InterfaceState> more = {}) {
    Bench bench(toml, name);
    bench.up.insert(bench.up.end(), more.begin(), more.end());
    bench.run();
    REQUIRE(bench.state() == vrrp::State::backup);
    return bench;
}

/// One that has its addresses, and whose lanes are at rest.
inline Bench master(const std::string& toml, const std::string& name = "", std::vector<InterfaceState> more = {}) {
    Bench bench = backup(toml, name, std::move(more));
    bench.pass(bench.first().machine.down_interval());
    REQUIRE(bench.state() == vrrp::State::master);
    bench.settle();
    bench.arrive();
    return bench;
}

}  // namespace lbconverge::test
