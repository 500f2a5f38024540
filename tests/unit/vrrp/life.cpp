#include "unit/vrrp/router.hpp"

#include <doctest/doctest.h>

namespace lbconverge::vrrp {

using namespace test;

// ---- even rate, and a master that was away -------------------------------------------------------------------------

TEST_CASE("advertisements keep their rate when wake-ups are late") {
    Router router = master(plain());
    const Instant first = router.now;
    for (int i = 1; i <= 50; ++i) {
        router.now = *router.machine.wake_at() + milliseconds(i % 7);
        CHECK(router.machine.tick(router.now).send == std::uint8_t{100});
        CHECK(*router.machine.wake_at() == first + seconds(i + 1));
    }
}

TEST_CASE("a wake-up that is late by an interval or more is not made up for") {
    for (const int late : {2000, 2500, 3500}) {
        CAPTURE(late);
        Router router = master(plain());
        CHECK(router.after(milliseconds(late)).send == std::uint8_t{100});
        CHECK(router.waits() == seconds(1));
        CHECK(router.machine.counters().late == 0);
    }
}

TEST_CASE("a master that was away for longer than its peers wait listens before it speaks") {
    Router router = master(plain());
    CHECK(silent(router.after(milliseconds(3501))));
    CHECK(router.state() == State::master);
    CHECK(router.machine.counters().late == 1);
    CHECK(router.waits() == milliseconds(1125));  // longer than the interval of a master that it has to hear
}

TEST_CASE("a master that was away, and heard nobody, goes on and tells the neighbours") {
    Router router = master(plain());
    router.after(seconds(10));
    const Output output = router.wake();
    CHECK(output.send == std::uint8_t{100});
    CHECK(output.announce);
    CHECK_FALSE(output.from);
    CHECK(router.waits() == seconds(1));
    CHECK_FALSE(router.wake().announce);
    CHECK(router.machine.counters().late == 1);
}

TEST_CASE("a master that was away, yielded, and is master again has forgotten that it was away") {
    Router router = master(plain());
    router.after(seconds(10));
    router.hear(said(101));
    router.grace_over();
    router.wake();
    REQUIRE(router.state() == State::master);
    CHECK_FALSE(router.wake().announce);
    CHECK(silent(router.after(seconds(10))));
    CHECK(router.machine.counters().late == 2);
}

TEST_CASE("a master that was away yields to a higher priority") {
    for (const Settings& settings : {plain(), no_preempt()}) {
        Router router = master(settings);
        router.after(seconds(10));
        CHECK(router.hear(said(101)).from == State::master);
        CHECK(router.state() == State::backup);
    }
}

TEST_CASE("a master that was away and preempts takes back from a lower priority at once") {
    Router router = master(plain());
    router.after(seconds(10));
    const Output output = router.hear(said(99));
    CHECK(output.send == std::uint8_t{100});
    CHECK(output.announce);
    CHECK(router.state() == State::master);
    CHECK(router.waits() == seconds(1));
    CHECK_FALSE(router.wake().announce);
}

TEST_CASE("a master that was away and does not preempt leaves the mastership to who took over") {
    Router router = master(no_preempt());
    router.after(seconds(10));
    const Output output = router.hear(said(99, lesser, milliseconds(500)));
    CHECK(output.send == std::uint8_t{98});  // a last word, to which that one does not give way
    CHECK(output.obeys);
    CHECK(output.from == State::master);
    CHECK(router.state() == State::backup);
    router.grace_over();
    CHECK(router.waits() == milliseconds(1500) + skew_of_100 / 2);
    CHECK(router.machine.why() == "was away, and heard 192.0.2.4 with priority 99");
}

TEST_CASE("an owner that was away takes back, also where preempt is off (RFC 9568 §6.1)") {
    Router router = master(no_preempt(255));
    router.after(seconds(10));
    CHECK(router.hear(said(254)).send == std::uint8_t{255});
    CHECK(router.state() == State::master);
}

TEST_CASE("a master notices that it was away also when a packet wakes it") {
    Router router = master(no_preempt());
    router.now += seconds(10);
    const Output output = router.hear(said(99));
    CHECK(output.send == std::uint8_t{98});
    CHECK(output.from == State::master);
    CHECK(router.state() == State::backup);
    CHECK(router.machine.counters().late == 1);
}

TEST_CASE("absence is counted once, however the master learns of it") {
    Router router = master(plain());
    router.now += seconds(10);
    router.hear(said(0));
    router.hear(said(99));
    router.after(Duration{0});
    CHECK(router.machine.counters().late == 1);
    CHECK(router.state() == State::master);
    CHECK(router.machine.wake_at() > router.now);
}

TEST_CASE("to no last word the other master gives way, and it answers and tells the neighbours") {
    for (const int priority : {1, 2, 99, 100, 254}) {
        CAPTURE(priority);
        const auto winners = static_cast<std::uint8_t>(priority);
        Router away = master(no_preempt());
        Router sibling = master(no_preempt());
        away.after(seconds(10));
        const Output output = away.hear(said(winners, greater));
        REQUIRE(output.send.has_value());
        CHECK(sibling.machine.yield(winners, sibling.now, "sync group").send == output.send);
        Router winner = master(no_preempt(winners), ip(greater));
        Heard heard = said(*output.send, "192.0.2.5");
        const Output answer = winner.hear(heard);
        CHECK(winner.state() == State::master);
        CHECK(answer.send == winners);
        CHECK(answer.announce);
    }
}

TEST_CASE("a master listens from when it notices that it was away until it has heard, or heard nobody") {
    Router router = master(plain());
    CHECK_FALSE(router.machine.listening());
    router.after(seconds(10));
    CHECK(router.machine.listening());
    Router hears = router;
    hears.hear(said(101));
    CHECK_FALSE(hears.machine.listening());
    router.wake();
    CHECK_FALSE(router.machine.listening());
}

// ---- a backup that was away ----------------------------------------------------------------------------------------

namespace {

Settings quick(Settings settings) {
    settings.interval = milliseconds(100);
    return settings;
}

}  // namespace

TEST_CASE("a backup that was away does not take that for the silence of its master") {
    Router router = backup(no_preempt());
    router.hear(said(200));
    router.now += seconds(60);
    router.machine.was_away(seconds(60), router.now);
    CHECK(silent(router.after(Duration{0})));
    CHECK(router.state() == State::backup);
    CHECK(router.waits() == router.machine.first_listening());
    CHECK(router.machine.counters().late == 1);
    CHECK(router.wake().send == std::uint8_t{100});  // nobody was heard
}

TEST_CASE("a backup that was away for a moment only hears an interval more, or waits for what was left") {
    Router last = backup(quick(no_preempt()));
    last.hear(said(200, lesser, milliseconds(100)));
    const Duration down = last.machine.down_interval();
    Router early = last;
    last.now += down - milliseconds(1);
    last.now += milliseconds(500);
    last.machine.was_away(milliseconds(500), last.now);
    CHECK(last.waits() == milliseconds(100) + last.machine.skew());
    early.now += milliseconds(500);
    early.machine.was_away(milliseconds(500), early.now);
    CHECK(early.waits() == down);
}

TEST_CASE("a backup that ran as often as it wants was not away") {
    Router router = backup(no_preempt());
    router.hear(said(200, lesser, milliseconds(400)));
    CHECK(router.machine.longest_sleep() == milliseconds(200));
    const Instant wake = *router.machine.wake_at();
    router.now += milliseconds(400);
    router.machine.was_away(milliseconds(400) - microseconds(1), router.now);
    CHECK(unmoved(router, State::backup, wake));
    router.machine.was_away(milliseconds(400), router.now);
    CHECK_FALSE(unmoved(router, State::backup, wake));
}

TEST_CASE("a new priority does not shorten what a backup that was away has to hear") {
    for (const auto absence : {milliseconds(500), milliseconds(60000)}) {
        Router router = backup(quick(no_preempt()));
        router.hear(said(200, lesser, milliseconds(100)));
        router.now += router.machine.down_interval() - milliseconds(1) + absence;
        router.machine.was_away(absence, router.now);
        const Duration wait = router.waits();
        router.machine.set_priority(100, router.now);
        CHECK(router.waits() == wait);
        router.machine.set_priority(254, router.now);
        CHECK(router.waits() >= milliseconds(100));
    }
}

TEST_CASE("a backup that was away and has long to wait still has, whatever its priority becomes") {
    Router router = backup(plain());
    router.hear(said(101));
    router.now += milliseconds(1200);
    router.machine.was_away(milliseconds(1200), router.now);
    CHECK(router.waits() == router.machine.down_interval());
    router.machine.set_priority(90, router.now);
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("a backup that was away for as long as a link takes to settle begins as at a start") {
    Router router = backup(plain());
    router.hear(said(101));
    router.now += router.machine.down_interval() - milliseconds(1) + settling_time;
    router.machine.was_away(settling_time, router.now);
    CHECK(router.waits() == router.machine.first_listening());
}

TEST_CASE("a ready member of a group that was away is not ready any more") {
    Router router(plain());
    router.machine.set_grouped(true, router.now);
    router.start();
    router.wake();
    REQUIRE(router.machine.ready());
    router.now += seconds(60);
    router.machine.was_away(seconds(60), router.now);
    router.after(Duration{0});
    CHECK_FALSE(router.machine.ready());
    router.wake();
    CHECK(router.machine.ready());
}

TEST_CASE("only a backup depends on how often it runs") {
    for (const Router& each : {master(plain()), leaving(plain()), Router(plain())}) {
        Router router = each;
        const auto wake = router.machine.wake_at();
        CHECK_FALSE(router.machine.longest_sleep());
        router.machine.was_away(hours(1), router.now);
        CHECK(router.machine.wake_at() == wake);
        CHECK(router.machine.counters().late == 0);
    }
}

TEST_CASE("a master that is late every time speaks all the same") {
    Router router = master(plain());
    std::size_t spoken = 0;
    for (int i = 0; i < 10; ++i) {
        router.now += seconds(5);
        if (router.machine.tick(router.now).send) ++spoken;
    }
    CHECK(spoken == 5);
}

// ---- giving way ----------------------------------------------------------------------------------------------------

TEST_CASE("a master that gives way serves until its successor is ready, and then says that the addresses have to go") {
    Router router = master(plain());
    CHECK(router.hear(said(101)).from == State::master);
    const Instant down = router.now + router.machine.down_interval();
    CHECK(router.machine.serving());
    CHECK_FALSE(router.machine.undecided());
    CHECK(router.waits() == hand_over_grace);
    CHECK(silent(router.after(hand_over_grace - microseconds(1))));
    const Output output = router.after(microseconds(1));
    CHECK(output.from == State::backup);  // told like a transition
    CHECK_FALSE(output.send);
    CHECK_FALSE(router.machine.serving());
    CHECK(unmoved(router, State::backup, down));
}

TEST_CASE("the grace of who gave way is told once, and is no longer for the master's next advertisements") {
    Router router = master(plain());
    router.hear(said(101));
    router.now += milliseconds(20);
    CHECK(silent(router.hear(said(101))));
    CHECK(router.waits() == hand_over_grace - milliseconds(20));
    CHECK(router.wake().from);
    CHECK(silent(router.hear(said(101))));
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("who is quicker than the grace takes over in its midst") {
    Settings settings = plain(254);
    settings.interval = milliseconds(10);
    Router router = master(settings);
    router.hear(said(255, lesser, milliseconds(10)));
    CHECK(router.waits() == router.machine.down_interval());
    REQUIRE(router.machine.down_interval() < hand_over_grace);
    const Output output = router.wake();
    CHECK(output.send == std::uint8_t{254});
    CHECK(output.from == State::backup);
    CHECK(router.waits() == milliseconds(10));
    for (int i = 0; i < 9; ++i) CHECK_FALSE(router.wake().from);
    CHECK(router.machine.serving());
}

TEST_CASE("a wake-up that is later than the grace and the down interval is a master's") {
    Router router = master(plain());
    router.hear(said(101));
    const Output output = router.after(seconds(5));
    CHECK(output.from == State::backup);
    CHECK(output.send == std::uint8_t{100});
    CHECK(router.state() == State::master);
    CHECK(router.machine.serving());
}

TEST_CASE("who cannot take part any more does not serve, whatever it was") {
    for (const bool gave_way : {false, true}) {
        Router router = master(plain());
        if (gave_way) router.hear(said(101));
        router.machine.fault(router.now, "no link");
        CHECK_FALSE(router.machine.serving());
        CHECK_FALSE(router.machine.wake_at());
    }
}

TEST_CASE("the last word of who gives way is an advertisement like any other, in a tie as well") {
    Router router = master(plain());
    const std::uint64_t before = router.machine.counters().sent;
    CHECK(router.hear(said(100, greater)).send == std::uint8_t{100});
    CHECK(router.machine.counters().sent == before + 1);
}

TEST_CASE("a last word tells a master of a rival that it did not know, and does not go on for ever") {
    Router better = master(plain(200), ip("192.0.2.9"));
    Router lesser_one = master(plain(100));
    Heard heard = said(200, "192.0.2.9");
    const Output yields = lesser_one.hear(heard);
    REQUIRE(yields.send == std::uint8_t{100});
    const Output answers = better.hear(said(100, "192.0.2.5"));
    CHECK(answers.send == std::uint8_t{200});
    CHECK(answers.announce);
    CHECK_FALSE(lesser_one.hear(heard).send);
}

TEST_CASE("who gives way or leaves yields until it does not serve any more") {
    Router gives_way = master(plain());
    CHECK_FALSE(gives_way.machine.yielding());
    gives_way.hear(said(101));
    CHECK(gives_way.machine.yielding());
    gives_way.grace_over();
    CHECK_FALSE(gives_way.machine.yielding());

    Router leaves = master(plain());
    leaves.machine.stop(leaves.now);
    CHECK(leaves.machine.yielding());
    leaves.hear(said(90));
    leaves.after(hand_over_grace);
    CHECK_FALSE(leaves.machine.yielding());
}

TEST_CASE("a peer lives while its last advertisement is not long ago and was none of giving up") {
    Router router = backup(plain());
    CHECK_FALSE(router.machine.has_living_peer(router.now));
    router.hear(said(90));
    CHECK(router.machine.has_living_peer(router.now + seconds(2) - microseconds(1)));
    CHECK_FALSE(router.machine.has_living_peer(router.now + seconds(2)));
    router.hear(said(0));
    CHECK_FALSE(router.machine.has_living_peer(router.now));
}

// ---- leaving -------------------------------------------------------------------------------------------------------

TEST_CASE("a leaving node serves for a while after its successor's first advertisement, and then no more") {
    Router router = leaving(plain());
    router.now += milliseconds(100);
    CHECK(silent(router.hear(said(90))));
    CHECK(router.state() == State::leaving);
    CHECK(router.waits() == hand_over_grace);
    const Output output = router.wake();
    CHECK(output.from == State::leaving);
    CHECK_FALSE(output.send);
    CHECK(router.state() == State::init);
    CHECK_FALSE(router.machine.wake_at());
}

TEST_CASE("the successor's next advertisements do not prolong the grace") {
    Router router = leaving(plain());
    router.hear(said(90));
    const Instant end = *router.machine.wake_at();
    router.now += milliseconds(40);
    router.hear(said(90));
    router.hear(said(80, greater));
    CHECK(unmoved(router, State::leaving, end));
}

TEST_CASE("a leaving node that hears no successor waits for as long as the last of them may take") {
    struct Case {
        Settings settings;
        Duration wait;
    };
    Settings fast = plain();
    fast.interval = milliseconds(10);
    Settings slow_v2 = plain_v2();
    slow_v2.interval = seconds(10);
    for (const Case& each :
         {Case{plain(), microseconds(996093)}, Case{fast, microseconds(9960)}, Case{slow_v2, microseconds(996093)}}) {
        Router router = leaving(each.settings);
        CHECK(router.waits() == each.wait + hand_over_margin);
        CHECK(silent(router.after(router.waits() - microseconds(1))));
        CHECK(router.after(microseconds(1)).from == State::leaving);
        CHECK(router.state() == State::init);
    }
}

TEST_CASE("another one that leaves is no successor") {
    Router router = leaving(plain());
    const Instant end = *router.machine.wake_at();
    CHECK(silent(router.hear(said(0))));
    CHECK(unmoved(router, State::leaving, end));
}

TEST_CASE("an advertisement that does not count is no successor's") {
    Router router = leaving(plain());
    const Instant end = *router.machine.wake_at();
    Heard heard = said(90);
    heard.ttl = 254;
    router.hear(heard);
    CHECK(unmoved(router, State::leaving, end));
}

TEST_CASE("to be told twice to stop does not cut the hand-over short") {
    Router router = leaving(plain());
    const Instant end = *router.machine.wake_at();
    CHECK(silent(router.stop()));
    CHECK(unmoved(router, State::leaving, end));
}

TEST_CASE("a node that has stopped can start again") {
    Router router = leaving(plain());
    router.wake();
    router.start();
    CHECK(router.state() == State::backup);
    CHECK(router.waits() == router.machine.down_interval());
}

// ---- a new life with the addresses of an earlier one ---------------------------------------------------------------

TEST_CASE("a node that holds the addresses listens first, and has no opinion meanwhile") {
    Router router(plain());
    const Output output = router.start(true);
    CHECK_FALSE(output.send);
    CHECK(output.from == State::init);
    CHECK(router.state() == State::backup);
    CHECK(router.machine.undecided());
    CHECK(router.waits() == seconds(1) + skew_of_100);
}

TEST_CASE("a node that holds the addresses and hears nobody is master before its peers have noticed") {
    for (const int priority : {1, 100, 254}) {
        CAPTURE(priority);
        Router router(plain(static_cast<std::uint8_t>(priority)));
        router.start(true);
        CHECK(router.waits() <= seconds(2));  // a peer waits for three
        const Output output = router.wake();
        CHECK(output.send == static_cast<std::uint8_t>(priority));
        CHECK(output.from == State::backup);
        CHECK(router.state() == State::master);
        CHECK_FALSE(router.machine.undecided());
        CHECK(router.machine.why() == "nobody else took over meanwhile");
    }
}

TEST_CASE("a node that holds the addresses gives them up when it hears a master, of whatever priority") {
    for (const int priority : {1, 99, 100, 101, 255}) {
        CAPTURE(priority);
        Router router(plain());
        router.start(true);
        router.now += milliseconds(100);
        const Output output = router.hear(said(static_cast<std::uint8_t>(priority)));
        CHECK(output.from == State::backup);  // told as a transition: the addresses have to go
        CHECK_FALSE(output.send);
        CHECK(router.state() == State::backup);
        CHECK_FALSE(router.machine.undecided());
        CHECK(router.machine.why() == "heard 192.0.2.4 with priority " + std::to_string(priority));
        CHECK(router.machine.serving());  // until the master is ready
        CHECK(router.waits() == hand_over_grace);
        router.grace_over();
        CHECK_FALSE(router.machine.serving());
        if (priority >= 100) CHECK(router.waits() == router.machine.down_interval());
    }
}

TEST_CASE("a node that holds the addresses gives them up once") {
    Router router(plain());
    router.start(true);
    CHECK(router.hear(said(200)).from);
    CHECK(silent(router.hear(said(200))));
}

TEST_CASE("who went on with the addresses and later lost the election has decided") {
    Router router(plain());
    router.start(true);
    router.wake();
    router.hear(said(101));
    CHECK(router.state() == State::backup);
    CHECK_FALSE(router.machine.undecided());
}

TEST_CASE("a node that holds the addresses keeps them when the other one gives up") {
    Router router(plain());
    router.start(true);
    router.now += milliseconds(100);
    CHECK(silent(router.hear(said(0))));
    CHECK(router.machine.undecided());
    CHECK(router.waits() == skew_of_100);
    CHECK(router.wake().send == std::uint8_t{100});
}

TEST_CASE("a node that holds the addresses is not listening to what does not count") {
    Router router(plain());
    router.start(true);
    Heard heard = said(200);
    heard.advertisement.version = 2;
    CHECK(silent(router.hear(heard)));
    CHECK(router.machine.undecided());
}

TEST_CASE("an owner that holds the addresses does not ask, and there is no start delay for who holds them") {
    Settings settings = plain(255);
    settings.start_delay = seconds(5);
    Router owner(settings);
    CHECK(owner.start(true).send == std::uint8_t{255});
    settings.priority = 100;
    Router other(settings);
    other.start(true);
    CHECK(other.state() == State::backup);
    CHECK(other.waits() == seconds(1) + skew_of_100);
}

TEST_CASE("a node that holds the addresses and is stopped hands them over like a master") {
    Router router(plain());
    router.start(true);
    const Output output = router.stop();
    CHECK(output.send == std::uint8_t{0});
    CHECK(output.from == State::backup);
    CHECK(router.state() == State::leaving);
    CHECK(router.wake().from == State::leaving);
    CHECK(router.state() == State::init);
}

// ---- fault ---------------------------------------------------------------------------------------------------------

TEST_CASE("a master that cannot take part any more gives up at once") {
    Router router = master(plain());
    const Output output = router.machine.fault(router.now, "no link");
    CHECK(output.send == std::uint8_t{0});
    CHECK(output.from == State::master);
    CHECK(router.state() == State::fault);
    CHECK(router.machine.why() == "no link");
    CHECK_FALSE(router.machine.wake_at());
}

TEST_CASE("a leaving node that cannot take part any more does not let its successor wait") {
    Router router = leaving(plain());
    const Output output = router.machine.fault(router.now, "no link");
    CHECK(output.send == std::uint8_t{0});
    CHECK(output.from == State::leaving);
}

TEST_CASE("a backup that cannot take part any more is silent") {
    Router router = backup(plain());
    const Output output = router.machine.fault(router.now, "no link");
    CHECK_FALSE(output.send);
    CHECK(output.from == State::backup);
    CHECK(router.state() == State::fault);
    CHECK_FALSE(router.machine.wake_at());
}

TEST_CASE("who is in fault neither listens nor acts, and has decided") {
    Router router = master(plain());
    router.machine.fault(router.now, "no link");
    CHECK(silent(router.hear(said(0))));
    CHECK(silent(router.hear(said(99))));
    CHECK(silent(router.after(hours(1))));
    CHECK(router.state() == State::fault);
    CHECK_FALSE(router.machine.undecided());
}

TEST_CASE("who can take part again begins as at a start, by its own interval") {
    Router router = backup(plain());
    router.hear(said(200, lesser, milliseconds(100)));
    router.machine.fault(router.now, "no link");
    router.now += seconds(9);
    const Output output = router.machine.recover(router.now);
    CHECK(output.from == State::fault);
    CHECK_FALSE(output.send);
    CHECK(router.state() == State::backup);
    CHECK(router.waits() == seconds(3) + skew_of_100);
    CHECK(router.machine.why() == "recovered");
    CHECK_FALSE(router.machine.undecided());
}

TEST_CASE("who comes to the link listens longer where silence proves less: without preemption, and by unicast") {
    Settings quick = plain();
    quick.interval = milliseconds(100);
    const Duration settles = seconds(2) + milliseconds(100);
    Settings without = quick;
    without.preempt = false;
    Settings unicast = quick;
    unicast.peers = {ip(lesser)};
    CHECK(backup(quick).waits() == backup(quick).machine.down_interval());
    Settings later = quick;
    later.preempt_delay = seconds(30);
    for (const Settings& each : {without, unicast, later}) {
        Router router = backup(each);
        CHECK(router.waits() == settles + router.machine.skew());  // the best one is still the first
        router.after(seconds(1));
        router.hear({.advertisement = Machine(each).advertisement(200), .source = ip(lesser)});
        CHECK(router.waits() == router.machine.down_interval());  // from then on the master is known
        router.machine.fault(router.now, "no link");
        router.machine.recover(router.now);
        CHECK(router.waits() == settles + router.machine.skew());
        router.hear({.advertisement = Machine(each).advertisement(0), .source = ip(lesser)});
        CHECK(router.waits() == router.machine.skew());
        Router holds(each);
        holds.start(true);
        CHECK(holds.waits() == milliseconds(100) + holds.machine.skew());
    }
    without.priority = 255;
    CHECK(Router(without).start().send == std::uint8_t{255});
    CHECK(backup(no_preempt()).waits() == seconds(3) + skew_of_100);  // longer than that anyway
}

TEST_CASE("an owner that can take part again is master at once") {
    Router router = master(plain(255));
    router.machine.fault(router.now, "no link");
    CHECK(router.machine.recover(router.now).send == std::uint8_t{255});
    CHECK(router.state() == State::master);
}

TEST_CASE("who can take part and always could is not disturbed by hearing so") {
    Router router = master(plain());
    const Instant wake = *router.machine.wake_at();
    CHECK(silent(router.machine.recover(router.now)));
    CHECK(unmoved(router, State::master, wake));
}

TEST_CASE("who held the addresses and lost its link has given them up") {
    Router router(plain());
    router.start(true);
    CHECK(router.machine.fault(router.now, "no link").send == std::uint8_t{0});
    router.machine.recover(router.now);
    CHECK_FALSE(router.machine.undecided());
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("who is in fault and is stopped goes silently") {
    Router router = master(plain());
    router.machine.fault(router.now, "no link");
    const Output output = router.stop();
    CHECK_FALSE(output.send);
    CHECK(router.state() == State::init);
}

// ---- making room ---------------------------------------------------------------------------------------------------

TEST_CASE("who makes room says so, serves until somebody else is master, and goes on where nobody is") {
    Router router = master(plain());
    const Output output = router.machine.make_room(router.now, "cannot serve all");
    CHECK(output.send == std::uint8_t{0});
    CHECK(output.from == State::master);
    CHECK(router.state() == State::backup);
    CHECK(router.machine.serving());
    Router alone = router;
    router.hear(said(101));
    router.after(hand_over_grace);
    CHECK_FALSE(router.machine.serving());
    CHECK(router.state() == State::backup);
    alone.wake();
    CHECK(alone.state() == State::master);
}

TEST_CASE("only a master makes room") {
    Router router = backup(plain());
    CHECK(silent(router.machine.make_room(router.now, "x")));
    CHECK(router.state() == State::backup);
}

TEST_CASE("a master asks again for a better one with priority 0, then goes on if nobody came") {
    Router router = master(plain());
    const Output output = router.machine.offer_room(router.now);
    CHECK(output.send == std::uint8_t{0});
    CHECK_FALSE(output.from);
    CHECK(router.state() == State::master);
    CHECK(router.waits() == router.machine.hand_over());
    CHECK(router.wake().send == router.machine.settings().priority);
}

TEST_CASE("a master that asks waits for as long as its sync group needs") {
    Router router = master(plain());
    router.machine.offer_room(router.now, seconds(7));
    CHECK(router.waits() == seconds(7));
}

TEST_CASE("a backup that cannot serve all lets the master that asks go on") {
    Router router = backup(plain());
    router.machine.set_patience(router.machine.hand_over());
    router.hear(said(0));
    CHECK(router.waits() == router.machine.skew() + router.machine.hand_over());
}

TEST_CASE("a backup does not ask, nor a master that was away and must listen first") {
    Router waiting = backup(plain());
    CHECK(silent(waiting.machine.offer_room(waiting.now)));
    Router paused = master(plain());
    paused.after(seconds(10));
    CHECK(silent(paused.machine.offer_room(paused.now)));
    CHECK(paused.machine.listening());
}

}  // namespace lbconverge::vrrp
