// The clock of a simulated node: it counts microseconds like the true one, but began elsewhere and runs at another
// rate. Private to src/sim.
#pragma once

#include "lbconverge/model/instant.hpp"

#include <cstdint>

namespace lbconverge::sim {

class Clock {
public:
    static constexpr std::int64_t true_rate = 1'000'000;

    /// `rate`: its microseconds per true second.
    Clock(Instant now, Instant shows, std::int64_t rate) : true_base_(now), local_base_(shows), rate_(rate) {}

    [[nodiscard]] Instant local(Instant now) const {
        return local_base_ + Duration((now - true_base_).count() * rate_ / true_rate);
    }
    /// The first true microsecond at which it shows that time or more.
    [[nodiscard]] Instant when(Instant shows) const {
        const std::int64_t ahead = (shows - local_base_).count();
        return true_base_ + Duration((ahead * true_rate + rate_ - 1) / rate_);
    }
    /// It has stood still since then.
    void lose(Instant since, Instant now) { local_base_ -= local(now) - local(since); }
    void set_rate(Instant now, std::int64_t rate) {
        local_base_ = local(now);
        true_base_ = now;
        rate_ = rate;
    }

private:
    Instant true_base_, local_base_;
    std::int64_t rate_;
};

}  // namespace lbconverge::sim
