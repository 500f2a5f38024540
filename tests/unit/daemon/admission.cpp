#include "admission.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lbconverge::daemon;
using namespace std::chrono_literals;
using Ids = std::vector<Admission::Client>;

namespace {

constexpr unsigned root = 0, alice = 1000, bob = 1001, carol = 1002;

Admission::Time at(std::chrono::milliseconds time) { return Admission::Time(time); }

Admission small() { return Admission({.root = 2, .strangers = 4, .user = 2, .octets = 1000}); }

/// "1", "4 for 2" or "no".
std::string admit(Admission& door, unsigned user, std::chrono::milliseconds when = 0ms) {
    const auto [admitted, gives_way] = door.admit(user, at(when));
    if (!admitted) return gives_way ? "?" : "no";
    return std::to_string(*admitted) + (gives_way ? " for " + std::to_string(*gives_way) : "");
}

void serve(Admission& door, Admission::Client client, std::chrono::milliseconds when = 0ms,
           const void* answer = &root) {
    door.asked(client);
    CHECK(door.answered(client, answer, 10, at(when)).empty());
}

}  // namespace

TEST_CASE("of a user's clients the oldest that says nothing gives way to a new one") {
    Admission door = small();
    CHECK(admit(door, alice) == "1");
    CHECK(admit(door, alice) == "2");
    CHECK(admit(door, alice) == "3 for 1");
    door.asked(2);
    CHECK(admit(door, alice) == "4 for 3");
    door.asked(4);
    CHECK(admit(door, alice) == "no");  // the daemon works for both
    door.gone(2);
    CHECK(admit(door, alice) == "5");
}

TEST_CASE("who takes its answer has time for it before it gives way") {
    Admission door = small();
    for (Admission::Client id : {1, 2}) {
        admit(door, alice);
        serve(door, id);
    }
    CHECK(admit(door, alice, 999ms) == "no");
    CHECK(admit(door, alice, 1000ms) == "3 for 1");
    CHECK(admit(door, alice, 1000ms) == "4 for 3");  // silent goes before slow
}

TEST_CASE("strangers share their places: the user with most clients gives one up") {
    Admission door = small();
    for (const unsigned user : {bob, alice, alice, carol}) admit(door, user);
    CHECK(admit(door, bob) == "5 for 2");
    CHECK(admit(door, 1003) == "6 for 1");  // bob and he had two
    for (Admission::Client id : {3, 4, 5, 6}) door.asked(id);
    CHECK(admit(door, 1004) == "no");
    CHECK(admit(door, root) == "7");  // has places of its own
    CHECK(admit(door, root) == "8");
    CHECK(admit(door, root) == "9 for 7");
}

TEST_CASE("there is a time for asking and one for taking the answer, and none for waiting") {
    Admission door = small();
    CHECK_FALSE(door.next());
    admit(door, alice, 0ms);
    admit(door, root, 100ms);
    admit(door, bob, 200ms);
    CHECK(door.next() == at(5000ms));
    door.asked(2);
    CHECK(door.overdue(at(4999ms)).empty());
    CHECK(door.overdue(at(5000ms)) == Ids{1});
    CHECK(door.next() == at(5200ms));
    door.gone(3);
    CHECK_FALSE(door.next());
    door.answered(2, &root, 10, at(60s));
    CHECK(door.overdue(at(64999ms)).empty());
    CHECK(door.overdue(at(65s)) == Ids{2});
    CHECK(door.overdue(at(65s)).empty());
    door.asked(2);  // who is gone stays gone
    CHECK(door.answered(2, &root, 10, at(66s)).empty());
    CHECK_FALSE(door.next());
}

TEST_CASE("answers that are not taken have a bound; one that many share counts once") {
    Admission door({.octets = 1000});
    const char answers[5] = {};
    const auto answer = [&](unsigned user, int which, std::size_t octets, std::chrono::milliseconds when) {
        const auto id = door.admit(user, at(when)).admitted.value();
        door.asked(id);
        return door.answered(id, &answers[which], octets, at(when));
    };
    for (int i = 0; i < 10; ++i) CHECK(answer(alice, 0, 400, 0ms).empty());  // 1 to 10
    CHECK(answer(root, 1, 400, 1ms).empty());                                // 11
    CHECK(answer(bob, 2, 400, 2ms).empty());                                 // the newest does not count
    CHECK(answer(carol, 3, 5000, 3ms) == Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    CHECK(answer(carol, 4, 1, 4ms) == Ids{12, 13});  // root after all others
    CHECK(door.overdue(at(60s)) == Ids{11, 14});
}
