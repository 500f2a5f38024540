// What the neighbours are told of which VIP, and in which order.
#include "lbconverge/node/announcements.hpp"

#include "support/ip.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace lbconverge::node {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ip;
using VipList = std::vector<plan::Announcement>;

plan::Announcement of_vip(int number, std::uint32_t count = 3, const char* interface = "eth0") {
    return {ip(("192.0.2." + std::to_string(number)).c_str()), interface, count};
}

std::string shown(const VipList& vips) {
    std::string all;
    for (const plan::Announcement& each : vips) {
        all += (all.empty() ? "" : " ") + std::to_string(each.address.bytes[3]) + "x" + std::to_string(each.count);
    }
    return all;
}

struct Teller {
    Announcements of;
    Instant now{seconds(1000)};
    std::vector<IpAddress> holding{};

    std::string due() {
        std::string all = shown(of.due(now));
        REQUIRE(of.broken_invariant().value_or("") == "");
        const auto wake = of.wake_at(now);
        REQUIRE((!wake || *wake > now));
        return all;
    }
    void untaken(const VipList& rest) {
        of.untaken(rest, now);
        REQUIRE(of.broken_invariant().value_or("") == "");
    }
    /// Master of these, which are here.
    void win(const VipList& vips, const Rhythm& rhythm = {}) {
        for (const plan::Announcement& each : vips) holding.push_back(each.address);
        of.won(vips, rhythm, now);
        of.here(holding);
    }
    /// All that is due until then, one word for each time.
    std::string pass(Duration duration) {
        const Instant end = now + duration;
        std::string all;
        for (auto at = of.wake_at(now); at && *at <= end; at = of.wake_at(now)) {
            now = *at;
            all += "[" + due() + "]";
        }
        now = end;
        return all;
    }
};

}  // namespace

TEST_CASE("what is won is told at once where it is here, and else when it comes") {
    Teller teller;
    teller.of.won(VipList{of_vip(1), of_vip(2)}, {}, teller.now);
    CHECK(teller.due() == "");
    teller.of.here({ip("192.0.2.2")});
    CHECK(teller.due() == "2x3");
    CHECK(teller.due() == "");
    teller.of.here({ip("192.0.2.1"), ip("192.0.2.2")});
    CHECK(teller.due() == "1x3");
    teller.of.here({});
    teller.of.here({ip("192.0.2.1")});
    CHECK(teller.due() == "");  // a list that was late
}

TEST_CASE("nothing is said of what is lost, of others, and of what has no frames") {
    Teller teller;
    teller.win({of_vip(1), of_vip(2, 0), of_vip(3)});
    teller.of.lost(VipList{of_vip(1), of_vip(7)});
    teller.of.bound(VipList{of_vip(1), of_vip(8)}, teller.now);
    teller.of.answer(VipList{of_vip(1), of_vip(8)}, teller.now);
    CHECK(teller.due() == "3x3");
    CHECK(teller.pass(seconds(60)) == "");
    CHECK(teller.of.waiting() == 0);
}

TEST_CASE("a run that has bound a VIP makes it news, unless it was told since that run began") {
    Teller teller;
    teller.win({of_vip(1)});
    CHECK(teller.due() == "1x3");
    teller.of.bound(VipList{of_vip(1)}, teller.now - milliseconds(1));
    CHECK(teller.due() == "");
    teller.of.bound(VipList{of_vip(1)}, teller.now + milliseconds(1));
    CHECK(teller.due() == "1x3");
    teller.of.won(VipList{of_vip(2)}, {}, teller.now);
    teller.of.bound(VipList{of_vip(2)}, teller.now);  // the kernel's list comes later
    CHECK(teller.due() == "2x3");
}

TEST_CASE("the repetition comes once, and refreshes again and again, of what is here") {
    Teller teller;
    teller.win({of_vip(1)}, {seconds(5), seconds(20)});
    CHECK(teller.due() == "1x3");
    CHECK(teller.pass(milliseconds(4999)) == "");
    CHECK(teller.pass(milliseconds(1)) == "[1x3]");
    CHECK(teller.pass(seconds(19)) == "");
    CHECK(teller.pass(seconds(1)) == "[1x3]");
    teller.of.here({});
    CHECK(teller.pass(seconds(20)) == "[]");
    Teller once;
    once.win({of_vip(1)}, {seconds(5), {}});
    CHECK(once.pass(seconds(90)) == "[1x3][1x3]");
    Teller only_refreshes;
    only_refreshes.win({of_vip(1)}, {{}, seconds(30)});
    CHECK(only_refreshes.pass(seconds(90)) == "[1x3][1x3][1x3][1x3]");
}

