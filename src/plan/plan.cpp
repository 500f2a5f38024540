#include "lbconverge/plan/plan.hpp"

#include "addresses.hpp"
#include "block.hpp"
#include "drain.hpp"
#include "held.hpp"
#include "lbconverge/plan/ledger.hpp"
#include "order.hpp"
#include "own.hpp"
#include "phases.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// Steps of one kind and phase, in the order of keys.
using Buckets = std::array<std::array<std::vector<Step>, kind_count>, phase_order.size()>;

struct Planning {
    const Inputs& inputs;
    const Ledger& ledger;
    Plan plan;
    Buckets buckets;
    std::vector<bool> out_of_place;  ///< real servers as observed; empty: none
};

/// Restorable rows that the configuration gave up get their old value back, unless somebody else changed them since.
template <class Kind>
void want_old_values_back(Desired& desired, const Observed& observed, const Ledger& ledger) {
    Table<Kind, Origin>& wanted = desired.get<Kind>().rows;
    const std::size_t claimed_rows = wanted.size();
    for (const Claim<Kind>& claim : ledger.get<Kind>()) {
        if (!claim.before || wanted.find(claim.key) < claimed_rows) continue;
        const std::uint32_t at = observed.get<Kind>().find(claim.key);
        if (at == Seen<Kind>::npos) continue;
        Fingerprint print;
        fingerprint_fields(print, observed.get<Kind>().row(at).value);
        if (print.value() == claim.fingerprint) wanted.add(claim.key, *claim.before, {{}, Cause::restore});
    }
    wanted.finish();
}

/// When an IPv4 address is removed, or made again, the kernel removes the secondary addresses of its subnet as well,
/// unless the interface promotes one of them. These may be other VIPs, or an address of the node itself.
void keep_secondaries(const Planning& planning, Desired& desired) {
    const Observed& observed = *planning.plan.observed;
    const InterfaceAddresses all(observed);
    const Seen<Address>& seen = observed.get<Address>();
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        const Address::Key& key = seen.row(i).key;
        if (all.secondaries_of(key).empty() || all.promotes(key.interface)) continue;
        const Table<Address, Origin>& wanted = desired.get<Address>().rows;
        const std::uint32_t at = wanted.find(key);
        const bool stays = at != Table<Address, Origin>::npos && wanted.row(at).value == seen.row(i).value;
        if (stays || is_held<Address>(key, desired)) continue;
        const Owner owner = Address::owner(key, seen.note(i), desired, planning.ledger);
        if (at == Table<Address, Origin>::npos && owner != Owner::ours && owner != Owner::named) continue;
        desired.get<Sysctl>().rows.put(promote_secondaries(key.interface), {"1"}, {{}, Cause::keep});
    }
}

template <class Kind>
bool claimed(const typename Kind::Key& key, const Ledger& ledger) {
    if constexpr (ChildKind<Kind>) {
        return claimed<typename Kind::Parent>(Kind::parent(key), ledger);
    } else {
        return ledger.claim<Kind>(key) != nullptr;
    }
}

/// A row has drifted if the desired row is the same as when it was last converged, and the kernel's row is not.
template <class Kind>
bool drifted(const typename Kind::Key& key, const Planning& planning) {
    if constexpr (ChildKind<Kind>) {
        return drifted<typename Kind::Parent>(Kind::parent(key), planning);
    } else {
        const Claim<Kind>* before = planning.ledger.claim<Kind>(key);
        if (before == nullptr) return false;
        const Claim<Kind>* after = planning.plan.ledger.claim<Kind>(key);
        return after != nullptr && before->fingerprint == after->fingerprint;
    }
}

/// The row looks right, but it belongs to an earlier interface of the same name.
template <class Kind>
bool hangs_loose(const typename Kind::Key& key, const typename Kind::Value& wanted, const Planning& planning) {
    if constexpr (Bound<Kind>) {
        const Claim<Kind>* before = planning.ledger.claim<Kind>(key);
        const Claim<Kind>* after = planning.plan.ledger.claim<Kind>(key);
        if (before == nullptr || before->fingerprint == 0 || after == nullptr || wanted.incarnation.index == 0)
            return false;
        return before->fingerprint != after->fingerprint;
    }
    return false;
}

template <class Kind>
Reason reason_to_want(const typename Kind::Key& key, Cause cause, const Planning& planning) {
    switch (cause) {
        case Cause::drain:
            return Reason::drain;
        case Cause::restore:
            return Reason::restore;
        case Cause::keep:
            return Reason::keep;
        case Cause::health:
            return drifted<Kind>(key, planning) ? Reason::drift : Reason::health;
        case Cause::election:
            return drifted<Kind>(key, planning) ? Reason::drift : Reason::election;
        case Cause::config:
            return drifted<Kind>(key, planning) ? Reason::drift : Reason::config;
    }
    return Reason::config;
}

