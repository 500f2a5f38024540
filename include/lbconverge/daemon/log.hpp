// The log of the daemon: lines on standard error. The library for it is expensive to compile, so src/daemon/log.cpp is
// the only file that includes it.
#pragma once

#include "lbconverge/model/level.hpp"

#include <string>
#include <string_view>

namespace lbconverge::daemon {

/// Logs a line, from any thread. While a Log exists, this never waits.
void log(Level level, std::string_view text);

/// Writes this line and all lines before it, then ends the program with SIGABRT.
[[noreturn]] void abort_with(std::string_view text);

/// A thread of its own writes the lines, because the loop must not wait for the reader of the log. If the queue of
/// lines is full, the oldest are lost.
class Log {
public:
    /// `lowest`: the lowest level that is written: "error", "warning", "info" or "debug".
    explicit Log(const std::string& lowest);
    /// Writes the lines that are left. Nothing may be logged afterwards.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
};

}  // namespace lbconverge::daemon
