// Every invariant of ledgers and plans seen red: what make_plan would never make.
#include "planning.hpp"

#include <doctest/doctest.h>

#include <functional>

namespace lbconverge::plan {

namespace {

using kinds::Address;
using kinds::Desired;
using kinds::Observed;
using kinds::RealServer;
using kinds::Service;
using kinds::Sysctl;
using std::chrono::seconds;
using test::key;

constexpr const char* s80 = "tcp 192.0.2.20:80";
constexpr const char* s81 = "tcp 192.0.2.20:81";
constexpr const char* a80 = "tcp 192.0.2.20:80 192.0.2.3:80";
constexpr const char* b80 = "tcp 192.0.2.20:80 192.0.2.4:80";

const std::string director_with_pool = R"(role = "director"
interface = "eth0"
vips = ["192.0.2.20"]
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
[sysctl]
"net.ipv4.ip_forward" = "1"
)";

/// From an empty kernel, but for a setting, a server of another weight, one with connections, and a foreign service.
test::Node start() {
    test::Node node(test::world(director_with_pool));
    node.put<Sysctl>("net.ipv4.ip_forward", {"0"});
    node.put<Service>(s80);
    node.put<RealServer>(a80, {.weight = 7});
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.5:80", {}, {.active = 3});
    node.put<Service>("tcp 192.0.2.99:80");
    return node;
}

/// What is broken once something was changed in a plan that is right.
std::string broken(const std::function<void(Plan&)>& change) {
    Plan plan = start().plan();
    change(plan);
    return plan.broken_invariant().value_or("");
}
std::string broken_ledger(const kinds::Ledger& ledger) { return broken_invariant(ledger).value_or(""); }

void change_desired(Plan& plan, const std::function<void(Desired&)>& change) {
    auto copy = std::make_shared<Desired>(*plan.desired);
    change(*copy);
    plan.desired = copy;
}

template <class Kind>
Step& step_of(Plan& plan) {
    const auto at = std::find_if(plan.steps.begin(), plan.steps.end(),
                                 [](const Step& each) { return each.kind == kinds::kind_id<Kind>; });
    REQUIRE(at != plan.steps.end());
    return *at;
}

}  // namespace

TEST_CASE("claims and drains are sorted, and each key has one") {
    const kinds::Claim<Service> first{key<Service>(s80), 1}, second{key<Service>(s81), 2};
    kinds::Ledger ledger;
    ledger.get<Service>() = {first, second};
    CHECK(broken_ledger(ledger) == "");
    ledger.get<Service>() = {second, first};
    CHECK(broken_ledger(ledger) == "ledger: service: claims are in the order of their keys, one for each");
    ledger.get<Service>() = {first, first};
    CHECK(broken_ledger(ledger) == "ledger: service: claims are in the order of their keys, one for each");
    ledger.get<Service>().clear();
    ledger.drains = {{key<RealServer>(b80), {}}, {key<RealServer>(a80), {}}};
    CHECK(broken_ledger(ledger) == "ledger: drains are in the order of their keys, one for each");
}

TEST_CASE("a claim has what its kind has") {
    kinds::Ledger ledger;
    ledger.get<RealServer>() = {{key<RealServer>(a80), 1}};
    CHECK(broken_ledger(ledger) == "ledger: real_server: a row that belongs to another one has no claim of its own");
    ledger = {};
    ledger.get<Service>() = {{key<Service>(s80), 1, Service::Value{}}};
    CHECK(broken_ledger(ledger) == "ledger: service: only a restorable row has a value to put back");
}

TEST_CASE("a plan is right as it was made") {
    Plan plan = start().plan();
    CHECK(plan.steps.size() > 4);
    CHECK(plan.foreign.size() == 1);
    CHECK(plan.deferred.size() == 1);
    CHECK(plan.announcements.size() == 1);
    CHECK(plan.broken_invariant().value_or("") == "");
}

TEST_CASE("steps are in the order of the phases, and of their keys") {
    CHECK(broken([](Plan& plan) { std::swap(plan.steps.front(), plan.steps.back()); }) ==
          "steps are in the order of the phases");
    CHECK(broken([](Plan& plan) {
              const auto at = std::find_if(plan.steps.begin(), plan.steps.end(),
                                           [](const Step& each) { return each.kind == kinds::kind_id<RealServer>; });
              std::swap(at[0], at[1]);
          }).starts_with("real_server: the steps of a phase are in the order of their keys"));
}

