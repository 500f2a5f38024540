#include "lbconverge/vrrp/authentication.hpp"

#include "lbconverge/wire/signature.hpp"

#include <algorithm>
#include <cstdlib>

namespace lbconverge::vrrp {

namespace {

constexpr std::uint8_t hmac_sha256 = 1;
constexpr Duration least_window = std::chrono::seconds(5);

/// Without a counter.
std::uint64_t sequence_at(WallTime wall) {
    const auto second = std::chrono::floor<std::chrono::seconds>(wall);
    const auto part = static_cast<std::uint64_t>((wall - second).count());
    const auto seconds = static_cast<std::uint32_t>(second.time_since_epoch().count());
    return std::uint64_t{seconds} << 32 | ((part << 16) / 1'000'000) << 16;
}

/// Serial numbers (RFC 1982): in 2106 the seconds begin anew.
bool is_after(std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b) > 0; }

/// By how many seconds a sequence is ahead of the time of day.
std::int32_t seconds_ahead(std::uint64_t sequence, WallTime wall) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(sequence >> 32) -
                                     static_cast<std::uint32_t>(sequence_at(wall) >> 32));
}

bool is_near(std::uint64_t sequence, WallTime wall, Duration window) {
    const std::int64_t ahead = seconds_ahead(sequence, wall);  // 64 bits: the absolute value of the least is one more
    return std::chrono::seconds(std::abs(ahead)) <= window;
}

const SigningKey* find_key(const Authentication& rules, std::uint8_t id) {
    const auto at =
        std::find_if(rules.keys.begin(), rules.keys.end(), [&](const SigningKey& each) { return each.id == id; });
    return at == rules.keys.end() ? nullptr : &*at;
}

}  // namespace

Duration Authenticator::window_of(Duration interval) {
    return std::max<Duration>(std::chrono::ceil<std::chrono::seconds>(3 * interval), least_window);
}

/// The time of day, or one more than the last if that is greater: the counter, and after it the time, count on. Where
/// the clock was set back by more than the others accept, what they remember of us is out of date as well.
std::uint64_t Authenticator::next(WallTime wall, Duration window) {
    const std::uint64_t clock = sequence_at(wall);
    const bool begins = !sent_ || is_after(clock, *sent_) || !is_near(*sent_, wall, window);
    sent_ = begins ? clock : *sent_ + 1;
    return *sent_;
}

void Authenticator::sign(wire::Advertisement& advertisement, const IpAddress& source, const Authentication& rules,
                         WallTime wall, Duration window) {
    const SigningKey* key = find_key(rules, rules.active);
    if (key == nullptr) return;
    const std::uint64_t sequence = next(wall, window);
    wire::sign(advertisement, source, *key, sequence);
    remember(source, sequence, wall, window);
}

/// One that is far from the time of day says nothing: what is before it is stale anyway, and what is ahead of it was
/// sent before a clock was set back.
bool Authenticator::is_news(const IpAddress& sender, std::uint64_t sequence, WallTime wall, Duration window) {
    const auto at = newest_.find(sender);
    return at == newest_.end() || !is_near(at->second, wall, window) || is_after(sequence, at->second);
}

void Authenticator::remember(const IpAddress& sender, std::uint64_t sequence, WallTime wall, Duration window) {
    if (newest_.size() >= senders_known && !newest_.contains(sender)) {
        std::erase_if(newest_, [&](const auto& each) { return !is_near(each.second, wall, window); });
        const auto oldest = std::min_element(newest_.begin(), newest_.end(),
                                             [](const auto& a, const auto& b) { return is_after(b.second, a.second); });
        if (newest_.size() >= senders_known) newest_.erase(oldest);  // all of them know a key
    }
    newest_[sender] = sequence;
}

/// What costs nothing comes first, so that old packets in large numbers cost no more than others. What they claim is
/// believed only after the signature.
std::optional<Drop> Authenticator::doubt(const wire::Advertisement& said, const IpAddress& source, const Signed& proof,
                                         const Authentication* rules, Duration window) {
    const auto& trailer = said.trailer;
    if (!trailer) {
        const bool must = rules != nullptr && rules->mode == AuthMode::enforce;
        return must ? std::optional(Drop::not_signed) : std::nullopt;
    }
    if (rules == nullptr) return Drop::not_expected;
    if (trailer->type != hmac_sha256 || trailer->reserved != 0) return Drop::trailer;
    if (!is_near(trailer->sequence, proof.wall, window)) return Drop::stale;
    const SigningKey* key = find_key(*rules, trailer->key);
    if (key == nullptr) return Drop::unknown_key;
    if (!wire::is_signed_by(proof.message, source, *key)) return Drop::signature;
    if (!is_news(source, trailer->sequence, proof.wall, window)) return Drop::replay;
    remember(source, trailer->sequence, proof.wall, window);
    return std::nullopt;
}

}  // namespace lbconverge::vrrp
