// Hooks: the queue of one, and when a node runs which.
#include "unit/node/bench.hpp"

#include <doctest/doctest.h>

namespace lbconverge::node {

using namespace test;
using vrrp::State;
using Do = HookQueue::Do;

namespace {

config::Hook hook(std::vector<std::string> on, std::uint32_t retries = 0) {
    config::Hook out;
    out.on = std::move(on);
    out.command = {"/bin/hook"};
    out.retries = retries;
    out.retry_delay = seconds(3);
    return out;
}

std::string hooked(const std::string& on, const std::string& more = "", const std::string& vrrp = "") {
    return director(vrrp + R"(
        [[hook]]
        on = $
        command = ["/bin/hook", "x"]
    )"_with(on) + more);
}

/// "run 1 master", "end 1".
std::string hooks_of(const Effects& effects) {
    std::string text;
    for (const RunHook& each : effects.run_hooks) {
        text += "run " + std::to_string(each.id) + " " + each.environment.at("LBCONVERGE_STATE") + "\n";
    }
    for (const std::uint64_t each : effects.end_hooks) text += "end " + std::to_string(each) + "\n";
    return text;
}

Effects ends(Bench& bench, std::uint64_t id, bool good, const std::string& said = "exit status 1") {
    return bench.turn(HookEnded{.id = id, .good = good, .said = good ? "exit status 0" : said});
}

}  // namespace

// ---- one queue -----------------------------------------------------------------------------------------------------

TEST_CASE("a hook runs once per state that it is for") {
    HookQueue queue(hook({"master"}), "one");
    const Instant now{hours(1)};
    queue.see(HookState::backup);
    CHECK(queue.next(now) == Do::nothing);
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::start);
    CHECK(queue.next(now) == Do::nothing);
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::nothing);
    CHECK_FALSE(queue.ended(true, "", Duration{}, now, false));
    CHECK(queue.next(now) == Do::nothing);
    CHECK(queue.idle());
    CHECK(queue.last()->good);
}

TEST_CASE("a hook that fails is tried again after its delay, and so often") {
    HookQueue queue(hook({"master"}, 2), "one");
    Instant now{hours(1)};
    queue.see(HookState::master);
    for (int attempt = 1; attempt <= 2; ++attempt) {
        CHECK(queue.next(now) == Do::start);
        CHECK_FALSE(queue.ended(false, "no", Duration{}, now, false));
        CHECK(queue.wake_at() == now + seconds(3));
        CHECK(queue.next(now) == Do::nothing);
        now += seconds(3);
    }
    CHECK(queue.next(now) == Do::start);
    CHECK(queue.ended(false, "no", Duration{}, now, false));
    CHECK(queue.last()->attempts == 3);
    CHECK_FALSE(queue.wake_at());
    CHECK(queue.idle());
}

TEST_CASE("a newer state ends a run, and the next one starts only when it has gone") {
    HookQueue queue(hook({"master", "backup"}), "one");
    const Instant now{hours(1)};
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::start);
    queue.see(HookState::backup);
    CHECK(queue.next(now) == Do::end);
    CHECK(queue.next(now) == Do::nothing);
    CHECK_FALSE(queue.ended(false, "called off", Duration{}, now, false));
    CHECK(queue.last()->overtaken);
    CHECK(queue.next(now) == Do::start);
    CHECK(queue.running() == HookState::backup);
    CHECK(queue.overtaken() == 1);
}

TEST_CASE("there and back again: only the last state is run, however long the first run takes to end") {
    HookQueue queue(hook({"master", "backup"}), "one");
    const Instant now{hours(1)};
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::start);
    queue.see(HookState::backup);
    CHECK(queue.next(now) == Do::end);
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::nothing);
    queue.ended(true, "", Duration{}, now, false);
    CHECK(queue.next(now) == Do::start);
    CHECK(queue.running() == HookState::master);
    CHECK(queue.attempts() == 1);
}

