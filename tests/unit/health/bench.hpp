// A board with its clock, and servers that answer as they are told. Only for tests.
#pragma once

#include "lbconverge/health/board.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lbconverge::test {

/// A board with its clock, and servers that answer as they are told.
struct HealthBench {
    health::Board board;
    Instant now{std::chrono::seconds(1000)};
    std::vector<IpAddress> broken;
    std::size_t asked = 0;
    bool changed = false;

    explicit HealthBench(const std::string& toml) { configure(toml); }

    void configure(const std::string& toml) {
        board.configure(world(toml).config, now);
        sound();
    }
    void sound() const { REQUIRE(board.broken_invariant().value_or("") == ""); }
    static health::Found row(const char* id, std::optional<std::uint32_t> weight) {
        return {key<kinds::RealServer>(id), weight};
    }
    /// The kernel was looked at, and had neither server.
    HealthBench& empty_kernel() {
        std::vector<health::Found> rows;
        for (const health::Probe& each : board.probes()) {
            const std::string server = "tcp 192.0.2.20:80 " + to_text(each.address) + ":80";
            rows.push_back(row(server.c_str(), {}));
        }
        board.found(rows, now);
        changed = board.take_changed(now) || changed;
        return *this;
    }
    bool take_changed() { return std::exchange(changed, false); }
    void mends(std::string_view address) { std::erase(broken, IpAddress::parse(address).value()); }
    void breaks(std::string_view address) { broken.push_back(IpAddress::parse(address).value()); }

    /// Time passes; every question is answered at once.
    void pass(Duration time) {
        const Instant end = now + time;
        for (auto at = board.wake_at(); at && *at <= end; at = board.wake_at()) {
            now = std::max(now, *at);
            for (const health::ProbeRequest& each : board.tick(now)) {
                ++asked;
                const bool bad = std::find(broken.begin(), broken.end(), each.address) != broken.end();
                board.answered({each.id, each.run, !bad, bad ? "connect refused" : "answered"}, now);
            }
            changed = board.take_changed(now) || changed;
            sound();
        }
        now = end;
    }
    [[nodiscard]] kinds::Liveness is(std::string_view address) const {
        for (const health::Probe& each : board.probes()) {
            if (to_text(each.address) == address) return each.is;
        }
        FAIL("no such probe");
        return kinds::Liveness::unknown;
    }
    [[nodiscard]] std::string text() const {
        sound();
        return kinds::to_text(board.health(now), BootTime(std::chrono::seconds(5000)));
    }
};

}  // namespace lbconverge::test
