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
std::string admit(Admission& places, unsigned user, std::chrono::milliseconds when = 0ms) {
    const auto [admitted, gives_way] = places.admit(user, at(when));
    if (!admitted) return gives_way ? "?" : "no";
    return std::to_string(*admitted) + (gives_way ? " for " + std::to_string(*gives_way) : "");
}

void serve(Admission& places, Admission::Client client, std::chrono::milliseconds when = 0ms,
           const void* answer = &root) {
    places.asked(client);
    CHECK(places.answered(client, answer, 10, at(when)).empty());
}

}  // namespace

TEST_CASE("of a user's clients the oldest that says nothing gives way to a new one") {
    Admission places = small();
    CHECK(admit(places, alice) == "1");
    CHECK(admit(places, alice) == "2");
    CHECK(admit(places, alice) == "3 for 1");
    places.asked(2);
    CHECK(admit(places, alice) == "4 for 3");
    places.asked(4);
    CHECK(admit(places, alice) == "no");  // the daemon works for both
    places.gone(2);
    CHECK(admit(places, alice) == "5");
}

TEST_CASE("who takes its answer has time for it before it gives way") {
    Admission places = small();
    for (const Admission::Client id : std::initializer_list<Admission::Client>{1, 2}) {
        admit(places, alice);
        serve(places, id);
    }
    CHECK(admit(places, alice, 999ms) == "no");
    CHECK(admit(places, alice, 1000ms) == "3 for 1");
    CHECK(admit(places, alice, 1000ms) == "4 for 3");  // silent goes before slow
}

TEST_CASE("strangers share their places: the user with most clients gives one up") {
    Admission places = small();
    for (const unsigned user : {bob, alice, alice, carol}) admit(places, user);
    CHECK(admit(places, bob) == "5 for 2");
    CHECK(admit(places, 1003) == "6 for 1");  // bob and he had two
    for (const Admission::Client id : std::initializer_list<Admission::Client>{3, 4, 5, 6}) places.asked(id);
    CHECK(admit(places, 1004) == "no");
    CHECK(admit(places, root) == "7");  // has places of its own
    CHECK(admit(places, root) == "8");
    CHECK(admit(places, root) == "9 for 7");
}

TEST_CASE("there is a time for asking and one for taking the answer, and none for waiting") {
    Admission places = small();
    CHECK_FALSE(places.next());
    admit(places, alice, 0ms);
    admit(places, root, 100ms);
    admit(places, bob, 200ms);
    CHECK(places.next() == at(5000ms));
    places.asked(2);
    CHECK(places.overdue(at(4999ms)).empty());
    CHECK(places.overdue(at(5000ms)) == Ids{1});
    CHECK(places.next() == at(5200ms));
    places.gone(3);
    CHECK_FALSE(places.next());
    places.answered(2, &root, 10, at(60s));
    CHECK(places.overdue(at(64999ms)).empty());
    CHECK(places.overdue(at(65s)) == Ids{2});
    CHECK(places.overdue(at(65s)).empty());
    places.asked(2);  // who is gone stays gone
    CHECK(places.answered(2, &root, 10, at(66s)).empty());
    CHECK_FALSE(places.next());
}

TEST_CASE("answers that are not taken have a bound; one that many share counts once") {
    Admission places({.octets = 1000});
    const char answers[5] = {};
    const auto answer = [&](unsigned user, int which, std::size_t octets, std::chrono::milliseconds when) {
        const auto id = places.admit(user, at(when)).admitted.value();
        places.asked(id);
        return places.answered(id, &answers[which], octets, at(when));
    };
    for (int i = 0; i < 10; ++i) CHECK(answer(alice, 0, 400, 0ms).empty());  // 1 to 10
    CHECK(answer(root, 1, 400, 1ms).empty());                                // 11
    CHECK(answer(bob, 2, 400, 2ms).empty());                                 // the newest does not count
    CHECK(answer(carol, 3, 5000, 3ms) == Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    CHECK(answer(carol, 4, 1, 4ms) == Ids{12, 13});  // root after all others
    CHECK(places.overdue(at(60s)) == Ids{11, 14});
}
