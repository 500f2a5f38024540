// The place of real servers in the kernel's list: directors with one file choose alike, whatever their history.
#include "unit/plan/planning.hpp"

#include "lbconverge/kinds/choice.hpp"
#include "lbconverge/sim/fake_kernel.hpp"

#include <doctest/doctest.h>

#include <random>

namespace lbconverge::plan {

namespace {

using kinds::Health;
using kinds::Liveness;
using kinds::RealServer;
using kinds::Service;
using std::chrono::seconds;
using test::key;
using test::Node;
using test::steps_text;
using test::world;

std::string member_id(int number) { return "tcp 192.0.2.20:80 192.0.2." + std::to_string(number) + ":80"; }

/// A director that has converged with 192.0.2.3 to 192.0.2.6.
Node hashing_director(const std::string& scheduler, const std::string& more = "") {
    Node node(world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"]
        scheduler = ")" +
                    scheduler + "\"\n" + more));
    node.converge();
    return node;
}

/// The servers from the head of the list on, as if somebody had added them so.
void in_order(Node& node, const std::vector<int>& servers, std::uint32_t weight = 1) {
    std::uint32_t position = 0;
    for (const int each : servers) {
        node.put<RealServer>(member_id(each), {.weight = weight}, {.position = position++});
    }
}

/// "4 5! ": the last octets of the servers that steps are about, in order; "!": to the head of the list.
std::string moves_text(const Plan& plan) {
    std::string text;
    for (const Step& step : plan.steps) {
        plan.visit(step, [&]<class Kind>(const kinds::Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, RealServer>) {
                text += std::to_string(change.key.address.bytes[3]) + (change.again ? "! " : " ");
            }
        });
    }
    return text;
}

Health opinion_on(int number, Liveness is) {
    return {{{test::key<RealServer>(member_id(number)), is, {}, "connect refused", seconds(12)}}, {}, {}};
}

}  // namespace

TEST_CASE("servers in another order are put right, as drift: what stays is a tail of the right order") {
    for (const char* scheduler : {"mh", "sh"}) {
        CAPTURE(scheduler);
        Node node = hashing_director(scheduler);
        CHECK(node.plan().steps.empty());
        in_order(node, {6, 5, 4, 3});
        CHECK(node.plan().steps.empty());
        in_order(node, {3, 6, 5, 4});
        CHECK(moves_text(node.plan()) == "4! 5! 6! ");
        in_order(node, {4, 6, 5, 3});
        CHECK(moves_text(node.plan()) == "5! 6! ");
        in_order(node, {5, 6, 4, 3});
        CHECK(steps_text(node.plan()) == "load update real_server " + member_id(6) + " (drift)\n");
        CHECK(moves_text(node.plan()) == "6! ");
    }
}

TEST_CASE("the order means nothing to schedulers that do not walk through it once for all") {
    for (const char* scheduler : {"rr", "wrr", "wlc", "dh"}) {
        Node node = hashing_director(scheduler);
        in_order(node, {3, 4, 5, 6});
        CHECK(node.plan().steps.empty());
    }
}

TEST_CASE("an order that changes no choice is left alone") {
    Node node = hashing_director("sh");
    // Each has more slots in a row than the table has, so only the first one counts.
    node.world = world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        scheduler = "sh"
        real_servers = [{ address = "192.0.2.3", weight = 300 }, { address = "192.0.2.4", weight = 300 },
                        { address = "192.0.2.5", weight = 300 }, { address = "192.0.2.6", weight = 300 }]
    )");
    node.converge();
    in_order(node, {6, 3, 4, 5}, 300);
    CHECK(node.plan().steps.empty());
    in_order(node, {5, 6, 4, 3}, 300);
    CHECK(moves_text(node.plan()) == "6! ");
}