TEST_CASE("a lesser master is answered some times in a row, then once a second, and once more at the end") {
    Teller teller;
    teller.win({of_vip(1)});
    teller.due();
    for (int i = 0; i < 8; ++i) {
        teller.of.answer(VipList{of_vip(1)}, teller.now);
        CHECK(teller.due() == (i < answers_in_a_row ? "1x3" : ""));
        teller.now += milliseconds(100);
    }
    CHECK(teller.pass(milliseconds(199)) == "");
    CHECK(teller.pass(milliseconds(1)) == "[1x3]");  // a second after the first answer
    CHECK(teller.pass(milliseconds(699)) == "");
    CHECK(teller.pass(milliseconds(1)) == "[1x3]");  // and after the last lesser master
    CHECK(teller.pass(seconds(9)) == "");
    int told = 0;
    for (int i = 0; i < 100; ++i) {
        teller.of.answer(VipList{of_vip(1)}, teller.now);
        told += teller.due().empty() ? 0 : 1;
        teller.now += milliseconds(100);
    }
    CHECK(told == 13);  // ten seconds, and three that it has saved up
}

TEST_CASE("lesser masters one after the other do not put off what is said once more") {
    Teller teller;
    teller.win({of_vip(1)});
    teller.due();
    for (int i = 0; i < answers_in_a_row; ++i) {
        teller.of.answer(VipList{of_vip(1)}, teller.now);
        CHECK(teller.due() == "1x3");
    }
    for (int i = 0; i < 50; ++i) {
        CHECK(teller.pass(milliseconds(100)) == (i % 10 == 9 ? "[1x3]" : ""));
        teller.of.answer(VipList{of_vip(1)}, teller.now);
        CHECK(teller.due() == "");
    }
    CHECK(teller.pass(seconds(9)) == "[1x3]");
}

TEST_CASE("a new link address is news on its interface, and is told once more") {
    Teller teller;
    teller.win({of_vip(1), of_vip(2, 3, "eth1")});
    teller.due();
    teller.of.moved("eth1", teller.now);
    CHECK(teller.due() == "2x3");
    CHECK(teller.pass(seconds(5)) == "[2x3]");
    teller.of.here({});
    teller.of.moved("eth0", teller.now);
    CHECK(teller.pass(seconds(5)) == "");
}

TEST_CASE("who listens says nothing, and then all that was due") {
    Teller teller;
    teller.win({of_vip(1)}, {seconds(5), {}});
    teller.of.hush(VipList{of_vip(1)}, true);
    CHECK(teller.due() == "");
    CHECK(teller.pass(seconds(10)) == "");
    teller.of.hush(VipList{of_vip(1)}, false);
    CHECK(teller.of.wake_at(teller.now).has_value());
    CHECK(teller.due() == "1x3");
    CHECK(teller.pass(seconds(10)) == "");
}