TEST_CASE("parents come before their children where rows are made") {
    test::Node node(test::world(director_with_pool));
    Plan plan = node.plan();
    const auto service = std::find_if(plan.steps.begin(), plan.steps.end(),
                                      [](const Step& each) { return each.kind == kinds::kind_id<Service>; });
    std::swap(service[0], service[1]);
    CHECK(plan.broken_invariant().value_or("").starts_with("service: the steps of a phase are in the order"));
}

TEST_CASE("parents come after their children where rows are removed") {
    test::Node node = test::converged(test::world(director_with_pool));
    node.world = test::world("role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.20\"]\n");
    Plan plan = node.plan();
    const auto service = std::find_if(plan.steps.begin(), plan.steps.end(),
                                      [](const Step& each) { return each.kind == kinds::kind_id<Service>; });
    REQUIRE(service != plan.steps.begin());
    std::swap(service[0], service[-1]);
    CHECK(plan.broken_invariant().value_or("").starts_with("real_server: the steps of a phase are in the order"));
}

TEST_CASE("a step names rows that exist, of one key, and that differ") {
    CHECK(broken([](Plan& plan) { step_of<Address>(plan).after = 99; }) == "address: a step names rows that exist");
    CHECK(broken([](Plan& plan) { step_of<Address>(plan).after = Step::none; }) ==
          "address: a step names rows that exist");
    CHECK(broken([](Plan& plan) { step_of<RealServer>(plan).before = 1; }) ==
          "real_server: a step changes the value of a row, not its key");
    CHECK(broken([](Plan& plan) {
              change_desired(plan, [](Desired& desired) {
                  desired.get<Sysctl>().rows.put(key<Sysctl>("net.ipv4.ip_forward"), {"0"});
              });
          }) == "sysctl: a step changes something");
    CHECK(broken([](Plan& plan) { step_of<Sysctl>(plan).after = Step::none; }) ==
          "sysctl: a restorable row is never removed");
}

TEST_CASE("a row has one step; a foreign row and a held one have none") {
    CHECK(broken([](Plan& plan) { plan.steps.push_back(plan.steps.back()); }) ==
          "address: a row has one step, and a foreign row none");
    CHECK(broken([](Plan& plan) {
              plan.foreign.push_back({kinds::kind_id<RealServer>, 0});
          }) == "real_server: a row has one step, and a foreign row none");
    CHECK(broken([](Plan& plan) {
              plan.foreign.push_back({kinds::kind_id<RealServer>, 99});
          }) == "a foreign row exists, and is named once");
    CHECK(broken([](Plan& plan) {
              change_desired(plan, [](Desired& desired) {
                  desired.get<Address>().held.push_back({key<Address>("192.0.2.20/32 eth0"), "why"});
              });
          }) == "address: a held row has no step");
}

TEST_CASE("what is wanted is claimed, and belongs to something that is wanted") {
    CHECK(broken([](Plan& plan) { plan.ledger.get<Service>().clear(); }) ==
          "service: what is wanted is claimed, and what is given back is not");
    CHECK(broken([](Plan& plan) {
              change_desired(plan, [](Desired& desired) { desired.get<Service>().rows.erase(key<Service>(s80)); });
          }) == "real_server: what a wanted row belongs to is wanted as well");
    CHECK(broken([](Plan& plan) {
              change_desired(plan, [](Desired& desired) {
                  desired.get<Service>().rows.add(key<Service>("tcp 192.0.2.19:80"), {});
              });
          }) == "service: wanted rows are in the order of their keys");
    CHECK(broken([](Plan& plan) {
              change_desired(plan, [](Desired& desired) { desired.part = kinds::Part::network; });
          }) == "service: nothing is wanted outside the plan's part");
}

TEST_CASE("what stands beside the steps agrees with them") {
    CHECK(broken([](Plan& plan) { plan.cuts.push_back({0, 1}); }) == "the cuts are the steps that end connections");
    CHECK(broken([](Plan& plan) { plan.deferred.front().key = key<RealServer>(a80); }) ==
          "a server that is drained stays with weight 0");
    CHECK(broken([](Plan& plan) { plan.ledger.drains.clear(); }) ==
          "the ledger remembers since when each server is drained");
    CHECK(broken([](Plan& plan) { plan.announcements.front().interface = "eth1"; }) ==
          "what is announced is bound by a step");
    CHECK(broken([](Plan& plan) { plan.observed.reset(); }) == "a plan keeps the two states that its steps are about");
}

}  // namespace lbconverge::plan
