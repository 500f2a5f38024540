// The cases of the contract: what a kernel does with each change, and with which error it refuses one.
#include "contract.hpp"

#include "lbconverge/model/setting.hpp"
#include "support/ip.hpp"

#include <doctest/doctest.h>

#include <linux/if_addr.h>

#include <cerrno>
#include <iostream>

using namespace lbconverge;
using namespace lbconverge::kinds;
using namespace lbconverge::test;

namespace {

using Errors = std::vector<int>;

Service::Key tcp(std::string_view vip, std::uint16_t port = 80) { return {ip(vip), Protocol::tcp, port, 0}; }
Service::Key mark(std::uint32_t number, Family family = Family::ipv4) {
    return {{family, {}}, Protocol::none, 0, number};
}
RealServer::Key server(const Service::Key& service, std::string_view address, std::uint16_t port = 80) {
    return {service, ip(address), port};
}
Service::Value round_robin(Family family = Family::ipv4) {
    return {.scheduler = "rr", .netmask = {family == Family::ipv4 ? 0xffffffffU : 128U}};
}
Sysctl::Key setting(const InterfaceName& interface, std::string_view name) {
    return Sysctl::Key(setting_path(interface, name));
}
Script set(const Sysctl::Key& key, const std::string& value) {
    Script script;
    script.update<Sysctl>(key, {"?"}, {value});
    return script;
}

}  // namespace

TEST_CASE("services of both families, of every protocol and by mark are made, changed and removed") {
    Node node;
    Service::Key udp = tcp("192.0.2.1", 53);
    udp.protocol = Protocol::udp;
    Service::Key sctp = tcp("192.0.2.1", 5000);
    sctp.protocol = Protocol::sctp;
    const std::vector<Service::Key> keys = {tcp("192.0.2.1"), tcp("2001:db8::1"),   udp, sctp,
                                            mark(7),          mark(7, Family::ipv6)};
    Script make, change, remove;
    for (const Service::Key& key : keys) {
        const Service::Value before = round_robin(key.vip.family);
        Service::Value after = before;
        after.scheduler = "wlc";
        make.create<Service>(key, before);
        change.update<Service>(key, before, after);
        remove.remove<Service>(key, after);
    }
    CHECK(node.run(make) == Errors(6));
    CHECK(node.look().get<Service>().size() == 6);
    CHECK(node.run(change) == Errors(6));
    CHECK(node.value<Service>(mark(7, Family::ipv6))->scheduler == ShortName("wlc"));
    CHECK(node.run(remove) == Errors(6));
    CHECK(node.look().get<Service>().empty());
}

