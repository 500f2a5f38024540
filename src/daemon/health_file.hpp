// Keeps what the checks have found, and drains, over a restart. Of what is to be written only the last is. Private to
// src/daemon; used on the loop's thread.
#pragma once

#include "lbconverge/daemon/run_directory.hpp"
#include "loop.hpp"
#include "worker.hpp"

#include <memory>

namespace lbconverge::daemon {

class HealthFile {
public:
    /// `files` writes.
    HealthFile(const RunDirectory& run, Loop& loop, Worker& files) : run_(run), loop_(loop), files_(files) {}

    void save(std::shared_ptr<const kinds::Health> health);
    /// Writes what waits still, and returns when it is written. The loop has ended.
    void finish();

private:
    void write();

    const RunDirectory& run_;
    Loop& loop_;
    Worker& files_;
    std::shared_ptr<const kinds::Health> next_;  ///< what the next write takes
    bool writing_ = false;
};

}  // namespace lbconverge::daemon
