// The plan: what has to be done to get from the observed to the desired state, as data. diff, apply, JSON, logs and
// tests all read this one object. Making a plan is pure: no clock, no kernel, no output.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/plan/announcement.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lbconverge::plan {

using kinds::to_text;
using lbconverge::to_text;

using kinds::Action;
using kinds::Phase;

/// Why a step is there.
enum class Reason : std::uint8_t {
    config,     ///< the configuration asks for it, and it was never so
    drift,      ///< it was converged before; somebody changed the kernel since
    election,   ///< master or backup
    health,     ///< a check, a quorum or an operator says so
    unclaimed,  ///< ours, and the configuration no longer names it
    foreign,    ///< nobody ever configured it: in a pool of ours, or in a table that is to be ours alone
    misplaced,  ///< a VIP of the configuration where it must not be now
    drain,      ///< taken out of use; removed when its connections are gone
    restore,    ///< given up: back to the value that was there before
    release,    ///< everything of ours is given up
};
constexpr auto names_of(Reason) {
    return enum_names<Reason>({{Reason::config, "config"},
                               {Reason::drift, "drift"},
                               {Reason::election, "election"},
                               {Reason::health, "health"},
                               {Reason::unclaimed, "unclaimed"},
                               {Reason::foreign, "foreign"},
                               {Reason::misplaced, "misplaced"},
                               {Reason::drain, "drain"},
                               {Reason::restore, "restore"},
                               {Reason::release, "release"}});
}

/// One change of one row. 12 bytes, since a plan may have a hundred thousand of them; the rows themselves stay in the
/// two states that the plan keeps.
struct Step {
    static constexpr std::uint32_t none = UINT32_MAX;

    std::uint8_t kind = 0;  ///< kinds::kind_id
    Phase phase = Phase::load;
    Reason reason = Reason::config;
    std::uint32_t before = none;  ///< row in the observed table
    std::uint32_t after = none;   ///< row in the desired table

    [[nodiscard]] Action action() const {
        return before == none ? Action::create : after == none ? Action::remove : Action::update;
    }
};

/// A real server that stays, with weight 0, until its connections are gone or its time is over.
struct Deferred {
    kinds::RealServer::Key key;
    std::uint32_t connections = 0;
    std::chrono::sys_seconds until;
};

/// A row that nobody may touch now, or that health or an operator keeps other than the file says; and why.
struct HeldRow {
    std::uint8_t kind = 0;
    std::string id;
    std::string reason;
    std::uint32_t row = Step::none;  ///< in the desired table: as what it is kept
    bool absent = false;             ///< it is kept out
};

/// Real servers that a step removes while they have connections.
struct Cut {
    std::size_t step = 0;  ///< index into Plan::steps
    std::uint32_t connections = 0;
};

/// Somebody else's row, in the observed table.
struct Foreign {
    std::uint8_t kind = 0;
    std::uint32_t row = 0;
};

struct Plan {
    std::shared_ptr<const kinds::Desired> desired;
    std::shared_ptr<const kinds::Observed> observed;
    std::vector<Step> steps;                  ///< in the order of execution
    std::vector<Announcement> announcements;  ///< phase announce, for the addresses that phase bind has made
    std::vector<Deferred> deferred;
    std::vector<HeldRow> held;
    std::vector<Foreign> foreign;
    std::vector<Cut> cuts;          ///< in the order of the steps
    std::optional<Error> obstacle;  ///< what stands in the way of a step and is not ours to remove
    kinds::Ledger ledger;           ///< the ledger once this plan is done

    /// Calls f(change) with the kinds::Change<Kind> of that step.
    template <class F>
    void visit(const Step& step, F&& f) const {
        kinds::with_kind(step.kind, [&]<class Kind>() {
            const auto& is = observed->get<Kind>();
            const auto& wanted = desired->get<Kind>().rows;
            const bool has_before = step.before != Step::none;
            const bool has_after = step.after != Step::none;
            f(kinds::Change<Kind>{
                .key = has_before ? is.row(step.before).key : wanted.row(step.after).key,
                .before = has_before ? &is.row(step.before).value : nullptr,
                .after = has_after ? &wanted.row(step.after).value : nullptr,
                .cause = has_after ? wanted.note(step.after).cause : kinds::Cause::config,
            });
        });
    }
    /// Connections that the step ends.
    [[nodiscard]] std::uint32_t connections_cut(std::size_t step) const;
    /// Why a row is not as the file says; nullptr: it is.
    template <class Kind>
    [[nodiscard]] const std::string* overruled(const typename Kind::Key& key) const {
        const auto& all = desired->get<Kind>().overruled;
        const auto at =
            std::lower_bound(all.begin(), all.end(), key, [](const auto& each, const auto& k) { return each.key < k; });
        return at != all.end() && at->key == key ? &at->why : nullptr;
    }
    /// Where the configuration asked for the step; unknown for what it does not name.
    [[nodiscard]] Source source(const Step& step) const;
    /// In one pass over the rows and the steps (src/plan/invariant.cpp).
    [[nodiscard]] BrokenInvariant broken_invariant() const;
};

/// Pure. `now` decides whether a drained server's time is over.
Plan make_plan(kinds::Desired desired, std::shared_ptr<const kinds::Observed> observed, const kinds::Ledger& ledger,
               const kinds::Inputs& inputs, std::chrono::sys_seconds now);

}  // namespace lbconverge::plan
