#include "takeover.hpp"

#include "compare.hpp"
#include "unit/plan/planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::cli {

namespace {

using kinds::Address;
using kinds::RealServer;
using kinds::Service;
using test::Node;
using namespace std::chrono_literals;

const std::string director_file = R"(
    role = "director"
    interface = "eth0"
    vips = ["10.0.0.1"]
    vrrp = [{ name = "LB", vrid = 51 }]
    [[service]]
    vip = "10.0.0.1"
    port = 80
    real_servers = ["10.0.0.3"]
)"_text;

Node converged(ElectionState state) {
    Node node(test::world(director_file, {{"LB", state}}));
    node.converge();
    return node;
}

InstanceSeen seen(std::string state, std::uint64_t received) {
    return {.name = "LB", .state = std::move(state), .received = received, .down_interval = 3600ms};
}

}  // namespace

TEST_CASE("an instance is master where its VIP is on an interface that answers") {
    const Node master = converged(ElectionState::master);
    CHECK(election_here(master.world.config, *master.plan().observed) == Election{{"LB", ElectionState::master}});
    Node backup = converged(ElectionState::backup);
    CHECK(election_here(backup.world.config, *backup.plan().observed) == Election{{"LB", ElectionState::backup}});
    backup.put<Address>("10.0.0.1/32 lo", {});
    CHECK(election_here(backup.world.config, *backup.plan().observed) == Election{{"LB", ElectionState::backup}});
}

TEST_CASE("settings may change in a takeover, and nothing else") {
    Node node(test::world(director_file + "[sysctl]\n\"net.ipv4.ip_forward\" = 1\n", {{"LB", ElectionState::master}}));
    node.put<kinds::Sysctl>("net.ipv4.ip_forward", {});
    const plan::Plan all = node.plan();
    const std::size_t settings =
        static_cast<std::size_t>(std::count_if(all.steps.begin(), all.steps.end(), [](const plan::Step& each) {
            return each.kind == kinds::kind_id<kinds::Sysctl>;
        }));
    CHECK(settings > 0);
    CHECK(steps_that_clients_meet(all).size() == all.steps.size() - settings);
    node.converge();
    CHECK(steps_that_clients_meet(node.plan()).empty());
}

TEST_CASE("a row that moves in a takeover is named") {
    Node node = converged(ElectionState::master);
    const auto before = node.plan().observed;
    CHECK(what_moved(*before, *node.plan().observed).empty());
    node.put<Service>("tcp 10.9.9.9:443", {.scheduler = "rr"});
    CHECK(what_moved(*before, *node.plan().observed) == "service tcp 10.9.9.9:443 is new");
    CHECK(what_moved(*node.plan().observed, *before) == "service tcp 10.9.9.9:443 is gone");
    const Node backup = converged(ElectionState::backup);
    CHECK(what_moved(*before, *backup.plan().observed) == "address 10.0.0.1/32 eth0 is gone");
    Node lighter = converged(ElectionState::master);
    lighter.put<RealServer>("tcp 10.0.0.1:80 10.0.0.3:80", {.weight = 7});
    CHECK(what_moved(*before, *lighter.plan().observed) == "server tcp 10.0.0.1:80 10.0.0.3:80 has changed");
}

TEST_CASE("an election that is not as it was") {
    const Election master{{"LB", ElectionState::master}};
    const Election backup{{"LB", ElectionState::backup}};
    const auto what = [](const Election& before, const InstanceSeen& now, std::chrono::milliseconds silence = 0ms) {
        const Difference found = what_changed(before, {now}, silence);
        return found.what + (found.for_good ? ", for good" : "");
    };
    CHECK(what(master, seen("master", 0)).empty());
    CHECK(what(backup, seen("backup", 4)).empty());
    CHECK(what(master, seen("master", 1)) == "LB has a second master, for good");
    CHECK(what(master, seen("backup", 1)) == "LB is backup, and was master, for good");
    CHECK(what_changed(master, {}, 0ms).what == "the daemon does not know LB");

    // It does not wait until the node is a second master.
    CHECK(what(backup, seen("backup", 0)) == "LB does not hear its master");
    CHECK(what(backup, seen("backup", 0), 2500ms) == "LB does not hear its master, for good");

    InstanceSeen early = seen("backup", 0);
    early.undecided = true;
    CHECK(what(master, early) == "LB is backup, and was master");
    InstanceSeen refusing = seen("backup", 0);
    refusing.dropped = 1;
    CHECK(what(backup, refusing) == "LB does not believe the advertisements of its peers, for good");
}

TEST_CASE("what the status says of an instance") {
    const auto instances = instances_in(R"({"vrrp": [{"name": "LB", "state": "master", "undecided": false,
        "down_interval": 3.6, "counters": {"received": 5, "dropped": {"vips": 1, "ttl": 2}}}]})");
    REQUIRE(instances.size() == 1);
    CHECK(instances[0].name == "LB");
    CHECK(instances[0].state == "master");
    CHECK(instances[0].received == 5);
    CHECK(instances[0].dropped == 3);
    CHECK(instances[0].down_interval == 3600ms);
    CHECK(instances_in("{").empty());
}

}  // namespace lbconverge::cli
