#include "loop.hpp"

#include "fd.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <utility>

namespace lbconverge::daemon {

namespace asio = boost::asio;
using boost::system::error_code;

// The queues of asio own the callbacks, and the callbacks have only weak pointers to the Impl objects. So a callback
// may own the object that calls it, without owning itself.

struct Loop::Impl {
    asio::io_context context;
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::post(Callback job) { asio::post(impl_->context, std::move(job)); }

void Loop::run() {
    impl_->context.run();
    impl_->context.restart();  // not before run(): a stop() that came earlier must count
}

void Loop::stop() { impl_->context.stop(); }

struct Timer::Impl {
    explicit Impl(asio::io_context& context) : timer(context) {}

    asio::steady_timer timer;
    /// Marks the current callback. An old one that was due already stays in asio's queue, but is not called.
    std::uint64_t round = 0;
};

Timer::Timer(Loop& loop) : impl_(std::make_shared<Impl>(loop.impl_->context)) {}
Timer::~Timer() = default;

void Timer::start(std::chrono::nanoseconds wait, Callback due) {
    const auto is_current = [impl = std::weak_ptr(impl_), round = ++impl_->round] {
        const auto same = impl.lock();
        return same != nullptr && same->round == round;
    };
    impl_->timer.expires_after(wait);
    impl_->timer.async_wait([is_current, due = std::move(due)](const error_code& error) {
        if (!error && is_current()) due();
    });
}

void Timer::cancel() {
    ++impl_->round;
    impl_->timer.cancel();
}

struct Descriptor::Impl {
    using Waited = asio::posix::stream_descriptor;

    Impl(asio::io_context& context, int fd) : waited(context, fd) {}

    Waited waited;

    static void wait(const std::shared_ptr<Impl>& self, Waited::wait_type what, Callback ready) {
        self->waited.async_wait(what, [state = std::weak_ptr(self), ready = std::move(ready)](const error_code& error) {
            if (!error && !state.expired()) ready();
        });
    }
};

Descriptor::Descriptor(Loop& loop, int fd) {
    Fd ours(fd);
    impl_ = std::make_shared<Impl>(loop.impl_->context, fd);
    ours.release();
}
Descriptor::~Descriptor() = default;
Descriptor::Descriptor(Descriptor&&) noexcept = default;

int Descriptor::fd() const { return impl_->waited.native_handle(); }

void Descriptor::when_readable(Callback ready) { Impl::wait(impl_, Impl::Waited::wait_read, std::move(ready)); }

void Descriptor::when_writable(Callback ready) { Impl::wait(impl_, Impl::Waited::wait_write, std::move(ready)); }

int Descriptor::release() { return std::exchange(impl_, nullptr)->waited.release(); }

struct Signals::Impl {
    Impl(asio::io_context& context, std::function<void(int)> call) : set(context), came(std::move(call)) {}

    asio::signal_set set;
    std::function<void(int)> came;

    static void wait(const std::shared_ptr<Impl>& self) {
        self->set.async_wait([impl = std::weak_ptr(self)](const error_code& error, int signal) {
            const auto same = impl.lock();
            if (error || same == nullptr) return;
            same->came(signal);
            wait(same);
        });
    }
};

Signals::Signals(Loop& loop, std::initializer_list<int> which, std::function<void(int)> came)
    : impl_(std::make_shared<Impl>(loop.impl_->context, std::move(came))) {
    for (const int each : which) impl_->set.add(each);
    Impl::wait(impl_);
}
Signals::~Signals() = default;

}  // namespace lbconverge::daemon
