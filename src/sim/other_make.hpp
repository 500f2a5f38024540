// A VRRP router that is not lbconverge, written from the RFCs alone. Private to src/sim, pure.
#pragma once

#include "lbconverge/model/instant.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <array>
#include <optional>

namespace lbconverge::sim {

/// Behaves as keepalived does where the RFCs leave a choice: a backup ignores a master of lower priority, and a master
/// answers it at once.
class OtherMake {
public:
    struct Traits {
        wire::Advertisement says;  ///< with its own priority
        IpAddress source;
        bool preempt = true;
        bool deaf = false;  ///< ignores all advertisements, and is always master
    };
    OtherMake(Traits traits, Instant now);

    /// Both return the priority that it advertises at once, if it does.
    std::optional<std::uint8_t> heard(const wire::Advertisement& said, const IpAddress& from, Instant now);
    std::optional<std::uint8_t> tick(Instant now);
    [[nodiscard]] Instant wake_at() const { return timer_; }
    [[nodiscard]] bool master() const { return master_; }
    [[nodiscard]] const Traits& traits() const { return traits_; }

private:
    [[nodiscard]] Duration skew() const;
    void obey(const wire::Advertisement& said, Instant now);

    Traits traits_;
    bool master_;
    Duration learned_;
    Instant timer_;
};

}  // namespace lbconverge::sim
