// Signed advertisements between whole nodes: how a cluster comes to sign, and what strangers can do to one.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

#include <set>

namespace lbconverge::node {

using namespace test;
using vrrp::State;

namespace {

SigningKey secret(std::uint8_t id) { return {id, std::vector<std::uint8_t>(32, id)}; }

/// Without keys, or with those of a file; `active` signs.
ConfigPtr keyed(const std::string& toml, AuthMode mode, std::uint8_t active = 1,
                const std::vector<std::uint8_t>& ids = {1}) {
    config::Config config = *config_of(toml);
    for (config::Vrrp& each : config.vrrp) {
        each.auth_mode = mode;
        each.auth_active_key = active;
        for (const std::uint8_t id : ids) each.auth_keys.push_back(secret(id));
    }
    return std::make_shared<const config::Config>(std::move(config));
}

/// Three directors on one link, which loses nothing.
class Link {
public:
    explicit Link(const std::string& more) {
        for (int i = 0; i < 3; ++i) {
            tomls_.push_back(director("priority = " + std::to_string(150 - 10 * i) + "\n" + more));
            nodes_.emplace_back(tomls_.back());
            nodes_.back().up = {{"eth0", true, {ip(("192.0.2." + std::to_string(5 + i)).c_str())}}};
            nodes_.back().clock_error = milliseconds(400 * i);
            deliver(nodes_.size() - 1, nodes_.back().run());
        }
        pass(seconds(10));
    }
    /// The master was elected, and from now on nothing may change.
    void settled() {
        REQUIRE(states() == "master backup backup ");
        moves_ = 0;
    }
    void reload(std::size_t node, const ConfigPtr& config) {
        deliver(node, nodes_[node].ticked(nodes_[node].turn(Reload{config})));
        pass(seconds(5));
    }
    void reload_all(AuthMode mode, std::uint8_t active = 1, const std::vector<std::uint8_t>& ids = {1}) {
        for (const std::size_t node : {std::size_t{2}, std::size_t{0}, std::size_t{1}}) {
            reload(node, keyed(tomls_[node], mode, active, ids));
        }
    }
    void pass(Duration duration) {
        const Instant end = now() + duration;
        while (now() < end) {
            for (Bench& each : nodes_) each.now += milliseconds(1);
            for (std::size_t i = 0; i < nodes_.size(); ++i) deliver(i, nodes_[i].ticked({}));
        }
        for (Bench& each : nodes_) each.settle();
    }
    [[nodiscard]] std::string states() const {
        std::string text;
        for (const Bench& each : nodes_) text += std::string(to_text(each.state())) + " ";
        return text;
    }
    [[nodiscard]] std::uint64_t dropped() const {
        std::uint64_t sum = 0;
        for (const Bench& each : nodes_) {
            for (const std::uint64_t count : each.first().machine.counters().dropped) sum += count;
        }
        return sum;
    }
    [[nodiscard]] std::size_t moves() const { return moves_; }
    /// Whether all advertisements since the last question were signed: "yes", "no", or "some".
    std::string are_signed() {
        const std::set<bool> seen = std::exchange(seen_, {});
        return seen.size() == 2 ? "some" : seen.contains(true) ? "yes" : "no";
    }
    std::vector<Packet> last;  ///< what was said last

private:
    [[nodiscard]] Instant now() const { return nodes_.front().now; }
    void deliver(std::size_t from, const Effects& effects) {
        for (const Say& each : effects.say) moves_ += each.text.find(" -> ") != std::string::npos ? 1U : 0U;
        for (const Packet& each : effects.send) {
            last = {each};
            seen_.insert(test::read(each).trailer.has_value());
            for (std::size_t i = 0; i < nodes_.size(); ++i) {
                if (i != from) deliver(i, nodes_[i].ticked(nodes_[i].turn(Arrived{each})));
            }
        }
    }

