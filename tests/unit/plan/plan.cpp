#include "lbconverge/plan/plan.hpp"

#include "planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::plan {

namespace {

using kinds::Address;
using kinds::RealServer;
using kinds::Service;
using kinds::ServiceFlags;
using kinds::Sysctl;
using kinds::Timeouts;
using std::chrono::seconds;
using test::backup;
using test::converged;
using test::foreign_text;
using test::master;
using test::Node;
using test::steps_text;
using test::world;

const std::string cluster = R"(
interface = "eth0"
vips = ["192.0.2.20"]
vrrp = [{ name = "LB", vrid = 51 }]
[arp]
interfaces = ["eth0"]
)";

const std::string web = R"(
[[service]]
vip = "192.0.2.20"
port = 80
real_servers = ["192.0.2.3", "192.0.2.4"]
)";
const std::string tls = R"(
[[service]]
vip = "192.0.2.20"
port = 443
real_servers = ["192.0.2.3"]
)";

constexpr ElectionState undecided = ElectionState::undecided;

test::World role(const std::string& name, ElectionState state, const std::string& services = web + tls) {
    return world(R"(role = "$")"_with(name) + cluster + services, {{"LB", state}});
}

/// The configuration or the election changes under a node that has converged.
Node changed(test::World before, test::World after) {
    Node node = converged(std::move(before));
    node.world = std::move(after);
    return node;
}

}  // namespace

TEST_CASE("a director loads each service with its servers, then takes the VIP") {
    CHECK(steps_text(Node(role("director", master)).plan()) == R"(
        load create service tcp 192.0.2.20:80 (config)
        load create real_server tcp 192.0.2.20:80 192.0.2.3:80 (config)
        load create real_server tcp 192.0.2.20:80 192.0.2.4:80 (config)
        load create service tcp 192.0.2.20:443 (config)
        load create real_server tcp 192.0.2.20:443 192.0.2.3:443 (config)
        bind create address 192.0.2.20/32 eth0 (election)
    )"_text);
}

TEST_CASE("a real server is quiet before it has the VIP") {
    Node node(role("real-server", backup));
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"0"});
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_announce", {"0"});
    CHECK(steps_text(node.plan()) == R"(
        tighten update sysctl net.ipv4.conf.eth0.arp_announce (config)
        tighten update sysctl net.ipv4.conf.eth0.arp_ignore (config)
        bind create address 192.0.2.20/32 lo (config)
    )"_text);
}

TEST_CASE("a node that has converged has nothing to do") {
    for (const char* name : {"director", "real-server", "both"}) {
        for (const ElectionState state : {master, backup}) {
            const Plan plan = converged(role(name, state)).plan();
            CHECK(steps_text(plan).empty());
            CHECK(plan.held.empty());
            CHECK(plan.foreign.empty());
        }
    }
}

TEST_CASE("a row that exists as it is wanted is adopted") {
    Node node = converged(role("director", master));
    node.ledger = {};
    const Plan plan = node.plan();
    CHECK(plan.steps.empty());
    CHECK(plan.ledger.claim<Service>(test::key<Service>("tcp 192.0.2.20:80")) != nullptr);
    CHECK(plan.ledger.claim<Address>(test::key<Address>("192.0.2.20/32 eth0")) != nullptr);
}

TEST_CASE("becoming backup takes the VIP away first and keeps the table for the next time") {
    const Node node = changed(role("director", master), role("director", backup));
    CHECK(steps_text(node.plan()) == "withdraw delete address 192.0.2.20/32 eth0 (election)\n");
}

TEST_CASE("role both balances before it has the VIP on the interface, and has it on lo throughout") {
    const Node lost = changed(role("both", master), role("both", backup));
    CHECK(steps_text(lost.plan()) == R"(
        withdraw delete address 192.0.2.20/32 eth0 (election)
        withdraw delete real_server tcp 192.0.2.20:80 192.0.2.3:80 (election)
        withdraw delete real_server tcp 192.0.2.20:80 192.0.2.4:80 (election)
        withdraw delete service tcp 192.0.2.20:80 (election)
        withdraw delete real_server tcp 192.0.2.20:443 192.0.2.3:443 (election)
        withdraw delete service tcp 192.0.2.20:443 (election)
    )"_text);
    const Node won = changed(role("both", backup), role("both", master));
    CHECK(steps_text(won.plan()) == R"(
        load create service tcp 192.0.2.20:80 (election)
        load create real_server tcp 192.0.2.20:80 192.0.2.3:80 (election)
        load create real_server tcp 192.0.2.20:80 192.0.2.4:80 (election)
        load create service tcp 192.0.2.20:443 (election)
        load create real_server tcp 192.0.2.20:443 192.0.2.3:443 (election)
        bind create address 192.0.2.20/32 eth0 (election)
    )"_text);
}

