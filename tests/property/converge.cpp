// Executing a plan brings the node to where the next plan is empty.
#include "property.hpp"

#include <algorithm>

using namespace lbconverge;
using namespace lbconverge::test;

namespace {

/// Plans and executes until there is nothing left to do; gives the number of plans that had steps.
int rounds_to_rest(FakeKernel& kernel, const Case& each, kinds::Ledger& ledger) {
    for (int round = 0; round < 5; ++round) {
        const plan::Plan plan = planned(kernel, each, ledger);
        if (plan.steps.empty()) {
            ledger = plan.ledger;
            return round;
        }
        ledger = plan::before_deeds(ledger, plan.ledger);
        RC_ASSERT(plan::broken_invariant(ledger).value_or("") == "");
        for (const plan::Step& step : plan.steps) {
            const int error = kernel.execute(plan, step);
            if (error != 0) RC_FAIL("errno " + std::to_string(error) + " in\n" + listing(plan));
            plan::note_done(ledger, plan, step);
        }
    }
    RC_FAIL("no rest:\n" + listing(planned(kernel, each, ledger)));
    return 0;
}

template <class Value>
std::string fields_of(const Value& value) {
    std::string text;
    for_each_field(value, [&](const auto& field, const auto& each) {
        text.append(field.name).append(" ").append(to_text(each)).append("; ");
    });
    return text;
}

/// The row is as it was last converged.
template <class Kind>
bool untouched(const kinds::Claim<Kind>& claim, const kinds::Observed& node) {
    const std::uint32_t at = node.get<Kind>().find(claim.key);
    if (at == UINT32_MAX) return false;
    Fingerprint print;
    fingerprint_fields(print, node.get<Kind>().row(at).value);
    return print.value() == claim.fingerprint;
}

}  // namespace

TEST_CASE("every plan is executed without a refusal, and leaves nothing to do") {
    property("convergence", [] {
        const Case each = *any_case();
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger = each.ledger;
        const int rounds = rounds_to_rest(kernel, each, ledger);
        RC_TAG(rounds);
        // The second: settings that the kernel changed along with others (forwarding, "default").
        RC_ASSERT(rounds <= 2);
    });
}

TEST_CASE("a converged node breaks no invariant that the plan could mend") {
    property("the end is safe", [] {
        const Case each = *any_case();
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger = each.ledger;
        rounds_to_rest(kernel, each, ledger);
        std::string left;
        for (const Broken& broken : broken_invariants(kernel.node, each.situation())) {
            // Somebody else's service for a VIP of ours is shown to the operator, not removed.
            const auto service = kinds::Service::parse_id(broken.detail);
            if (broken.invariant == "I3" && service && foreign_service(each.situation(), *service)) continue;
            left += broken.invariant + " " + broken.vip + " " + broken.detail + "\n";
        }
        if (!left.empty()) RC_FAIL(left);
    });
}

TEST_CASE("a converged node is what the configuration wants, field by field") {
    property("the end is as wanted", [] {
        const Case each = *any_case();
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger = each.ledger;
        rounds_to_rest(kernel, each, ledger);
        const plan::Plan plan = planned(kernel, each, ledger);
        // By the text of each field, not by ==: the comparison itself may be at fault.
        kinds::for_each_kind([&]<class Kind>() {
            for (const Row<Kind>& wanted : plan.desired->get<Kind>().rows.rows()) {
                const auto& held = plan.desired->get<Kind>().held;
                if (std::any_of(held.begin(), held.end(), [&](const auto& h) { return h.key == wanted.key; })) continue;
                const std::uint32_t at = kernel.node.get<Kind>().find(wanted.key);
                if (at == UINT32_MAX) RC_FAIL("there is no " + Kind::id(wanted.key));
                RC_ASSERT(fields_of(kernel.node.get<Kind>().row(at).value) == fields_of(wanted.value));
            }
        });
    });
}

TEST_CASE("when its time is over or its connections are gone, what was kept for draining goes") {
    property("deferrals end", [] {
        Case each = *any_case();
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger = each.ledger;
        rounds_to_rest(kernel, each, ledger);
        RC_TAG(std::string(ledger.drains.empty() ? "nothing to drain" : "draining"));
        if (ledger.drains.empty()) return;
        each.now += std::chrono::hours(1);
        RC_ASSERT(rounds_to_rest(kernel, each, ledger) >= 1);
        RC_ASSERT(ledger.drains.empty());
        RC_ASSERT(planned(kernel, each, ledger).deferred.empty());
    });
}

