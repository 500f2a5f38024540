#include "saved_health.hpp"

#include "lbconverge/health/board.hpp"
#include "lbconverge/health/drain.hpp"
#include "print.hpp"

namespace lbconverge::cli {

namespace {

/// A time on the board's clock, so late that everything that is remembered began after time 0.
constexpr Instant moment{std::chrono::hours(24 * 365 * 100)};

/// A board with what the last daemon knew. No server is asked.
health::Board board_of(const config::Config& config, const kinds::Health& before) {
    health::Board board;
    board.configure(config, moment);
    board.remember(before, moment);
    board.assume_up(moment);
    return board;
}

}  // namespace

HealthPtr health_of(const config::Config& config, const daemon::RunDirectory& run, BootTime now) {
    const daemon::LoadedHealth before = run.load_health(now);
    print_notes(before.notes);
    if (before.health.empty()) return nullptr;
    return std::make_shared<const kinds::Health>(board_of(config, before.health).health(moment));
}

kinds::Health health_of_nobody_asked(const config::Config& config) {
    health::Board board;
    board.configure(config, moment);
    return board.health(moment);
}

Result<HealthPtr> with_drains(const config::Config& config, const daemon::RunDirectory& run, BootTime now,
                              const DrainOrder& order) {
    const daemon::LoadedHealth before = run.load_health(now);
    print_notes(before.notes);
    health::Board board = board_of(config, before.health);
    if (!order.undo && !order.force) RETURN_IF_ERROR(board.can_drain(order.drains));
    for (const kinds::Drained& each : order.drains) {
        if (order.undo) {
            RETURN_IF_ERROR(health::can_take_back(each, before.health));
            board.undrain(each, moment);
        } else {
            board.drain(each, moment);
        }
    }
    return std::make_shared<const kinds::Health>(board.health(moment));
}

}  // namespace lbconverge::cli
