// A thread that does jobs one after the other, so that the loop never waits for them. Private to src/daemon.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace lbconverge::daemon {

class Worker {
public:
    Worker() : thread_([this] { work(); }) {}
    /// Finishes the job that is under way. Jobs that have not begun are dropped.
    ~Worker() {
        {
            const std::lock_guard guard(mutex_);
            stop_ = true;
        }
        more_.notify_one();
        thread_.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void post(std::function<void()> job) {
        {
            const std::lock_guard guard(mutex_);
            jobs_.push_back(std::move(job));
        }
        more_.notify_one();
    }

private:
    void work() {
        for (;;) {
            std::unique_lock lock(mutex_);
            more_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
            if (stop_) return;
            const std::function<void()> job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
        }
    }

    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<std::function<void()>> jobs_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace lbconverge::daemon
