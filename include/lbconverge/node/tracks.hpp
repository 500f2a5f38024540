// What an election depends on besides the protocol: one [[track]] as a function. Readings and the time go in, an
// opinion comes out. Pure: the daemon and the simulator take the readings.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lbconverge::node {

using lbconverge::to_text;

/// `unknown` changes nothing: a daemon that has just started must not give up its addresses because there is no answer
/// yet.
enum class TrackOpinion : std::uint8_t { unknown, good, bad };
constexpr auto names_of(TrackOpinion) {
    return enum_names<TrackOpinion>(
        {{TrackOpinion::unknown, "unknown"}, {TrackOpinion::good, "good"}, {TrackOpinion::bad, "bad"}});
}

/// The result of looking once. For a file `opinion` is always good: Track decides what the number means.
struct TrackReading {
    TrackOpinion opinion = TrackOpinion::unknown;
    std::string why;          ///< "no process haproxy", "exit status 1"
    std::int32_t number = 0;  ///< of a file
};

class Track {
public:
    explicit Track(config::Track settings) : settings_(std::move(settings)) {}

    /// A command and a file are read every interval, and each reading counts towards fall and rise. The others report
    /// only changes, so the time counts: fall = 3 is reached two intervals after the first report.
    void take(const TrackReading& reading, Instant now);
    /// To be called when wake_at() has come; harmless at any other time.
    void tick(Instant now);
    [[nodiscard]] std::optional<Instant> wake_at() const { return recount_at_; }

    /// The number that the track adds to the priority of an instance that names it.
    [[nodiscard]] int share() const;
    /// An instance that names the track cannot take part.
    [[nodiscard]] bool faults() const { return settings_.weight == 0 && opinion_ == TrackOpinion::bad; }

    [[nodiscard]] const config::Track& settings() const { return settings_; }
    [[nodiscard]] TrackOpinion opinion() const { return opinion_; }
    [[nodiscard]] const std::string& why() const { return why_; }
    [[nodiscard]] std::int32_t number() const { return number_; }
    [[nodiscard]] Instant since() const { return since_; }
    /// Both watch the same thing in the same way, so the opinion stays true with other counts and weights.
    [[nodiscard]] bool same_as(const config::Track& other) const;
    void reconfigure(const config::Track& settings) { settings_ = settings; }
    [[nodiscard]] BrokenInvariant broken_invariant() const;

private:
    [[nodiscard]] bool read_again_and_again() const;
    [[nodiscard]] std::uint32_t needed(TrackOpinion opinion) const;
    void count(Instant now);

    config::Track settings_;
    TrackOpinion opinion_ = TrackOpinion::unknown;
    std::string why_ = "nothing is known yet";
    std::int32_t number_ = 0;
    Instant since_{};
    TrackReading against_{};     ///< the last reading that differs from the opinion
    std::uint32_t counted_ = 0;  ///< how many there were in a row
    std::optional<Instant> recount_at_;
};

}  // namespace lbconverge::node
