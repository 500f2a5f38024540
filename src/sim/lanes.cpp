// The kernel work of a node: drives the same convergence as the daemon, on a kernel in memory, with time in between.
#include "world.hpp"

#include "lbconverge/node/lane_work.hpp"
#include "lbconverge/plan/ledger.hpp"

#include <cerrno>

namespace lbconverge::sim {

using namespace kinds;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

/// What a healthy kernel takes for reading, or for one change.
constexpr Duration least_cost = microseconds(20);
constexpr Duration most_cost = microseconds(200);
/// What a failing kernel says.
constexpr int errors[] = {ENOMEM, EBUSY, EEXIST, EIO};

}  // namespace

BootTime World::boot_time() const { return std::chrono::floor<std::chrono::seconds>(queue_.now()); }

Duration World::cost(std::size_t node) {
    const Fault* slow = strongest(FaultKind::slow, node);
    const Duration plain = hosts_[node].random.between(least_cost, most_cost);
    return slow == nullptr ? plain : plain + milliseconds(slow->parameter);
}

bool World::fails(std::size_t node) {
    const Fault* failing = strongest(FaultKind::failing, node);
    return failing != nullptr && hosts_[node].random.chance(failing->parameter);
}

plan::Plan World::make_plan(Host& host, const Ledger& ledger, const node::Converge& ask) const {
    const plan::Task task = node::task_of(ask, nullptr);
    const HostFacts facts = *host.kernel.facts({});
    Desired desired = plan::desired_for(task, facts);
    auto observed = *host.kernel.observe(reading_for(desired, ledger, ask.config->role, facts), facts);
    return plan::plan_for(task, std::move(desired), std::move(observed), ledger, boot_time(), task.avoid);
}

void World::begin(std::size_t node, const node::Converge& ask) {
    const auto lane = static_cast<std::size_t>(ask.lane);
    Job& job = hosts_[node].process->jobs[lane];
    job = {};
    job.busy = true;
    job.ask = ask;
    serve_later(node, lane);
}

void World::serve_later(std::size_t node, std::size_t lane) {
    for_process(node, cost(node), [this, node, lane] { serve(node, lane); });
}

/// Does the next thing that the convergence needs, up to the point where time passes.
void World::serve(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    job.hampered = job.hampered || active(FaultKind::slow, node) || active(FaultKind::failing, node);
    const bool network = job.ask.part == Part::network;
    if (job.work == nullptr) {
        job.work = std::make_unique<plan::Convergence>(
            node::task_of(job.ask, network ? std::exchange(host.process->seen, nullptr) : nullptr), host.ledger[lane],
            boot_time());
        look_at_plan(node, lane);
    }
    plan::Convergence& work = *job.work;
    if (job.overtaken) work.stop();
    using Need = plan::Convergence::Need;
    switch (work.need()) {
        case Need::facts:
            work.take_facts(host.kernel.facts({}));
            return serve(node, lane);
        case Need::rows:
            look(node, lane);
            return serve(node, lane);
        case Need::offers:
            work.take_offers(host.kernel.offers(work.plan()));
            return serve(node, lane);
        case Need::save:
            host.ledger[lane] = work.ledger();
            checker_->invariant(queue_.now(), node, plan::broken_invariant(work.ledger()));
            work.take_saved({});
            return serve_later(node, lane);
        case Need::steps:
            job.next = work.first();
            job.failures.clear();
            return step(node, lane);
        case Need::announcements:
            for_process(node, least_cost,
                        [this, node, vips = work.announcements()] { turn(node, node::VipsBound{vips}); });
            work.take_announced();
            return serve_later(node, lane);
        case Need::nothing:
            return finish(node, lane);
    }
}

void World::look(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    plan::Convergence& work = *host.process->jobs[lane].work;
    ++run_.counts.plans;
    if (fails(node)) {
        return work.take_rows(fail(ErrorKind::failed, "the kernel cannot be read"));
    }
    work.take_rows(host.kernel.observe(work.reading(), work.facts()));
    look_at_plan(node, lane);
}

