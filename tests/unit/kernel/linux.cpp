// What can be read of a kernel without root, and without a change: every network namespace has lo.
#include "lbconverge/kernel/kernel.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lbconverge::kernel {

namespace {

const std::vector<InterfaceName> lo_only{"lo", "lbc-none0"};

}  // namespace

TEST_CASE("the interfaces of this host, each once and by index") {
    const auto facts = linux_kernel({})->facts(lo_only);
    REQUIRE(facts);
    REQUIRE(facts->interface(loopback) != nullptr);
    CHECK(facts->interface(loopback)->loopback);
    const auto not_before = [](const Interface& a, const Interface& b) { return a.index >= b.index; };
    CHECK(std::adjacent_find(facts->interfaces.begin(), facts->interfaces.end(), not_before) ==
          facts->interfaces.end());
}

TEST_CASE("only the interfaces that are needed; one that is not there is no error") {
    const auto kernel = linux_kernel({.only_needed = true});
    const auto facts = kernel->facts(lo_only);
    REQUIRE(facts);
    REQUIRE(facts->interfaces.size() == 1);
    CHECK(facts->interfaces.front().name == loopback);
    const auto all = linux_kernel({})->facts({});
    CHECK(facts->interfaces.front().index == all->interface(loopback)->index);
    CHECK(facts->interfaces.front().ipv4_devconf == all->interface(loopback)->ipv4_devconf);
    const auto seen = kernel->observe({.interfaces = lo_only, .only_interfaces = true}, *facts);
    REQUIRE(seen);
    CHECK((*seen)->unread.empty());
}

TEST_CASE("a look that is cut short shows nothing, and the next one does") {
    std::atomic<bool> cut = true;
    const auto kernel = linux_kernel({.cut_short = &cut});
    CHECK_FALSE(kernel->facts({}));
    cut = false;
    const auto facts = kernel->facts({});
    REQUIRE(facts);
    cut = true;
    CHECK_FALSE((*kernel->observe({}, *facts))->unread.empty());
    cut = false;
    CHECK((*kernel->observe({}, *facts))->unread.empty());
}

}  // namespace lbconverge::kernel