template <class Kind>
void add_step(Planning& planning, Reason reason, std::uint32_t before, std::uint32_t after, bool again = false) {
    Step step{.kind = kind_id<Kind>, .reason = reason, .again = again, .before = before, .after = after};
    const auto& observed = planning.plan.observed->get<Kind>();
    const auto& wanted = planning.plan.desired->get<Kind>().rows;
    const Change<Kind> change{
        .key = before != Step::none ? observed.row(before).key : wanted.row(after).key,
        .before = before != Step::none ? &observed.row(before).value : nullptr,
        .after = after != Step::none ? &wanted.row(after).value : nullptr,
        .cause = after != Step::none ? wanted.note(after).cause : Cause::config,
        .again = again,
    };
    step.phase = Kind::phase(change, planning.inputs);
    planning.buckets[static_cast<std::size_t>(step.phase)][step.kind].push_back(step);
}

/// The row must get another place in the kernel's list.
template <class Kind>
bool is_out_of_place(const Planning& planning, std::uint32_t row) {
    return std::is_same_v<Kind, RealServer> && !planning.out_of_place.empty() && planning.out_of_place[row];
}

template <class Kind>
void unwanted_row(Planning& planning, std::uint32_t row) {
    const auto& observed = planning.plan.observed->get<Kind>();
    const typename Kind::Key& key = observed.row(row).key;
    const Owner owner = Kind::owner(key, observed.note(row), *planning.plan.desired, planning.ledger);
    if (planning.inputs.release && (owner == Owner::ours || owner == Owner::named)) {
        return add_step<Kind>(planning, Reason::release, row, Step::none);
    }
    switch (owner) {
        case Owner::ours: {
            // A row without a claim in a table of ours comes from another program.
            const bool drift = drifted<Kind>(key, planning);
            const bool strange = Balancing<Kind> && !claimed<Kind>(key, planning.ledger);
            const Reason reason = drift ? Reason::drift : strange ? Reason::foreign : Reason::unclaimed;
            return add_step<Kind>(planning, reason, row, Step::none);
        }
        case Owner::named: {
            // A real server is named but not wanted while it is down, or while its service needs no fallback.
            if constexpr (std::is_same_v<Kind, RealServer>) {
                const auto& unwanted = planning.plan.desired->get<Kind>().unwanted;
                const bool named = std::binary_search(unwanted.begin(), unwanted.end(), key);
                if (named) return add_step<Kind>(planning, Reason::health, row, Step::none);
            }
            // We put the row there, and the file still names it. So the election has changed, if the node takes part in
            // one.
            const config::Config& config = planning.inputs.config;
            const bool elected = config.role != Role::real_server && !config.vrrp.empty();
            const bool was_here = claimed<Kind>(key, planning.ledger);
            return add_step<Kind>(planning, was_here && elected ? Reason::election : Reason::misplaced, row,
                                  Step::none);
        }
        case Owner::foreign:
            planning.plan.foreign.push_back({kind_id<Kind>, row});
            return;
        case Owner::unrelated:
            return;
    }
}

/// Lists the rows that stay unchanged, and those that health or an operator keeps different from the file.
template <class Kind>
void list_held(Planning& planning) {
    const Wanted<Kind>& wanted = planning.plan.desired->get<Kind>();
    for (const auto& each : wanted.held) planning.plan.held.push_back({kind_id<Kind>, Kind::id(each.key), each.reason});
    for (const auto& each : wanted.overruled) {
        const std::uint32_t row = wanted.rows.find(each.key);
        planning.plan.held.push_back({kind_id<Kind>, Kind::id(each.key), each.why, row, row == Step::none});
    }
}

