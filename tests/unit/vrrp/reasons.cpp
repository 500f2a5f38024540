// Why a state changed, as it is counted.
#include "router.hpp"

namespace lbconverge::vrrp {

using namespace test;

namespace {

/// "started 1, no master heard 1"
std::string counted(const Router& router) {
    std::string text;
    for (const auto& [reason, name] : names_of(TransitionReason{})) {
        const std::uint64_t count = router.machine.counters().transitions[static_cast<std::size_t>(reason)];
        if (count == 0) continue;
        text += (text.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(count);
    }
    return text;
}

}  // namespace

TEST_CASE("why a node takes over is counted") {
    CHECK(counted(backup(plain())) == "started 1");
    CHECK(counted(master(plain())) == "started 1, no master heard 1");
    CHECK(counted(master(plain(255))) == "owner 1");

    Router router = backup(plain());
    router.hear(said(150));
    router.hear(said(0));
    router.wake();
    CHECK(counted(router) == "started 1, master gave up 1");

    Router better = backup(plain());
    for (int i = 0; i < 10 && better.state() == State::backup; ++i) {
        better.hear(said(50));
        better.after(seconds(1));
    }
    CHECK(counted(better) == "started 1, preemption 1");
}

TEST_CASE("why a node gives way is counted") {
    Router router = master(plain());
    router.hear(said(200));
    CHECK(counted(router) == "started 1, no master heard 1, outranked 1");

    Router tie = master(plain());
    tie.hear(said(100, greater));
    CHECK(counted(tie) == "started 1, no master heard 1, outranked 1");

    Router away = master(no_preempt());
    away.after(seconds(10));
    away.hear(said(50));
    CHECK(counted(away) == "started 1, no master heard 1, was away 1");

    Router poor = master(plain());
    poor.machine.make_room(poor.now, "no server");
    CHECK(counted(poor) == "started 1, no master heard 1, made room 1");

    Router member = master(plain());
    member.machine.yield(200, member.now, "another member yields");
    CHECK(counted(member) == "started 1, no master heard 1, sync group 1");
}

TEST_CASE("faults and stops are counted, and what changes nothing is not") {
    Router router = master(plain());
    router.machine.fault(router.now, "no link");
    router.machine.fault(router.now, "no address");
    router.machine.recover(router.now);
    CHECK(counted(router) == "started 2, fault 1, no master heard 1");

    Router ends = leaving(plain());
    CHECK(counted(ends) == "started 1, stopped 1, no master heard 1");
    ends.wake();
    CHECK(ends.state() == State::init);
    CHECK(counted(ends) == "started 1, stopped 2, no master heard 1");
}

}  // namespace lbconverge::vrrp
