// A VRRP machine with a clock of its own, the settings that most tests begin with, and what another router says to it.
// Only for tests.
#pragma once

#include "lbconverge/vrrp/machine.hpp"

#include "support/ip.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace lbconverge::test {

using namespace vrrp;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline const IpAddress our_address = ip("192.0.2.5");
constexpr const char* lesser = "192.0.2.4";
constexpr const char* greater = "192.0.2.6";

/// Version 3, priority 100 of 256, once a second: a skew of 609.375 ms.
inline Settings plain(std::uint8_t priority = 100) {
    return {.name = "one", .vrid = 51, .priority = priority, .addresses = {ip("192.0.2.20"), ip("192.0.2.21")}};
}
inline Settings plain_v2(std::uint8_t priority = 100) {
    Settings settings = plain(priority);
    settings.version = 2;
    return settings;
}
inline Settings no_preempt(std::uint8_t priority = 100) {
    Settings settings = plain(priority);
    settings.preempt = false;
    return settings;
}

/// What another router with the same settings says.
inline Heard said(std::uint8_t priority, const char* source = lesser, milliseconds interval = milliseconds(1000)) {
    Heard heard{.advertisement = Machine(plain()).advertisement(priority), .source = ip(source)};
    heard.advertisement.interval = interval;
    return heard;
}
inline Heard said_v2(std::uint8_t priority, const char* source = lesser) {
    Heard heard = said(priority, source);
    heard.advertisement.version = 2;
    return heard;
}

/// A machine and the time of day.
struct Router {
    Machine machine;
    Instant now{hours(1)};

    explicit Router(Settings settings, IpAddress source = our_address) : machine(std::move(settings)) {
        machine.set_source(source);
    }
    Output start(bool holding = false) { return sound(machine.start(now, holding)); }
    Output hear(const Heard& heard) { return sound(machine.heard(heard, now)); }
    Output stop() { return sound(machine.stop(now)); }
    Output reconfigure(Settings settings) { return sound(machine.reconfigure(std::move(settings), now)); }
    /// That much time passes, and then a tick.
    Output after(Duration duration) {
        now += duration;
        return sound(machine.tick(now));
    }
    [[nodiscard]] Output sound(Output output) const {
        REQUIRE(machine.broken_invariant().value_or("") == "");
        return output;
    }
    Output wake() { return after(waits()); }
    /// A master that gave way has served on until its successor was ready; what it waits for then counts from `now`.
    void grace_over() { machine.tick(now + hand_over_grace); }
    /// How long until the machine wants to be called.
    [[nodiscard]] Duration waits() const {
        REQUIRE(machine.wake_at().has_value());
        return *machine.wake_at() - now;
    }
    [[nodiscard]] State state() const { return machine.state(); }
    [[nodiscard]] std::uint64_t dropped(Drop drop) const {
        return machine.counters().dropped[static_cast<std::size_t>(drop)];
    }
};

inline Router backup(Settings settings, IpAddress source = our_address) {
    Router router(std::move(settings), source);
    router.start();
    REQUIRE(router.state() == State::backup);
    return router;
}

inline Router master(Settings settings, IpAddress source = our_address) {
    Router router(std::move(settings), source);
    router.start();
    if (router.state() == State::backup) router.wake();
    REQUIRE(router.state() == State::master);
    return router;
}

inline Router leaving(Settings settings) {
    Router router = master(std::move(settings));
    router.stop();
    REQUIRE(router.state() == State::leaving);
    return router;
}

inline bool silent(const Output& output) { return !output.send && !output.announce && !output.from; }

/// Nothing of what is seen from outside has changed.
inline bool unmoved(const Router& router, State state, Instant wake) {
    return router.state() == state && router.machine.wake_at() == wake;
}

constexpr Duration skew_of_100 = microseconds(609375);

}  // namespace lbconverge::test
