// The event loop: it calls back for jobs, timers, descriptors and signals, one after the other, on the thread that runs
// it. A program may have several loops, each with a thread of its own. Boost.Asio does the work. It is expensive to
// compile, so src/daemon/loop.cpp is the only file that includes it. Private to src/daemon.
//
// Lifetime: a Loop outlives its Timers, Descriptors and Signals. They are used on the loop's thread only, or while the
// loop does not run. A callback may destroy the object that called it. A callback is not called after its object was
// destroyed, nor after it was cancelled or replaced, even if it was due already. The values that it has captured may
// live a little longer: until the loop removes the callback from its queue, or until the loop is destroyed.
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
    /// Runs until stop(). It can be run again afterwards.
    void run();
    /// From any thread. A callback that is running is finished first.
    void stop();

private:
    friend class Timer;
    friend class Descriptor;
    friend class Signals;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Calls back once, after a time on the monotonic clock. It waits for one time only: start() replaces the one before.
class Timer {
public:
    explicit Timer(Loop& loop);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// The callback is never called before this returns, even if `wait` is zero or negative.
    void start(std::chrono::nanoseconds wait, Callback due);
    void cancel();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// A file descriptor that the destructor closes, and waiting for it. It is also ready after an error or a hang-up,
/// which the next read or write then returns.
class Descriptor {
public:
    /// Throws std::exception if the kernel cannot wait for one more descriptor. The descriptor is closed then, too.
    Descriptor(Loop& loop, int fd);
    ~Descriptor();
    Descriptor(Descriptor&&) noexcept;

    [[nodiscard]] int fd() const;
    /// Each calls back once, as soon as the descriptor is ready. To wait again, call it again.
    void when_readable(Callback ready);
    void when_writable(Callback ready);
    /// Stops waiting and returns the descriptor, still open. Afterwards the object can only be destroyed.
    int release();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// Handles these signals of the process: calls back for each that arrives.
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
