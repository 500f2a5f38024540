// What a member of a sync group does by itself. What the members do together: tests/unit/node/groups.cpp.
#include "unit/vrrp/router.hpp"

namespace lbconverge::vrrp {

using namespace test;

namespace {

Router member(Settings settings) {
    Router router(std::move(settings));
    router.machine.set_grouped(true, router.now);
    router.start();
    REQUIRE(router.state() == State::backup);
    return router;
}

/// A member that only waits for its group.
Router ready_member(Settings settings = plain()) {
    Router router = member(std::move(settings));
    router.wake();
    REQUIRE(router.machine.ready());
    return router;
}

}  // namespace

TEST_CASE("an owner in a group waits for nobody but its group") {
    Router router = member(plain(255));
    CHECK(router.waits() == Duration{0});
    router.wake();
    CHECK(router.machine.ready());
    CHECK(router.state() == State::backup);
    CHECK(router.machine.lead(router.now).from == State::backup);
    CHECK(router.state() == State::master);
}

TEST_CASE("a ready member that hears a master is not ready any more, and waits for that one's silence") {
    Router router = ready_member();
    CHECK(router.hear(said(101)).obeys);
    CHECK_FALSE(router.machine.ready());
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("a ready member stays ready beside a master that it does not obey, and when a master gives up") {
    Router router = ready_member();
    CHECK_FALSE(router.hear(said(99)).obeys);
    CHECK(router.machine.ready());
    CHECK(router.hear(said(0)).given_up);
    CHECK(router.machine.ready());
    CHECK_FALSE(router.machine.wake_at());
}

TEST_CASE("a member hurries to the end of its skew, and one that has waited longer goes on waiting for the rest only") {
    Router router = member(plain());
    router.hear(said(101));
    Router late = router;
    router.machine.hurry(router.now);
    CHECK(router.waits() == skew_of_100);
    late.after(seconds(3) + milliseconds(500));
    const Duration rest = late.waits();
    REQUIRE(rest < skew_of_100);
    late.machine.hurry(late.now);
    CHECK(late.waits() == rest);
}

TEST_CASE("a member that holds the addresses and yields serves on until its successor is ready") {
    Router router(plain());
    router.machine.set_grouped(true, router.now);
    router.start(true);
    CHECK(router.sound(router.machine.yield(101, router.now, "another member heard it")).from == State::backup);
    CHECK_FALSE(router.machine.undecided());
    CHECK(router.machine.serving());
    CHECK(router.after(hand_over_grace).from == State::backup);
    CHECK_FALSE(router.machine.serving());
}

TEST_CASE("a member does not give way in a tie that another member decides") {
    Router router = ready_member();
    router.machine.lead(router.now);
    Heard heard = said(100, greater);
    heard.decides_tie = false;
    CHECK_FALSE(router.hear(heard).send);  // it would be answered, and the answer as well, without end
    CHECK(router.state() == State::master);
    heard.decides_tie = true;
    CHECK(router.hear(heard).from == State::master);
}

}  // namespace lbconverge::vrrp
