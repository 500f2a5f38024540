// Every check seen red: pictures of clusters that are not as they should be.
#include "lbconverge/sim/checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lbconverge::sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using vrrp::State;

Instant at(Duration time) { return Instant(time); }

Seat seat(std::uint8_t priority, State state) {
    Seat seat{.member = true, .priority = priority, .state = state};
    seat.election = state == State::master ? ElectionState::master : ElectionState::backup;
    seat.held = {state == State::master};
    seat.able = {true};
    seat.untold = {false};
    seat.hears = 0b11;
    seat.listens = seconds(3);
    return seat;
}

/// lb1 is master and has the VIP, lb2 is its backup.
Picture healthy() {
    Picture picture;
    picture.routers.push_back({.name = "v", .interface = "eth0", .vips = {*IpAddress::parse("192.0.2.20")}});
    picture.nodes.push_back({.name = "lb1", .running = true, .seats = {seat(150, State::master)}});
    picture.nodes.push_back({.name = "lb2", .running = true, .seats = {seat(100, State::backup)}});
    picture.believed = {{0}};
    picture.strangers.resize(1);
    picture.judged = true;
    return picture;
}

struct Court {
    Picture picture = healthy();
    bool calm = false;
    Checker checker{picture, calm};

    Seat& first() { return picture.nodes[0].seats[0]; }
    Seat& second() { return picture.nodes[1].seats[0]; }
    /// "S3 lb1, v: …" of the first violation; "" when there is none.
    [[nodiscard]] std::string said() const {
        if (checker.violations().empty()) return "";
        return checker.violations().front().check + " " + checker.violations().front().what;
    }
};

}  // namespace

TEST_CASE("a healthy cluster breaks nothing") {
    Court court;
    court.checker.look(at(seconds(1)));
    court.checker.settled(at(seconds(2)));
    court.checker.look(at(seconds(3)));
    court.checker.left_to_do(at(seconds(3)), 0, "");
    CHECK(court.said() == "");
}

TEST_CASE("S1: a plan that the safety check refuses") {
    Court court;
    court.checker.refused_plan(at(seconds(1)), 1, "I4: no");
    CHECK(court.said() == "S1 lb2: I4: no");
}

TEST_CASE("S10: a node, a plan or a ledger that contradicts itself") {
    Court court;
    court.checker.invariant(at(seconds(1)), 1, std::nullopt);
    CHECK(court.said() == "");
    court.checker.invariant(at(seconds(1)), 1, "a master has an advertisement timer");
    CHECK(court.said() == "S10 lb2: a master has an advertisement timer");
}

TEST_CASE("S11: a VIP is dark, and a node could serve it") {
    Court court;
    court.first().held = {false};
    std::string expected;
    const Duration limit = dark_limit + seconds(4);
    Instant now = at(seconds(1) + limit + milliseconds(1));
    SUBCASE("too long") { expected = "S11 v: VIP 192.0.2.20 is dark, and a node could serve it"; }
    SUBCASE("not yet") { now = at(seconds(1) + limit); }
    SUBCASE("a router of another make serves it") { court.picture.strangers[0].master = true; }
    SUBCASE("a stranger misleads the nodes") { court.picture.judged = false; }
    SUBCASE("the nodes cannot stand for election") { court.first().stands = court.second().stands = false; }
    SUBCASE("the nodes have not begun") { court.first().state = court.second().state = State::init; }
    SUBCASE("advertisements of the one that is gone are still under way") { court.picture.in_flight = seconds(3); }
    court.checker.look(at(seconds(1)));
    court.checker.look(now);
    CHECK(court.said() == expected);
}

TEST_CASE("S11: a sync group waits for its slowest member") {
    Picture picture = healthy();
    picture.routers.push_back({.name = "w", .interface = "eth1"});
    picture.believed.emplace_back();
    picture.strangers.resize(2);
    for (NodePicture& node : picture.nodes) {
        node.seats[0].held = {false};
        node.seats.push_back(Seat{.member = true, .interval = seconds(2), .state = node.seats[0].state});
        for (Seat& each : node.seats) each.group = "g";
    }
    Checker checker(picture, false);
    checker.look(at(seconds(1)));
    checker.look(at(seconds(1) + dark_limit + seconds(8)));
    CHECK(checker.violations().empty());
    checker.look(at(seconds(2) + dark_limit + seconds(8)));
    CHECK(!checker.violations().empty());
}

