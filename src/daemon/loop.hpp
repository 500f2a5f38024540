// The event loop: jobs, timers, descriptors and signals, one callback after the other on the thread that runs it. A
// program may have several loops, each with a thread of its own. Boost.Asio does the work; it is expensive to compile,
// so src/daemon/loop.cpp is the only file that includes it. Private to src/daemon.
//
// Lifetime: a Loop outlives its Timers, Descriptors and Signals. They are used on the loop's thread only (or while
// nobody runs the loop); a callback may destroy the object that called it. A callback is not called after its object
// was destroyed, nor after it was cancelled or replaced, even if it was due already. What it has captured may live a
// little longer: it goes when the loop comes by, or with the loop.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>

namespace lbconverge::daemon {

using Callback = std::function<void()>;

class Loop {
public:
    Loop();
    /// Jobs that have not run are dropped.
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// From any thread. The job runs on the loop's thread, never before this returns; jobs keep their order.
    void post(Callback job);
    /// Until stop(); it can be run again after that.
    void run();
    /// From any thread. What is being called is finished first.
    void stop();

private:
    friend class Timer;
    friend class Descriptor;
    friend class Signals;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Calls back once, after a time on the monotonic clock. One time at a time: start() replaces what was set.
class Timer {
public:
    explicit Timer(Loop& loop);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Never before this returns, even if there is nothing to wait for.
    void start(std::chrono::nanoseconds wait, Callback due);
    void cancel();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// A file descriptor, closed at the end, and waiting for it. Errors and hang-ups count as readiness: reading and
/// writing tell of them.
class Descriptor {
public:
    /// Throws std::exception where the kernel does not take one more to wait for; it is closed then, too.
    Descriptor(Loop& loop, int fd);
    ~Descriptor();
    Descriptor(Descriptor&&) noexcept;

    [[nodiscard]] int fd() const;
    /// Each calls back once, as soon as the descriptor is ready; who wants more asks again.
    void when_readable(Callback ready);
    void when_writable(Callback ready);
    /// Waits no longer and hands the descriptor back, open. Nothing else may be done with this object then.
    int release();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// Takes these signals from the process, and calls back for each that comes.
class Signals {
public:
    Signals(Loop& loop, std::initializer_list<int> which, std::function<void(int)> came);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace lbconverge::daemon
