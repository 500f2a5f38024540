// The run directory: the lock, so that there is only one writer at a time; the ledger, which says what is ours; and
// what is known about the health of real servers. There is one directory per network namespace, since each has kernel
// state of its own: /run/lbconverge for the host's, /run/lbconverge/netns-COOKIE for others (the kernel never uses an
// SO_NETNS_COOKIE twice while the machine runs).
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/model/result.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lbconverge::daemon {

/// The content of a file. `notes` says, for people, what is wrong with the file.
struct LoadedLedger {
    kinds::Ledger ledger;
    std::vector<std::string> notes;
};
struct LoadedHealth {
    kinds::Health health;
    std::vector<std::string> notes;
};

class RunDirectory {
public:
    /// The directory of the calling thread's network namespace. Nothing is created yet.
    static RunDirectory of_this_namespace();
    explicit RunDirectory(std::string path) : path_(std::move(path)) {}
    ~RunDirectory();
    RunDirectory(RunDirectory&& other) noexcept
        : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;

    /// Creates the directory and takes the lock, which is held until this object is destroyed. An error of kind `busy`:
    /// another process held the lock for all of `patience`.
    Result<void> lock(std::chrono::milliseconds patience);

    /// Reads that part of the ledger. It is empty if there is no file, or if the file is from before the last boot (the
    /// kernel has lost its state, too). What cannot be read is left out, and `notes` says so: a damaged file must not
    /// prevent the withdrawal of a VIP. The network part comes with what it needs from the part of the tables
    /// (plan::parse_outline).
    [[nodiscard]] LoadedLedger load(kinds::Part part = kinds::Part::all) const;
    /// Replaces that part of the ledger in one step. Does nothing if the content is the same already. Each part is a
    /// file of its own, so that a new claim on an address does not write a hundred thousand real servers again.
    Result<void> save(const kinds::Ledger& ledger, kinds::Part part = kinds::Part::all) const;

    /// Reads what health and the operator said about real servers when this was last saved, with the ages at `now`. It
    /// is empty under the same conditions as the ledger.
    [[nodiscard]] LoadedHealth load_health(BootTime now) const;
    /// Replaces the file in one step.
    Result<void> save_health(const kinds::Health& health, BootTime now) const;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    int lock_ = -1;
};

}  // namespace lbconverge::daemon
