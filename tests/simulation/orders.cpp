// Two nodes, two links, one sync group: every order of three faults at every pace of a small set. What must hold:
//   - after every turn a node is master of both members or of none;
//   - once the faults have had their time, one node that can be is master of both, wherever a link is left on which the
//     nodes hear each other; and the addresses are where the master is;
//   - once everything is healed as well, and then it is the better one if it may preempt.
#include "clusters.hpp"

#include "lbconverge/node/node.hpp"

#include <array>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace lbconverge;
using namespace lbconverge::node;
using std::chrono::milliseconds;
using vrrp::State;

constexpr std::size_t nodes = 2, links = 2;
constexpr Duration latency = milliseconds(1);
/// Advertisements come every 100 ms: the down interval, twice, and what a restart listens for; without preemption that
/// is longer (vrrp::settling_time).
constexpr Duration settling = milliseconds(3400);
constexpr std::array<Duration, 3> paces = {milliseconds(7), milliseconds(150), milliseconds(700)};

/// A fault that begins when it is not there, and else ends.
enum Toggle : std::size_t { link_a0, link_a1, link_b0, link_b1, kill_a, kill_b, cut_0, cut_1, toggles };
constexpr std::array<const char*, toggles> names = {"link a0", "link a1", "link b0", "link b1",
                                                    "kill a",  "kill b",  "cut 0",   "cut 1"};

struct Variant {
    const char* name;
    std::array<std::array<int, links>, nodes> priority;
    bool preempt = true;
    std::array<std::array<int, links>, nodes> host = {{{1, 1}, {2, 2}}};  ///< last octet of the addresses
};
constexpr Variant variants[] = {
    {"better and worse", {{{150, 150}, {100, 100}}}},
    {"no preemption", {{{150, 150}, {100, 100}}}, false},
    {"crossed priorities", {{{150, 100}, {90, 150}}}},
    {"equal", {{{100, 100}, {100, 100}}}},
    {"equal, crossed addresses", {{{100, 100}, {100, 100}}}, true, {{{1, 2}, {2, 1}}}},
};

std::string toml_of(const Variant& variant, std::size_t node) {
    std::string text = R"(
        role = "director"
    )"_text;
    for (std::size_t link = 0; link < links; ++link) {
        const std::string number = std::to_string(link);
        text += R"(
            [[vip]]
            address = "10.0.$.20"
            interface = "eth$"
            vrrp = "i$"
            [[vrrp]]
            name = "i$"
            interface = "eth$"
            vrid = 5$
            advert_interval = "100ms"
            priority = $
            preempt = $
        )"_with(number, number, number, number, number, number, std::to_string(variant.priority[node][link]),
                variant.preempt ? "true" : "false");
    }
    return text + R"(
        [[sync_group]]
        name = "g"
        members = ["i0", "i1"]
    )"_text;
}

struct Flying {
    Instant at;
    std::size_t to;
    Packet packet;
};

class Pair {
public:
    Pair(const Variant& variant, const std::array<ConfigPtr, nodes>& configs) : variant_(variant), configs_(configs) {
        for (std::size_t i = 0; i < nodes; ++i) start(i);
    }

    void toggle(std::size_t which) {
        on_[which] = !on_[which];
        if (which >= cut_0) return;
        if (which >= kill_a) {
            const std::size_t node = which - kill_a;
            if (on_[which]) {
                brains_[node].reset();
            } else {
                start(node);
            }
        } else if (brains_[which / links] != nullptr) {
            tell_links(which / links);
        }
    }
    void heal() {
        for (std::size_t i = 0; i < toggles; ++i) {
            if (on_[i]) toggle(i);
        }
    }
    void pass(Duration duration) {
        const Instant end = now_ + duration;
        while (one_event(end)) {
        }
        now_ = end;
    }
    /// Empty: everything is as it must be. `healed`: nothing is wrong any more, and it is known who is the best.
    [[nodiscard]] std::string judge(bool healed) const {
        std::size_t able = 0, leading = 0;
        for (std::size_t i = 0; i < nodes; ++i) {
            const bool can = brains_[i] != nullptr && !on_[2 * i] && !on_[2 * i + 1];
            able += can ? 1U : 0U;
            if (brains_[i] == nullptr) continue;
            const bool leads = masters(i) == links;
            if (leads && !can) return names_of(i) + " is master and cannot be";
            leading += leads ? 1U : 0U;
            if (held_[i] != std::array{leads, leads}) return names_of(i) + " has not the addresses that it should";
        }
        const bool apart = on_[cut_0] && on_[cut_1];
        const std::size_t wanted = apart ? able : std::min<std::size_t>(able, 1);
        if (leading != wanted) return std::to_string(leading) + " masters";
        const bool a_is_better = variant_.preempt && variant_.priority[0] != variant_.priority[1];
        if (healed && a_is_better && masters(0) != links) return "the better one is not master";
        return {};
    }
    [[nodiscard]] const std::string& broken() const { return broken_; }

private:
    static std::string names_of(std::size_t node) { return node == 0 ? "a" : "b"; }
    [[nodiscard]] IpAddress address(std::size_t node, std::size_t link) const {
        return IpAddress::parse("10.0." + std::to_string(link) + "." + std::to_string(variant_.host[node][link]))
            .value();
    }
    [[nodiscard]] std::size_t masters(std::size_t node) const {
        std::size_t count = 0;
        for (const Instance& each : brains_[node]->instances())
            count += each.machine.state() == State::master ? 1U : 0U;
        return count;
    }