TEST_CASE("a release leaves nothing of ours, and everything else") {
    property("release", [] {
        Case each = *any_case();
        each.release = true;
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger = each.ledger;
        rounds_to_rest(kernel, each, ledger);
        RC_ASSERT(plan::to_text(ledger).empty());
        for (const Row<kinds::Address>& row : kernel.node.get<kinds::Address>().rows()) {
            RC_ASSERT(each.ledger.claim<kinds::Address>(row.key) == nullptr ||
                      foreign_address(each.situation(), row.key));
        }
        for (const Row<kinds::Service>& row : kernel.node.get<kinds::Service>().rows()) {
            RC_ASSERT(each.ledger.claim<kinds::Service>(row.key) == nullptr);
        }
        for (const kinds::Claim<kinds::Sysctl>& claim : each.ledger.get<kinds::Sysctl>()) {
            if (claim.key.path.ends_with("forward") || claim.key.path.ends_with("forwarding"))
                continue;  // one moves others
            const std::uint32_t at = kernel.node.get<kinds::Sysctl>().find(claim.key);
            if (!claim.before || at == UINT32_MAX) continue;
            // What somebody else changed since stays as they want it.
            const std::uint32_t was = each.node.get<kinds::Sysctl>().find(claim.key);
            const auto& expected =
                untouched(claim, each.node) ? *claim.before : each.node.get<kinds::Sysctl>().row(was).value;
            RC_ASSERT((kernel.node.get<kinds::Sysctl>().row(at).value == expected));
        }
    });
}

TEST_CASE("a release gives back every setting that a run changed") {
    property("release after a run", [] {
        Case each = *any_case();
        each.release = false;
        each.ledger = {};
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger;
        rounds_to_rest(kernel, each, ledger);
        each.release = true;
        rounds_to_rest(kernel, each, ledger);
        const auto forwarding = [](const kinds::Sysctl::Key& key) {  // one moves others, which is not taken back
            return key.path.ends_with("forward") || key.path.ends_with("forwarding");
        };
        for (const Row<kinds::Sysctl>& row : each.node.get<kinds::Sysctl>().rows()) {
            if (forwarding(row.key) || each.inherited.contains(row.key.path)) continue;
            RC_ASSERT((kernel.node.get<kinds::Sysctl>().row(kernel.node.get<kinds::Sysctl>().find(row.key)) == row));
        }
        if (!each.node.facts.ipvs_loaded) return;  // the time-outs of before are not known
        RC_ASSERT(
            std::ranges::equal(kernel.node.get<kinds::Timeouts>().rows(), each.node.get<kinds::Timeouts>().rows()));
    });
}

TEST_CASE("while an election is undecided, what hangs on it stays as it is") {
    property("no opinion is not absence", [] {
        Case each = *any_case();
        each.release = false;
        if (each.config.role == Role::real_server) return;
        FakeKernel kernel = each.kernel();
        kinds::Ledger ledger = each.ledger;
        rounds_to_rest(kernel, each, ledger);
        const auto undecided = [&](const IpAddress& address) {
            return std::any_of(each.config.vips.begin(), each.config.vips.end(), [&](const config::Vip& vip) {
                const auto at = each.election.find(vip.vrrp);
                return vip.address == address && at != each.election.end() && at->second == ElectionState::undecided;
            });
        };
        for (const Row<kinds::Address>& row : each.node.get<kinds::Address>().rows()) {
            if (row.key.interface.is_loopback()) continue;  // what is right there hangs on no election
            if (undecided(row.key.address)) RC_ASSERT(kernel.node.get<kinds::Address>().find(row.key) != UINT32_MAX);
        }
        if (each.config.role != Role::both) return;
        for (const config::Service& service : each.config.services) {
            const kinds::Service::Key key = kinds::Service::key_of(service);
            if (service.fwmark != 0 || !undecided(service.vip)) continue;
            const auto before = each.node.get<kinds::Service>().find(key);
            const auto after = kernel.node.get<kinds::Service>().find(key);
            RC_ASSERT((before == UINT32_MAX) == (after == UINT32_MAX));
        }
    });
}
