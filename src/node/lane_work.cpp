#include "lbconverge/node/lane_work.hpp"

#include "lbconverge/health/board.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::node {

using namespace kinds;
using plan::Plan;
using plan::Step;

namespace {

template <class Kind>
std::string row_text(const typename Kind::Key& key) {
    return std::string(Kind::name) + " " + Kind::id(key);
}

std::string row_text(std::uint8_t kind, const std::string& id) {
    std::string text;
    with_kind(kind, [&]<class Kind>() { text = std::string(Kind::name) + " " + id; });
    return text;
}

plan::Refusals refusals_of(const std::vector<BadRow>& rows) {
    plan::Refusals all;
    for (const BadRow& each : rows) {
        const std::size_t space = each.row.find(' ');
        for_each_kind([&]<class Kind>() {
            if (each.row.substr(0, space) != Kind::name) return;
            all.add(kind_id<Kind>, each.row.substr(space + 1), {ErrorKind::failed, each.why, {}}, false);
        });
    }
    return all;
}

std::string text_of(const Error& error) { return error.what + (error.hint.empty() ? "" : " (" + error.hint + ")"); }

/// Only steps that were done count: a step that was not reached, or failed, has put nothing back.
void note_repairs(const plan::Outcome& outcome, Converged& out) {
    const Plan& plan = outcome.plan;
    for (std::size_t i = 0; i < std::min(outcome.reached, plan.steps.size()); ++i) {
        const Step& step = plan.steps[i];
        if (step.reason != plan::Reason::drift || step.blocked || plan.observed == nullptr) continue;
        auto& rows = step.action() == plan::Action::remove ? out.cleared : out.repaired;
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) { rows.push_back(row_text<Kind>(change.key)); });
    }
}

std::vector<DarkVip> unbound_in(const Plan& plan) {
    std::vector<DarkVip> all;
    for (const plan::Blocked& each : plan.blocked) {
        const Step& step = plan.steps[each.step];
        if (step.kind != kind_id<Address> || step.after == Step::none) continue;
        const Address::Key& key = plan.desired->get<Address>().rows.row(step.after).key;
        if (!key.interface.is_loopback()) all.push_back({key.address, text_of(*each.why)});
    }
    return all;
}

bool is_served(const IpAddress& vip, const Observed& seen) {
    const auto rows = seen.get<RealServer>().rows();
    return std::any_of(rows.begin(), rows.end(), [&](const Row<RealServer>& row) {
        return row.key.service.fwmark == 0 && row.key.service.vip == vip && row.value.weight > 0;
    });
}

/// Something of a VIP's services is blocked, and none of them has a server that takes connections.
std::vector<DarkVip> unserved_in(const Plan& plan) {
    std::vector<DarkVip> all;
    const auto add = [&](const Service::Key& key, const Error& why) {
        const bool known =
            std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.address == key.vip; });
        if (key.fwmark == 0 && !known && !is_served(key.vip, *plan.observed)) all.push_back({key.vip, text_of(why)});
    };
    for (const plan::Blocked& each : plan.blocked) {
        const Step& step = plan.steps[each.step];
        if (step.after == Step::none) continue;
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Service>) add(change.key, *each.why);
            if constexpr (std::is_same_v<Kind, RealServer>) {
                if (change.after->weight > 0) add(change.key.service, *each.why);
            }
        });
    }
    return all;
}

}  // namespace

plan::Task task_of(const Converge& job, std::shared_ptr<const Observed> seen) {
    plan::Task task{.config = *job.config, .election = job.election, .part = job.part, .health = job.health};
    if (job.urgent && job.part == Part::network) task.seen = std::move(seen);
    task.avoid = refusals_of(job.avoid);
    task.others = ElectionState::backup;  // what is not in the file takes part in no election here
    return task;
}

Converged converged_of(const Converge& job, const plan::Outcome& outcome) {
    Converged out{.lane = job.lane, .done = outcome.changed ? outcome.done : 0};
    if (outcome.error) (outcome.settled ? out.obstacle : out.error) = text_of(*outcome.error);
    out.held = outcome.plan.held.size();
    out.foreign = outcome.plan.foreign.size();
    out.deferred = outcome.plan.deferred.size();
    note_repairs(outcome, out);
    for (const auto& [row, refusal] : outcome.refused.list()) {
        if (!refusal.also_removal) out.refused.push_back({row_text(row.first, row.second), text_of(*refusal.why)});
    }
    if (outcome.settled && outcome.last) {
        out.blocked = outcome.last->blocked.size();
        out.unbound = unbound_in(*outcome.last);
        out.unserved = unserved_in(*outcome.last);
    }
    if (job.health != nullptr && outcome.planned && outcome.plan.observed != nullptr) {
        out.found = health::found_in(*outcome.plan.observed, *job.health);
    }
    return out;
}

}  // namespace lbconverge::node