TEST_CASE("a state that a hook is not for overtakes as well: its run ends, and it is not tried again") {
    HookQueue queue(hook({"master"}, 5), "one");
    const Instant now{hours(1)};
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::start);
    queue.ended(false, "no", Duration{}, now, false);
    CHECK(queue.wake_at());
    queue.see(HookState::fault);
    CHECK_FALSE(queue.wake_at());
    CHECK(queue.next(now + hours(1)) == Do::nothing);
    CHECK(queue.idle());
    CHECK(queue.last()->overtaken);
    queue.see(HookState::master);
    CHECK(queue.next(now) == Do::start);
    queue.see(HookState::backup);
    CHECK(queue.next(now) == Do::end);
}

// ---- in a node -----------------------------------------------------------------------------------------------------

TEST_CASE("a hook knows what has happened, and the file's own variables stay") {
    Bench bench = backup(hooked(R"(["master"])", R"(environment = { KEY = "1", LBCONVERGE_STATE = "x" })"));
    const Effects effects = bench.pass(seconds(4));
    REQUIRE(effects.run_hooks.size() == 1);
    const RunHook& run = effects.run_hooks.front();
    CHECK(run.command == std::vector<std::string>{"/bin/hook", "x"});
    CHECK(run.environment.at("KEY") == "1");
    CHECK(run.environment.at("LBCONVERGE_STATE") == "master");
    CHECK(run.environment.at("LBCONVERGE_INSTANCE") == "one");
    CHECK(run.environment.at("LBCONVERGE_INTERFACE") == "eth0");
    CHECK(run.environment.at("LBCONVERGE_VRID") == "51");
    CHECK(run.environment.at("LBCONVERGE_PRIORITY") == "100");
    CHECK(run.environment.at("LBCONVERGE_VIPS") == "192.0.2.20");
    CHECK(run.environment.at("LBCONVERGE_ATTEMPT") == "1");
}

TEST_CASE("states come to hooks as they come to the election") {
    Bench bench(hooked(R"(["master", "backup", "fault"])"));
    CHECK(hooks_of(bench.run()) == "run 1 backup\n");
    ends(bench, 1, true);
    CHECK(hooks_of(bench.pass(seconds(4))) == "run 2 master\n");
    bench.settle();
    CHECK(hooks_of(bench.link_goes(false)) == "end 2\n");
    CHECK(hooks_of(ends(bench, 2, false)) == "run 3 fault\n");
}

TEST_CASE("a node that does not know yet whether it is master tells its hooks nothing") {
    Bench bench(hooked(R"(["master", "backup"])"));
    CHECK(hooks_of(bench.run({ip("192.0.2.20")})).empty());
    CHECK(hooks_of(bench.pass(seconds(2))) == "run 1 master\n");
    Bench other(hooked(R"(["master", "backup"])"));
    other.run({ip("192.0.2.20")});
    CHECK(hooks_of(other.hear(200)) == "run 1 backup\n");
}

