#include "loop.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace lbconverge::daemon;
using std::chrono::milliseconds;

namespace {

struct Pipe {
    Pipe() { REQUIRE(::pipe(ends) == 0); }
    ~Pipe() { ::close(ends[1]); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    int ends[2] = {};  ///< [0] belongs to a Descriptor
};

}  // namespace

TEST_CASE("jobs run in their order, from other threads as well, and never before post() returns") {
    Loop loop;
    std::string order;
    loop.post([&] { order += 'a'; });
    CHECK(order.empty());
    std::thread other([&] {
        loop.post([&] { order += 'b'; });
        loop.post([&] { loop.stop(); });
    });
    loop.run();
    other.join();
    CHECK(order == "ab");
}

TEST_CASE("a loop can be stopped before it runs, and run again") {
    Loop loop;
    int calls = 0;
    loop.post([&] {
        ++calls;
        loop.stop();
    });
    loop.stop();
    loop.run();
    CHECK(calls == 0);
    loop.run();
    CHECK(calls == 1);
}

TEST_CASE("a timer that was replaced or cancelled does not call, even if it was due already") {
    Loop loop;
    std::string called;
    Timer replaced(loop), cancelled(loop), end(loop);
    std::optional<Timer> gone(std::in_place, loop);
    replaced.start(milliseconds(0), [&] { called += "old "; });
    cancelled.start(milliseconds(0), [&] { called += "cancelled "; });
    gone->start(milliseconds(0), [&] { called += "gone "; });
    std::this_thread::sleep_for(milliseconds(2));
    loop.post([&] {
        replaced.start(milliseconds(1), [&] { called += "new "; });
        cancelled.cancel();
        gone.reset();
    });
    end.start(milliseconds(20), [&] { loop.stop(); });
    loop.run();
    CHECK(called == "new ");
}

TEST_CASE("a callback may destroy what called it") {
    Loop loop;
    std::optional<Timer> timer(std::in_place, loop);
    const std::string text(100, 'x');  // of the callback's own
    std::string seen;
    timer->start(milliseconds(0), [&, text] {
        timer.reset();
        seen = text;
        loop.stop();
    });
    loop.run();
    CHECK(seen.size() == 100);
}

TEST_CASE("a callback may own what calls it: with the loop everything is gone") {
    const auto owned = std::make_shared<int>(1);
    {
        Loop loop;
        const auto timer = std::make_shared<Timer>(loop);
        timer->start(std::chrono::hours(1), [timer, owned] {});
    }
    CHECK(owned.use_count() == 1);
}

TEST_CASE("a descriptor calls once for each time that it is asked") {
    Loop loop;
    Pipe pipe;
    Descriptor descriptor(loop, pipe.ends[0]);
    int calls = 0;
    Timer end(loop);
    descriptor.when_readable([&] {
        ++calls;
        descriptor.when_readable([&] { ++calls; });  // what is there has not been read
    });
    REQUIRE(::write(pipe.ends[1], "x", 1) == 1);
    end.start(milliseconds(20), [&] { loop.stop(); });
    loop.run();
    CHECK(calls == 2);
}

TEST_CASE("a descriptor that is gone does not call, and one that was released stays open") {
    Loop loop;
    Pipe pipe, other;
    bool called = false;
    std::optional<Descriptor> gone(std::in_place, loop, pipe.ends[0]);
    Descriptor released(loop, other.ends[0]);
    for (Descriptor* each : {&*gone, &released}) each->when_readable([&] { called = true; });
    REQUIRE(::write(pipe.ends[1], "x", 1) == 1);
    REQUIRE(::write(other.ends[1], "x", 1) == 1);
    gone.reset();
    const int fd = released.release();
    Timer end(loop);
    end.start(milliseconds(10), [&] { loop.stop(); });
    loop.run();
    CHECK_FALSE(called);
    char byte = 0;
    CHECK(::read(fd, &byte, 1) == 1);
    ::close(fd);
}

TEST_CASE("signals come as calls, each time") {
    Loop loop;
    std::vector<int> came;
    const Signals signals(loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
        came.push_back(signal);
        if (came.size() == 1) ::raise(SIGUSR2);
        if (came.size() == 2) loop.stop();
    });
    ::raise(SIGUSR1);
    loop.run();
    CHECK(came == std::vector{SIGUSR1, SIGUSR2});
}
