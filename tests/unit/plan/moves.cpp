// Whom a plan moves: what is said is compared with what becomes of clients drawn by chance.
#include "lbconverge/plan/moves.hpp"

#include "lbconverge/sim/fake_kernel.hpp"
#include "unit/plan/planning.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <ctime>
#include <random>

namespace lbconverge::plan {

namespace {

using kinds::Choice;
using kinds::ClientPacket;
using kinds::MovedShare;
using kinds::OrderedPool;
using kinds::Service;
using kinds::SlotTable;
using test::Node;
using test::world;

test::World hashing_file(const std::string& scheduler, const std::string& servers, const std::string& more = "") {
    return world(
        "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.20\"]\n[[service]]\nvip = "
        "\"192.0.2.20\"\nport = 80\nscheduler = \"" +
        scheduler + "\"\nreal_servers = [" + servers + "]\n" + more);
}

/// The node of `before` with the file of `after`.
Node with_another_file(test::World before, test::World after) {
    Node node(std::move(before));
    node.converge();
    node.world = std::move(after);
    return node;
}

/// What the plan makes of the pool, on a kernel in memory; the second round puts it in order.
std::pair<OrderedPool, OrderedPool> pools_around(const Node& node) {
    const config::Service& file = node.world.config.services[0];
    const Service::Key key = Service::key_of(file);
    sim::FakeKernel kernel(node.observed);
    const auto before = kinds::pool_of(key, kernel.node, &file);
    Node node_now = node;
    for (int round = 0; round < 2; ++round) {
        const Plan plan = node_now.plan();
        for (const Step& step : plan.steps) REQUIRE(kernel.execute(plan, step) == 0);
        node_now.observed = kernel.node;
    }
    return {*before, *kinds::pool_of(key, kernel.node, &file)};
}

/// The shares among clients drawn by chance.
MovedShare measured(const OrderedPool& before, const OrderedPool& after) {
    constexpr int clients = 200000;
    const auto old_table = SlotTable::of(before);
    const auto new_table = SlotTable::of(after);
    REQUIRE(old_table.has_value());
    REQUIRE(new_table.has_value());
    std::mt19937 random(7);
    MovedShare share;
    for (int i = 0; i < clients; ++i) {
        ClientPacket client{.port = static_cast<std::uint16_t>(random()), .destination = before.service.vip};
        const auto address = static_cast<std::uint32_t>(random());
        std::memcpy(client.address.bytes.data(), &address, sizeof address);
        const Choice old = old_table->choose(client);
        const Choice now = new_table->choose(client);
        if (old.server == Choice::none) continue;
        const bool refused = now.server == Choice::none;
        if (refused) share.refused += 1.0 / clients;
        if (!refused && before.servers[old.server].key() != after.servers[now.server].key())
            share.moved += 1.0 / clients;
    }
    return share;
}

ClientsMoved only_one(const Node& node) {
    const auto all = clients_moved(node.plan(), node.world.config);
    REQUIRE(all.size() == 1);
    return all[0];
}

const std::string three_servers = R"("192.0.2.3", "192.0.2.5", "192.0.2.7")";
const std::string four_servers = R"("192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.7")";
const std::string one_is_heavier = R"("192.0.2.3", { address = "192.0.2.5", weight = 2 }, "192.0.2.7")";

}  // namespace

TEST_CASE("the share that is said is the share that is moved, within half a percent") {
    for (const std::string scheduler : {"mh", "sh", "dh"}) {
        for (const auto& change : {std::pair(three_servers, four_servers),
                                   {four_servers, three_servers},
                                   {three_servers, one_is_heavier},
                                   {one_is_heavier, three_servers}}) {
            const std::string& from = change.first;
            const std::string& to = change.second;
            CAPTURE(scheduler);
            CAPTURE(from);
            CAPTURE(to);
            const Node node = with_another_file(hashing_file(scheduler, from), hashing_file(scheduler, to));
            const ClientsMoved said = only_one(node);
            const auto [before, after] = pools_around(node);
            const MovedShare seen = measured(before, after);
            CHECK(std::abs(said.share.moved - seen.moved) < 0.005);
            CHECK(std::abs(said.share.refused - seen.refused) < 0.005);
            CHECK_FALSE(said.from_or_to_no_table);
        }
    }
}

TEST_CASE("another scheduler moves all but those whose server is the same by chance") {
    const Node to_sh = with_another_file(hashing_file("mh", three_servers), hashing_file("sh", three_servers));
    const auto [before, after] = pools_around(to_sh);
    CHECK(std::abs(only_one(to_sh).share.moved - measured(before, after).moved) < 0.005);
    const ClientsMoved from_none =
        only_one(with_another_file(hashing_file("wrr", three_servers), hashing_file("mh", three_servers)));
    CHECK(from_none.from_or_to_no_table);
    CHECK(from_none.share.moved == doctest::Approx(2.0 / 3).epsilon(0.001));
    CHECK(from_none.share.refused == doctest::Approx(0));
    CHECK(only_one(with_another_file(hashing_file("sh", three_servers), hashing_file("wlc", one_is_heavier)))
              .share.moved == doctest::Approx(2.0 / 3).epsilon(0.02));
}

TEST_CASE("the share of a change of the order, of persistent clients, and of what is blocked") {
    Node node = with_another_file(hashing_file("sh", three_servers), hashing_file("sh", three_servers));
    std::uint32_t position = 0;
    for (const char* each : {"3", "5", "7"}) {
        node.put<kinds::RealServer>("tcp 192.0.2.20:80 192.0.2." + std::string(each) + ":80", {},
                                    {.position = position++});
    }
    const auto [before, after] = pools_around(node);
    CHECK(std::abs(only_one(node).share.moved - measured(before, after).moved) < 0.005);
    CHECK(only_one(node).share.moved > 0.5);
    CHECK(only_one(node).persistence == 0);
    const std::string persistent = "persistence = \"60s\"\n";
    CHECK(only_one(with_another_file(hashing_file("mh", three_servers, persistent),
                                     hashing_file("mh", four_servers, persistent)))
              .persistence == 60);
    Plan plan = node.plan();
    for (Step& each : plan.steps) each.blocked = true;
    CHECK(clients_moved(plan, node.world.config).empty());
}

TEST_CASE("nothing is said of schedulers without a table, of new services, and of those that go") {
    const Node plain = with_another_file(hashing_file("wlc", three_servers), hashing_file("rr", four_servers));
    CHECK(clients_moved(plain.plan(), plain.world.config).empty());
    const Node fresh(hashing_file("sh", three_servers));
    CHECK(clients_moved(fresh.plan(), fresh.world.config).empty());
    test::World none = hashing_file("sh", three_servers);
    none.config.services.clear();
    const Node gone = with_another_file(hashing_file("sh", three_servers), none);
    CHECK(clients_moved(gone.plan(), gone.world.config).empty());
    const Node same = with_another_file(hashing_file("sh", three_servers), hashing_file("sh", three_servers));
    CHECK(clients_moved(same.plan(), same.world.config).empty());
}

TEST_CASE("a server of mh that goes out of use moves its own clients only") {
    Node node = with_another_file(hashing_file("mh", three_servers, "on_down = \"drain\"\n"),
                                  hashing_file("mh", three_servers, "on_down = \"drain\"\n"));
    node.world.health = kinds::Health{};
    node.world.health->drains.push_back({*IpAddress::parse("192.0.2.5"), 0, {}, {}});
    const auto [before, after] = pools_around(node);
    CHECK(std::abs(only_one(node).share.moved - measured(before, after).moved) < 0.005);
    CHECK(only_one(node).share.moved == doctest::Approx(1.0 / 3).epsilon(0.05));
}

namespace {

/// The processor time for a change of so many services, all with a table or all without.
std::clock_t cost_of_looking(std::uint16_t services_count, const char* scheduler) {
    Node node = with_another_file(hashing_file("sh", three_servers), hashing_file("sh", three_servers));
    for (std::uint16_t port = 1000; port < 1000 + services_count; ++port) {
        config::Service each{.vip = *IpAddress::parse("192.0.2.20"), .port = port, .scheduler = scheduler};
        each.real_servers.push_back({.address = {Family::ipv4, {10, 0, 0, 1}}, .port = port, .weight = 2});
        node.observed.get<Service>().add(Service::key_of(each), {.scheduler = scheduler});
        node.observed.get<RealServer>().add({Service::key_of(each), each.real_servers[0].address, port}, {});
        node.world.config.services.push_back(std::move(each));
    }
    node.observed.get<Service>().finish();
    node.observed.get<RealServer>().finish();
    const Plan plan = node.plan();
    CHECK(plan.steps.size() >= services_count);
    const std::clock_t begin = std::clock();
    CHECK(clients_moved(plan, node.world.config).size() == (scheduler == std::string("sh") ? services_count : 0));
    return std::clock() - begin;
}

}  // namespace

TEST_CASE("looking whom a plan moves costs no more than a look at each service") {
    const std::clock_t few = cost_of_looking(500, "sh");
    CHECK(cost_of_looking(2000, "sh") < 8 * few);  // with the square it is 16 times as much
    CHECK(cost_of_looking(2000, "rr") < few);
}

}  // namespace lbconverge::plan