/// Walks through two sorted tables together. This is the only diff in the program.
template <class Kind>
void diff(Planning& planning) {
    const auto wanted = planning.plan.desired->get<Kind>().rows.rows();
    const auto& origins = planning.plan.desired->get<Kind>().rows;
    const auto observed = planning.plan.observed->get<Kind>().rows();
    std::uint32_t w = 0;
    std::uint32_t o = 0;
    while (w < wanted.size() || o < observed.size()) {
        const bool only_observed = w == wanted.size() || (o < observed.size() && observed[o].key < wanted[w].key);
        const bool only_wanted = !only_observed && (o == observed.size() || wanted[w].key < observed[o].key);
        const typename Kind::Key& key = only_observed ? observed[o].key : wanted[w].key;
        const auto reason = [&] { return reason_to_want<Kind>(key, origins.note(w).cause, planning); };
        if (is_held<Kind>(key, *planning.plan.desired)) {
            // A held row is neither made nor removed: for example, its election is undecided.
        } else if (only_observed) {
            unwanted_row<Kind>(planning, o);
        } else if (only_wanted) {
            add_step<Kind>(planning, reason(), Step::none, w);
        } else if (is_out_of_place<Kind>(planning, o)) {
            const bool only_place = observed[o].value == wanted[w].value && reason() != Reason::drift;
            add_step<Kind>(planning, only_place ? Reason::order : reason(), o, w, true);
        } else if (observed[o].value != wanted[w].value) {
            add_step<Kind>(planning, reason(), o, w);
        } else if (hangs_loose<Kind>(key, wanted[w].value, planning)) {
            add_step<Kind>(planning, Reason::drift, o, w);
        }
        if (!only_wanted) ++o;
        if (!only_observed) ++w;
    }
    list_held<Kind>(planning);
}

/// Appends a child kind's steps to its parent's, group by group, so that a service and its servers stand together:
/// the parent first where rows are made, last where they are removed.
template <class Kind>
void append_with_parent(Planning& planning, std::size_t phase) {
    using Parent = typename Kind::Parent;
    const std::vector<Step>& parents = planning.buckets[phase][kind_id<Parent>];
    const std::vector<Step>& children = planning.buckets[phase][kind_id<Kind>];
    const auto group_of = [&](const Step& step) -> const typename Parent::Key& {
        const Plan& plan = planning.plan;
        const bool has_before = step.before != Step::none;
        if (step.kind == kind_id<Parent>) {
            return has_before ? plan.observed->get<Parent>().row(step.before).key
                              : plan.desired->get<Parent>().rows.row(step.after).key;
        }
        return Kind::parent(has_before ? plan.observed->get<Kind>().row(step.before).key
                                       : plan.desired->get<Kind>().rows.row(step.after).key);
    };
    const auto earlier = [&](const Step& a, const Step& b) { return group_of(a) < group_of(b); };
    const auto each = static_cast<Phase>(phase);  // the bucket's, wherever it stands in the order
    const bool removing = each == Phase::withdraw || each == Phase::unload;
    const auto& first = removing ? children : parents;  // std::merge takes equal elements from the first range first
    const auto& second = removing ? parents : children;
    std::merge(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(planning.plan.steps),
               earlier);
}

template <class Kind>
constexpr bool is_parent = false;
template <>
constexpr bool is_parent<RealServer::Parent> = true;

void put_in_order(Planning& planning) {
    std::size_t count = 0;
    for (const auto& phase : planning.buckets) {
        for (const auto& bucket : phase) count += bucket.size();
    }
    planning.plan.steps.reserve(count);
    for (std::size_t phase = 0; phase < phase_order.size(); ++phase) {
        const auto index = static_cast<std::size_t>(phase_order[phase]);
        static_assert(phase_order[0] == static_cast<Phase>(0), "buckets are indexed by phase");
        for_each_kind([&]<class Kind>() {
            if constexpr (ChildKind<Kind>) {
                append_with_parent<Kind>(planning, index);
            } else if constexpr (!is_parent<Kind>) {
                const auto& bucket = planning.buckets[index][kind_id<Kind>];
                planning.plan.steps.insert(planning.plan.steps.end(), bucket.begin(), bucket.end());
            }
        });
    }
}

/// The connections that the plan ends: at the next packet of each, or when a VIP's table is removed.
std::vector<Cut> cuts_of(const Plan& plan) {
    std::vector<Cut> cuts;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        if (step.kind != kind_id<RealServer> || step.action() != Action::remove) continue;
        const Seen<RealServer>& seen = plan.observed->get<RealServer>();
        const std::uint32_t connections = RealServer::connections(seen.row(step.before).key, seen.note(step.before));
        if (connections != 0) cuts.push_back({i, connections});
    }
    return cuts;
}

/// When a VIP has come to this node, the entries of its neighbours are wrong until it is announced. The VIP of a real
/// server is never announced.
std::vector<Announcement> announcements_of(const Plan& plan, const config::Config& config) {
    std::vector<Announcement> all;
    if (config.role == Role::real_server) return all;
    for (const Step& step : plan.steps) {
        if (step.kind != kind_id<Address> || step.after == Step::none) continue;
        const Address::Key& key = plan.desired->get<Address>().rows.row(step.after).key;
        if (key.interface.is_loopback()) continue;
        Announcement each{key.address, key.interface, config::Vrrp{}.garp_count};
        for (const config::Vip& vip : config.vips) {
            if (vip.address != key.address) continue;
            for (const config::Vrrp& instance : config.vrrp) {
                if (instance.name == vip.vrrp) each.count = instance.garp_count;
            }
        }
        if (each.count > 0) all.push_back(each);
    }
    return all;
}