TEST_CASE("a director that becomes a real server stops balancing before it has the VIP on lo, and drains nothing") {
    Node node = changed(world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text + tls),
                        world(R"(
        role = "real-server"
        vips = ["192.0.2.20"]
        arp = { method = "none" }
    )"_text));
    node.put<RealServer>("tcp 192.0.2.20:443 192.0.2.3:443", {}, {.active = 5});
    const Plan plan = node.plan();
    CHECK(steps_text(plan) == R"(
        withdraw delete address 192.0.2.20/32 eth0 (misplaced)
        withdraw delete real_server tcp 192.0.2.20:443 192.0.2.3:443 (unclaimed)
        withdraw delete service tcp 192.0.2.20:443 (unclaimed)
        bind create address 192.0.2.20/32 lo (config)
    )"_text);
    CHECK(plan.deferred.empty());
}

TEST_CASE("while an election is undecided nothing moves that hangs on it") {
    for (const char* name : {"director", "both"}) {
        for (const ElectionState state : {master, backup}) {
            const Plan plan = changed(role(name, state), role(name, undecided)).plan();
            CHECK(steps_text(plan).empty());
            CHECK_FALSE(plan.held.empty());
        }
    }
    CHECK(steps_text(Node(role("both", undecided)).plan()).find(" eth0") == std::string::npos);
    const Plan cold = Node(role("director", undecided)).plan();
    CHECK(steps_text(cold).find("address") == std::string::npos);
    REQUIRE(cold.held.size() == 1);
    CHECK(cold.held[0].id == "192.0.2.20/32 eth0");
    CHECK(cold.held[0].reason == "election of LB is undecided");
}

TEST_CASE("who yields in role both gives up its table at once, and its VIP later") {
    const ElectionState yielding = ElectionState::yielding;
    CHECK(steps_text(changed(role("director", master), role("director", yielding)).plan()).empty());
    const Plan both = changed(role("both", master), role("both", yielding)).plan();
    const std::string steps = steps_text(both);
    CHECK(steps.find("withdraw delete service tcp 192.0.2.20:80 (election)\n") != std::string::npos);
    CHECK(steps.find("address") == std::string::npos);
    REQUIRE(both.held.size() == 1);
    CHECK(both.held[0].id == "192.0.2.20/32 eth0");
}

TEST_CASE("what was held keeps its claim") {
    const Node node = changed(role("director", master), role("director", undecided));
    CHECK(node.plan().ledger.claim<Address>(test::key<Address>("192.0.2.20/32 eth0")) != nullptr);
}