TEST_CASE("a hook that fails is reported, with what it said, and tried again") {
    Bench bench = backup(hooked(R"(["master"])", R"(
        retries = 1
        retry_delay = "3s"
    )"_text));
    bench.pass(seconds(4));
    bench.settle();
    CHECK(told(ends(bench, 1, false)) == "hook /bin/hook on master of one: exit status 1; will be tried again\n");
    CHECK(hooks_of(bench.pass(milliseconds(2999))).empty());
    CHECK(hooks_of(bench.pass(milliseconds(1))) == "run 2 master\n");
    CHECK(told(ends(bench, 2, false)) == "hook /bin/hook on master of one: exit status 1\n");
    CHECK(hooks_of(bench.pass(seconds(60))).empty());
}

TEST_CASE("the end waits for the stop hook, and for no second attempt of it") {
    Bench bench = master(hooked(R"(["stop"])", "retries = 10\n"));
    Effects effects = bench.turn(Stop{});
    CHECK(hooks_of(effects) == "run 1 stop\n");
    append(effects, bench.pass(seconds(3)));
    append(effects, bench.settle());
    CHECK_FALSE(effects.exit);
    effects = ends(bench, 1, false);
    append(effects, bench.settle());
    CHECK(effects.exit);
}

TEST_CASE("a stop overtakes whatever runs or would be tried again, and then nothing is waited for") {
    Bench bench = backup(hooked(R"(["master"])", "retries = 10\n"));
    bench.pass(seconds(4));
    bench.settle();
    CHECK(hooks_of(bench.turn(Stop{})) == "end 1\n");
    Effects effects = bench.pass(seconds(3));
    append(effects, bench.settle());
    CHECK_FALSE(effects.exit);  // its process is still there
    append(effects, ends(bench, 1, false));
    append(effects, bench.settle());
    CHECK(effects.exit);
}

TEST_CASE("a reload leaves a hook alone that is still there, and ends the run of one that is not") {
    Bench bench = backup(hooked(R"(["master"])"));
    bench.pass(seconds(4));
    bench.settle();
    CHECK(hooks_of(bench.reload(hooked(R"(["master"])", R"(timeout = "5s")"))).empty());
    CHECK(hooks_of(bench.reload(director())) == "end 1\n");
    CHECK(nothing(ends(bench, 1, false)));
    bench.settle();
    CHECK(hooks_of(bench.reload(hooked(R"(["master"])"))).empty());  // nothing has happened since
    CHECK(hooks_of(bench.link_goes(false)).empty());
    bench.settle();
    bench.link_goes(true);
    CHECK(hooks_of(bench.pass(seconds(4))) == "run 2 master\n");
}

TEST_CASE("each instance has a queue of its own, and a hook can be for one of them") {
    const std::string one = R"(
        [[hook]]
        on = ["backup"]
        command = ["/bin/hook"]
    )"_text;
    Bench both(pair(one));
    CHECK(hooks_of(both.run()) == "run 1 backup\nrun 2 backup\n");
    Bench second(pair(one + R"(
        vrrp = "two"
    )"_text));
    const Effects effects = second.run();
    REQUIRE(effects.run_hooks.size() == 1);
    CHECK(effects.run_hooks.front().environment.at("LBCONVERGE_INSTANCE") == "two");
}

TEST_CASE("an instance that leaves the file gives back what its hooks have taken, also where they leave with it") {
    const auto of_two = [](const std::string& on) {
        return R"(
            [[hook]]
            on = $
            command = ["/bin/hook"]
            vrrp = "two"
            retries = 1
        )"_with(on);
    };
    for (const char* last : {"stop", "backup"}) {
        const std::string on = R"(["master", "$"])"_with(last);
        Bench bench = master(pair(of_two(on)));
        ends(bench, 1, true);
        if (std::string(last) == "backup") ends(bench, 2, true);
        bench.settle();
        const Effects effects = bench.reload(director());
        REQUIRE(effects.run_hooks.size() == 1);
        const RunHook& run = effects.run_hooks.front();
        CHECK(run.environment.at("LBCONVERGE_STATE") == last);
        CHECK(run.environment.at("LBCONVERGE_INSTANCE") == "two");
        CHECK(run.environment.at("LBCONVERGE_VIPS") == "192.0.2.30");
        CHECK(told(ends(bench, run.id, false)).ends_with("will be tried again\n"));
        const Effects again = bench.pass(seconds(1));
        REQUIRE(again.run_hooks.size() == 1);
        CHECK(again.run_hooks.front().environment.at("LBCONVERGE_ATTEMPT") == "2");
        ends(bench, again.run_hooks.front().id, true);
        CHECK(hooks_of(bench.pass(hours(1))).empty());
    }
}

