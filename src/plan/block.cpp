// Finds the steps of a plan that can be carried out. A step that cannot is blocked, and so are the steps that need it,
// but no others. A step needs another one if it would break an invariant without that one: then it waits.
#include "block.hpp"

#include "lbconverge/plan/convergence.hpp"
#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/plan/safety.hpp"
#include "model.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

namespace lbconverge::plan {

using namespace kinds;

namespace {

std::shared_ptr<const Error> shared(Error error) { return std::make_shared<const Error>(std::move(error)); }

/// The error of a step that only waits. The step can be done as soon as what it needs is there.
Blocked waiting(std::size_t step, std::string what, std::string hint = {}) {
    return {step, shared({ErrorKind::failed, std::move(what), std::move(hint)}), true};
}

Blocked unsafe(std::size_t step, const UnsafeStep& broken) {
    if (broken.invariant == "I2" && !broken.hint.empty()) return waiting(step, broken.what + ": " + broken.hint);
    return waiting(step, broken.what, broken.hint);
}

void put(std::vector<Blocked>& list, Plan& plan, Blocked blocked) {
    plan.steps[blocked.step].blocked = true;
    list.push_back(std::move(blocked));
}

/// The file only moves it: it is wanted on another interface that answers.
bool is_moved(const Plan& plan, const Step& step) {
    bool moved = false;
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        if constexpr (std::is_same_v<Kind, Address>) {
            const auto& wanted = plan.desired->get<Address>().rows.rows();
            moved = std::any_of(wanted.begin(), wanted.end(), [&](const Row<Address>& row) {
                return row.key.address == change.key.address && !row.key.interface.is_loopback();
            });
        }
    });
    return moved;
}

/// The step gives up a row that must not be here now.
bool gives_up(const Plan& plan, const Step& step) {
    const bool must = step.reason == Reason::election || step.reason == Reason::misplaced;
    return step.phase == Phase::withdraw && must && step.action() == Action::remove && !is_moved(plan, step);
}

/// The node is not master of the instance that the VIP belongs to.
bool other_is_master(const IpAddress& vip, const Plan& plan, const Task& task) {
    const RememberedVip* last = plan.ledger.file.vip(vip);
    if (last != nullptr && last->instance.empty()) return false;  // always active
    const auto known = last != nullptr ? task.election.find(last->instance) : task.election.end();
    const auto state = known != task.election.end() ? std::optional(known->second) : task.others;
    return state && *state != ElectionState::master;
}

/// The same, but not because of what the file changes. A file that makes a real server of a director gives up all that
/// a director has, and the election only the VIPs of which the node is not master.
bool gives_up_for_the_election(const Plan& plan, const Step& step, const Task& task) {
    if (!gives_up(plan, step)) return false;
    if (task.config.role != Role::real_server) return true;
    bool lost = false;
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        if constexpr (std::is_same_v<Kind, Address>) lost = other_is_master(change.key.address, plan, task);
    });
    return lost;
}

/// The settings without which these removals would take other addresses along.
template <class GivesUp>
std::set<Sysctl::Key> needed_for(const Plan& plan, const GivesUp& gives_up) {
    std::set<Sysctl::Key> needed;
    for (const Step& step : plan.steps) {
        if (step.blocked || !gives_up(step)) continue;
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Address>) needed.insert(promote_secondaries(change.key.interface));
        });
    }
    return needed;
}