TEST_CASE("a change by hand is drift, a change of the file is not") {
    Node node = converged(role("director", master));
    node.put<Service>("tcp 192.0.2.20:80", {.scheduler = "rr"});
    node.erase<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80");
    node.put<RealServer>("tcp 192.0.2.20:443 192.0.2.9:443");
    node.erase<Address>("192.0.2.20/32 eth0");
    CHECK(steps_text(node.plan()) == R"(
        load update service tcp 192.0.2.20:80 (drift)
        load create real_server tcp 192.0.2.20:80 192.0.2.4:80 (drift)
        bind create address 192.0.2.20/32 eth0 (drift)
        unload delete real_server tcp 192.0.2.20:443 192.0.2.9:443 (drift)
    )"_text);

    const Node edited = changed(role("director", master, web), role("director", master, web + R"(
        scheduler = "rr"
    )"_text));
    CHECK(steps_text(edited.plan()) == "load update service tcp 192.0.2.20:80 (config)\n");
}

TEST_CASE("each step knows the line that asked for it") {
    const Plan plan = Node(role("director", master)).plan();
    const std::vector<std::string> files{"lb.toml"};
    CHECK(config::place_text(plan.source(plan.steps.front()), files) == "lb.toml:8:1");
    CHECK(config::place_text(plan.source(plan.steps[1]), files) == "lb.toml:11:17");
    const Plan removal = changed(role("director", master), role("director", backup)).plan();
    CHECK_FALSE(removal.source(removal.steps.front()).known());
}

TEST_CASE("what the file no longer names goes: servers before their service, after everything new is in") {
    const Node node = changed(role("director", master), role("director", master, tls + R"(
        [[service]]
        vip = "192.0.2.20"
        port = 8080
    )"_text));
    CHECK(steps_text(node.plan()) == R"(
        load create service tcp 192.0.2.20:8080 (config)
        unload delete real_server tcp 192.0.2.20:80 192.0.2.3:80 (unclaimed)
        unload delete real_server tcp 192.0.2.20:80 192.0.2.4:80 (unclaimed)
        unload delete service tcp 192.0.2.20:80 (unclaimed)
    )"_text);
}

TEST_CASE("a server goes out of use after its replacement is in use") {
    const Node node = changed(role("director", master), role("director", master, R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["192.0.2.5", { address = "192.0.2.3", weight = 0 }, "192.0.2.4"]
    )"_text + tls));
    CHECK(steps_text(node.plan()) == R"(
        load create real_server tcp 192.0.2.20:80 192.0.2.5:80 (config)
        quiesce update real_server tcp 192.0.2.20:80 192.0.2.3:80 (config)
    )"_text);
}

TEST_CASE("a VIP in a place where it must not be goes before it comes to the right one") {
    Node server(role("real-server", backup));
    server.put<Address>("192.0.2.20/32 eth1");
    server.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"1"});
    server.put<Sysctl>("net.ipv4.conf.eth0.arp_announce", {"2"});
    CHECK(steps_text(server.plan()) == R"(
        withdraw delete address 192.0.2.20/32 eth1 (misplaced)
        bind create address 192.0.2.20/32 lo (config)
    )"_text);

    Node director = converged(role("director", backup));
    director.put<Address>("192.0.2.20/32 eth0");
    CHECK(steps_text(director.plan()) == "withdraw delete address 192.0.2.20/32 eth0 (misplaced)\n");
}

TEST_CASE("the node's own addresses are neither touched nor shown") {
    Node node = converged(role("director", master));
    node.put<Address>("192.0.2.1/24 eth0");
    node.put<Address>("127.0.0.1/8 lo", {.scope = Scope::host});
    const Plan plan = node.plan();
    CHECK(plan.steps.empty());
    CHECK(plan.foreign.empty());
}

TEST_CASE("services that nobody configured are shown and left alone, with their servers") {
    Node node = converged(role("director", master));
    node.put<Service>("tcp 198.51.100.1:25", {.scheduler = "rr"});
    node.put<RealServer>("tcp 198.51.100.1:25 198.51.100.2:25");
    const Plan plan = node.plan();
    CHECK(plan.steps.empty());
    CHECK(foreign_text(plan) == "service tcp 198.51.100.1:25\n");

    node.world.config.ipvs.exclusive = true;
    const Plan exclusive = node.plan();
    CHECK(foreign_text(exclusive).empty());
    CHECK(steps_text(exclusive) == R"(
        unload delete real_server tcp 198.51.100.1:25 198.51.100.2:25 (foreign)
        unload delete service tcp 198.51.100.1:25 (foreign)
    )"_text);
}

TEST_CASE("a server with connections drains: out of use now, removed when they are gone") {
    Node node = changed(role("director", master), role("director", master, tls + R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        drain_timeout = "30s"
        real_servers = ["192.0.2.3"]
    )"_text));
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80", {}, {.active = 5});
    const Plan first = node.plan();
    CHECK(steps_text(first) == "quiesce update real_server tcp 192.0.2.20:80 192.0.2.4:80 (drain)\n");
    REQUIRE(first.deferred.size() == 1);
    CHECK(RealServer::id(first.deferred[0].key) == "tcp 192.0.2.20:80 192.0.2.4:80");
    CHECK(first.deferred[0].connections == 5);
    CHECK(first.deferred[0].until == node.now + seconds(30));

    node.ledger = first.ledger;
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80", {.weight = 0}, {.active = 5});
    node.now += seconds(29);
    const Plan waiting = node.plan();
    CHECK(waiting.steps.empty());
    REQUIRE(waiting.deferred.size() == 1);
    CHECK(waiting.deferred[0].until == node.now + seconds(1));  // the deadline does not move

    const std::string removal = "unload delete real_server tcp 192.0.2.20:80 192.0.2.4:80 (unclaimed)\n";
    Node idle = node;
    idle.put<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80", {.weight = 0}, {.active = 0, .inactive = 9});
    CHECK(steps_text(idle.plan()) == removal);

    node.now += seconds(1);
    const Plan over = node.plan();
    CHECK(steps_text(over) == removal);
    CHECK(over.deferred.empty());
    CHECK(over.ledger.drains.empty());
}

TEST_CASE("a service stays while one of its servers drains, and is still ours") {
    Node node = changed(role("director", master), role("director", master, tls));
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80", {}, {.active = 1});
    const Plan plan = node.plan();
    CHECK(steps_text(plan) == R"(
        quiesce update real_server tcp 192.0.2.20:80 192.0.2.4:80 (drain)
        unload delete real_server tcp 192.0.2.20:80 192.0.2.3:80 (unclaimed)
    )"_text);
    CHECK(plan.ledger.claim<Service>(test::key<Service>("tcp 192.0.2.20:80")) != nullptr);
}

TEST_CASE("a drain ends when the file wants the server again") {
    Node node = changed(role("director", master), role("director", master, tls));
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80", {}, {.active = 1});
    node.ledger = node.plan().ledger;
    node.put<RealServer>("tcp 192.0.2.20:80 192.0.2.4:80", {.weight = 0}, {.active = 1});
    node.world = role("director", master);
    const Plan plan = node.plan();
    CHECK(steps_text(plan) == "load update real_server tcp 192.0.2.20:80 192.0.2.4:80 (config)\n");
    CHECK(plan.deferred.empty());
    CHECK(plan.ledger.drains.empty());
}

TEST_CASE("settings that are given up get back the value that they had") {
    Node node(role("real-server", backup));
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"0"});
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_announce", {"1"});
    node.converge();
    node.world = world(R"(role = "real-server")");
    const Plan plan = node.plan();
    CHECK(steps_text(plan) == R"(
        unbind delete address 192.0.2.20/32 lo (unclaimed)
        relax update sysctl net.ipv4.conf.eth0.arp_announce (restore)
        relax update sysctl net.ipv4.conf.eth0.arp_ignore (restore)
    )"_text);
    node.converge();
    CHECK(node.observed.get<Sysctl>().row(0).value.value == "1");
    CHECK(node.ledger.get<Sysctl>().empty());
}