    std::vector<std::string> tomls_;
    std::vector<Bench> nodes_;
    std::set<bool> seen_;
    std::size_t moves_ = 0;
};

}  // namespace

TEST_CASE("three nodes come to sign, one after the other and mode by mode, without a transition") {
    for (const char* more : {"", "advert_interval = \"100ms\"\n", "version = 2\n"}) {
        CAPTURE(std::string(more));
        Link link(more);
        link.settled();
        CHECK(link.are_signed() == "no");
        link.reload_all(AuthMode::receive_only);
        CHECK(link.are_signed() == "no");
        link.reload_all(AuthMode::permissive);
        CHECK(link.are_signed() == "some");
        link.pass(seconds(5));
        CHECK(link.are_signed() == "yes");
        link.reload_all(AuthMode::enforce);
        link.reload_all(AuthMode::enforce, 1, {1, 2});
        link.reload_all(AuthMode::enforce, 2, {1, 2});
        link.reload_all(AuthMode::enforce, 2, {2});
        CHECK(link.are_signed() == "yes");
        CHECK(link.states() == "master backup backup ");
        CHECK(link.moves() == 0);
        CHECK(link.dropped() == 0);
    }
}

TEST_CASE("the way back is without a transition, too") {
    Link link("");
    link.settled();
    for (const AuthMode mode : {AuthMode::receive_only, AuthMode::permissive, AuthMode::enforce, AuthMode::permissive,
                                AuthMode::receive_only}) {
        link.reload_all(mode);
    }
    link.reload_all(AuthMode::receive_only, 1, {});  // no keys
    CHECK(link.are_signed() != "yes");
    CHECK(link.moves() == 0);
    CHECK(link.dropped() == 0);
}

TEST_CASE("whoever leaves out a mode has two masters for as long as it lasts, and the counters say why") {
    Link link("");
    link.settled();
    link.reload_all(AuthMode::enforce);
    CHECK(link.moves() > 0);
    CHECK(link.dropped() > 0);
}

TEST_CASE("to each peer goes the same signature") {
    const std::string toml = director(R"(peers = ["192.0.2.6", "192.0.2.7"])");
    Bench bench(keyed(toml, AuthMode::enforce));
    bench.run();
    const Effects effects = bench.pass(bench.first().machine.first_listening());
    REQUIRE(effects.send.size() == 2);
    CHECK(test::read(effects.send[0]).trailer);
    CHECK(test::read(effects.send[0]).trailer == test::read(effects.send[1]).trailer);
}

TEST_CASE("a forgery is logged once a minute for each sender and reason") {
    Bench bench(keyed(director(), AuthMode::enforce));
    bench.run();
    REQUIRE(bench.state() == State::backup);
    const auto lines = [&] { return told(bench.hear(200)); };
    CHECK(lines() == "one: dropped an advertisement of 192.0.2.6: not signed\n");
    for (int i = 0; i < 50; ++i) CHECK(lines().empty());
    bench.now += seconds(60);
    CHECK(lines().find("not signed") != std::string::npos);
    CHECK(bench.first().machine.counters().dropped[static_cast<std::size_t>(vrrp::Drop::not_signed)] == 52);
}

TEST_CASE("a stranger who sends from a node's own address does not drive it from that address") {
    Bench bench(keyed(director(), AuthMode::enforce));
    bench.up.front().addresses = {ip("192.0.2.5"), ip("192.0.2.8")};
    bench.run();
    bench.pass(seconds(2));
    const auto source = bench.first().machine.source();
    bench.hear(200, to_text(*source).c_str());
    CHECK(bench.first().machine.source() == source);
    Bench without(director());
    without.up.front().addresses = {ip("192.0.2.5"), ip("192.0.2.8")};
    without.run();
    without.pass(seconds(2));
    without.hear(200, "192.0.2.5");
    CHECK(without.first().machine.source() == ip("192.0.2.8"));
}

}  // namespace lbconverge::node