/// Obstacles that are known before the first step: those that a kind finds, refusals of earlier attempts, kinds that
/// cannot be read.
std::vector<Blocked> known_obstacles(const Planning& planning, const Refusals& refused) {
    const Plan& plan = planning.plan;
    const Circumstances at{*plan.desired, *plan.observed, planning.ledger};
    std::vector<std::shared_ptr<const Error>> unread(kind_count);
    for (const auto& [kind, error] : plan.observed->unread) unread[kind] = std::make_shared<const Error>(error);
    std::vector<Blocked> all;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        std::shared_ptr<const Error> why = unread[step.kind];
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (requires { &Kind::obstacle; }) {
                const auto* facts = step.before != Step::none ? &plan.observed->get<Kind>().note(step.before) : nullptr;
                auto obstacle = Kind::obstacle(change, facts, at);
                if (why == nullptr && obstacle) why = std::make_shared<const Error>(std::move(*obstacle));
            }
            if (why == nullptr && !refused.empty()) why = refused.find(step.kind, Kind::id(change.key), step.action());
        });
        if (why != nullptr) all.push_back({i, std::move(why), false});
    }
    return all;
}

/// Keeps the claims of kinds that could not be read.
void keep_claims_of_unread(Plan& plan, const Ledger& before) {
    const Ledger all = united(before, plan.ledger);
    for (const auto& [kind, error] : plan.observed->unread) {
        with_kind(kind, [&]<class Kind>() { plan.ledger.get<Kind>() = all.get<Kind>(); });
    }
}

}  // namespace

std::uint32_t Plan::connections_cut(std::size_t step) const {
    const auto at = std::lower_bound(cuts.begin(), cuts.end(), step,
                                     [](const Cut& each, std::size_t number) { return each.step < number; });
    return at != cuts.end() && at->step == step ? at->connections : 0;
}

Source Plan::source(const Step& step) const {
    Source source;
    if (step.after == Step::none) return source;
    with_kind(step.kind, [&]<class Kind>() { source = desired->get<Kind>().rows.note(step.after).source; });
    return source;
}

Plan make_plan(Desired desired, std::shared_ptr<const Observed> observed, const Ledger& ledger, const Inputs& inputs,
               BootTime now, const Refusals& refused) {
    Planning planning{.inputs = inputs, .ledger = ledger, .plan = {}, .buckets = {}, .out_of_place = {}};
    planning.plan.observed = std::move(observed);
    std::vector<DrainingServer> drains;
    const Part part = desired.part;
    desired.marks = addresses_have_marks(*planning.plan.observed);
    if (!within<RealServer>(part)) {
        drains = ledger.drains;
    } else if (!inputs.release) {
        keep_leaving_servers(*planning.plan.observed, ledger, inputs, desired);
        Drains kept = keep_draining(*planning.plan.observed, ledger, inputs, now, desired);
        planning.plan.deferred = std::move(kept.deferred);
        drains = std::move(kept.servers);
    }
    if (within<Address>(part)) {
        keep_own_addresses(*planning.plan.observed, ledger, desired);
        if (!inputs.release) keep_leaving_vips(*planning.plan.observed, ledger, inputs, desired);
    }
    if (within<Address>(part)) keep_secondaries(planning, desired);
    planning.plan.ledger = claims_on(desired, *planning.plan.observed, ledger);
    planning.plan.ledger.drains = std::move(drains);
    if (inputs.release) planning.plan.ledger.file = {};  // nothing of the file is left in the kernel
    for_each_kind([&]<class Kind>() {
        if constexpr (Restorable<Kind>) {
            if (within<Kind>(part)) want_old_values_back<Kind>(desired, *planning.plan.observed, ledger);
        }
    });
    if (within<RealServer>(part)) planning.out_of_place = out_of_place(desired, *planning.plan.observed, refused);
    planning.plan.desired = std::make_shared<const Desired>(std::move(desired));
    for_each_kind([&]<class Kind>() {
        if (within<Kind>(part)) diff<Kind>(planning);
    });
    put_in_order(planning);
    planning.plan.cuts = cuts_of(planning.plan);
    planning.plan.announcements = announcements_of(planning.plan, inputs.config);
    if (!planning.plan.observed->unread.empty()) keep_claims_of_unread(planning.plan, ledger);
    if (!planning.plan.steps.empty()) block_known(planning.plan, known_obstacles(planning, refused), inputs, ledger);
    return std::move(planning.plan);
}

}  // namespace lbconverge::plan