TEST_CASE("the hook of an instance that leaves is not run for what it knows already, nor for what it is not for") {
    const auto one = [](const std::string& on) {
        return R"(
            [[hook]]
            on = $
            command = ["/bin/hook"]
            vrrp = "two"
        )"_with(on);
    };
    Bench bench = backup(pair(one(R"(["backup"])")));
    CHECK(hooks_of(bench.reload(director())).empty());  // the run for backup is still under way, and goes on
    CHECK(told(ends(bench, 1, true)) == "hook /bin/hook on backup of two: done\n");
    Bench other = master(pair(one(R"(["master"])")));
    CHECK(hooks_of(other.reload(director())) == "end 1\n");
    ends(other, 1, false);
    CHECK(hooks_of(other.pass(hours(1))).empty());
}

TEST_CASE("the end waits for the last run of an instance that has left, and not for another attempt") {
    Bench bench = master(pair(R"(
        [[hook]]
        on = ["stop"]
        command = ["/bin/hook"]
        vrrp = "two"
        retries = 3
    )"_text));
    CHECK(hooks_of(bench.reload(director())) == "run 1 stop\n");
    Effects effects = bench.turn(Stop{});
    append(effects, bench.pass(seconds(3)));
    append(effects, bench.settle());
    CHECK_FALSE(effects.exit);
    effects = ends(bench, 1, false);
    append(effects, bench.settle());
    CHECK(effects.exit);
    Bench waits = master(pair(R"(
        [[hook]]
        on = ["stop"]
        command = ["/bin/hook"]
        vrrp = "two"
        retries = 3
        retry_delay = "1h"
    )"_text));
    waits.reload(director());
    ends(waits, 1, false);
    effects = waits.turn(Stop{});
    append(effects, waits.pass(seconds(3)));
    append(effects, waits.settle());
    CHECK(effects.exit);
}

TEST_CASE("an instance that gets another name keeps the run of its hook, and the state that the hook knows") {
    const auto named = [](const std::string& name) {
        return R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.20"]
            [[vrrp]]
            name = "$"
            vrid = 51
            [[hook]]
            on = ["master", "stop"]
            command = ["/bin/hook"]
            vrrp = "$"
        )"_with(name, name);
    };
    Bench bench = master(named("old"));
    CHECK(hooks_of(bench.reload(named("new"))).empty());
    CHECK(told(ends(bench, 1, true)) == "hook /bin/hook on master of new: done\n");
    CHECK(hooks_of(bench.pass(seconds(10))).empty());
}

TEST_CASE("two instances that swap their names keep each its own hook") {
    const auto named = [](const std::string& first, const std::string& second) {
        return R"(
            role = "director"
            interface = "eth0"
            [[vip]]
            address = "192.0.2.20"
            vrrp = "$"
            [[vip]]
            address = "192.0.2.30"
            vrrp = "$"
            [[vrrp]]
            name = "$"
            vrid = 51
            [[vrrp]]
            name = "$"
            vrid = 52
            [[hook]]
            on = ["backup"]
            command = ["/bin/hook"]
        )"_with(first, second, first, second);
    };
    Bench bench(named("a", "b"));
    CHECK(hooks_of(bench.run()) == "run 1 backup\nrun 2 backup\n");
    CHECK(hooks_of(bench.reload(named("b", "a"))).empty());
    CHECK(told(ends(bench, 1, true)) == "hook /bin/hook on backup of b: done\n");
    CHECK(told(ends(bench, 2, true)) == "hook /bin/hook on backup of a: done\n");
    // The name of one that leaves goes to the other one.
    bench.reload(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[vrrp]]
        name = "a"
        vrid = 51
        [[hook]]
        on = ["backup"]
        command = ["/bin/hook"]
    )"_text);
    CHECK(bench.node.hooks().size() == 1);
    CHECK(bench.node.hooks().front().instance() == "a");
}

}  // namespace lbconverge::node
