// Every prefix of every plan is safe: judged after each single operation, on the whole state of the node.
#include "property.hpp"

#include "lbconverge/plan/safety.hpp"

#include <algorithm>

using namespace lbconverge;
using namespace lbconverge::test;

namespace {

/// Executes and judges; empty, or what is newly broken and after which step.
std::string first_unsafe_prefix(FakeKernel& kernel, const plan::Plan& plan, const Situation& situation) {
    const std::set<Broken> at_start = broken_invariants(situation.start, situation);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        kernel.execute(plan, plan.steps[i]);
        const std::string broken = newly_broken(broken_invariants(kernel.node, situation), at_start);
        if (!broken.empty()) return broken + "after step " + std::to_string(i + 1) + " of\n" + listing(plan);
    }
    return {};
}

/// What plan::first_unsafe_step judges, and how coarsely: I1 to I4, one violation per VIP (I1: and interface).
std::set<std::string> per_vip(const std::set<Broken>& all, const Case& each) {
    std::set<std::string> vips;
    for (const Broken& broken : all) {
        const bool configured = std::any_of(each.config.vips.begin(), each.config.vips.end(),
                                            [&](const config::Vip& vip) { return to_text(vip.address) == broken.vip; });
        // One that has left the file is quiet for as long as it stands on lo.
        const bool judged = broken.invariant < "I5" && (configured || broken.invariant == "I1");
        if (!judged) continue;
        const bool takes = broken.invariant == "I3" && broken.detail.starts_with("takes packets");
        const std::string more = broken.invariant == "I1" ? broken.detail : takes ? "takes packets" : "";
        vips.insert(broken.invariant + " " + broken.vip + more);
    }
    return vips;
}

bool unsafe_per_vip(FakeKernel& kernel, const plan::Plan& plan, const Case& each) {
    const Situation situation = each.situation();
    const std::set<std::string> at_start = per_vip(broken_invariants(each.node, situation), each);
    for (const plan::Step& step : plan.steps) {
        kernel.execute(plan, step);
        const std::set<std::string> now = per_vip(broken_invariants(kernel.node, situation), each);
        if (!std::includes(at_start.begin(), at_start.end(), now.begin(), now.end())) return true;
    }
    return false;
}

/// I3 and I4 depend on the election alone.
bool breaks_the_election(FakeKernel& kernel, const plan::Plan& plan, const Case& each) {
    const Situation situation = each.situation();
    const std::set<std::string> at_start = per_vip(broken_invariants(each.node, situation), each);
    for (const plan::Step& step : plan.steps) {
        kernel.execute(plan, step);
        for (const std::string& broken : per_vip(broken_invariants(kernel.node, situation), each)) {
            if (broken.ends_with("takes packets")) continue;  // that depends on what the plan removes, too
            if ((broken.starts_with("I3") || broken.starts_with("I4")) && !at_start.contains(broken)) return true;
        }
    }
    return false;
}

kinds::Inputs inputs_of(const Case& each, const plan::Plan& plan) {
    return {each.config, each.election, plan.observed->facts};
}

}  // namespace

TEST_CASE("every prefix of every plan is safe") {
    property("safe prefixes", [] {
        const Case each = *any_case();
        FakeKernel kernel = each.kernel();
        const plan::Plan plan = planned(kernel, each, each.ledger);
        const std::string unsafe = first_unsafe_prefix(kernel, plan, each.situation());
        if (!unsafe.empty()) RC_FAIL(unsafe);
    });
}

TEST_CASE("the safety check lets every plan pass that the planner makes") {
    property("no false alarm", [] {
        const Case each = *any_case();
        FakeKernel kernel = each.kernel();
        const plan::Plan plan = planned(kernel, each, each.ledger);
        const auto violation = plan::first_unsafe_step(plan, inputs_of(each, plan));
        if (violation) {
            RC_FAIL(violation->invariant + " " + violation->what + " after step " +
                    std::to_string(violation->step + 1) + " of\n" + listing(plan));
        }
    });
}

TEST_CASE("the safety check sees what happens when phases come in another order") {
    property("no missed alarm", [] {
        Case each = *any_case();
        // A plan does not always know this one, and then takes the worst of it.
        each.node.get<kinds::Sysctl>().put(kinds::Sysctl::Key("net/ipv4/conf/all/arp_announce"), {"0"});
        FakeKernel kernel = each.kernel();
        plan::Plan plan = planned(kernel, each, each.ledger);
        const auto order = *rc::gen::container<std::vector<int>>(9, rc::gen::inRange(0, 9));
        std::stable_sort(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& a, const plan::Step& b) {
            return order[static_cast<std::size_t>(a.phase)] < order[static_cast<std::size_t>(b.phase)];
        });
        const bool seen = plan::first_unsafe_step(plan, inputs_of(each, plan)).has_value();
        const bool unsafe = unsafe_per_vip(kernel, plan, each);
        RC_TAG(std::string(unsafe ? "unsafe" : "safe"));
        if (seen != unsafe) RC_FAIL(std::string(seen ? "false" : "missed") + " alarm in\n" + listing(plan));
    });
}

TEST_CASE("the safety check sees a plan that was made for another election") {
    property("stale election", [] {
        Case each = *any_case();
        FakeKernel kernel = each.kernel();
        const plan::Plan plan = planned(kernel, each, each.ledger);
        for (auto& [name, state] : each.election) {
            state = state == ElectionState::backup ? ElectionState::master : ElectionState::backup;
        }
        const bool unsafe = breaks_the_election(kernel, plan, each);
        RC_TAG(std::string(unsafe ? "unsafe" : "safe"));
        if (unsafe) RC_ASSERT(plan::first_unsafe_step(plan, inputs_of(each, plan)).has_value());
    });
}