    /// With the addresses that an earlier life left behind.
    void start(std::size_t node) {
        brains_[node] = std::make_unique<Node>(configs_[node]);
        tell_links(node);
    }
    void tell_links(std::size_t node) {
        Links event;
        for (std::size_t link = 0; link < links; ++link) {
            event.links.push_back(
                {("eth" + std::to_string(link)).c_str(), !on_[links * node + link], {address(node, link)}});
            if (held_[node][link]) event.holding.push_back(configs_[node]->vips[link].address);
        }
        turn(node, event);
    }
    /// The kernel does at once what it is asked to.
    void turn(std::size_t node, const Event& event) {
        const Effects effects = brains_[node]->turn(event, now_, WallTime(now_.time_since_epoch()));
        for (const Packet& each : effects.send) {
            const std::size_t link = each.interface == InterfaceName("eth0") ? 0 : 1;
            if (!on_[links * node + link]) flying_.push_back({now_ + latency, 1 - node, each});
        }
        const std::size_t count = masters(node);
        if (count != 0 && count != links) broken_ = names_of(node) + " is master of one of two";
        for (const Converge& each : effects.converge) {
            for (std::size_t link = 0; link < links; ++link) {
                const ElectionState state = each.election.at("i" + std::to_string(link));
                if (state != ElectionState::undecided) held_[node][link] = state == ElectionState::master;
            }
            turn(node, Converged{.lane = each.lane});
        }
    }
    bool one_event(Instant end) {
        std::size_t who = nodes;
        Instant next = end;
        for (std::size_t i = 0; i < nodes; ++i) {
            const auto at = brains_[i] != nullptr ? brains_[i]->wake_at() : std::nullopt;
            if (at && *at < next) next = std::max(*at, now_), who = i;
        }
        if (!flying_.empty() && flying_.front().at <= next) {  // what has arrived is heard before a timer fires
            const Flying packet = std::move(flying_.front());
            flying_.pop_front();
            now_ = std::max(now_, packet.at);
            const std::size_t link = packet.packet.interface == InterfaceName("eth0") ? 0 : 1;
            const bool lost = on_[cut_0 + link] || on_[links * packet.to + link] || brains_[packet.to] == nullptr;
            if (!lost) turn(packet.to, Arrived{packet.packet});
            return true;
        }
        if (who == nodes) return false;
        now_ = next;
        turn(who, Tick{});
        return true;
    }

    const Variant& variant_;
    const std::array<ConfigPtr, nodes>& configs_;
    Instant now_{std::chrono::hours(1)};
    std::array<std::unique_ptr<Node>, nodes> brains_;
    std::array<std::array<bool, links>, nodes> held_{};
    std::array<bool, toggles> on_{};
    std::deque<Flying> flying_;
    std::string broken_;
};

struct Orders {
    const Variant& variant;
    std::array<ConfigPtr, nodes> configs;
    std::size_t runs = 0, failures = 0;

    void run(const std::vector<std::size_t>& order, Duration pace) {
        ++runs;
        Pair pair(variant, configs);
        pair.pass(settling);
        std::string wrong = pair.judge(true);
        for (const std::size_t each : order) {
            pair.toggle(each);
            pair.pass(pace);
        }
        pair.pass(settling);
        if (wrong.empty()) wrong = pair.judge(false);
        pair.heal();
        pair.pass(settling);
        if (wrong.empty()) wrong = pair.judge(true);
        if (wrong.empty()) wrong = pair.broken();
        if (wrong.empty() || ++failures > 5) return;
        std::string text = variant.name;
        for (const std::size_t each : order) text += std::string(", ") + names[each];
        std::printf("%s, every %d ms: %s\n", text.c_str(), static_cast<int>(pace / milliseconds(1)), wrong.c_str());
    }
};

ConfigPtr config_of(const Variant& variant, std::size_t node) {
    config::Diagnostics problems;
    const auto document = config::Document::parse({{"lb.toml", toml_of(variant, node)}}, problems);
    return std::make_shared<const config::Config>(document.config_for("", problems).value());
}

}  // namespace

int main() {
    std::size_t runs = 0, failures = 0;
    for (const Variant& variant : variants) {
        Orders orders{variant, {config_of(variant, 0), config_of(variant, 1)}};
        for (std::size_t number = 0; number < toggles * toggles * toggles; ++number) {
            const std::vector order = {number % toggles, number / toggles % toggles, number / toggles / toggles};
            for (const Duration pace : paces) orders.run(order, pace);
        }
        runs += orders.runs;
        failures += orders.failures;
    }
    std::printf("%zu orders of faults, %zu with a violation\n", runs, failures);
    return failures == 0 ? 0 : 1;
}
