// A kernel in memory: holds the state of one node and takes plans as the real one does, with the real one's errors.
// For the simulator, and for tests that need thousands of runs, or failures that no real kernel gives on demand. It is
// trusted only as far as the contract tests check it against a real kernel (tests/contract). Pure.
#pragma once

#include "lbconverge/plan/kernel.hpp"

#include <cerrno>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace lbconverge::sim {

/// "service tcp 192.0.2.1:80": one row among all kinds.
template <class Kind>
std::string row_name(const typename Kind::Key& key) {
    return std::string(Kind::name) + " " + Kind::id(key);
}

class FakeKernel final : public plan::Kernel {
public:
    /// Thrown out of apply(): the program was killed at that point.
    struct Killed {};

    /// The answer to every change of a row.
    struct RefusedRow {
        int error = EINVAL;
        bool may_go = false;  ///< it is only made that it cannot be
    };

    explicit FakeKernel(kinds::Observed state);

    Result<HostFacts> facts(const std::vector<InterfaceName>& needed) override;
    Result<std::shared_ptr<const kinds::Observed>> observe(const kinds::Reading& reading,
                                                           const HostFacts& facts) override;
    Result<std::vector<plan::Failure>> offers(const plan::Plan& plan) override;
    Result<std::vector<plan::Failure>> apply(const plan::Plan& plan, std::size_t first, std::size_t last) override;

    plan::Told announce(std::span<const plan::Announcement> announcements, const HostFacts& facts) override;

    /// One change: 0 or errno. Counts as a write; knows nothing of the faults below.
    template <class Kind>
    int execute(const kinds::Change<Kind>& change) {
        ++writes;
        return set(change);
    }
    /// The change of one step of a plan.
    int execute(const plan::Plan& plan, const plan::Step& step);

    // What happens to a machine.
    void set_carrier(const InterfaceName& interface, bool carrier);
    /// The interface is gone, and with it its addresses, its settings and the routes through it.
    void unplug(const InterfaceName& interface);

    /// All that is true of the node. Interfaces' ipv4_devconf is not kept here: facts() makes it from the sysctls.
    kinds::Observed node;
    /// Settings of interfaces that nobody ever wrote: they follow what is written to "default"
    /// (linux: devinet_copy_dflt_conf).
    std::set<std::string> inherited;
    std::set<ShortName> schedulers{"rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "dh",
                                   "sh", "mh",  "sed", "nq",  "fo",   "ovf"};
    std::set<ShortName> engines{"sip"};

    // What goes wrong. Operations count from 0 over all runs.
    std::map<std::size_t, int> faults;                   ///< operation → errno; it has no effect then
    std::map<std::string, RefusedRow> refuses;           ///< by row_name()
    std::optional<std::size_t> killed_before;            ///< apply() throws Killed instead of this operation
    std::function<void(FakeKernel&)> before_next_write;  ///< the world moves between reading and writing, once

    std::vector<plan::Announcement> announced;  ///< all of them, in order
    std::size_t reads = 0;
    std::size_t writes = 0;

private:
    int set(const kinds::Change<kinds::Sysctl>& change);
    int set(const kinds::Change<kinds::Address>& change);
    int set(const kinds::Change<kinds::Link>& change);
    int set(const kinds::Change<kinds::Route>& change);
    int set(const kinds::Change<kinds::SyncDaemon>& change);
    int set(const kinds::Change<kinds::Service>& change);
    int set(const kinds::Change<kinds::RealServer>& change);
    int set(const kinds::Change<kinds::Timeouts>& change);
    /// Kinds with nothing special: a row is made once and removed once.
    template <class Kind>
    int set(const kinds::Change<Kind>& change) {
        auto& seen = node.get<Kind>();
        const bool there = seen.find(change.key) != kinds::Seen<Kind>::npos;
        if (change.before == nullptr && there) return EEXIST;
        if (change.before != nullptr && !there) return ENOENT;
        if (change.after == nullptr) {
            seen.erase(change.key);
        } else {
            seen.put(change.key, *change.after);
        }
        return 0;
    }
    void put_setting(const std::string& path, const std::string& value);
    void remove_address(std::uint32_t row);
    void erase_addresses(const std::vector<kinds::Address::Key>& gone);
    [[nodiscard]] int refusal_of(const plan::Plan& plan, const plan::Step& step) const;
    void renew_address(std::uint32_t row, const kinds::Address::Value& value);
    void lose_source(const IpAddress& address);
    [[nodiscard]] bool reaches(const IpAddress& gateway) const;
    [[nodiscard]] bool setting_is_on(const InterfaceName& interface, std::string_view name) const;
};

}  // namespace lbconverge::sim
