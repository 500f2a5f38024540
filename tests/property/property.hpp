// What the property tests share: how a property is told to doctest, and the small steps that several of them take.
#pragma once

#include "support/generate.hpp"

#include "lbconverge/plan/ledger.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace lbconverge::test {

/// Runs a property; a counterexample, shrunk, is printed by rapidcheck.
template <class Testable>
void property(const std::string& what, Testable&& testable) {
    const bool held = rc::check(what, std::forward<Testable>(testable));
    CHECK_MESSAGE(held, what);
}

/// Nothing to do, or only what waits for connections to end.
inline bool at_rest(const plan::Plan& plan) { return plan.steps.empty(); }

}  // namespace lbconverge::test