TEST_CASE("S13: two nodes serve, and hear each other") {
    Court court;
    court.second() = seat(100, State::master);
    court.second().held = {false};
    const Duration limit = milliseconds(1125) + vrrp::hand_over_grace + together_limit;
    std::string expected;
    Instant now = at(seconds(1) + limit + milliseconds(1));
    SUBCASE("two masters") { expected = "S13 lb1, v: serves for 1186 ms, as does lb2, and they hear each other"; }
    SUBCASE("not yet") { now = at(seconds(1) + limit); }
    SUBCASE("one of them is not heard") { court.first().hears = 0; }
    SUBCASE("one of them does not run") { court.picture.nodes[1].paused = true; }
    SUBCASE("one is backup, and its VIPs are going") {
        court.second().election = ElectionState::backup, court.second().state = State::backup;
    }
    SUBCASE("one serves on, and is no master any more") {
        court.second().state = State::backup;
        court.second().election = ElectionState::undecided;
        court.second().held = {true};
        expected = "S13 lb1, v: serves for 1186 ms, as does lb2, and they hear each other";
    }
    SUBCASE("a clock runs at half the rate") { court.picture.slowest = 2; }
    SUBCASE("a router of another make is master, too") {
        court.second() = seat(100, State::backup);
        court.first().hears |= 0b100;
        court.picture.strangers[0] = {true, seconds(1)};
        expected = "S13 lb1, v: serves for 1186 ms, as does a router of another make, and they hear each other";
    }
    court.checker.look(at(seconds(1)));
    court.checker.look(now);
    CHECK(court.said() == expected);
}

TEST_CASE("S14: the neighbours send to a node that does not have the VIP") {
    Court court;
    court.picture.believed = {{1}};
    std::string expected;
    SUBCASE("too long") { expected = "S14 v: VIP 192.0.2.20 is not where its neighbours send to"; }
    SUBCASE("nobody can know") { court.second().left_unheard = true; }
    SUBCASE("what the master said of it was lost") { court.first().untold = {true}; }
    SUBCASE("what the master says may be lost") { court.picture.nodes[0].silenced = true; }
    SUBCASE("the other one has it, too") {
        court.second().held = {true};
        court.second().election = ElectionState::undecided;
        court.second().hears = 0;
    }
    court.checker.look(at(seconds(1)));
    court.checker.look(at(seconds(1) + astray_limit + milliseconds(1125)));
    CHECK(court.said() == "");
    court.checker.look(at(seconds(1) + astray_limit + milliseconds(1126)));
    CHECK(court.said() == expected);
}

TEST_CASE("S12: a node that had not run takes over from a master that was there before") {
    Court court;
    court.picture.only_pauses = true;
    court.picture.nodes[1].paused_at = at(seconds(7));
    court.picture.nodes[1].resumed = at(seconds(9));
    court.second().preempt = false;
    court.first().since = at(seconds(1));
    std::string expected;
    SUBCASE("it does") { expected = "S12 lb2, v: had not run, and took over from lb1"; }
    SUBCASE("it may where it preempts") { court.second().preempt = true; }
    SUBCASE("it may where more than pauses goes wrong") { court.picture.only_pauses = false; }
    SUBCASE("it may where the master has not run either") { court.picture.nodes[0].resumed = at(seconds(8)); }
    SUBCASE("it may where the master does not run") { court.picture.nodes[0].paused = true; }
    SUBCASE("it may where the other one has become master since") { court.first().since = at(seconds(10)); }
    SUBCASE("who always ran may") { court.picture.nodes[1].resumed.reset(); }
    Instant now = at(seconds(12));
    SUBCASE("it does at once") {
        now = at(seconds(9));
        expected = "S12 lb2, v: had not run, and took over from lb1";
    }
    SUBCASE("it may where it missed one advertisement and could not hear the next one yet") {
        court.picture.nodes[1].paused_at = at(milliseconds(8500));
        now = at(milliseconds(9900));
    }
    SUBCASE("but not when it could hear it") {
        court.picture.nodes[1].paused_at = at(milliseconds(8500));
        expected = "S12 lb2, v: had not run, and took over from lb1";
    }
    court.second().state = State::master;
    court.checker.transition(now, 1, 0, State::backup);
    CHECK(court.said() == expected);
}