TEST_CASE("a setting that somebody else changed meanwhile is left alone") {
    Node node(role("real-server", backup));
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"0"});
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_announce", {"0"});
    node.converge();
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"2"});
    node.world = world(R"(role = "real-server")");
    CHECK(steps_text(node.plan()) == R"(
        unbind delete address 192.0.2.20/32 lo (unclaimed)
        relax update sysctl net.ipv4.conf.eth0.arp_announce (restore)
    )"_text);
}

TEST_CASE("a setting that was as wanted from the start stays so") {
    Node node(role("real-server", backup));
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"1"});
    node.put<Sysctl>("net.ipv4.conf.eth0.arp_announce", {"2"});
    node.converge();
    node.world = world(R"(role = "real-server")");
    CHECK(steps_text(node.plan()) == "unbind delete address 192.0.2.20/32 lo (unclaimed)\n");
}

TEST_CASE("IPVS time-outs come with the table and go back at the end") {
    const std::string limits = R"(
        [ipvs.timeouts]
        tcp = "60s"
    )"_text;
    Node node(role("director", master, tls + limits));
    node.put<Timeouts>("tcp", {900});
    CHECK(steps_text(node.plan()).find("load update timeouts tcp (config)\n") != std::string::npos);
    node.converge();
    node.world = role("director", master, tls);
    CHECK(steps_text(node.plan()) == "relax update timeouts tcp (restore)\n");
}

TEST_CASE("a VIP that changes its prefix is there throughout, unless it is given up") {
    Node node = converged(role("director", master));
    node.erase<Address>("192.0.2.20/32 eth0");
    node.put<Address>("192.0.2.20/24 eth0", {}, {.protocol = Address::protocol_tag});
    CHECK(steps_text(node.plan()) == R"(
        bind create address 192.0.2.20/32 eth0 (drift)
        unbind delete address 192.0.2.20/24 eth0 (misplaced)
    )"_text);
    kinds::Desired nothing;
    nothing.vips = node.world.desired().vips;
    node.world.release = true;
    CHECK(steps_text(node.plan_for(std::move(nothing))).starts_with("withdraw delete address 192.0.2.20/24 eth0 "));
}

