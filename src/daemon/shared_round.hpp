// Clients that ask for the same within a short time share one answer, which was begun after all of them had asked. So
// many questions cost no more than one. Private to src/daemon; used on the loop's thread.
#pragma once

#include "admission.hpp"
#include "loop.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace lbconverge::daemon {

template <class Answer>
class SharedRound {
public:
    using Finish = std::function<void(Answer)>;
    using Make = std::function<void(Finish)>;
    using Give = std::function<void(Admission::Client, const Answer&)>;

    /// `moment`: the shortest time between two answers. `make` begins one; it must call `done` once, from any thread.
    SharedRound(Loop& loop, std::chrono::milliseconds moment, Make make, Give give)
        : loop_(loop), moment_(moment), make_(std::move(make)), give_(std::move(give)), timer_(loop) {}

    void ask(Admission::Client client) {
        waiting_.push_back(client);
        next();
    }

private:
    void next() {
        if (waiting_.empty() || in_moment_ || making_) return;
        in_moment_ = making_ = true;
        timer_.start(moment_, [this] {
            in_moment_ = false;
            next();
        });
        make_([this, who = std::exchange(waiting_, {})](Answer answer) {
            loop_.post([this, who, answer = std::move(answer)] {
                making_ = false;
                for (const Admission::Client each : who) give_(each, answer);
                next();
            });
        });
    }

    Loop& loop_;
    std::chrono::milliseconds moment_;
    Make make_;
    Give give_;
    Timer timer_;
    bool in_moment_ = false;
    bool making_ = false;
    std::vector<Admission::Client> waiting_;  ///< clients that wait for the next answer
};

}  // namespace lbconverge::daemon
