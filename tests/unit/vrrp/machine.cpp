#include "unit/vrrp/router.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lbconverge::vrrp {

using namespace test;

// ---- timers: RFC 9568 §6.1, RFC 3768 §6.1 --------------------------------------------------------------------------

TEST_CASE("version 3 counts the skew in parts of the interval (RFC 9568 §6.1)") {
    struct Case {
        int priority;
        Duration interval, skew;
    };
    for (const Case& each :
         {Case{100, seconds(1), microseconds(609375)}, Case{1, seconds(1), microseconds(996093)},
          Case{254, seconds(1), microseconds(7812)}, Case{255, seconds(1), microseconds(3906)},
          Case{100, milliseconds(10), microseconds(6093)}, Case{128, milliseconds(40950), microseconds(20475000)}}) {
        CAPTURE(each.priority);
        Settings settings = plain(static_cast<std::uint8_t>(each.priority));
        settings.interval = each.interval;
        const Machine machine(settings);
        CHECK(machine.skew() == each.skew);
        CHECK(machine.down_interval() == 3 * each.interval + each.skew);
    }
}

TEST_CASE("version 2 counts the skew in parts of a second, whatever the interval (RFC 3768 §6.1)") {
    for (const int interval : {1, 5, 255}) {
        CAPTURE(interval);
        Settings settings = plain_v2(100);
        settings.interval = seconds(interval);
        const Machine machine(settings);
        CHECK(machine.skew() == skew_of_100);
        CHECK(machine.down_interval() == seconds(3 * interval) + skew_of_100);
    }
}

TEST_CASE("a higher priority waits less than a lower one") {
    for (int priority = 1; priority < 255; ++priority) {
        for (const Settings& settings :
             {plain(static_cast<std::uint8_t>(priority)), plain_v2(static_cast<std::uint8_t>(priority))}) {
            Settings next = settings;
            ++next.priority;
            CHECK(Machine(next).down_interval() < Machine(settings).down_interval());
        }
    }
}

// ---- initialize: RFC 9568 §6.4.1 -----------------------------------------------------------------------------------

TEST_CASE("a machine that was not started does nothing and has no opinion") {
    Router router(plain());
    CHECK(silent(router.after(hours(1))));
    CHECK(silent(router.hear(said(1))));
    CHECK(silent(router.hear(said(0))));
    CHECK_FALSE(router.machine.wake_at());
    CHECK(router.state() == State::init);
    CHECK(router.machine.undecided());
}

TEST_CASE("the owner of the addresses starts as master and says so at once (RFC 9568 §6.4.1)") {
    Router router(plain(255));
    const Output output = router.start();
    CHECK(output.send == std::uint8_t{255});
    CHECK(output.from == State::init);
    CHECK(router.state() == State::master);
    CHECK(router.waits() == seconds(1));
    CHECK(router.machine.counters().became_master == 1);
    CHECK(router.machine.counters().sent == 1);
}

TEST_CASE("everybody else starts as backup, silently, and waits for the down interval (RFC 9568 §6.4.1)") {
    for (const int priority : {1, 100, 254}) {
        CAPTURE(priority);
        Router router(plain(static_cast<std::uint8_t>(priority)));
        const Output output = router.start();
        CHECK_FALSE(output.send);
        CHECK(output.from == State::init);
        CHECK(router.state() == State::backup);
        CHECK(router.waits() == router.machine.down_interval());
        CHECK_FALSE(router.machine.undecided());
    }
}

TEST_CASE("a started machine says since when it is what it is, and why") {
    Router router(plain());
    router.start();
    CHECK(router.machine.since() == router.now);
    CHECK(router.machine.why() == "started");
    router.wake();
    CHECK(router.machine.since() == router.now);
    CHECK(router.machine.why() == "no master was heard");
    const Instant became = router.now;
    router.wake();
    CHECK(router.machine.since() == became);
}