TEST_CASE("a release drains nothing") {
    Node node = converged(role("director", master, tls));
    node.put<RealServer>("tcp 192.0.2.20:443 192.0.2.3:443", {}, {.active = 5});
    kinds::Desired nothing;
    nothing.vips = node.world.desired().vips;
    nothing.get<RealServer>().unwanted = {test::key<RealServer>("tcp 192.0.2.20:443 192.0.2.3:443")};  // is no fallback
    node.world.release = true;
    const Plan plan = node.plan_for(std::move(nothing));
    CHECK(steps_text(plan) == R"(
        withdraw delete address 192.0.2.20/32 eth0 (release)
        unload delete real_server tcp 192.0.2.20:443 192.0.2.3:443 (release)
        unload delete service tcp 192.0.2.20:443 (release)
    )"_text);
    CHECK(plan.deferred.empty());
}

TEST_CASE("the same input gives the same plan") {
    Node node(role("director", master));
    node.put<Service>("tcp 198.51.100.1:25");
    CHECK(steps_text(node.plan()) == steps_text(node.plan()));
    CHECK(to_text(node.plan().ledger) == to_text(node.plan().ledger));
}

TEST_CASE("what stands in the way and is not ours is in the plan") {
    const test::World gateway = world(R"(
        role = "real-server"
        route = [{ to = "default", via = "192.0.2.1" }]
    )"_text);
    const kinds::Route::Value theirs{.via = IpAddress::parse("192.0.2.9")};
    Node node(gateway);
    node.put<kinds::Route>("default", theirs, {.protocol = 3});
    REQUIRE(node.plan().blocked.size() == 1);
    CHECK(node.plan().first_obstacle()->kind == ErrorKind::refused);
    Node ours(gateway);
    ours.put<kinds::Route>("default", theirs, {.protocol = kinds::Route::protocol_tag});
    CHECK(ours.plan().blocked.empty());
    CHECK(steps_text(ours.plan()) == "announce update route default (config)\n");
}

TEST_CASE("a route goes before its VIP and is made after it") {
    const auto at = [](ElectionState state) {
        return world(R"(
            role = "director"
            interface = "eth0"
            vips = ["192.0.2.20"]
            vrrp = [{ name = "LB", vrid = 51 }]
            route = [{ to = "default", via = "192.0.2.1", source = "192.0.2.20", vrrp = "LB" }]
        )"_text,
                     {{"LB", state}});
    };
    Node node(at(ElectionState::master));
    CHECK(steps_text(node.plan()) ==
          "bind create address 192.0.2.20/32 eth0 (election)\nannounce create route default (election)\n");
    node.converge();
    node.world = at(ElectionState::backup);
    CHECK(steps_text(node.plan()) ==
          "withdraw delete route default (election)\nwithdraw delete address 192.0.2.20/32 eth0 (election)\n");
    node.world = at(ElectionState::undecided);
    CHECK(node.plan().steps.empty());
}

TEST_CASE("a sync daemon is started again when its interface is another one of the same name") {
    const std::string sync = R"(
        [ipvs.sync]
        follow = "LB"
    )"_text;
    Node node = converged(role("director", backup, web + sync));
    CHECK(node.plan().steps.empty());
    REQUIRE(node.world.facts.interfaces[1].name == InterfaceName("eth0"));
    node.world.facts.interfaces[1].index = 77;
    const Plan plan = node.plan();
    CHECK(steps_text(plan) == "load update sync_daemon backup (drift)\n");
    SUBCASE("once: what was done is remembered") {
        kinds::Ledger ledger = before_deeds(node.ledger, plan.ledger);
        node.ledger = ledger;
        CHECK_FALSE(node.plan().steps.empty());  // nothing was done yet
        note_done(ledger, plan, plan.steps[0]);
        node.ledger = ledger;
        CHECK(node.plan().steps.empty());
    }
    SUBCASE("not while it is away, but when it comes back") {
        const auto interfaces = node.world.facts.interfaces;
        node.world.facts.interfaces.erase(node.world.facts.interfaces.begin() + 1);
        const Plan away = node.plan();
        CHECK(steps_text(away).find("sync_daemon") == std::string::npos);
        node.ledger = away.ledger;
        node.world.facts.interfaces = interfaces;
        CHECK(steps_text(node.plan()).find("load update sync_daemon backup (drift)\n") != std::string::npos);
    }
    SUBCASE("nor one of which it is not known that it ever worked") {
        for (auto& claim : node.ledger.get<kinds::SyncDaemon>()) claim.fingerprint = 0;
        CHECK(node.plan().steps.empty());
    }
}