TEST_CASE("a reload changes what goes on, and begins what is new") {
    Teller teller;
    teller.win({of_vip(1), of_vip(2)}, {seconds(5), {}});
    teller.due();
    teller.of.revise(VipList{of_vip(1, 7), of_vip(3)}, {seconds(5), seconds(2)}, teller.now);
    teller.of.keep_only(VipList{of_vip(1), of_vip(3)});
    CHECK(teller.pass(seconds(2)) == "[1x7]");
    teller.of.here({ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3")});
    CHECK(teller.due() == "3x3");
    teller.of.moved("eth0", teller.now);
    CHECK(teller.due() == "1x7 3x3");
}

// ---- devices that do not take all ----------------------------------------------------------------------------------

TEST_CASE(
    "what was not taken comes again: first that of which nothing was sent, and the more rarely the less it helps") {
    Teller teller;
    teller.win({of_vip(1), of_vip(2), of_vip(3)});
    CHECK(teller.due() == "1x3 2x3 3x3");
    teller.untaken({of_vip(1, 2), of_vip(2, 3), of_vip(3, 3)});
    CHECK(teller.of.waiting() == 8);
    CHECK(teller.due() == "");
    CHECK(teller.pass(milliseconds(4)) == "");
    CHECK(teller.pass(milliseconds(1)) == "[2x3 3x3 1x2]");
    teller.untaken({of_vip(2, 3), of_vip(3, 3), of_vip(1, 2)});
    CHECK(teller.pass(milliseconds(9)) == "");
    CHECK(teller.pass(milliseconds(1)) == "[2x3 3x3 1x2]");
    for (int i = 0; i < 10; ++i) {
        teller.untaken({of_vip(2, 3), of_vip(3, 3), of_vip(1, 2)});
        teller.pass(last_offer);
    }
    teller.untaken({of_vip(2, 2), of_vip(3, 3)});
    CHECK(teller.pass(milliseconds(99)) == "");
    CHECK(teller.pass(milliseconds(1)) == "[3x3 2x2]");
    CHECK(teller.pass(seconds(9)) == "");
}

TEST_CASE("a repetition displaces no first frame, and a first frame waits for no repetition") {
    Teller teller;
    teller.win({of_vip(1), of_vip(2)}, {seconds(5), {}});
    teller.due();
    teller.now += milliseconds(4999);
    teller.untaken({of_vip(2, 3)});  // of 1 all was taken
    CHECK(teller.pass(milliseconds(1)) == "[]");
    CHECK(teller.pass(milliseconds(4)) == "[2x3 1x3]");
    teller.untaken({of_vip(2, 3), of_vip(1, 3)});  // a repetition does not become news
    CHECK(teller.pass(milliseconds(10)) == "[2x3 1x3]");
    CHECK(teller.pass(seconds(9)) == "");
}

TEST_CASE("of more than a batch one frame of each goes first, and the next batch a little later") {
    Teller teller;
    VipList vips;
    for (int i = 0; i < 200; ++i) vips.push_back(of_vip(i, 2));
    teller.win(vips, {seconds(5), {}});
    VipList sent;
    for (int i = 0; i < 10; ++i) {
        const VipList batch = teller.of.due(teller.now);
        CHECK(batch.size() <= frames_at_once);
        teller.now += between_batches;
        sent.insert(sent.end(), batch.begin(), batch.end());
    }
    REQUIRE(sent.size() == 400);
    for (std::size_t i = 0; i < 400; ++i) CHECK(sent[i] == of_vip(static_cast<int>(i % 200), 1));
    CHECK(teller.of.waiting() == 0);
    teller.of.moved("eth0", teller.now);
    CHECK(teller.of.due(teller.now).size() == 200);
    teller.of.bound(VipList{of_vip(1)}, teller.now + milliseconds(1));
    CHECK(teller.of.due(teller.now).empty());
    CHECK(teller.of.wake_at(teller.now) == teller.now + between_batches);
}

TEST_CASE("a busy device keeps no other one waiting") {
    Teller teller;
    teller.win({of_vip(1), of_vip(2, 3, "eth1")});
    teller.due();
    teller.untaken({of_vip(1, 3)});
    teller.of.answer(VipList{of_vip(1), of_vip(2, 3, "eth1")}, teller.now);
    CHECK(teller.due() == "2x3");
    CHECK(teller.pass(first_offer) == "[1x3]");
}

TEST_CASE("what waits is bounded, and is gone with the mastership") {
    Teller teller;
    teller.win({of_vip(1)});
    for (int i = 0; i < 100; ++i) {
        teller.due();
        teller.untaken({of_vip(1, 3)});
        teller.of.answer(VipList{of_vip(1)}, teller.now);
        teller.of.bound(VipList{of_vip(1)}, teller.now);
        teller.now += seconds(1);
    }
    CHECK(teller.of.waiting() == 3);
    teller.of.lost(VipList{of_vip(1)});
    teller.untaken({of_vip(1, 3)});  // what was under way
    CHECK(teller.of.waiting() == 0);
    CHECK(teller.pass(seconds(5)) == "");
    teller.win({of_vip(1)});
    CHECK(teller.due() == "1x3");  // the device may be another one by now
}

TEST_CASE("a device that has taken nothing for a second is stuck, until it takes one frame") {
    Teller teller;
    teller.win({of_vip(1)});
    teller.due();
    const auto refuse_for = [&](Duration duration, std::uint32_t of_three) {
        for (const Instant end = teller.now + duration; teller.now < end;) {
            teller.untaken({of_vip(1, of_three)});
            teller.pass(last_offer);
        }
    };
    refuse_for(milliseconds(900), 3);
    CHECK(teller.of.stuck(teller.now).empty());
    refuse_for(milliseconds(200), 3);
    CHECK(teller.of.stuck(teller.now) == std::vector<InterfaceName>{"eth0"});
    teller.untaken({of_vip(1, 2)});
    CHECK(teller.of.stuck(teller.now).empty());
}

}  // namespace lbconverge::node
