// The plan: what has to be done to get from the observed to the desired state, as data. diff, apply, JSON, logs and
// tests all read this one object. Making a plan is pure: no clock, no kernel, no output.
#pragma once

#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/plan/announcement.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lbconverge::plan {

using kinds::to_text;
using lbconverge::to_text;

using kinds::Action;
using kinds::Phase;

/// Why a step is there.
enum class Reason : std::uint8_t {
    config,     ///< the configuration asks for it, and it was never so
    drift,      ///< it was converged before, and another program has changed the kernel since
    election,   ///< master or backup
    health,     ///< a check, a quorum or an operator says so
    unclaimed,  ///< ours, and the configuration no longer names it
    foreign,    ///< it was never in the file: a row in a pool of ours, or in a table that must be ours alone
    misplaced,  ///< a VIP of the configuration where it must not be now
    drain,      ///< taken out of use; removed when its connections are gone
    restore,    ///< given up: back to the value that was there before
    keep,       ///< so that the removal of a row does not remove others
    release,    ///< everything of ours is given up
    order,      ///< the choice depends on the order of the servers, which other changes of the pool would change
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
                               {Reason::keep, "keep"},
                               {Reason::release, "release"},
                               {Reason::order, "order"}});
}

/// One change of one row. 12 bytes, since a plan may have a hundred thousand of them; the rows themselves stay in the
/// two states that the plan keeps.
struct Step {
    static constexpr std::uint32_t none = UINT32_MAX;

    std::uint8_t kind = 0;  ///< kinds::kind_id
    Phase phase = Phase::load;
    Reason reason = Reason::config;
    bool blocked : 1 = false;     ///< it cannot be carried out now; Plan::blocked says why
    bool again : 1 = false;       ///< an update for which the row is removed and made again, for its place in a list
    std::uint32_t before = none;  ///< row in the observed table
    std::uint32_t after = none;   ///< row in the desired table

    [[nodiscard]] Action action() const {
        return before == none ? Action::create : after == none ? Action::remove : Action::update;
    }
};

/// Why a step cannot be carried out. `waits`: the kernel would accept the step, but what it needs is blocked or not
/// there yet.
struct Blocked {
    std::size_t step = 0;  ///< index into Plan::steps
    std::shared_ptr<const Error> why;
    bool waits = false;
};

/// Changes that are known to fail, from an attempt or from the caller. A plan does not try them again.
class Refusals {
public:
    /// `also_removal`: removing the row is refused as well; else only making or changing it is.
    void add(std::uint8_t kind, std::string id, Error why, bool also_removal);
    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] std::size_t size() const { return list_.size(); }
    [[nodiscard]] std::shared_ptr<const Error> find(std::uint8_t kind, const std::string& id, Action action) const;

    struct Refusal {
        std::shared_ptr<const Error> why;
        bool also_removal = false;
    };
    /// By kind and id.
    [[nodiscard]] const std::map<std::pair<std::uint8_t, std::string>, Refusal>& list() const { return list_; }

private:
    std::map<std::pair<std::uint8_t, std::string>, Refusal> list_;
};

/// A real server that stays, with weight 0, until its connections are gone or its time is over.
struct Deferred {
    kinds::RealServer::Key key;
    std::uint32_t connections = 0;
    BootTime until;
    std::chrono::seconds left{};  ///< until then
};

/// A row that must not be changed now, or that health or an operator keeps different from the file; and why.
struct HeldRow {
    std::uint8_t kind = 0;
    std::string id;
    std::string reason;
    std::uint32_t row = Step::none;  ///< in the desired table: the form in which it is kept
    bool absent = false;             ///< it is kept absent
};

/// Real servers that a step removes while they have connections.
struct Cut {
    std::size_t step = 0;  ///< index into Plan::steps
    std::uint32_t connections = 0;
};

/// A row of another program, in the observed table.
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
    std::vector<Cut> cuts;         ///< in the order of the steps
    std::vector<Blocked> blocked;  ///< in the order of the steps: those that cannot be carried out
    kinds::Ledger ledger;          ///< the ledger once all steps that can be carried out are done

    /// Steps that can be carried out.
    [[nodiscard]] std::size_t to_do() const { return steps.size() - blocked.size(); }
    /// Why the step is blocked; nullptr: it is not.
    [[nodiscard]] const Blocked* why_blocked(std::size_t step) const;
    /// Why the node cannot be as desired: the reason of the first blocked step that does not only wait for another one.
    [[nodiscard]] std::shared_ptr<const Error> first_obstacle() const;

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
                .first_weight = has_after ? wanted.note(step.after).first_weight : 0,
                .again = step.again,
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
    /// The place in the file that asks for the step; unknown if the file does not name the row.
    [[nodiscard]] Source source(const Step& step) const;
    /// In one pass over the rows and the steps (src/plan/invariant.cpp).
    [[nodiscard]] BrokenInvariant broken_invariant() const;
};

/// Pure. `now` decides whether a drained server's time is over. A step is blocked if it has an obstacle, if `refused`
/// names it, or if it needs a blocked step. All other steps can be carried out one after the other, and every prefix of
/// them is safe.
Plan make_plan(kinds::Desired desired, std::shared_ptr<const kinds::Observed> observed, const kinds::Ledger& ledger,
               const kinds::Inputs& inputs, BootTime now, const Refusals& refused = {});

/// A step that did not work; `error` is an errno.
struct Failure {
    std::size_t step = 0;  ///< index into Plan::steps
    int error = 0;
    std::shared_ptr<const Error> why{};  ///< set if there is a better sentence than that of the errno
};

/// Blocks steps that have failed, and the steps from `next` on that need them. The steps before `next` have been
/// carried out. `before`: the ledger with which the plan was made.
void block(Plan& plan, const std::vector<Failure>& failures, std::size_t next, const kinds::Inputs& inputs,
           const kinds::Ledger& before);
/// Blocks all steps but those by which a node gives up what it must not have now: VIPs, and with role both the tables
/// of a lost election.
void block_all_but_giving_up(Plan& plan, const Error& why, const kinds::Ledger& before);
/// The sentence for a failure.
Error error_of(const Plan& plan, const Failure& failure);

}  // namespace lbconverge::plan