TEST_CASE("every scheduler and its flags") {
    Node node;
    std::uint16_t port = 1;
    Script make;
    for (const char* scheduler :
         {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"}) {
        for (const std::uint32_t flags :
             {0U, ServiceFlags::scheduler_1, ServiceFlags::scheduler_1 | ServiceFlags::scheduler_2}) {
            Service::Value value = round_robin();
            value.scheduler = scheduler;
            value.flags.bits = flags;
            make.create<Service>(tcp("192.0.2.1", port++), value);
        }
    }
    CHECK(node.run(make) == Errors(39));
    CHECK(node.value<Service>(tcp("192.0.2.1", 24))->flags.bits ==
          (ServiceFlags::scheduler_1 | ServiceFlags::scheduler_2));
}

TEST_CASE("persistence with its mask, the sip engine, one-packet; and what is kept without being used is not shown") {
    Node node;
    Service::Value persistent = round_robin();
    persistent.flags.bits = ServiceFlags::persistent;
    persistent.persistence = 300;
    persistent.netmask = {0xffffff00U};
    Service::Value persistent6 = persistent;
    persistent6.netmask = {64};
    Service::Value sip = persistent;
    sip.engine = "sip";
    Service::Value one_packet = round_robin();
    one_packet.flags.bits = ServiceFlags::one_packet;
    Service::Value unused = round_robin();
    unused.persistence = 60;
    unused.netmask = {0xffff0000U};
    Service::Key udp = tcp("192.0.2.1", 5060);
    udp.protocol = Protocol::udp;
    Service::Key dns = udp;
    dns.port = 53;
    Script make;
    make.create<Service>(tcp("192.0.2.1"), persistent).create<Service>(tcp("2001:db8::1"), persistent6);
    make.create<Service>(udp, sip).create<Service>(dns, one_packet).create<Service>(tcp("192.0.2.1", 81), unused);
    CHECK(node.run(make) == Errors(5));
    CHECK(*node.value<Service>(tcp("192.0.2.1")) == persistent);
    CHECK(*node.value<Service>(tcp("2001:db8::1")) == persistent6);
    CHECK(*node.value<Service>(udp) == sip);
    CHECK(*node.value<Service>(dns) == one_packet);
    CHECK(*node.value<Service>(tcp("192.0.2.1", 81)) == round_robin());

    SUBCASE("an engine is taken away, and persistence too") {
        Service::Value without = sip;
        without.engine = {};
        Script change;
        change.update<Service>(udp, sip, without).update<Service>(tcp("192.0.2.1"), persistent, round_robin());
        CHECK(node.run(change) == Errors(2));
        CHECK(*node.value<Service>(udp) == without);
        CHECK(*node.value<Service>(tcp("192.0.2.1")) == round_robin());
    }
}

TEST_CASE("real servers by every forwarding method, with weight 0 and thresholds, changed in place") {
    Node node;
    const Service::Key four = tcp("192.0.2.1");
    const Service::Key six = tcp("2001:db8::1");
    const RealServer::Value direct{.weight = 3};
    const RealServer::Value masquerade{.forward = Forward::masquerade, .weight = 0};
    const RealServer::Value ipip{.forward = Forward::tunnel};
    const RealServer::Value gue{
        .forward = Forward::tunnel, .tunnel_type = TunnelType::gue, .tunnel_port = 6080, .tunnel_flags = 1};
    const RealServer::Value gre{.forward = Forward::tunnel, .tunnel_type = TunnelType::gre, .tunnel_flags = 1};
    const RealServer::Value limited{.upper_threshold = 200, .lower_threshold = 100};
    Script make;
    make.create<Service>(four, round_robin()).create<Service>(six, round_robin(Family::ipv6));
    make.create<RealServer>(server(four, "10.0.0.3"), direct)
        .create<RealServer>(server(four, "10.0.0.4", 8080), masquerade);
    make.create<RealServer>(server(four, "10.0.0.5"), ipip).create<RealServer>(server(four, "10.0.0.6"), gue);
    make.create<RealServer>(server(four, "10.0.0.7"), gre).create<RealServer>(server(four, "10.0.0.8"), limited);
    make.create<RealServer>(server(six, "2001:db8::3"), direct);
    make.create<RealServer>(server(four, "2001:db8::4"), ipip);  // mixed families: by tunnel only
    CHECK(node.run(make) == Errors(10));
    CHECK(*node.value<RealServer>(server(four, "10.0.0.6")) == gue);
    CHECK(*node.value<RealServer>(server(four, "10.0.0.8")) == limited);

    SUBCASE("in place") {
        Script change;
        change.update<RealServer>(server(four, "10.0.0.3"), direct, gre)
            .update<RealServer>(server(four, "10.0.0.6"), gue, direct);
        change.update<RealServer>(server(four, "10.0.0.4", 8080), masquerade, limited);
        change.update<RealServer>(server(six, "2001:db8::3"), direct, masquerade);
        CHECK(node.run(change) == Errors(4));
        CHECK(*node.value<RealServer>(server(four, "10.0.0.6")) == direct);
        CHECK(*node.value<RealServer>(server(six, "2001:db8::3")) == masquerade);
    }
    SUBCASE("one by one, and together with their service") {
        Script remove;
        remove.remove<RealServer>(server(four, "10.0.0.3"), direct).remove<Service>(six, round_robin(Family::ipv6));
        CHECK(node.run(remove) == Errors(2));
        CHECK(node.look().get<RealServer>().size() == 6);
    }
}

TEST_CASE("a new server comes to the head of its service's list, and nothing else moves one") {
    Node node;
    const Service::Key one = tcp("192.0.2.1");
    const Service::Key other = tcp("192.0.2.1", 81);
    const auto order = [&] {
        const Observed seen = node.look();
        std::vector<std::string> names;
        for (std::uint32_t i = 0; i < seen.get<RealServer>().size(); ++i) {
            const RealServer::Key& key = seen.get<RealServer>().row(i).key;
            if (key.service != one) continue;
            const std::size_t position = seen.get<RealServer>().note(i).position;
            names.resize(std::max(names.size(), position + 1));
            names[position] += to_text(key.address);
        }
        return names;
    };
    Script make;
    make.create<Service>(one, round_robin()).create<Service>(other, round_robin());
    for (const char* each : {"10.0.0.5", "10.0.0.3", "10.0.0.4"}) {
        make.create<RealServer>(server(one, each), {}).create<RealServer>(server(other, each), {});
    }
    CHECK(node.run(make) == Errors(8));
    CHECK(order() == std::vector<std::string>{"10.0.0.4", "10.0.0.3", "10.0.0.5"});
    Script change;
    change.update<RealServer>(server(one, "10.0.0.5"), {}, {.forward = Forward::tunnel, .weight = 0});
    Service::Value hashed = round_robin();
    hashed.scheduler = "mh";
    change.update<Service>(one, round_robin(), hashed);
    CHECK(node.run(change) == Errors(2));
    CHECK(order() == std::vector<std::string>{"10.0.0.4", "10.0.0.3", "10.0.0.5"});
    Script remove;
    remove.remove<RealServer>(server(one, "10.0.0.3"), {});
    CHECK(node.run(remove) == Errors(1));
    CHECK(order() == std::vector<std::string>{"10.0.0.4", "10.0.0.5"});
    Script again;
    again.create<RealServer>(server(one, "10.0.0.3"), {});
    CHECK(node.run(again) == Errors(1));
    CHECK(order() == std::vector<std::string>{"10.0.0.3", "10.0.0.4", "10.0.0.5"});
    Script to_the_head;
    to_the_head.again<RealServer>(server(one, "10.0.0.4"), {}, {});
    to_the_head.again<RealServer>(server(one, "10.0.0.5"), {}, {.weight = 4});
    to_the_head.again<RealServer>(server(one, "10.0.0.6"), {}, {});  // it is not there, and is made
    CHECK(node.run(to_the_head) == std::vector<int>{0, 0, ENOENT});
    CHECK(order() == std::vector<std::string>{"10.0.0.6", "10.0.0.5", "10.0.0.4", "10.0.0.3"});
}

TEST_CASE("services and real servers are refused for the right reason") {
    Node node;
    const Service::Key there = tcp("192.0.2.1");
    const Service::Key absent = tcp("192.0.2.9");
    const RealServer::Key of_there = server(there, "10.0.0.3");
    Script make;
    make.create<Service>(there, round_robin()).create<RealServer>(of_there, {});
    CHECK(node.run(make) == Errors(2));

    Service::Value unknown = round_robin();
    unknown.scheduler = "nonesuch";
    Service::Value engine = round_robin();
    engine.engine = "nonesuch";
    Service::Value mask = round_robin(Family::ipv6);
    mask.netmask = {0};
    mask.flags.bits = ServiceFlags::persistent;
    Script services;
    services.create<Service>(there, round_robin());
    services.remove<Service>(absent, round_robin());
    services.create<Service>(tcp("192.0.2.2"), unknown).create<Service>(tcp("192.0.2.3"), engine);
    services.create<Service>(tcp("2001:db8::1"), mask);
    CHECK(node.run(services) == Errors{EEXIST, ESRCH, ENOENT, ENOENT, EINVAL});
    Script change;
    change.update<Service>(there, round_robin(), unknown).update<Service>(absent, unknown, round_robin());
    CHECK(node.run(change) == Errors{ENOENT, ESRCH});
    CHECK(*node.value<Service>(there) == round_robin());

    Script servers;
    servers.create<RealServer>(of_there, {});
    servers.create<RealServer>(server(absent, "10.0.0.3"), {});
    servers.remove<RealServer>(server(there, "10.0.0.9"), {});
    servers.remove<RealServer>(server(absent, "10.0.0.9"), {});
    servers.update<RealServer>(server(there, "10.0.0.8"), {}, {.weight = 2});
    CHECK(node.run(servers) == Errors{EEXIST, ESRCH, ENOENT, ESRCH, ENOENT});
    Script values;
    values.create<RealServer>(server(there, "10.0.0.11"), {.weight = 0x80000000U});
    values.create<RealServer>(server(there, "10.0.0.12"), {.upper_threshold = 1, .lower_threshold = 2});
    values.create<RealServer>(server(there, "10.0.0.13"), {.forward = Forward::tunnel, .tunnel_type = TunnelType::gue});
    values.create<RealServer>(server(there, "2001:db8::3"), {});
    values.create<RealServer>(server(there, "224.0.0.1"), {}).create<RealServer>(server(there, "0.0.0.0"), {});
    CHECK(node.run(values) == Errors{ERANGE, ERANGE, EINVAL, EINVAL, EINVAL, EINVAL});
}

TEST_CASE("time-outs are set one by one") {
    Node node;
    Script change;
    change.update<Timeouts>({TimeoutName::tcp}, {900}, {600}).update<Timeouts>({TimeoutName::udp}, {300}, {10});
    CHECK(node.run(change) == Errors(2));
    CHECK(node.value<Timeouts>({TimeoutName::tcp})->seconds == 600);
    CHECK(node.value<Timeouts>({TimeoutName::tcp_fin})->seconds == 120);
    CHECK(node.value<Timeouts>({TimeoutName::udp})->seconds == 10);
}

TEST_CASE("addresses carry our tag, and what was asked for") {
    Node node;
    const Address::Key on_lo{ip("192.0.2.1"), 32, "lo"};
    const Address::Key on_eth0{ip("192.0.2.1"), 32, "eth0"};
    const Address::Key second{ip("10.0.0.20"), 24, "eth0"};
    const Address::Key six{ip("2001:db8::20"), 128, "eth0"};
    const Address::Value host{.scope = Scope::host};
    const Address::Value labelled{.label = "eth0:vip", .broadcast = ip("10.0.0.255")};
    const Address::Value deprecated{.deprecated = true};
    Script make;
    make.create<Address>(on_lo, host)
        .create<Address>(on_eth0, {.scope = Scope::link})
        .create<Address>(second, labelled);
    make.create<Address>(six, deprecated).create<Address>({ip("2001:db8::20"), 128, "lo"}, deprecated);
    CHECK(node.run(make) == Errors(5));
    CHECK(*node.value<Address>(on_lo) == host);
    CHECK(*node.value<Address>(second) == labelled);
    CHECK(node.value<Address>(six)->deprecated);
    const Observed seen = node.look();
    CHECK(seen.get<Address>().note(seen.get<Address>().find(on_lo)).protocol == Address::protocol_tag);
    CHECK((seen.get<Address>().note(seen.get<Address>().find(second)).flags & IFA_F_SECONDARY) != 0);

    SUBCASE("what can be changed in place is; what cannot is made anew") {
        Address::Value other{.scope = Scope::global};
        Script change;
        change.update<Address>(six, deprecated, {})
            .update<Address>(on_lo, host, other)
            .update<Address>(second, labelled, {});
        CHECK(node.run(change) == Errors(3));
        CHECK(!node.value<Address>(six)->deprecated);
        CHECK(*node.value<Address>(on_lo) == other);
    }
    SUBCASE("they go") {
        Script remove;
        remove.remove<Address>(on_lo, host).remove<Address>(second, labelled).remove<Address>(six, deprecated);
        CHECK(node.run(remove) == Errors(3));
        CHECK(node.value<Address>(on_lo) == nullptr);
        CHECK(node.value<Address>(on_eth0) != nullptr);
    }
}

TEST_CASE("addresses are refused for the right reason") {
    Node node;
    const Address::Key there{ip("192.0.2.1"), 32, "eth0"};
    const Address::Key six{ip("2001:db8::20"), 128, "eth0"};
    Script make;
    make.create<Address>(there, {}).create<Address>(six, {});
    CHECK(node.run(make) == Errors(2));
    Script refused;
    refused.create<Address>(there, {}).create<Address>(six, {});
    refused.create<Address>({ip("2001:db8::20"), 64, "eth0"}, {});  // IPv6 knows the address, whatever its prefix
    refused.create<Address>({ip("192.0.2.2"), 32, "absent"}, {});
    refused.create<Address>({ip("10.0.0.3"), 24, "eth0"}, {.scope = Scope::host});
    refused.remove<Address>({ip("192.0.2.3"), 32, "eth0"}, {}).remove<Address>({ip("192.0.2.1"), 24, "eth0"}, {});
    refused.remove<Address>({ip("2001:db8::21"), 128, "eth0"}, {})
        .remove<Address>({ip("2001:db8::20"), 64, "eth0"}, {});
    CHECK(node.run(refused) ==
          Errors{EEXIST, EEXIST, EEXIST, ENODEV, EINVAL, EADDRNOTAVAIL, EADDRNOTAVAIL, EADDRNOTAVAIL, EADDRNOTAVAIL});
    Script other_prefix;
    other_prefix.create<Address>({ip("192.0.2.1"), 24, "eth0"}, {});  // IPv4 has both side by side
    CHECK(node.run(other_prefix) == Errors(1));
}

TEST_CASE("the first address of a subnet takes the others with it, unless they are promoted") {
    Node node;
    const Address::Key first{ip("198.51.100.1"), 24, "eth0"};
    const Address::Key second{ip("198.51.100.2"), 24, "eth0"};
    Script make, remove;
    make.create<Address>(first, {}).create<Address>(second, {});
    remove.remove<Address>(first, {});
    CHECK(node.run(make) == Errors(2));
    SUBCASE("dropped") {
        CHECK(node.run(remove) == Errors(1));
        CHECK(node.value<Address>(second) == nullptr);
    }
    SUBCASE("promoted") {
        CHECK(node.run(set(setting("eth0", "promote_secondaries"), "1")) == Errors(1));
        CHECK(node.run(remove) == Errors(1));
        CHECK(node.value<Address>(second) != nullptr);
    }
}

TEST_CASE("addresses with a peer are made, found and removed by the peer's net, and become plain ones") {
    Node node;
    const Address::Key four{ip("192.0.2.1"), 32, "eth0"};
    const Address::Key net{ip("198.51.100.1"), 24, "eth0"};
    const Address::Key six{ip("2001:db8::20"), 128, "eth0"};
    const Address::Value with{.peer = ip("192.0.2.99")};
    const Address::Value of_net{.peer = ip("198.51.100.99")};
    const Address::Value six_with{.peer = ip("2001:db8::99")};
    Script make;
    make.create<Address>(four, with).create<Address>(net, of_net).create<Address>(six, six_with);
    CHECK(node.run(make) == Errors(3));
    CHECK(*node.value<Address>(four) == with);
    CHECK(*node.value<Address>(six) == six_with);
    SUBCASE("by the net of the address itself only where that is the peer's, too") {
        Script remove;
        remove.remove<Address>(four, {}).remove<Address>(net, {}).remove<Address>(six, {});
        CHECK(node.run(remove) == Errors{EADDRNOTAVAIL, 0, 0});
    }
    SUBCASE("they go") {
        Script remove;
        remove.remove<Address>(four, with).remove<Address>(net, of_net).remove<Address>(six, six_with);
        CHECK(node.run(remove) == Errors(3));
        CHECK(node.value<Address>(four) == nullptr);
    }
    SUBCASE("they become plain") {
        Script change;
        change.update<Address>(four, with, {}).update<Address>(net, of_net, {}).update<Address>(six, six_with, {});
        CHECK(node.run(change) == Errors(3));
        CHECK(*node.value<Address>(four) == Address::Value{});
        CHECK(*node.value<Address>(six) == Address::Value{});
    }
    SUBCASE("in the peer's net another address is a secondary one") {
        Script second;
        second.create<Address>({ip("198.51.100.2"), 24, "eth0"}, {});
        CHECK(node.run(second) == Errors(1));
        const Observed seen = node.look();
        const std::uint32_t at = seen.get<Address>().find({ip("198.51.100.2"), 24, "eth0"});
        CHECK((seen.get<Address>().note(at).flags & IFA_F_SECONDARY) != 0);
    }
}

TEST_CASE("an address whose lifetime ends lives for ever again, in place; whose it was is forgotten") {
    Node node;
    const Address::Key four{ip("192.0.2.1"), 32, "eth0"};
    const Address::Key six{ip("2001:db8::20"), 128, "eth0"};
    node.by_hand(
        "ip address add 192.0.2.1/32 dev eth0 valid_lft 1000 preferred_lft 1000 && "
        "ip address add 2001:db8::20/128 dev eth0 nodad valid_lft 1000 preferred_lft 1000",
        [&](FakeKernel& fake) {
            fake.node.get<Address>().put(four, {.expires = true}, {});
            fake.node.get<Address>().put(six, {.expires = true}, {.flags = IFA_F_NODAD});
        });
    CHECK(node.value<Address>(four)->expires);
    CHECK(node.value<Address>(six)->expires);
    Script change;
    change.update<Address>(four, {.expires = true}, {}).update<Address>(six, {.expires = true}, {.deprecated = true});
    CHECK(node.run(change) == Errors(2));
    CHECK(*node.value<Address>(four) == Address::Value{});
    CHECK(*node.value<Address>(six) == Address::Value{.deprecated = true});
}

TEST_CASE("an IPv6 address that does not answer is made anew") {
    Node node;
    const Address::Key six{ip("2001:db8::20"), 128, "eth0"};
    const Address::Value tentative{.tentative = true};
    node.by_hand(
        "sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=600 && "
        "ip address add 2001:db8::20/128 dev eth0",
        [&](FakeKernel& fake) {
            fake.node.get<Address>().put(six, tentative, {.flags = IFA_F_PERMANENT | IFA_F_TENTATIVE});
        });
    CHECK(*node.value<Address>(six) == tentative);
    Script change;
    change.update<Address>(six, tentative, {.deprecated = true});
    CHECK(node.run(change) == Errors(1));
    CHECK(*node.value<Address>(six) == Address::Value{.deprecated = true});
}

TEST_CASE("of addresses in one net the oldest is known, whatever their prefixes, and one of another net is later") {
    Node node;
    const auto key = [](const char* address, std::uint8_t prefix) { return Address::Key{ip(address), prefix, "eth0"}; };
    const Address::Key own[] = {key("10.0.0.2", 24), key("2001:db8::2", 64)};
    const Address::Key near[] = {key("10.0.0.20", 24),    key("10.0.0.21", 25),    key("10.0.0.22", 16),
                                 key("2001:db8::20", 64), key("2001:db8::21", 80), key("2001:db8::22", 48)};
    const Address::Key far[] = {key("172.16.0.1", 24), key("fd01::1", 64)};
    Script make;
    for (const auto& each : near) make.create<Address>(each, {});
    for (const auto& each : far) make.create<Address>(each, {});
    CHECK(node.run(make) == Errors(8));
    const Observed seen = node.look();
    const auto facts = [&](const Address::Key& each) {
        return seen.get<Address>().note(seen.get<Address>().find(each));
    };
    for (const auto& each : own) CHECK_FALSE(facts(each).later);
    for (const auto& each : near) CHECK_MESSAGE(facts(each).beside, Address::id(each));
    for (const auto& each : far) CHECK_MESSAGE((facts(each).later && !facts(each).beside), Address::id(each));
}

TEST_CASE("routes of both families, with a gateway, an interface, a source and a table of their own") {
    Node node;
    const Route::Key default4{ip("0.0.0.0"), 0};
    const Route::Key default6{{Family::ipv6, {}}, 0};
    const Route::Key net{ip("198.51.100.0"), 24, 1000};
    const Route::Key local{ip("203.0.113.0"), 24};
    const Route::Value gateway{.via = ip("10.0.0.1")};
    const Route::Value gateway6{.via = ip("2001:db8::1")};
    const Route::Value from_own{.via = ip("10.0.0.1"), .source = ip("10.0.0.2")};
    const Route::Value on_link{.interface = "eth0"};
    const Route::Value link_local{.via = ip("fe80::1"), .interface = "eth0"};
    Script make;
    make.create<Route>(default4, gateway).create<Route>(default6, gateway6);
    make.create<Route>(net, from_own).create<Route>(local, on_link);
    make.create<Route>({ip("2001:db8:1::"), 48}, link_local);
    CHECK(node.run(make) == Errors(5));
    CHECK(*node.value<Route>(default4) == gateway);
    CHECK(*node.value<Route>(default6) == gateway6);
    CHECK(*node.value<Route>(net) == from_own);
    CHECK(*node.value<Route>(local) == on_link);
    CHECK(*node.value<Route>({ip("2001:db8:1::"), 48}) == link_local);
    const Observed seen = node.look();
    CHECK(seen.get<Route>().note(seen.get<Route>().find(default4)).protocol == Route::protocol_tag);

    SUBCASE("changed in one step") {
        const Route::Value other{.via = ip("10.0.0.9")};
        const Route::Value other6{.via = ip("2001:db8::9"), .source = ip("2001:db8::2")};
        Script change;
        change.update<Route>(default4, gateway, other).update<Route>(default6, gateway6, other6);
        change.update<Route>(net, from_own, on_link);
        CHECK(node.run(change) == Errors(3));
        CHECK(*node.value<Route>(default4) == other);
        CHECK(*node.value<Route>(default6) == other6);
        CHECK(*node.value<Route>(net) == on_link);
    }
    SUBCASE("one goes with the address that is its source, and one of IPv6 does without") {
        const Address::Key four{ip("10.0.0.7"), 32, "eth0"};
        const Address::Key six{ip("2001:db8::7"), 128, "eth0"};
        const Route::Key to{ip("198.51.105.0"), 24};
        const Route::Key to6{ip("2001:db8:5::"), 48};
        Script more, gone;
        more.create<Address>(four, {}).create<Address>(six, {});
        more.create<Route>(to, {.via = ip("10.0.0.1"), .source = four.address});
        more.create<Route>(to6, {.via = ip("2001:db8::1"), .source = six.address});
        CHECK(node.run(more) == Errors(4));
        gone.remove<Address>(four, {}).remove<Address>(six, {});
        CHECK(node.run(gone) == Errors(2));
        CHECK(node.value<Route>(to) == nullptr);
        CHECK(*node.value<Route>(to6) == Route::Value{.via = ip("2001:db8::1")});
    }
    SUBCASE("they go") {
        Script remove;
        remove.remove<Route>(default4, gateway).remove<Route>(default6, gateway6);
        remove.remove<Route>(net, from_own).remove<Route>(local, on_link);
        CHECK(node.run(remove) == Errors(4));
        CHECK(node.look().get<Route>().size() == 1);
    }
    SUBCASE("refused for the right reason") {
        Script refused;
        refused.create<Route>(default4, gateway).create<Route>(default6, gateway6);
        refused.create<Route>({ip("198.51.101.0"), 24}, {.via = ip("192.0.2.1")});
        refused.create<Route>({ip("2001:db8:2::"), 48}, {.via = ip("2001:db8:9::1")});
        refused.create<Route>({ip("198.51.102.0"), 24}, {.interface = "absent"});
        refused.create<Route>({ip("2001:db8:3::"), 48}, {.interface = "absent"});
        refused.create<Route>({ip("198.51.103.0"), 24}, {.via = ip("10.0.0.1"), .source = ip("10.0.0.77")});
        refused.remove<Route>({ip("198.51.104.0"), 24}, gateway).remove<Route>({ip("2001:db8:4::"), 48}, gateway6);
        CHECK(node.run(refused) ==
              Errors{EEXIST, EEXIST, ENETUNREACH, EHOSTUNREACH, ENODEV, ENODEV, EINVAL, ESRCH, ESRCH});
    }
}

TEST_CASE("with an interface go its addresses, its settings and the routes through it") {
    Node node;
    Script made;
    made.create<Address>({ip("192.0.2.1"), 24, "eth1"}, {});
    made.create<Address>({ip("192.0.2.20"), 32, "lo"}, {.scope = Scope::host});
    made.create<Route>({ip("198.51.100.0"), 24}, {.via = ip("192.0.2.254")});
    made.create<Route>({ip("198.51.101.0"), 24}, {.via = ip("10.0.0.254"), .source = ip("192.0.2.1")});
    made.create<Route>({ip("198.51.102.0"), 24}, {.via = ip("10.0.0.254"), .source = ip("192.0.2.20")});
    CHECK(node.run(made) == Errors(5));
    node.by_hand("ip link del eth1", [](FakeKernel& fake) {  // they are a pair
        fake.unplug("eth0");
        fake.unplug("eth1");
    });
    const Observed left = node.look();
    CHECK(left.get<Route>().size() == 0);
    CHECK(left.get<Address>().find({ip("192.0.2.1"), 24, "eth1"}) == Seen<Address>::npos);
    CHECK(left.get<Address>().find({ip("192.0.2.20"), 32, "lo"}) != Seen<Address>::npos);
    CHECK_FALSE(node.value<Sysctl>(setting("eth1", "arp_ignore")));
    Script late;
    late.create<Address>({ip("192.0.2.1"), 24, "eth1"}, {});
    late.update<Sysctl>(Sysctl::Key(setting("eth1", "arp_ignore")), {"0"}, {"1"});
    CHECK(node.run(late) == Errors{ENODEV, ENOENT});
}

TEST_CASE("the kernel's tunnel device comes up with its module, and goes down") {
    Node node;
    const Link::Key device{"tunl0"};  // ip6tnl0 comes with a link-local address, another one each time
    Script up, down;
    up.update<Link>(device, {false}, {true});
    down.update<Link>(device, {true}, {false});
    CHECK(node.run(up) == Errors(1));
    CHECK(node.value<Link>(device)->up);
    CHECK(node.run(up) == Errors(1));  // once more changes nothing
    CHECK(node.run(down) == Errors(1));
    CHECK(!node.value<Link>(device)->up);
}

TEST_CASE("connection synchronisation: one daemon of each state") {
    Node node;
    const SyncDaemon::Key master{SyncState::master};
    const SyncDaemon::Key backup{SyncState::backup};
    const SyncDaemon::Value value{"eth0", 7, ip("224.0.0.81"), 8848, 1};
    const SyncDaemon::Value other{"eth0", 8, ip("224.0.0.82"), 8849, 2};
    Script make;
    make.create<SyncDaemon>(master, value).create<SyncDaemon>(backup, value);
    CHECK(node.run(make) == Errors(2));
    CHECK(*node.value<SyncDaemon>(backup) == value);
    Script again;
    again.create<SyncDaemon>(master, other);
    CHECK(node.run(again) == Errors{EEXIST});
    CHECK(*node.value<SyncDaemon>(master) == value);
    Script change, remove;
    change.update<SyncDaemon>(master, value, other);
    CHECK(node.run(change) == Errors(1));
    CHECK(*node.value<SyncDaemon>(master) == other);
    remove.remove<SyncDaemon>(master, other).remove<SyncDaemon>(backup, value);
    CHECK(node.run(remove) == Errors(2));
    CHECK(node.look().get<SyncDaemon>().empty());
    CHECK(node.run(remove) == Errors{ESRCH, ESRCH});
    Script nowhere;
    nowhere.create<SyncDaemon>(master, {"absent", 7, ip("224.0.0.81"), 8848, 1});
    CHECK(node.run(nowhere) == Errors{ENODEV});
}

TEST_CASE("settings: of an interface, of all, of IPVS") {
    Node node;
    CHECK(node.run(set(setting("eth0", "arp_ignore"), "1")) == Errors(1));
    CHECK(node.run(set(setting("eth0", "rp_filter"), "2")) == Errors(1));
    CHECK(node.run(set(setting("all", "arp_announce"), "2")) == Errors(1));
    CHECK(node.run(set(Sysctl::Key("net/ipv4/vs/expire_nodest_conn"), "1")) == Errors(1));
    CHECK(node.value<Sysctl>(setting("eth0", "arp_ignore"))->value == "1");
    CHECK(node.value<Sysctl>(setting("eth1", "arp_ignore"))->value == "0");
    CHECK(node.value<Sysctl>(Sysctl::Key("net/ipv4/vs/expire_nodest_conn"))->value == "1");
    CHECK(node.run(set(Sysctl::Key("net/ipv4/vs/absent"), "1")) == Errors{ENOENT});
    CHECK(node.run(set(setting("absent", "arp_ignore"), "1")) == Errors{ENOENT});
}

TEST_CASE("forwarding is one setting for the whole node and for each interface") {
    Node node;
    CHECK(node.run(set(Sysctl::Key("net/ipv4/ip_forward"), "1")) == Errors(1));
    CHECK(node.value<Sysctl>(setting("eth0", "forwarding"))->value == "1");
    CHECK(node.run(set(setting("eth0", "forwarding"), "0")) == Errors(1));
    CHECK(node.value<Sysctl>(Sysctl::Key("net/ipv4/ip_forward"))->value == "1");
    CHECK(node.run(set(setting("all", "forwarding"), "0")) == Errors(1));
    CHECK(node.value<Sysctl>(Sysctl::Key("net/ipv4/ip_forward"))->value == "0");
}

TEST_CASE("\"default\" reaches interfaces whose setting nobody ever wrote, until they have an IPv4 address") {
    Node node;
    if (!real_kernel_wanted()) node.fake.inherited.insert("net/ipv4/conf/eth1/arp_notify");
    CHECK(node.run(set(setting("default", "arp_notify"), "1")) == Errors(1));
    CHECK(node.value<Sysctl>(setting("eth1", "arp_notify"))->value == "1");
    CHECK(node.value<Sysctl>(setting("eth0", "arp_notify"))->value == "0");
    Script address;
    address.create<Address>({ip("192.0.2.1"), 32, "eth1"}, {});
    CHECK(node.run(address) == Errors(1));
    CHECK(node.run(set(setting("default", "arp_notify"), "0")) == Errors(1));
    CHECK(node.value<Sysctl>(setting("eth1", "arp_notify"))->value == "1");
}

TEST_CASE("of a batch of 500 changes exactly those are refused that must be") {
    Node node;
    Script make;
    Errors expected;
    make.create<Service>(tcp("192.0.2.1"), round_robin());
    expected.push_back(0);
    while (expected.size() < 500) {
        const auto number = static_cast<std::uint16_t>(expected.size());
        const bool refused = number % 7 == 3;
        make.create<RealServer>(server(tcp(refused ? "192.0.2.9" : "192.0.2.1"), "10.0.0.3", number),
                                {.weight = number});
        expected.push_back(refused ? ESRCH : 0);
    }
    CHECK(node.run(make) == expected);
    CHECK(node.look().get<RealServer>().size() ==
          static_cast<std::size_t>(std::count(expected.begin() + 1, expected.end(), 0)));
}

TEST_CASE("a scheduler that the kernel lacks is known before anything is written") {
    Node node;
    Service::Value value = round_robin();
    Script fine, lacking;
    fine.create<Service>(tcp("192.0.2.1"), value);
    CHECK(node.offers(fine).has_value());
    value.scheduler = "nonesuch";
    lacking.create<Service>(tcp("192.0.2.1"), value);
    const Result<void> answer = node.offers(lacking);
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind == ErrorKind::kernel_lacks);
    CHECK(answer.error().what.find("nonesuch") != std::string::npos);
    CHECK(node.look().get<Service>().empty());
}

TEST_CASE("Debian's kernel has no scheduler twos") {
    Node node;
    Service::Value value = round_robin();
    value.scheduler = "twos";
    Script twos;
    twos.create<Service>(tcp("192.0.2.1"), value);
    if (real_kernel_wanted()) {
        // On a kernel that has it there is nothing to show here, and the fake must not be held against it.
        const auto real = kernel::linux_kernel({.may_load_ipvs = true});
        const Result<HostFacts> facts = real->facts({});
        REQUIRE(facts.has_value());
        if (const auto lacking = real->offers(twos.plan(*facts)); lacking && lacking->empty()) {
            std::cout << "SKIP this kernel has the scheduler twos" << std::endl;
            return;
        }
    }
    const Result<void> answer = node.offers(twos);
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind == ErrorKind::kernel_lacks);
    CHECK(answer.error().what.find("twos") != std::string::npos);
}
