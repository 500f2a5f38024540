#include "world.hpp"

#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/plan/safety.hpp"

#include <cerrno>

namespace lbconverge::sim {

using namespace kinds;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

/// As daemon::converge has it.
constexpr int max_rounds = 4;
/// What a healthy kernel takes for reading, or for one change.
constexpr Duration least_cost = microseconds(20);
constexpr Duration most_cost = microseconds(200);
/// What a failing kernel says.
constexpr int errors[] = {ENOMEM, EBUSY, EEXIST, EIO};

}  // namespace

std::chrono::sys_seconds World::wall() const {
    constexpr std::chrono::sys_seconds began{std::chrono::seconds(1'700'000'000)};
    return began + std::chrono::floor<std::chrono::seconds>(queue_.now().time_since_epoch());
}

Duration World::cost(std::size_t node) {
    const Fault* slow = strongest(FaultKind::slow, node);
    const Duration plain = hosts_[node].random.between(least_cost, most_cost);
    return slow == nullptr ? plain : plain + milliseconds(slow->parameter);
}

bool World::fails(std::size_t node) {
    const Fault* failing = strongest(FaultKind::failing, node);
    return failing != nullptr && hosts_[node].random.chance(failing->parameter);
}

plan::Plan World::make_plan(const Host& host, const Ledger& ledger, const node::Converge& ask) const {
    const HostFacts facts = host.kernel.facts();
    const Inputs inputs{*ask.config, ask.election, facts, ask.health.get()};
    Desired desired = desire(inputs, ask.part);
    auto observed = host.kernel.observe(reading_for(desired, ledger, ask.config->role, facts), facts);
    return plan::make_plan(std::move(desired), std::move(observed), ledger, inputs, wall());
}

plan::Plan World::plan_on(const std::shared_ptr<const Observed>& seen, const Ledger& ledger,
                          const node::Converge& ask) const {
    const Inputs inputs{*ask.config, ask.election, seen->facts};
    return plan::make_plan(desire(inputs, ask.part), seen, ledger, inputs, wall());
}

void World::begin(std::size_t node, const node::Converge& ask) {
    const auto lane = static_cast<std::size_t>(ask.lane);
    hosts_[node].process->jobs[lane] = {.busy = true, .ask = ask};
    hosts_[node].process->jobs[lane].result.lane = ask.lane;
    for_process(node, cost(node), [this, node, lane] {
        if (!hurry(node, lane)) look(node, lane);
    });
}

/// The first round without a look at the kernel, as daemon::converge does it when a VIP waits.
bool World::hurry(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    if (!job.ask.urgent || job.ask.part != Part::network || host.process->seen == nullptr) return false;
    job.plan = plan_on(host.process->seen, host.ledger[lane], job.ask);
    checker_->invariant(queue_.now(), node, job.plan.broken_invariant());
    if (job.plan.steps.empty() || forbidden(job, node)) return false;
    job.hurried = true;
    job.round = 1;
    planned(node, lane);
    claim(node, lane);
    step(node, lane);
    return true;
}

/// Why the plan must not be carried out.
std::optional<std::string> World::forbidden(const Job& job, std::size_t node) {
    if (const auto good = plan::within_limits(job.plan, *job.ask.config); !good) return good.error().what;
    const Inputs inputs{*job.ask.config, job.ask.election, job.plan.observed->facts};
    const auto broken = plan::first_unsafe_step(job.plan, inputs);
    if (!broken) return std::nullopt;
    checker_->refused_plan(queue_.now(), node, broken->invariant + ": " + broken->what);
    return broken->what;
}

void World::look(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    job.hampered = job.hampered || active(FaultKind::slow, node) || active(FaultKind::failing, node);
    job.hurried = false;
    ++run_.counts.plans;
    if (job.ask.part == Part::network) host.process->seen.reset();
    if (job.overtaken) return finish(node, lane);
    if (fails(node)) {
        job.error = Error{ErrorKind::failed, "the kernel cannot be read", {}};
        return finish(node, lane);
    }
    job.plan = make_plan(host, host.ledger[lane], job.ask);
    checker_->invariant(queue_.now(), node, job.plan.broken_invariant());
    job.error.reset();
    job.next = 0;
    if (++job.round == 1) planned(node, lane);
    if (job.plan.steps.empty()) {
        host.ledger[lane] = job.plan.ledger;
        if (job.ask.part == Part::network) host.process->seen = job.plan.observed;
        return finish(node, lane);
    }
    if (job.round == max_rounds) return refused(node, lane, "the kernel does not keep what is written");
    if (auto why = forbidden(job, node)) return refused(node, lane, std::move(*why));
    claim(node, lane);
    for_process(node, cost(node), [this, node, lane] { step(node, lane); });
}

/// Claims come before deeds.
void World::claim(std::size_t node, std::size_t lane) {
    Ledger& ledger = hosts_[node].ledger[lane];
    ledger = plan::before_deeds(ledger, hosts_[node].process->jobs[lane].plan.ledger);
    checker_->invariant(queue_.now(), node, plan::broken_invariant(ledger));
}

/// What the daemon's report says of its first plan.
void World::planned(std::size_t node, std::size_t lane) {
    Job& job = hosts_[node].process->jobs[lane];
    if (job.ask.health != nullptr) job.result.found = health::found_in(*job.plan.observed, *job.ask.health);
    job.result.held = job.plan.held.size();
    job.result.foreign = job.plan.foreign.size();
    job.result.deferred = job.plan.deferred.size();
    for (const plan::Step& each : job.plan.steps) {
        if (each.reason != plan::Reason::drift) continue;
        job.plan.visit(each, [&]<class Kind>(const Change<Kind>& change) {
            job.result.repaired.push_back(std::string(Kind::name) + " " + Kind::id(change.key));
        });
    }
}

void World::refused(std::size_t node, std::size_t lane, std::string why) {
    hosts_[node].process->jobs[lane].error = Error{ErrorKind::refused, std::move(why), {}};
    finish(node, lane);
}

void World::step(std::size_t node, std::size_t lane) {
    Host& host = hosts_[node];
    Job& job = host.process->jobs[lane];
    job.hampered = job.hampered || active(FaultKind::slow, node) || active(FaultKind::failing, node);
    const plan::Step& step = job.plan.steps[job.next++];
    ++run_.counts.steps;
    const int error = fails(node) ? errors[host.random.below(std::size(errors))] : host.kernel.execute(job.plan, step);
    if (error != 0) {
        ++run_.counts.failed_steps;
        job.plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            Error said = Kind::refusal(change, error);
            if (!job.error || job.error->kind == ErrorKind::world_moved) job.error = std::move(said);
        });
    } else {
        ++job.result.done;
        plan::note_done(host.ledger[lane], job.plan, step);
        if (step.kind == kind_id<Address>) {
            refresh_vips(node);
            news(node);
        }
        job.plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, RealServer>) {
                // A pool that is being filled for the first time is empty until its first server is there.
                if (change.before != nullptr && change.before->weight > 0)
                    look_at_pool(node, job.ask, change.key.service);
            }
        });
    }
    const bool more = job.next < job.plan.steps.size() && job.plan.steps[job.next].phase == step.phase;
    if (!more) return phase_done(node, lane);
    for_process(node, cost(node), [this, node, lane] { this->step(node, lane); });
}

