// The run directory: the lock that keeps writers apart, and the ledger of what is ours. One directory per network
// namespace, since each has kernel state of its own: /run/lbconverge for the host's, /run/lbconverge/netns-COOKIE for
// others (SO_NETNS_COOKIE is never used twice while the machine runs).
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/model/result.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lbconverge::daemon {

/// What a file says, and what is wrong with it, for a person.
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
    /// Of the calling thread's network namespace. Nothing is created yet.
    static RunDirectory of_this_namespace();
    explicit RunDirectory(std::string path) : path_(std::move(path)) {}
    ~RunDirectory();
    RunDirectory(RunDirectory&& other) noexcept
        : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;

    /// Creates the directory and takes the lock until this object is gone; busy when another holds it for longer.
    Result<void> lock(std::chrono::milliseconds patience);

    /// Empty when there is none, or when it is from before the last boot (the kernel forgot everything too). Of a file
    /// that cannot be read, or not all of it, what is known: nothing here may keep a VIP from being withdrawn. For the
    /// network with what it has to know of the tables (plan::parse_outline).
    [[nodiscard]] LoadedLedger load(kinds::Part part = kinds::Part::all) const;
    /// Replaces that part of the ledger in one step; does nothing when it says the same already. Each part is a file of
    /// its own, so that who writes down an address does not write down a hundred thousand real servers as well.
    Result<void> save(const kinds::Ledger& ledger, kinds::Part part = kinds::Part::all) const;

    /// What health and the operator have said of real servers, as the last who knew wrote it down; with the age that it
    /// has now. Empty under the same conditions.
    [[nodiscard]] LoadedHealth load_health(BootTime now) const;
    /// Replaces it in one step.
    Result<void> save_health(const kinds::Health& health, BootTime now) const;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    int lock_ = -1;
};

}  // namespace lbconverge::daemon