TEST_CASE(
    "a server that comes back or is new comes to its own place: those before it are added again, once it is there") {
    Node node = hashing_director("sh");
    in_order(node, {6, 5, 3});
    node.erase<RealServer>(member_id(4));
    CHECK(moves_text(node.plan()) == "4 ");  // it may be refused
    in_order(node, {4, 6, 5, 3});
    CHECK(moves_text(node.plan()) == "5! 6! ");
    in_order(node, {3, 6, 5, 4});
    node.world.health = opinion_on(6, Liveness::down);  // it goes at the end, and is not in the way of the others
    CHECK(steps_text(node.plan()) == "load update real_server " + member_id(4) + " (order)\nload update real_server " +
                                         member_id(5) + " (order)\nunload delete real_server " + member_id(6) +
                                         " (health)\n");
    node.erase<RealServer>(member_id(6));
    in_order(node, {5, 4, 3});
    node.world.health = Health{};
    CHECK(moves_text(node.plan()) == "6 ");
    in_order(node, {5});
    for (const int each : {3, 4}) node.erase<RealServer>(member_id(each));
    CHECK(moves_text(node.plan()) == "3 4 6 ");
    in_order(node, {6, 4, 3, 5});
    CHECK(moves_text(node.plan()) == "5! 6! ");  // new clients have 3 and 4 meanwhile
}

TEST_CASE("the order waits while a server is not known, or goes out of use, or would leave nobody") {
    Node node = hashing_director("sh", "on_down = \"drain\"\n");
    in_order(node, {3, 4, 5, 6});
    node.world.health = opinion_on(4, Liveness::unknown);
    CHECK(node.plan().steps.empty());
    node.world.health = opinion_on(5, Liveness::down);
    CHECK(steps_text(node.plan()) == "quiesce update real_server " + member_id(5) + " (health)\n");
    node.put<RealServer>(member_id(5), {.weight = 0}, {.position = 2});
    CHECK(moves_text(node.plan()) == "4! 5! 6! ");
    // 3 stays, which serves nobody; 4 would be the only one.
    node.world.health = Health{};
    node.world.health->drains = {{key<RealServer>(member_id(3)).address, 0},
                                 {key<RealServer>(member_id(5)).address, 0},
                                 {key<RealServer>(member_id(6)).address, 0}};
    for (const int each : {3, 5, 6}) {
        const std::uint32_t at = node.observed.get<RealServer>().find(key<RealServer>(member_id(each)));
        node.put<RealServer>(member_id(each), {.weight = 0}, node.observed.get<RealServer>().note(at));
    }
    CHECK(node.plan().steps.empty());
}

TEST_CASE("a server that the kernel refuses is neither waited for nor added for ever") {
    Node node = hashing_director("sh");
    in_order(node, {6, 5, 3});
    node.erase<RealServer>(member_id(4));
    Refusals refused;
    refused.add(kinds::kind_id<RealServer>, member_id(4), {ErrorKind::failed, "no", {}}, false);
    const auto seen = std::make_shared<const kinds::Observed>(node.observed);
    CHECK(moves_text(make_plan(node.world.desired(), seen, node.ledger, node.world.inputs(), node.now, refused)) ==
          "4 ");
}

TEST_CASE("of a server of mh that is out of use, the scheduler sees its weight first") {
    Node node = hashing_director("mh", "on_down = \"drain\"\n");
    node.world.health = opinion_on(5, Liveness::down);
    node.put<RealServer>(member_id(5), {.weight = 0}, {.position = 0});
    node.put<RealServer>(member_id(6), {}, {.position = 1});
    node.put<RealServer>(member_id(4), {}, {.position = 2});
    node.put<RealServer>(member_id(3), {}, {.position = 3});
    const auto first_weights = [&] {
        std::string text;
        const Plan plan = node.plan();
        for (const Step& step : plan.steps) {
            plan.visit(step, [&]<class Kind>(const kinds::Change<Kind>& change) {
                text += Kind::id(change.key).substr(18) + "=" + std::to_string(change.first_weight) + " ";
            });
        }
        return text;
    };
    CHECK(first_weights() == "192.0.2.6:80=0 ");
    node.put<RealServer>(member_id(4), {}, {.position = 0});
    node.put<RealServer>(member_id(6), {}, {.position = 2});
    node.put<RealServer>(member_id(5), {.weight = 0}, {.position = 1});
    CHECK(first_weights() == "192.0.2.5:80=1 192.0.2.6:80=0 ");
}