/// A blocked row keeps its old claim, since nothing about it changes.
template <class Kind>
void keep_claim(const Plan& plan, const Step& step, const Ledger& before, Ledger& ledger) {
    if constexpr (ChildKind<Kind>) {
        using Parent = typename Kind::Parent;
        plan.visit(step, [&]<class Other>(const Change<Other>& change) {
            if constexpr (std::is_same_v<Other, Kind>) {
                auto& claims = ledger.get<Parent>();
                const auto at = std::lower_bound(claims.begin(), claims.end(), Kind::parent(change.key),
                                                 [](const auto& claim, const auto& key) { return claim.key < key; });
                // The parent is not complete. Without a fingerprint, what is missing does not count as drifted.
                if (at != claims.end() && at->key == Kind::parent(change.key)) at->fingerprint = 0;
            }
        });
    } else {
        plan.visit(step, [&]<class Other>(const Change<Other>& change) {
            if constexpr (std::is_same_v<Other, Kind>) {
                auto& claims = ledger.get<Kind>();
                const auto at = std::lower_bound(claims.begin(), claims.end(), change.key,
                                                 [](const auto& claim, const auto& key) { return claim.key < key; });
                const bool there = at != claims.end() && at->key == change.key;
                const Claim<Kind>* old = before.claim<Kind>(change.key);
                // A claim without a fingerprint comes from a run that planned this step and stopped before it.
                const bool ours =
                    old != nullptr && (change.before != nullptr || Restorable<Kind> || old->fingerprint != 0);
                if (ours && there) *at = *old;
                if (ours && !there) claims.insert(at, *old);
                if (!ours && there) claims.erase(at);
            }
        });
    }
}

void keep_claims(Plan& plan, const Ledger& before) {
    for (const Blocked& each : plan.blocked) {
        const Step& step = plan.steps[each.step];
        with_kind(step.kind, [&]<class Kind>() { keep_claim<Kind>(plan, step, before, plan.ledger); });
    }
}

}  // namespace

// ---- the safety check ----------------------------------------------------------------------------------------------

SafetyCheck::SafetyCheck(const Plan& plan, const Inputs& inputs) : model_(std::make_unique<Model>(plan, inputs)) {
    std::vector<UnsafeStep> found;
    for (const auto& [address, vip] : model_->vips()) model_->broken(address, found);
    for (const UnsafeStep& each : found) at_start_.insert(each.invariant + each.what);
}

SafetyCheck::~SafetyCheck() = default;

std::optional<UnsafeStep> SafetyCheck::follow(const Step& step) {
    model_->follow(step);
    found_.clear();
    for (const IpAddress* address : model_->touched()) model_->broken(*address, found_);
    model_->carried_away(found_);
    for (const UnsafeStep& each : found_) {
        if (!at_start_.contains(each.invariant + each.what)) return each;
    }
    return std::nullopt;
}

void SafetyCheck::undo(const Step& step) { model_->undo(step); }
void SafetyCheck::miss(const Step& step, const std::string& why) { model_->miss(step, why); }
std::optional<std::string> SafetyCheck::lacks(const Step& step) const { return model_->lacks(step); }

// ---- blocking ------------------------------------------------------------------------------------------------------

namespace {

/// Replays the plan without the steps in `known`, which cannot be done. A step that needs something which is then
/// missing is blocked as well. All steps before `next` that are not in `known` have been done already.
void block_what_waits(Plan& plan, std::vector<Blocked> known, std::size_t next, const Inputs& inputs) {
    for (Step& each : plan.steps) each.blocked = false;
    for (const Blocked& each : known) plan.steps[each.step].blocked = true;
    SafetyCheck check(plan, inputs);
    std::vector<Blocked> all;
    auto at = known.begin();
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        Step& step = plan.steps[i];
        if (at != known.end() && at->step == i) {
            check.miss(step, at->why->what);
            all.push_back(std::move(*at++));
            continue;
        }
        const bool past = i < next;
        if (auto lacks = past ? std::nullopt : check.lacks(step)) {
            check.miss(step, *lacks);
            put(all, plan, waiting(i, std::move(*lacks)));
            continue;
        }
        const auto broken = check.follow(step);
        if (!broken || past) continue;
        check.undo(step);
        Blocked blocked = unsafe(i, *broken);
        check.miss(step, blocked.why->what);
        put(all, plan, std::move(blocked));
    }
    plan.blocked = std::move(all);
}

