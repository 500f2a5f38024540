// One [[hook]] for one instance. The state of the instance goes in; the hook's runs, and when to end one, come out. A
// newer state overtakes an older one: the run for the older one is then ended, or not started, and not tried again.
// Pure.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::node {

using lbconverge::to_text;

enum class HookState : std::uint8_t { none, master, backup, fault, stop };
constexpr auto names_of(HookState) {
    return enum_names<HookState>({{HookState::none, "none"},
                                  {HookState::master, "master"},
                                  {HookState::backup, "backup"},
                                  {HookState::fault, "fault"},
                                  {HookState::stop, "stop"}});
}

/// The result of a run, or of several if it was tried again.
struct HookResult {
    HookState state = HookState::none;
    Instant at;
    std::uint32_t attempts = 0;
    bool good = false;
    bool overtaken = false;
    std::string said;  ///< "exit status 1: connection refused"
    Duration took{0};
};

class HookQueue {
public:
    enum class Do : std::uint8_t { nothing, start, end };

    HookQueue(config::Hook hook, std::string instance) : hook_(std::move(hook)), instance_(std::move(instance)) {}

    void see(HookState state);
    /// For a hook that comes with a reload: it is not run for a state that is older than the reload.
    void know(HookState state) { seen_ = state; }
    /// The instance has left the file: the last state that the hook runs for is stop, or else backup, if what it did
    /// for the master is not given back yet.
    void part();
    /// No time for a further attempt: a run that waits for one is not wanted any more.
    void give_up_waiting();
    /// What is to be done now; to be called until it is nothing. start: for state().
    Do next(Instant now);
    /// The run that next() wanted has ended. `last`: there is no time for another attempt. Returns whether this was
    /// the last attempt, and it failed.
    bool ended(bool good, std::string said, Duration took, Instant now, bool last);
    [[nodiscard]] std::optional<Instant> wake_at() const;
    /// Nothing runs, and nothing must be run.
    [[nodiscard]] bool idle() const { return running_ == HookState::none && wanted_ == HookState::none; }

    /// New settings for the runs from now on; the instance, the states and the command are the same.
    void reconfigure(const config::Hook& hook) { hook_ = hook; }
    [[nodiscard]] const config::Hook& hook() const { return hook_; }
    /// The instance has another name now, and is the same otherwise.
    void rename(std::string instance) { instance_ = std::move(instance); }
    [[nodiscard]] const std::string& instance() const { return instance_; }
    [[nodiscard]] HookState running() const { return running_; }
    [[nodiscard]] HookState seen() const { return seen_; }
    [[nodiscard]] std::uint32_t attempts() const { return attempts_; }
    [[nodiscard]] const std::optional<Instant>& retry_at() const { return retry_at_; }
    [[nodiscard]] const std::optional<HookResult>& last() const { return last_; }
    [[nodiscard]] std::uint64_t overtaken() const { return overtaken_; }
    [[nodiscard]] BrokenInvariant broken_invariant() const;

    std::uint64_t run = 0;  ///< the number that the node gave the run under way
    std::size_t place = 0;  ///< of the instance among the node's

private:
    [[nodiscard]] bool runs_on(HookState state) const;

    config::Hook hook_;
    std::string instance_;
    HookState seen_ = HookState::none;
    HookState wanted_ = HookState::none;   ///< must be run, or runs and is not overtaken
    HookState running_ = HookState::none;  ///< the process, until it has ended
    bool ending_ = false;                  ///< it was told to
    std::uint32_t attempts_ = 0;           ///< for wanted_
    std::optional<Instant> retry_at_;
    std::optional<HookResult> last_;
    std::uint64_t overtaken_ = 0;
};

/// A hook of an instance that has left the file, until it has nothing to do any more.
struct PartingHook {
    HookQueue queue;
    std::map<std::string, std::string> environment;  ///< what it is told about the instance
};

}  // namespace lbconverge::node