/// Of what the plan announces, that which could be bound.
std::vector<plan::Announcement> World::bound(std::size_t node, const plan::Plan& plan) const {
    std::vector<plan::Announcement> all = plan.announcements;
    std::erase_if(all, [&](const plan::Announcement& each) { return !hosts_[node].kernel.answers_for(each.address); });
    return all;
}

/// A phase with a failure is the last one; what was bound is announced at once.
void World::phase_done(std::size_t node, std::size_t lane) {
    Job& job = hosts_[node].process->jobs[lane];
    if (!job.overtaken && job.plan.steps[job.next - 1].phase == Phase::bind) announce(node, bound(node, job.plan));
    if (job.error && job.error->kind != ErrorKind::world_moved && !job.hurried) return finish(node, lane);
    if (job.error) {
        if (job.hurried) job.round = 0;  // it may not have been as it was seen last
        for_process(node, cost(node), [this, node, lane] { look(node, lane); });
        return;
    }
    if (job.overtaken) return finish(node, lane);
    for_process(node, cost(node), [this, node, lane] {
        const Job& now = hosts_[node].process->jobs[lane];
        now.next == now.plan.steps.size() ? look(node, lane) : step(node, lane);
    });
}

void World::finish(std::size_t node, std::size_t lane) {
    Job& job = hosts_[node].process->jobs[lane];
    if (job.error) job.result.error = job.error->what;
    job.result.overtaken = job.overtaken;
    job.busy = false;
    const bool recovered = job.result.error.empty() && !job.hampered && lane == 0;
    if (recovered) picture_.nodes[node].hampered = active(FaultKind::slow, node) || active(FaultKind::failing, node);
    for_process(node, least_cost, [this, node, result = job.result] { turn(node, result); });
}

void World::announce(std::size_t node, const std::vector<plan::Announcement>& announcements) {
    for (const plan::Announcement& each : announcements) {
        ++run_.counts.announcements;
        if (!hosts_[node].kernel.carrier(each.interface)) continue;
        for (std::size_t router = 0; router < picture_.routers.size(); ++router) {
            const std::vector<IpAddress>& vips = picture_.routers[router].vips;
            for (std::size_t vip = 0; vip < vips.size(); ++vip) {
                if (vips[vip] != each.address) continue;
                picture_.nodes[node].seats[router].left_unheard = false;
                if (std::exchange(picture_.believed[router][vip], node) == node) continue;
                note({.kind = MomentKind::believed, .node = node, .router = router, .vip = vip});
            }
        }
    }
    checker_->look(queue_.now());
}

/// On a thread of its own, beside the lanes.
void World::announce_later(std::size_t node, std::vector<plan::Announcement> announcements) {
    for_process(node, cost(node), [this, node, all = std::move(announcements)] { announce(node, all); });
}

}  // namespace lbconverge::sim