TEST_CASE("S2: a VIP on a node that lost the election must go within the limit") {
    Court court;
    court.second().held = {true};
    court.checker.look(at(seconds(1)));
    court.checker.look(at(seconds(1) + withdrawal_limit));
    CHECK(court.said() == "");
    SUBCASE("it does not") {
        court.checker.look(at(seconds(1) + withdrawal_limit + milliseconds(1)));
        CHECK(court.said() == "S2 lb2, v: not master, but it still has a VIP");
    }
    SUBCASE("it does") {
        court.second().held = {false};
        court.checker.look(at(seconds(2)));
        court.checker.look(at(seconds(3)));
        CHECK(court.said() == "");
    }
    SUBCASE("nobody can withdraw while the process stands still") {
        court.picture.nodes[1].paused = true;
        court.checker.look(at(seconds(2)));
        court.checker.look(at(seconds(3)));
        CHECK(court.said() == "");
    }
    SUBCASE("an election without an opinion keeps what is there") {
        court.second().election = ElectionState::undecided;
        court.checker.look(at(seconds(2)));
        court.checker.look(at(seconds(3)));
        CHECK(court.said() == "");
    }
}

TEST_CASE("S3: after settling there is one master, the best one, and it alone serves") {
    Court court;
    SUBCASE("two masters") {
        court.second().state = State::master;
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 v: 2 masters after everything had settled");
    }
    SUBCASE("none") {
        court.first().state = State::backup;
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 v: 0 masters after everything had settled");
    }
    SUBCASE("a master that does not run is none") {
        court.picture.nodes[0].running = false;
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 v: 0 masters after everything had settled");
    }
    SUBCASE("not the best") {
        court.second().priority = 200;
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 lb1, v: is master, but not the best");
    }
    SUBCASE("not the best, but somebody does not preempt") {
        court.second().priority = 200;
        court.second().preempt = false;
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "");
    }
    SUBCASE("the master has no VIP") {
        court.first().held = {false};
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 lb1, v: is master, and has not all VIPs");
    }
    SUBCASE("a backup has one") {
        court.second().held = {true};
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 lb2, v: has a VIP, and is not master");
    }
    SUBCASE("the neighbours send elsewhere") {
        court.picture.believed = {{1}};
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "S3 lb1, v: is master, but the neighbours send to lb2");
    }
    SUBCASE("the neighbours send elsewhere, and nobody can know") {
        court.picture.believed = {{1}};
        court.second().left_unheard = true;
        court.checker.settled(at(seconds(1)));
        CHECK(court.said() == "");
    }
    SUBCASE("something moves later") {
        court.checker.settled(at(seconds(1)));
        court.second().state = State::master;
        court.checker.transition(at(seconds(2)), 1, 0, State::backup);
        CHECK(court.said() == "S3 lb2, v: backup -> master after everything had settled");
    }
}

TEST_CASE("S15: nodes that answer each other's answers") {
    Court court;
    for (std::uint64_t i = 1; i < storm_limit; ++i) REQUIRE(court.checker.goes_on(at(seconds(1))));
    SUBCASE("within a second") {
        CHECK_FALSE(court.checker.goes_on(at(milliseconds(1999))));
        CHECK(court.said() == "S15 a storm: 50000 events in a second");
    }
    SUBCASE("in two of them") { CHECK(court.checker.goes_on(at(seconds(2)))); }
}

TEST_CASE("S4: where nothing goes wrong, nobody becomes master who need not") {
    Court court{.calm = true};
    const auto becomes = [&](std::size_t node, State state, Duration when) {
        Seat& own = court.picture.nodes[node].seats[0];
        const State from = std::exchange(own.state, state);
        court.checker.transition(at(when), node, 0, from);
    };
    court.first().state = court.second().state = State::init;
    SUBCASE("the best one only") {
        becomes(0, State::backup, seconds(1));
        becomes(1, State::backup, seconds(1));
        becomes(0, State::master, milliseconds(4414));
        CHECK(court.said() == "");
    }
    SUBCASE("the best one comes late and takes over, once") {
        becomes(1, State::backup, seconds(1));
        becomes(1, State::master, milliseconds(4609));
        becomes(0, State::backup, milliseconds(4300));
        becomes(0, State::master, seconds(8));
        CHECK(court.said() == "");
        becomes(0, State::backup, seconds(9));
        becomes(0, State::master, seconds(10));
        CHECK(court.said() == "S4 lb1, v: became master a second time");
    }
    SUBCASE("a worse one, though the best one was there") {
        becomes(0, State::backup, seconds(1));
        becomes(1, State::backup, seconds(1));
        becomes(1, State::master, milliseconds(4609));
        CHECK(court.said() == "S4 lb2, v: became master, and lb1 is better and was there before");
    }
    SUBCASE("a worse one after the best one") {
        becomes(0, State::backup, seconds(1));
        becomes(0, State::master, seconds(5));
        becomes(1, State::backup, seconds(6));
        becomes(1, State::master, seconds(9));
        CHECK(court.said() == "S4 lb2, v: took over from lb1 without need");
    }
}