void announce_only_what_is_bound(Plan& plan) {
    for (const Blocked& each : plan.blocked) {
        const Step& step = plan.steps[each.step];
        if (step.kind != kind_id<Address> || step.after == Step::none) continue;
        const Address::Key& key = plan.desired->get<Address>().rows.row(step.after).key;
        std::erase_if(plan.announcements, [&](const Announcement& announced) {
            return announced.address == key.address && announced.interface == key.interface;
        });
    }
}

void finish(Plan& plan, const Ledger& before) {
    announce_only_what_is_bound(plan);
    keep_claims(plan, before);
}

}  // namespace

void Refusals::add(std::uint8_t kind, std::string id, Error why, bool also_removal) {
    list_.insert_or_assign({kind, std::move(id)}, Refusal{shared(std::move(why)), also_removal});
}

std::shared_ptr<const Error> Refusals::find(std::uint8_t kind, const std::string& id, Action action) const {
    const auto at = list_.find({kind, id});
    const bool counts = at != list_.end() && (action != Action::remove || at->second.also_removal);
    return counts ? at->second.why : nullptr;
}

const Blocked* Plan::why_blocked(std::size_t step) const {
    const auto at = std::lower_bound(blocked.begin(), blocked.end(), step,
                                     [](const Blocked& each, std::size_t number) { return each.step < number; });
    return at != blocked.end() && at->step == step ? &*at : nullptr;
}

std::shared_ptr<const Error> Plan::first_obstacle() const {
    const auto own = std::find_if(blocked.begin(), blocked.end(), [](const Blocked& each) { return !each.waits; });
    if (own != blocked.end()) return own->why;
    return blocked.empty() ? nullptr : blocked.front().why;
}

Error error_of(const Plan& plan, const Failure& failure) {
    if (failure.why != nullptr) return *failure.why;
    Error error;
    plan.visit(plan.steps[failure.step],
               [&]<class Kind>(const Change<Kind>& change) { error = Kind::refusal(change, failure.error); });
    return error;
}

void block_known(Plan& plan, std::vector<Blocked> known, const Inputs& inputs, const Ledger& before) {
    block_what_waits(plan, std::move(known), 0, inputs);
    finish(plan, before);
}

void block(Plan& plan, const std::vector<Failure>& failures, std::size_t next, const Inputs& inputs,
           const Ledger& before) {
    std::vector<Blocked> known;
    for (const Blocked& each : plan.blocked) {
        if (!each.waits || each.step < next) known.push_back(each);
    }
    for (const Failure& each : failures) {
        if (!plan.steps[each.step].blocked) known.push_back({each.step, shared(error_of(plan, each)), false});
    }
    std::sort(known.begin(), known.end(), [](const Blocked& a, const Blocked& b) { return a.step < b.step; });
    block_what_waits(plan, std::move(known), next, inputs);
    finish(plan, before);
}

namespace {

template <class GivesUp>
void block_all_but(Plan& plan, const Error& why, const Ledger& before, const GivesUp& gives_up) {
    const std::set<Sysctl::Key> needed = needed_for(plan, gives_up);
    const auto stays = [&](const Step& step) {
        bool prepares = false;
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Sysctl>) prepares = needed.contains(change.key);
        });
        return gives_up(step) || (prepares && step.phase == Phase::withdraw);
    };
    std::vector<Blocked> all;
    const auto reason = shared(why);
    auto at = plan.blocked.begin();
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const bool blocked = at != plan.blocked.end() && at->step == i;
        if (blocked) all.push_back(*at++);
        if (!blocked && !stays(plan.steps[i])) put(all, plan, {i, reason, false});
    }
    plan.blocked = std::move(all);
    finish(plan, before);
}

}  // namespace

void block_all_but_giving_up(Plan& plan, const Error& why, const Ledger& before) {
    block_all_but(plan, why, before, [&](const Step& step) { return gives_up(plan, step); });
}

void block_what_the_file_changes(Plan& plan, const Error& why, const Task& task, const Ledger& before) {
    block_all_but(plan, why, before, [&](const Step& step) { return gives_up_for_the_election(plan, step, task); });
}

}  // namespace lbconverge::plan
