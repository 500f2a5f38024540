#include "health.hpp"

#include "lbconverge/health/board.hpp"
#include "lbconverge/health/drain.hpp"

namespace lbconverge::cli {

namespace {

/// Long enough after the beginning for everything that is remembered.
constexpr Instant moment{std::chrono::hours(24 * 365 * 100)};

/// A board that knows what the last daemon knew; nobody asks the servers.
health::Board board_of(const config::Config& config, const kinds::Health& before) {
    health::Board board;
    board.configure(config, moment);
    board.remember(before, moment);
    board.assume_up(moment);
    return board;
}

}  // namespace

Result<HealthPtr> health_of(const config::Config& config, const daemon::RunDirectory& run,
                            std::chrono::sys_seconds now) {
    const auto before = run.load_health(now);
    RETURN_IF_ERROR(before);
    if (before->empty()) return HealthPtr();
    return std::make_shared<const kinds::Health>(board_of(config, *before).health(moment));
}

Result<HealthPtr> with_drains(const config::Config& config, const daemon::RunDirectory& run,
                              std::chrono::sys_seconds now, const std::vector<kinds::Drained>& drains, bool undo) {
    const auto before = run.load_health(now);
    RETURN_IF_ERROR(before);
    health::Board board = board_of(config, *before);
    for (const kinds::Drained& each : drains) {
        if (undo) {
            RETURN_IF_ERROR(health::can_take_back(each, *before));
            board.undrain(each, moment);
        } else {
            board.drain(each, moment);
        }
    }
    return std::make_shared<const kinds::Health>(board.health(moment));
}

}  // namespace lbconverge::cli
