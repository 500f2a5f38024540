// The lanes in which a node works on its kernel: which of them has to work, when it may begin, and what came of its
// runs. Pure: a run begins where begin() says so, and ends with a Converged event.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/node/messages.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace lbconverge::node {

struct LaneState {
    bool wanted = false;
    bool at_once = false;  ///< a VIP may wait for it; and it does not wait for retry_at
    bool busy = false;
    kinds::Part part = kinds::Part::all;  ///< what it is at, or was last
    bool converged = false;               ///< it has done what could be done, at least once
    std::uint64_t file = 0, settled = 0;  ///< the configuration it is at, and that which it has carried out; from 1
    std::optional<Instant> retry_at{};    ///< after an error, or where something changes all the time
    Duration backoff{0};
    Instant began{};
    Instant finished{};
    Duration took{0};
    Converged last{};
    std::uint64_t runs = 0, changes = 0;
    std::uint64_t failures = 0;  ///< runs that ended with an error
    std::uint64_t repaired = 0;  ///< rows that were put back, or removed, because another program had changed them
};

class Lanes {
public:
    explicit Lanes(const config::Config& config) { configure(config); }
    /// The lanes follow this file from now on. It counts as another one, even if it says the same.
    void configure(const config::Config& config);

    [[nodiscard]] const LaneState& operator[](Lane lane) const { return lanes_[static_cast<std::size_t>(lane)]; }
    /// The node has this lane in its role.
    [[nodiscard]] bool has(Lane lane) const { return lane == Lane::network || tables_apart_; }
    [[nodiscard]] kinds::Part part_of(Lane lane) const;
    /// The lane has carried out the present file.
    [[nodiscard]] bool settled(Lane lane) const { return (*this)[lane].settled == file_; }

    void want(Lane lane);
    /// Even if the lane waits after an error.
    void want_at_once(Lane lane);
    void want_all_at_once();
    /// A run that is wanted at once begins no sooner than that.
    void hold_back(Lane lane, Instant until);
    /// To be looked at once more, with all that is no notification for.
    void look(Instant at) { look_at_ = at; }

    /// What begin() says of a run.
    struct Start {
        kinds::Part part = kinds::Part::all;
        bool urgent = false;  ///< a VIP may wait for it
    };
    /// Wants all lanes if it is time to look at rows for which there is no notification.
    void wake(Instant now);
    /// Begins a run of the lane, if it is wanted and nothing is in its way.
    std::optional<Start> begin(Lane lane, Instant now);
    /// A run has ended. `hurries`: after an error, the lane waits for the shortest time. Returns the event of the run
    /// before.
    Converged ended(const Converged& event, bool hurries, Instant now);

    /// When a lane may begin, or when it is time to look.
    [[nodiscard]] std::optional<Instant> wake_at() const;
    /// `works`: begin() was asked for each lane since anything has changed.
    [[nodiscard]] BrokenInvariant broken_invariant(bool works) const;

private:
    LaneState& state_of(Lane lane) { return lanes_[static_cast<std::size_t>(lane)]; }
    [[nodiscard]] bool is_free(Lane lane) const;
    [[nodiscard]] bool waits(Lane lane) const;

    std::array<LaneState, lane_count> lanes_{};
    bool tables_apart_ = false;       ///< a director's tables have a lane of their own
    bool repair_ = true;              ///< it looks at rows for which there is no notification
    std::uint64_t file_ = 0;          ///< counts configurations
    std::optional<Instant> look_at_;  ///< when to look again at those rows
};

}  // namespace lbconverge::node