TEST_CASE("a UDP server drains while it has connections, and a persistent one while clients are to come back") {
    const auto deferred = [](const std::string& options, const char* id, kinds::RealServer::Facts facts) {
        Node node = converged(role("director", master, R"(
            [[service]]
            vip = "192.0.2.20"
            port = 80
            $
            real_servers = ["192.0.2.3"]
        )"_with(options)));
        node.put<RealServer>(id, {}, facts);
        return node.plan().deferred.size();
    };
    const std::string udp = "protocol = \"udp\"";
    CHECK(deferred(udp, "udp 192.0.2.20:80 192.0.2.9:80", {.inactive = 1}) == 1);
    CHECK(deferred(udp, "udp 192.0.2.20:80 192.0.2.9:80", {}) == 0);
    CHECK(deferred("", "tcp 192.0.2.20:80 192.0.2.9:80", {.inactive = 1}) == 0);
    CHECK(deferred("persistence = \"5m\"", "tcp 192.0.2.20:80 192.0.2.9:80", {.persistent = 1}) == 1);
}

TEST_CASE("a VIP that comes to an interface is announced, as often as its instance says, and one on lo is not") {
    const auto announced = [](const std::string& name, const std::string& count) {
        const Node node(world(R"(
            role = "$"
            interface = "eth0"
            vips = ["192.0.2.20"]
            vrrp = [{ name = "LB", vrid = 51$ }]
        )"_with(name, count),
                              {{"LB", master}}));
        std::string text;
        for (const Announcement& each : node.plan().announcements) {
            text += to_text(each.address) + " " + each.interface.str() + " x" + std::to_string(each.count) + "\n";
        }
        return text;
    };
    CHECK(announced("director", ", garp = { count = 3 }") == "192.0.2.20 eth0 x3\n");
    CHECK(announced("both", ", garp = { count = 3 }") == "192.0.2.20 eth0 x3\n");
    CHECK(announced("director", ", garp = { count = 0 }") == "");
    Node real_server(world(R"(
        role = "real-server"
        interface = "eth0"
        arp = { method = "filter" }
        vip = [{ address = "192.0.2.20", accept = "interface" }]
    )"_text));
    real_server.world.facts.interfaces[1].address = IpAddress::parse("192.0.2.3");
    const Plan quiet = real_server.plan();
    CHECK(steps_text(quiet).find("bind create address 192.0.2.20/32 eth0") != std::string::npos);
    CHECK(quiet.announcements.empty());
}

TEST_CASE("after a release nothing is remembered of the file") {
    Node node = converged(role("director", master));
    REQUIRE(node.ledger.file.known);
    CHECK(node.plan().ledger.file.known);
    node.world.release = true;
    CHECK_FALSE(node.plan().ledger.file.known);
}

TEST_CASE("of a kind that cannot be read the claims stay, also on rows that the file gives up") {
    Node node = changed(role("director", master), role("director", master, web));
    node.observed.get<Service>() = {};
    node.observed.get<RealServer>() = {};
    const Error why{ErrorKind::kernel_lacks, "no IPVS", {}};
    node.observed.unread = {{kinds::kind_id<Service>, why}, {kinds::kind_id<RealServer>, why}};
    CHECK(node.plan().ledger.claim<Service>(test::key<Service>("tcp 192.0.2.20:443")) != nullptr);
}

TEST_CASE("a plan for the network alone keeps the drains and the claims of the tables") {
    Node node = converged(role("director", master));
    node.ledger.drains = {{test::key<RealServer>("tcp 192.0.2.20:443 192.0.2.9:443"), node.now}};
    const Plan plan = node.plan_for(kinds::desire(node.world.inputs(), kinds::Part::network));
    CHECK(plan.ledger.drains.size() == 1);
    CHECK(plan.ledger.claim<Service>(test::key<Service>("tcp 192.0.2.20:443")) != nullptr);
    CHECK(node.plan().ledger.drains.empty());  // nothing of it is in the kernel
}

}  // namespace lbconverge::plan
