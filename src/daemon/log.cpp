#include "lbconverge/daemon/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <memory>

namespace lbconverge::daemon {

namespace {

spdlog::level::level_enum level_of(Level level) {
    return level == Level::info      ? spdlog::level::info
           : level == Level::warning ? spdlog::level::warn
                                     : spdlog::level::err;
}

}  // namespace

void log(Level level, std::string_view text) {
    spdlog::default_logger_raw()->log(level_of(level), spdlog::string_view_t(text.data(), text.size()));
}

void abort_with(std::string_view text) {
    spdlog::default_logger_raw()->log(spdlog::level::critical, spdlog::string_view_t(text.data(), text.size()));
    spdlog::shutdown();  // waits for the thread that writes
    std::abort();
}

Log::Log(const std::string& lowest) {
    constexpr std::size_t lines = 8192;
    spdlog::init_thread_pool(lines, 1);
    const bool plain = std::getenv("NO_COLOR") != nullptr;
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(plain ? spdlog::color_mode::never
                                                                            : spdlog::color_mode::automatic);
    spdlog::set_default_logger(std::make_shared<spdlog::async_logger>("lbconverge", sink, spdlog::thread_pool(),
                                                                      spdlog::async_overflow_policy::overrun_oldest));
    spdlog::set_level(spdlog::level::from_str(lowest));
    spdlog::flush_every(std::chrono::seconds(1));
    // journald adds the time itself.
    if (std::getenv("JOURNAL_STREAM") != nullptr) spdlog::set_pattern("%l: %v");
}

Log::~Log() { spdlog::shutdown(); }

}  // namespace lbconverge::daemon