namespace {

/// A kernel with a director's file, and the ledger beside it.
struct LivingDirector {
    test::World world;
    sim::FakeKernel kernel;
    kinds::Ledger ledger;

    explicit LivingDirector(test::World node) : world(std::move(node)), kernel(start(world)) {}
    static kinds::Observed start(const test::World& world) { return Node(world).observed; }
    /// Plans and executes until nothing is left to do.
    void converge() {
        for (int round = 0; round < 5; ++round) {
            const HostFacts facts = *kernel.facts({});
            const auto seen =
                *kernel.observe(kinds::reading_for(world.desired(), ledger, Role::director, facts), facts);
            const Plan plan = make_plan(world.desired(), seen, ledger, world.inputs(), BootTime(seconds(1)));
            REQUIRE(plan.broken_invariant().value_or("") == "");
            ledger = plan.ledger;
            if (plan.steps.empty()) return;
            for (const Step& step : plan.steps) REQUIRE(kernel.execute(plan, step) == 0);
        }
        FAIL("no rest");
    }
};

test::World drawn_world(std::mt19937& random, const std::string& scheduler) {
    std::string servers;
    for (int i = 1; i <= 8; ++i) {
        if (random() % 3 == 0) continue;
        servers += "{ address = \"192.0.2." + std::to_string(100 + i) +
                   "\", weight = " + std::to_string(1 + random() % 3) + " },";
    }
    return world(
        "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.20\"]\n[[service]]\nvip = "
        "\"192.0.2.20\"\nport = 80\nscheduler = \"" +
        scheduler + "\"\nreal_servers = [" + servers + "\"192.0.2.100\"]\n");
}

/// Somebody removes a server and adds another one by hand.
void disturb(std::mt19937& random, sim::FakeKernel& kernel) {
    const auto rows = kernel.node.get<RealServer>().rows();
    if (rows.empty()) return;
    const Row<RealServer> row = rows[random() % rows.size()];
    REQUIRE(kernel.execute(kinds::Change<RealServer>{row.key, &row.value, nullptr}) == 0);
    if (random() % 2 == 0) REQUIRE(kernel.execute(kinds::Change<RealServer>{row.key, nullptr, &row.value}) == 0);
}

void set_health(std::mt19937& random, test::World& world) {
    world.health = Health{};
    for (const config::RealServer& each : world.config.services[0].real_servers) {
        const RealServer::Key key{Service::key_of(world.config.services[0]), each.address, each.port};
        if (random() % 4 == 0) world.health->servers.push_back({key, Liveness::down, {}, "no", seconds(9)});
        if (random() % 8 == 0) world.health->drains.push_back({each.address, 0, {}, {}});
    }
    std::sort(world.health->servers.begin(), world.health->servers.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
}

}  // namespace

TEST_CASE("after any history two directors with one file choose alike") {
    std::mt19937 random(7);
    for (int history = 0; history < 200; ++history) {
        CAPTURE(history);
        const std::string scheduler = history % 2 == 0 ? "mh" : "sh";
        LivingDirector director(drawn_world(random, scheduler));
        for (std::uint32_t step = 0; step < 1 + random() % 6; ++step) {
            director.world = drawn_world(random, scheduler);
            set_health(random, director.world);
            director.converge();
            disturb(random, director.kernel);
        }
        director.world.health.reset();
        director.converge();
        const config::Service& file = director.world.config.services[0];
        const auto pool = kinds::pool_of(Service::key_of(file), director.kernel.node, &file);
        REQUIRE(pool.has_value());
        CHECK(kinds::choose_alike(*pool, kinds::pool_of(file)));
    }
}

}  // namespace lbconverge::plan
