#include "other_make.hpp"

#include <utility>

namespace lbconverge::sim {

OtherMake::OtherMake(Traits traits, Instant now)
    : traits_(std::move(traits)), master_(traits_.deaf), learned_(traits_.says.interval) {
    timer_ = master_ ? now : now + 3 * learned_ + skew();
}

/// RFC 9568 §6.1; RFC 3768 §6.1 counts in seconds.
Duration OtherMake::skew() const {
    const Duration unit = traits_.says.version == 2 ? Duration(std::chrono::seconds(1)) : learned_;
    return unit * (256 - traits_.says.priority) / 256;
}

void OtherMake::obey(const wire::Advertisement& said, Instant now) {
    master_ = false;
    learned_ = said.interval;
    timer_ = now + 3 * learned_ + skew();
}

/// RFC 9568 §6.4.2, §6.4.3.
std::optional<std::uint8_t> OtherMake::heard(const wire::Advertisement& said, const IpAddress& from, Instant now) {
    const std::uint8_t own = traits_.says.priority;
    if (traits_.deaf || said.version != traits_.says.version || said.vrid != traits_.says.vrid) return {};
    if (said.auth_type != traits_.says.auth_type || said.auth_data != traits_.says.auth_data) return {};
    if (said.version == 2 && said.interval != traits_.says.interval) return {};
    if (!master_) {
        if (said.priority == 0) {
            timer_ = now + skew();
        } else if (said.priority >= own || !traits_.preempt) {
            obey(said, now);
        }
        return {};
    }
    const bool lost = said.priority > own || (said.priority == own && from > traits_.source);
    if (!lost) return own;
    obey(said, now);
    return {};
}

std::optional<std::uint8_t> OtherMake::tick(Instant now) {
    if (now < timer_) return {};
    if (!std::exchange(master_, true)) learned_ = traits_.says.interval;
    timer_ = now + traits_.says.interval;
    return traits_.says.priority;
}

}  // namespace lbconverge::sim
