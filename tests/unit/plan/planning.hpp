// A node, its kernel's state and its ledger, and plans as text. Only for tests.
#pragma once

#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/plan/plan.hpp"
#include "unit/world.hpp"

#include <memory>
#include <string>
#include <utility>

namespace lbconverge::test {

struct Node {
    World world;
    kinds::Observed observed;
    kinds::Ledger ledger;
    BootTime now{std::chrono::seconds(1'000'000)};

    /// The settings of IPVS are as a director wants them, so that plans are about the rest.
    explicit Node(World node) : world(std::move(node)) {
        observed.facts = world.facts;
        for (const char* each : {"expire_nodest_conn", "expire_quiescent_template"}) {
            observed.get<kinds::Sysctl>().put(kinds::Sysctl::Key(std::string("net/ipv4/vs/") + each), {"1"}, {});
        }
    }

    [[nodiscard]] plan::Plan plan() const { return plan_for(world.desired()); }
    [[nodiscard]] plan::Plan plan_for(kinds::Desired desired) const {
        auto seen = std::make_shared<const kinds::Observed>(observed);
        plan::Plan made = plan::make_plan(std::move(desired), std::move(seen), ledger, world.inputs(), now);
        REQUIRE(made.broken_invariant().value_or("") == "");
        return made;
    }
    /// As if everything that is wanted had been done.
    void converge() {
        const plan::Plan done = plan();
        ledger = done.ledger;
        ledger.file = plan::memory_after(done, world.config);
        for (const plan::Step& step : done.steps) {
            done.visit(step, [this]<class Kind>(const kinds::Change<Kind>& change) {
                if (change.after == nullptr) observed.get<Kind>().erase(change.key);
                typename Kind::Facts facts{};
                if constexpr (requires { Kind::protocol_tag; }) facts.protocol = Kind::protocol_tag;
                if (change.after != nullptr) observed.get<Kind>().put(change.key, *change.after, facts);
            });
        }
    }
    template <class Kind>
    void put(std::string_view id, typename Kind::Value value = {}, typename Kind::Facts facts = {}) {
        observed.get<Kind>().put(key<Kind>(id), value, facts);
    }
    template <class Kind>
    void erase(std::string_view id) {
        observed.get<Kind>().erase(key<Kind>(id));
    }
};

constexpr ElectionState master = ElectionState::master;
constexpr ElectionState backup = ElectionState::backup;

inline Node converged(World start) {
    Node node(std::move(start));
    node.converge();
    return node;
}

/// "phase action kind id (reason)", a line per step.
inline std::string steps_text(const plan::Plan& plan, bool also_blocked = true) {
    std::string text;
    for (const plan::Step& step : plan.steps) {
        if (step.blocked && !also_blocked) continue;
        text.append(plan::to_text(step.phase)).append(" ").append(plan::to_text(step.action())).append(" ");
        plan.visit(step, [&]<class Kind>(const kinds::Change<Kind>& change) {
            text.append(Kind::name).append(" ").append(Kind::id(change.key));
        });
        text.append(" (").append(plan::to_text(step.reason)).append(")\n");
    }
    return text;
}

/// The same of the steps that can be carried out.
inline std::string done_text(const plan::Plan& plan) { return steps_text(plan, false); }

/// "id", a line per foreign row.
inline std::string foreign_text(const plan::Plan& plan) {
    std::string text;
    for (const plan::Foreign& each : plan.foreign) {
        kinds::with_kind(each.kind, [&]<class Kind>() {
            text.append(Kind::name)
                .append(" ")
                .append(Kind::id(plan.observed->get<Kind>().row(each.row).key))
                .append("\n");
        });
    }
    return text;
}

}  // namespace lbconverge::test
