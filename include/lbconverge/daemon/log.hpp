// The log of the daemon: lines on standard error. The library for it is expensive to compile, so src/daemon/log.cpp is
// the only file that includes it.
#pragma once

#include "lbconverge/model/level.hpp"

#include <string>
#include <string_view>

namespace lbconverge::daemon {

/// From any thread. While a Log is there, this never waits.
void log(Level level, std::string_view text);

/// Writes this and everything before it, then ends the program with SIGABRT.
[[noreturn]] void abort_with(std::string_view text);

/// Lines are written by a thread of its own. Nothing that the loop does may wait for the reader of the log: lines that
/// do not fit are lost, the oldest first.
class Log {
public:
    /// `lowest`: what matters less is not written; "error", "warning", "info" or "debug".
    explicit Log(const std::string& lowest);
    /// Writes what is left. Nothing may be logged after it.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
};

}  // namespace lbconverge::daemon