TEST_CASE("a start delay comes before everything else, and nobody is listened to meanwhile") {
    Settings settings = plain();
    settings.start_delay = seconds(7);
    Router router(settings);
    CHECK(silent(router.start()));
    CHECK(router.state() == State::init);
    CHECK(router.machine.why() == "start_delay");
    CHECK(router.machine.since() == router.now);
    CHECK(router.waits() == seconds(7));
    router.now += seconds(6);
    CHECK(silent(router.hear(said(200))));
    CHECK(silent(router.after(Duration{0})));
    const Output output = router.after(seconds(1));
    CHECK(output.from == State::init);
    CHECK(router.state() == State::backup);
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("the start delay holds for the owner of the addresses too") {
    Settings settings = plain(255);
    settings.start_delay = seconds(2);
    Router router(settings);
    CHECK(silent(router.start()));
    CHECK(router.wake().send == std::uint8_t{255});
    CHECK(router.state() == State::master);
}

TEST_CASE("a stop during the start delay ends it") {
    Settings settings = plain();
    settings.start_delay = seconds(2);
    Router router(settings);
    router.start();
    CHECK(silent(router.stop()));
    CHECK_FALSE(router.machine.wake_at());
    CHECK(silent(router.after(seconds(10))));
    CHECK(router.state() == State::init);
}

// ---- backup: RFC 9568 §6.4.2 ---------------------------------------------------------------------------------------

TEST_CASE("a backup that is stopped goes silently (RFC 9568 §6.4.2)") {
    Router router = backup(plain());
    const Output output = router.stop();
    CHECK_FALSE(output.send);
    CHECK(output.from == State::backup);
    CHECK(router.state() == State::init);
    CHECK_FALSE(router.machine.wake_at());
}

TEST_CASE("a backup takes over when the down interval is over, and not before (RFC 9568 §6.4.2)") {
    Router router = backup(plain());
    CHECK(silent(router.after(router.waits() - microseconds(1))));
    CHECK(router.state() == State::backup);
    const Output output = router.after(microseconds(1));
    CHECK(output.send == std::uint8_t{100});
    CHECK(output.from == State::backup);
    CHECK(router.state() == State::master);
    CHECK(router.waits() == seconds(1));
}

TEST_CASE("a backup whose master gives up waits for its skew only (RFC 9568 §6.4.2)") {
    Router router = backup(plain());
    router.hear(said(200));
    router.now += milliseconds(300);
    CHECK(silent(router.hear(said(0))));
    CHECK(router.waits() == skew_of_100);
    CHECK(router.wake().send == std::uint8_t{100});
    CHECK(router.machine.why() == "the master gave up");
}

TEST_CASE("that somebody beside a living master gives up changes nothing for a backup") {
    Router router = backup(plain());
    router.hear(said(200, greater));
    const Instant wake = *router.machine.wake_at();
    router.now += milliseconds(300);
    CHECK(silent(router.hear(said(0, lesser))));
    CHECK(unmoved(router, State::backup, wake));
}

TEST_CASE("a last word beside a living master changes nothing for a backup") {
    Router router = backup(plain());
    router.hear(said(200, greater));
    const Instant wake = *router.machine.wake_at();
    router.now += milliseconds(300);
    CHECK(silent(router.hear(said(150, lesser, milliseconds(100)))));
    CHECK(unmoved(router, State::backup, wake));
    CHECK(router.machine.peer()->priority == 200);
    router.now += milliseconds(1700);  // the master is not heard any more: the other one may be the master now
    router.hear(said(150, lesser, milliseconds(100)));
    CHECK(router.waits() == milliseconds(300) + skew_of_100 / 10);
}

TEST_CASE("of a version 3 master that gives up the skew is in its interval, not in ours") {
    Router router = backup(plain());
    router.hear(said(200, lesser, milliseconds(100)));
    router.hear(said(0, lesser, milliseconds(100)));
    CHECK(router.waits() == skew_of_100 / 10);
}

TEST_CASE("a successor that was faster ends the wait of a skew") {
    Router router = backup(plain());
    router.hear(said(200));
    router.hear(said(0));
    router.now += milliseconds(100);
    router.hear(said(150, greater));
    CHECK(router.waits() == seconds(3) + skew_of_100);
}

TEST_CASE("a backup obeys a higher and an equal priority (RFC 9568 §6.4.2)") {
    for (const int priority : {100, 101, 255}) {
        for (const char* source : {lesser, greater}) {  // the address is asked in a tie of masters only
            CAPTURE(priority);
            Router router = backup(plain());
            router.now += seconds(3);
            CHECK(silent(router.hear(said(static_cast<std::uint8_t>(priority), source))));
            CHECK(router.waits() == router.machine.down_interval());
        }
    }
}

TEST_CASE("a backup that has heard a master says so") {
    Router router = backup(plain());
    const Instant since = router.machine.since();
    router.now += seconds(1);
    router.hear(said(99));
    CHECK(router.machine.why() == "started");
    router.hear(said(200));
    CHECK(router.machine.why() == "heard 192.0.2.4 with priority 200");
    CHECK(router.machine.since() == since);
}

TEST_CASE("why a backup became one is not forgotten over the next advertisement") {
    Router router = master(plain());
    router.hear(said(100, greater));
    router.hear(said(100, greater));
    CHECK(router.machine.why() == "heard 192.0.2.6 with priority 100: a tie, and the greater address");
}

TEST_CASE("a version 3 backup learns its master's interval (RFC 9568 §6.4.2)") {
    Router router = backup(plain());
    router.hear(said(200, lesser, milliseconds(100)));
    CHECK(router.machine.skew() == skew_of_100 / 10);
    CHECK(router.waits() == milliseconds(300) + skew_of_100 / 10);
    router.hear(said(200, lesser, seconds(10)));
    CHECK(router.waits() == seconds(30) + 10 * skew_of_100);
    CHECK(router.machine.counters().other_interval == 2);
}

TEST_CASE("a master goes by its own interval, whatever it had learned") {
    Router router = backup(plain());
    router.hear(said(200, lesser, milliseconds(100)));
    router.wake();
    CHECK(router.state() == State::master);
    CHECK(router.waits() == seconds(1));
    CHECK(router.machine.down_interval() == seconds(3) + skew_of_100);
}

TEST_CASE("a backup that preempts lets a lower priority run out, and learns nothing of it (RFC 9568 §6.4.2)") {
    Router router = backup(plain());
    const Instant down = *router.machine.wake_at();
    router.now += seconds(1);
    CHECK(silent(router.hear(said(99, greater, milliseconds(100)))));
    CHECK(unmoved(router, State::backup, down));
    CHECK(router.machine.down_interval() == seconds(3) + skew_of_100);
    CHECK(router.machine.counters().heard == 1);
    router.now = down - milliseconds(10);
    router.hear(said(99, greater, milliseconds(100)));
    CHECK(router.wake().send == std::uint8_t{100});
    CHECK(router.machine.why() == "preempts a master of lower priority");
}

TEST_CASE("a master of lower priority that fell silent is not said to have been preempted") {
    Router router = backup(plain());
    router.hear(said(99));
    router.wake();
    CHECK(router.machine.why() == "no master was heard");
}

TEST_CASE("without preempt a backup obeys any priority, and learns its interval (RFC 9568 §6.4.2)") {
    Router router = backup(no_preempt());
    router.now += seconds(3);
    CHECK(silent(router.hear(said(1, lesser, milliseconds(200)))));
    CHECK(router.waits() == milliseconds(600) + skew_of_100 / 5);
}

TEST_CASE("without preempt a backup takes over all the same when nobody is left") {
    Router router = backup(no_preempt());
    router.hear(said(1));
    CHECK(router.waits() == router.machine.down_interval());
    CHECK(router.wake().send == std::uint8_t{100});
}

TEST_CASE("during the preempt delay a lower priority is obeyed, afterwards it runs out") {
    Settings settings = plain();
    settings.preempt_delay = seconds(10);
    Router router = backup(settings);
    const Instant first = router.now;
    while (router.now < first + seconds(10) + skew_of_100) {
        router.hear(said(99));
        CHECK(router.waits() == router.machine.down_interval());
        CHECK(silent(router.after(seconds(1))));
    }
    const Instant down = *router.machine.wake_at();
    CHECK(down == first + seconds(10) + seconds(3) + skew_of_100);
    while (router.now < down) {
        router.hear(said(99));
        CHECK(unmoved(router, State::backup, down));
        router.after(std::min<Duration>(seconds(1), down - router.now));
    }
    CHECK(router.state() == State::master);
    CHECK(router.machine.why() == "preempts a master of lower priority");
}

TEST_CASE("of two that have waited equally long to preempt the better one is the first") {
    Settings good = plain();
    good.preempt_delay = seconds(10);
    Settings better = good;
    better.priority = 200;
    Router first = backup(better);
    Router second = backup(good);
    for (int heard = 0; heard <= 10; ++heard) {  // the last of them comes as the delay ends, and a little late
        if (heard == 10) first.now = second.now = first.now + milliseconds(300);
        first.hear(said(99));
        second.hear(said(99));
        first.now += seconds(1);
        second.now += seconds(1);
    }
    CHECK(*first.machine.wake_at() + milliseconds(900) < *second.machine.wake_at());
}

TEST_CASE("a master that dies during the preempt delay is followed at once, and not said to be preempted") {
    Settings settings = plain();
    settings.preempt_delay = seconds(30);
    Router router = backup(settings);
    router.hear(said(99));
    CHECK(router.waits() == router.machine.down_interval());
    CHECK(router.wake().send == std::uint8_t{100});
    CHECK(router.machine.why() == "no master was heard");
}

TEST_CASE("the preempt delay begins anew after a master of higher priority") {
    Settings settings = plain();
    settings.preempt_delay = seconds(10);
    Router router = backup(settings);
    router.hear(said(99));
    router.now += seconds(2);
    router.hear(said(200, greater));
    router.now += seconds(2);
    router.hear(said(99));
    router.now += seconds(9);
    router.hear(said(99));  // 13 s after the first of all, 9 s after the first since
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("the preempt delay begins anew after this node was master itself") {
    Settings settings = plain();
    settings.preempt_delay = seconds(10);
    Router router = backup(settings);
    router.hear(said(99));
    router.wake();
    router.hear(said(200));
    router.grace_over();
    router.now += seconds(8);
    router.hear(said(99));
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("the preempt delay says nothing about a master of higher or equal priority") {
    Settings settings = plain();
    settings.preempt_delay = seconds(1);
    Router router = backup(settings);
    for (int i = 0; i < 5; ++i) {
        router.hear(said(100));
        router.now += seconds(1);
    }
    CHECK(router.waits() == router.machine.down_interval() - seconds(1));
}

TEST_CASE("an owner preempts also where preempt is off, and without delay (RFC 9568 §6.1)") {
    Settings settings = no_preempt(200);
    settings.preempt_delay = seconds(100);
    Router router = backup(settings);
    settings.priority = 255;
    router.reconfigure(settings);
    const Instant down = *router.machine.wake_at();
    router.now += seconds(1);
    router.hear(said(254));
    CHECK(unmoved(router, State::backup, down));
}

TEST_CASE("of two owners one stays backup, instead of both taking turns (RFC 9568 §6.4.2)") {
    Router router = master(plain(255));
    router.hear(said(255, greater));
    REQUIRE(router.state() == State::backup);
    for (int i = 0; i < 10; ++i) {
        router.after(seconds(1));
        router.hear(said(255, greater));
        CHECK(router.state() == State::backup);
        CHECK(router.waits() == router.machine.down_interval());
    }
}

// ---- master: RFC 9568 §6.4.3 ---------------------------------------------------------------------------------------

TEST_CASE("a master that is stopped says so and goes on serving (RFC 9568 §6.4.3)") {
    Router router = master(plain());
    const std::uint64_t sent = router.machine.counters().sent;
    const Output output = router.stop();
    CHECK(output.send == std::uint8_t{0});
    CHECK(output.from == State::master);
    CHECK(router.state() == State::leaving);
    CHECK(router.machine.counters().sent == sent + 1);
}

TEST_CASE("a master advertises once per interval (RFC 9568 §6.4.3)") {
    Router router = master(plain());
    for (int i = 0; i < 5; ++i) {
        CHECK(silent(router.after(seconds(1) - microseconds(1))));
        const Output output = router.after(microseconds(1));
        CHECK(output.send == std::uint8_t{100});
        CHECK_FALSE(output.announce);
        CHECK_FALSE(output.from);
    }
    CHECK(router.machine.counters().sent == 6);
    CHECK(router.machine.counters().became_master == 1);
}

TEST_CASE("a master answers priority 0 with an advertisement, and its interval begins anew (RFC 9568 §6.4.3)") {
    for (const char* source : {lesser, greater}) {
        Router router = master(plain());
        router.now += milliseconds(400);
        const Output output = router.hear(said(0, source));
        CHECK(output.send == std::uint8_t{100});
        CHECK(output.announce);  // whoever gives up was master, too
        CHECK_FALSE(output.from);
        CHECK(router.state() == State::master);
        CHECK(router.waits() == seconds(1));
    }
}

TEST_CASE("a master yields to a higher priority, whatever the address and whether or not it preempts") {
    for (const Settings& settings : {plain(), no_preempt()}) {
        for (const char* source : {lesser, greater}) {
            Router router = master(settings);
            const Output output = router.hear(said(101, source));
            CHECK(output.send == std::uint8_t{100});  // a last word, by which the better one learns that it had a rival
            CHECK(output.from == State::master);
            CHECK(router.state() == State::backup);
            CHECK(router.machine.serving());
            router.grace_over();
            CHECK_FALSE(router.machine.serving());
            CHECK(router.waits() == router.machine.down_interval());
            CHECK(router.machine.why() == "heard " + std::string(source) + " with priority 101");
        }
    }
}

TEST_CASE("a master that yields waits by the other's interval (RFC 9568 §6.4.3)") {
    Router router = master(plain());
    router.hear(said(101, lesser, milliseconds(100)));
    router.grace_over();
    CHECK(router.waits() == milliseconds(300) + skew_of_100 / 10);
}

TEST_CASE("of two masters of the same priority the one with the greater address stays (RFC 9568 §6.4.3)") {
    Router yields = master(plain());
    CHECK(yields.hear(said(100, greater)).from == State::master);
    CHECK(yields.state() == State::backup);
    CHECK(yields.machine.why() == "heard 192.0.2.6 with priority 100: a tie, and the greater address");
    Router stays = master(plain());
    CHECK(stays.hear(said(100, lesser)).send == std::uint8_t{100});
    CHECK(stays.state() == State::master);
}

TEST_CASE("addresses are compared as unsigned octets in network order (RFC 9568 §6.4.3)") {
    struct Case {
        const char *ours, *theirs;
        bool yields;
    };
    for (const Case& each :
         {Case{"10.0.0.9", "10.0.0.10", true}, Case{"10.0.0.10", "10.0.0.9", false},
          Case{"127.255.255.255", "128.0.0.0", true}, Case{"200.0.0.1", "100.0.0.2", false},
          Case{"10.0.0.255", "10.0.1.0", true}, Case{"fe80::1", "fe80::2", true}, Case{"fe80::2", "fe80::1", false},
          Case{"fe80::ffff", "fe80::1:0", true}, Case{"fe80::1:0:0:0", "fe80::ffff:ffff:ffff", false}}) {
        CAPTURE(each.ours);
        CAPTURE(each.theirs);
        Settings settings = plain();
        settings.family = ip(each.ours).family;
        Router router = master(settings, ip(each.ours));
        router.hear(said(100, each.theirs));
        CHECK((router.state() == State::backup) == each.yields);
    }
}

TEST_CASE("a master answers a lower priority at once, tells the neighbours, and keeps its rate (RFC 9568 §6.4.3)") {
    Router router = master(plain());
    const Instant due = *router.machine.wake_at();
    router.now += milliseconds(400);
    const Output output = router.hear(said(99, greater, milliseconds(10)));
    CHECK(output.send == std::uint8_t{100});
    CHECK(output.announce);
    CHECK_FALSE(output.from);
    CHECK(unmoved(router, State::master, due));
    CHECK(router.machine.counters().sent == 2);
    CHECK(router.machine.down_interval() == seconds(3) + skew_of_100);
}

TEST_CASE("a master that does not preempt stays master against a lower priority: preempt is for backups") {
    Router router = master(no_preempt());
    CHECK(router.hear(said(99, greater)).send == std::uint8_t{100});
    CHECK(router.state() == State::master);
}

TEST_CASE("an owner stays master against everybody who is none") {
    Router router = master(plain(255));
    CHECK(router.hear(said(254, greater)).send == std::uint8_t{255});
    CHECK(router.hear(said(255, lesser)).send == std::uint8_t{255});
    CHECK(router.state() == State::master);
}

// ---- new settings --------------------------------------------------------------------------------------------------

TEST_CASE("settings that have not changed change nothing, in any state") {
    for (Router router : {Router(plain()), backup(plain()), master(plain()), leaving(plain())}) {
        const State state = router.state();
        const auto wake = router.machine.wake_at();
        const std::string why = router.machine.why();
        const Instant since = router.machine.since();
        router.now += milliseconds(10);
        CHECK(silent(router.reconfigure(plain())));
        CHECK(router.state() == state);
        CHECK(router.machine.wake_at() == wake);
        CHECK(router.machine.why() == why);
        CHECK(router.machine.since() == since);
    }
}

TEST_CASE("a new priority moves a backup's timer by the difference") {
    Router router = backup(plain(100));
    router.now += seconds(1);
    const Instant wake = *router.machine.wake_at();
    CHECK(silent(router.reconfigure(plain(164))));
    CHECK(*router.machine.wake_at() == wake - milliseconds(250));
    CHECK(silent(router.reconfigure(plain(36))));
    CHECK(*router.machine.wake_at() == wake + milliseconds(250));
    CHECK(router.state() == State::backup);
}

TEST_CASE("a new priority does not put a backup's timer into the past") {
    Router router = backup(plain(1));
    router.now = *router.machine.wake_at() - milliseconds(1);
    router.reconfigure(plain(254));
    CHECK(router.waits() == Duration{0});
    CHECK(router.after(Duration{0}).send == std::uint8_t{254});
}

TEST_CASE("a new priority decides whom a backup obeys from now on") {
    Router router = backup(plain(100));
    router.hear(said(150));
    router.reconfigure(plain(200));
    const Instant wake = *router.machine.wake_at();
    router.now += seconds(1);
    router.hear(said(150));
    CHECK(unmoved(router, State::backup, wake));
    router.reconfigure(plain(150));
    router.hear(said(150));
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("a master tells its peers a new priority or interval at once") {
    Router router = master(plain());
    router.now += milliseconds(300);
    Settings settings = plain(90);
    settings.interval = milliseconds(100);
    const Output output = router.reconfigure(settings);
    CHECK(output.send == std::uint8_t{90});
    CHECK_FALSE(output.from);
    CHECK(router.state() == State::master);
    CHECK(router.waits() == milliseconds(100));
    CHECK(router.machine.advertisement(90).interval == milliseconds(100));
}

TEST_CASE("a new interval of its own does not make a backup doubt a master that it hears (RFC 9568 §6.1)") {
    Router router = backup(plain());
    router.hear(said(200));  // once a second, and so it will go on
    Settings settings = plain();
    settings.interval = milliseconds(100);
    router.reconfigure(settings);
    CHECK(router.waits() == seconds(3) + skew_of_100);
    CHECK(router.machine.down_interval() == seconds(3) + skew_of_100);
    CHECK(silent(router.after(seconds(1))));
    CHECK(router.state() == State::backup);
}

TEST_CASE("a new interval counts for a backup that has heard nobody yet") {
    Router router = backup(plain());
    Settings settings = plain();
    settings.interval = milliseconds(500);
    router.reconfigure(settings);
    CHECK(router.waits() == milliseconds(1500) + skew_of_100 / 2);
}

TEST_CASE("version 2 waits by its own interval, also by a new one (RFC 3768 §6.1)") {
    Router router = backup(plain_v2());
    router.hear(said_v2(200));
    Settings settings = plain_v2();
    settings.interval = seconds(5);
    router.reconfigure(settings);
    CHECK(router.machine.down_interval() == seconds(15) + skew_of_100);
    CHECK(router.waits() == seconds(15) + skew_of_100);
}

TEST_CASE("to preempt from now on, or no more, decides about the next advertisement") {
    Router router = backup(no_preempt());
    router.hear(said(50));
    router.reconfigure(plain());
    const Instant wake = *router.machine.wake_at();
    router.now += seconds(1);
    router.hear(said(50));
    CHECK(unmoved(router, State::backup, wake));
    router.reconfigure(no_preempt());
    router.hear(said(50));
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("new settings do not cut a hand-over short, nor wake who is stopped or in fault") {
    Router gone = leaving(plain());
    const Instant end = *gone.machine.wake_at();
    CHECK(silent(gone.reconfigure(plain(90))));
    CHECK(unmoved(gone, State::leaving, end));
    gone.wake();
    CHECK(silent(gone.reconfigure(plain(80))));
    CHECK_FALSE(gone.machine.wake_at());
    Router faulty = backup(plain());
    faulty.machine.fault(faulty.now, "no link");
    CHECK(silent(faulty.reconfigure(plain(90))));
    CHECK(faulty.state() == State::fault);
    CHECK_FALSE(faulty.machine.wake_at());
}

TEST_CASE("a new interval of version 2 begins the wait anew: the old advertisements say nothing about it") {
    Settings settings = plain_v2();
    settings.interval = seconds(5);
    Router router = backup(settings);
    router.now += seconds(10);
    router.reconfigure(plain_v2());
    CHECK(router.waits() == seconds(3) + skew_of_100);
    router.now += seconds(1);
    router.reconfigure(plain_v2(228));  // another priority does not begin it anew
    CHECK(router.waits() == seconds(2) + milliseconds(109) + microseconds(375));
}

TEST_CASE("a new preempt delay counts from now, for a wait that has begun as well") {
    Settings settings = plain();
    settings.preempt_delay = seconds(90);
    Router router = backup(settings);
    router.hear(said(99));
    router.now += seconds(3);
    router.hear(said(99));
    settings.preempt_delay = seconds(2);
    router.reconfigure(settings);
    const Instant down = *router.machine.wake_at();
    router.now += seconds(2) + skew_of_100 - microseconds(1);
    router.hear(said(99));
    CHECK(router.waits() == router.machine.down_interval());
    const Instant next = *router.machine.wake_at();
    CHECK(next > down);
    router.now += microseconds(1);
    router.hear(said(99));
    CHECK(unmoved(router, State::backup, next));
}

TEST_CASE("a longer preempt delay counts from now, and a shorter one makes no wait longer") {
    Settings settings = plain();
    settings.preempt_delay = seconds(10);
    Router router = backup(settings);
    router.hear(said(99));
    router.now += seconds(9);
    settings.preempt_delay = seconds(8);
    router.reconfigure(settings);
    router.now += seconds(1) + skew_of_100;
    const auto wake = router.machine.wake_at();
    router.hear(said(99));
    CHECK(unmoved(router, State::backup, *wake));
    settings.preempt_delay = seconds(20);
    router.reconfigure(settings);
    router.now += seconds(20) + skew_of_100 - microseconds(1);
    router.hear(said(99));
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("new settings do not cut the first listening short") {
    Settings settings = plain();
    settings.peers = {ip(lesser)};
    Router router = backup(settings);
    settings.interval = milliseconds(100);
    router.reconfigure(settings);
    CHECK(router.waits() == router.machine.first_listening());
    CHECK(router.waits() > settling_time);
}

TEST_CASE("who listens at its start and is not to preempt any more listens as long as that needs") {
    Settings settings = plain();
    settings.interval = milliseconds(100);
    Router router = backup(settings);
    settings.preempt = false;
    router.reconfigure(settings);
    CHECK(router.waits() == router.machine.first_listening());
    CHECK(router.waits() > settling_time);
}

TEST_CASE("a shorter interval does not shorten the wait after a master has given up by the down interval") {
    Settings settings = plain();
    settings.interval = seconds(10);
    Router router = backup(settings);
    router.hear(said(0));
    settings.interval = seconds(5);
    router.reconfigure(settings);
    CHECK(router.waits() == 5 * skew_of_100);
}

TEST_CASE("who has made room serves until the end of its wait, also when new settings make that longer") {
    Router router = master(plain());
    router.machine.make_room(router.now, "cannot serve");
    Settings settings = plain();
    settings.interval = seconds(10);
    router.reconfigure(settings);
    CHECK(router.waits() > seconds(9));
    CHECK(silent(router.after(seconds(5))));
    CHECK(router.machine.serving());
    CHECK(router.wake().send == std::uint8_t{100});
}

TEST_CASE("a master that was away listens first, whatever a reload brings, and speaks with the new settings then") {
    Router router = master(plain());
    router.now += seconds(10);
    CHECK(silent(router.reconfigure(plain(90))));
    CHECK(silent(router.reconfigure(plain(80))));
    CHECK(router.machine.counters().late == 1);
    CHECK(router.waits() == milliseconds(1125));
    Router other = router;
    CHECK(other.wake().send == std::uint8_t{80});
    router.hear(said(85, greater));
    CHECK(router.state() == State::backup);
}

TEST_CASE("a new start delay counts from the start") {
    Settings settings = plain();
    settings.start_delay = seconds(60);
    Router router(settings);
    router.start();
    router.now += seconds(5);
    settings.start_delay = seconds(8);
    CHECK(silent(router.reconfigure(settings)));
    CHECK(router.waits() == seconds(3));
    settings.start_delay = Duration{0};
    router.reconfigure(settings);
    CHECK(router.wake().from == State::init);
    CHECK(router.state() == State::backup);
}

}  // namespace lbconverge::vrrp