/// A plan is sound. A row that is blocked because it waits for another row has such a row in the plan: a wrong order
/// alone blocks nothing.
void World::look_at_plan(std::size_t node, std::size_t lane) {
    const Job& job = hosts_[node].process->jobs[lane];
    const plan::Plan& plan = job.work->plan();
    if (plan.desired == nullptr) return;
    checker_->invariant(queue_.now(), node, plan.broken_invariant());
    const bool cause =
        std::any_of(plan.blocked.begin(), plan.blocked.end(), [](const auto& each) { return !each.waits; });
    if (!plan.blocked.empty() && !cause) checker_->refused_plan(queue_.now(), node, plan.blocked.front().why->what);
}

void World::step(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    job.hampered = job.hampered || active(FaultKind::slow, node) || active(FaultKind::failing, node);
    const plan::Plan& plan = job.work->plan();
    while (job.next < job.work->last() && plan.steps[job.next].blocked) ++job.next;
    if (job.next == job.work->last()) {
        job.work->take_steps(std::exchange(job.failures, {}));
        return serve_later(node, lane);
    }
    carry_out_step(node, lane, job.next++);
    for_process(node, cost(node), [this, node, lane] { step(node, lane); });
}

void World::carry_out_step(std::size_t node, std::size_t lane, std::size_t index) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    const plan::Plan& plan = job.work->plan();
    const plan::Step& step = plan.steps[index];
    ++run_.counts.steps;
    std::vector<plan::Failure> failures;
    if (fails(node)) {
        failures.push_back({index, errors[host.random.below(std::size(errors))]});
    } else {
        failures = *host.kernel.apply(plan, index, index + 1);
    }
    if (!failures.empty()) {
        ++run_.counts.failed_steps;
        job.failures.push_back(failures.front());
        return;
    }
    if (step.kind == kind_id<Address>) {
        refresh_vips(node);
        news(node);
    }
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        if constexpr (std::is_same_v<Kind, RealServer>) {
            // A pool that is being filled for the first time is empty until its first server is there.
            if (change.before != nullptr && change.before->weight > 0) look_at_pool(node, job.ask, change.key.service);
        }
    });
}

void World::finish(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    const plan::Outcome& outcome = job.work->outcome();
    if (job.ask.part == Part::network) host.process->seen = outcome.seen;
    node::Converged result = node::converged_of(job.ask, outcome);
    result.overtaken = job.overtaken;
    job.busy = false;
    const bool recovered = !outcome.error && !job.hampered && lane == 0;
    if (recovered) {
        NodePicture& who = picture_.nodes[node];
        who.failing = active(FaultKind::failing, node);
        who.hampered = who.failing || active(FaultKind::slow, node);
        if (!who.hampered) who.work = {};
    }
    for_process(node, least_cost, [this, node, result = std::move(result)] { turn(node, result); });
}

void World::announce(std::size_t node, const std::vector<plan::Announcement>& announcements) {
    for (const plan::Announcement& each : announcements) {
        ++run_.counts.announcements;
        if (hosts_[node].has_carrier(each.interface)) believe(node, each, gets_through(node, each));
    }
    checker_->look(queue_.now());
}

/// At least one of its frames does. What the device refuses is offered again.
bool World::gets_through(std::size_t node, const plan::Announcement& each) {
    const Fault* untold = strongest(FaultKind::untold, node);
    if (untold == nullptr) return true;
    std::uint32_t lost = 0;
    for (std::uint32_t i = 0; i < each.count; ++i) lost += hosts_[node].random.chance(untold->parameter) ? 1 : 0;
    const bool refused = untold->parameter % 2 == 1;
    if (refused && lost > 0) hosts_[node].untaken.push_back({each.address, each.interface, lost});
    return lost < each.count;
}

void World::believe(std::size_t node, const plan::Announcement& each, bool arrived) {
    const Fault* untold = strongest(FaultKind::untold, node);
    const bool refused = untold != nullptr && untold->parameter % 2 == 1;
    for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
        const std::vector<IpAddress>& vips = picture_.routers[router].vips;
        for (std::size_t vip = 0; vip < vips.size(); ++vip) {
            if (vips[vip] != each.address) continue;
            Seat& seat = picture_.nodes[node].seats[router];
            seat.untold[vip] = !arrived && !refused;
            if (!arrived) continue;
            seat.left_unheard = false;
            outdated_[router][vip].reset();
            picture_.strangers[router].unheard = false;
            if (std::exchange(picture_.believed[router][vip], node) == node) continue;
            note({.kind = MomentKind::believed, .node = node, .router = router, .vip = vip});
        }
    }
}

}  // namespace lbconverge::sim