TEST_CASE("S4 is not asked of a run in which something goes wrong") {
    Court court;
    court.second().state = State::master;
    court.checker.transition(at(seconds(1)), 1, 0, State::backup);
    court.checker.transition(at(seconds(2)), 1, 0, State::backup);
    CHECK(court.said() == "");
}

TEST_CASE("S5: something is left to do") {
    Court court;
    court.checker.left_to_do(at(seconds(1)), 0, "3 steps are left");
    CHECK(court.said() == "S5 lb1: 3 steps are left");
}

TEST_CASE("S6: a planned stop, a restart and a return leave no VIP on no node") {
    Court court;
    const Instant until = at(seconds(9));
    const auto look = [&] { court.checker.look(at(milliseconds(1600))); };
    SUBCASE("the successor has the VIP before the old master lets it go") {
        court.checker.watch(at(seconds(1)), 0, until, true);
        court.second() = seat(100, State::master);
        court.picture.believed = {{1}};
        look();
        court.first().held = {false};
        look();
        CHECK(court.said() == "");
    }
    SUBCASE("a moment on no node") {
        court.checker.watch(at(seconds(1)), 0, until, true);
        court.first().held = {false};
        look();
        CHECK(court.said() == "S6 lb1, v: was stopped or restarted, and VIP 192.0.2.20 is on no node");
    }
    SUBCASE("the successor has it, but nobody knows") {
        court.checker.watch(at(seconds(1)), 0, until, true);
        court.second() = seat(100, State::master);
        court.first().held = {false};
        look();
        CHECK(court.said() ==
              "S6 lb1, v: was stopped or restarted, and VIP 192.0.2.20 is not where its neighbours send to");
    }
    SUBCASE("nobody could take over") {
        court.second().state = State::fault;
        court.checker.watch(at(seconds(1)), 0, until, true);
        court.first().held = {false};
        look();
        CHECK(court.said() == "");
    }
    SUBCASE("a restart needs nobody who takes over") {
        court.second().state = State::fault;
        court.checker.watch(at(seconds(1)), 0, until, false);
        court.first().held = {false};
        look();
        CHECK(court.said() != "");
    }
    SUBCASE("later than promised") {
        court.checker.watch(at(seconds(1)), 0, until, true);
        court.first().held = {false};
        court.checker.look(at(seconds(10)));
        CHECK(court.said() == "");
    }
}

TEST_CASE("S6: a stop comes to an end") {
    Court court;
    court.checker.stop_began(at(seconds(1)), 0);
    court.checker.look(at(seconds(5)));
    CHECK(court.said() == "");
    SUBCASE("it does not") {
        court.checker.look(at(milliseconds(5001)));
        CHECK(court.said() == "S6 lb1: was told to stop, and still runs");
    }
    SUBCASE("it does") {
        court.checker.stop_ended(0);
        court.checker.look(at(seconds(9)));
        CHECK(court.said() == "");
    }
}

TEST_CASE("S7: a wake-up in the past, twice in a row") {
    Court court;
    court.checker.wake(at(seconds(1)), 0, at(seconds(5)), at(seconds(5)));
    court.checker.wake(at(seconds(1)), 0, at(seconds(5)), at(seconds(6)));
    court.checker.wake(at(seconds(1)), 0, at(seconds(6)), at(seconds(6)));
    CHECK(court.said() == "");
    court.checker.wake(at(seconds(1)), 0, at(seconds(6)), at(seconds(6)));
    CHECK(court.said() == "S7 lb1: asks to be woken in the past, again and again");
}

TEST_CASE("S8: the members of a sync group are master together") {
    Picture picture = healthy();
    picture.routers.push_back({.name = "w", .interface = "eth1", .vips = {*IpAddress::parse("192.0.2.30")}});
    picture.nodes[0].seats.push_back(seat(150, State::master));
    picture.nodes[1].seats.push_back(seat(100, State::backup));
    picture.believed.push_back({0});
    picture.strangers.resize(2);
    for (NodePicture& node : picture.nodes) {
        for (Seat& each : node.seats) each.group = "g";
    }
    Checker good(picture, false);
    good.look(at(seconds(1)));
    CHECK(good.violations().empty());
    std::swap(picture.nodes[0].seats[1], picture.nodes[1].seats[1]);
    picture.believed[1] = {1};
    Checker bad(picture, false);
    bad.look(at(seconds(1)));
    const auto is_it = [](const Violation& each) {
        return each.check == "S8" && each.what == "lb1, v and w: master of only one of the group";
    };
    CHECK(std::any_of(bad.violations().begin(), bad.violations().end(), is_it));
}

}  // namespace lbconverge::sim
