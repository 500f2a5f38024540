#include "lbconverge/kinds/route.hpp"

#include "lbconverge/wire/attributes.hpp"
#include "messages.hpp"
#include "support/ip.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <linux/rtnetlink.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::ip;
using test::key;
using test::rows_text;
using test::world;

const std::string elected = R"(
role = "director"
interface = "eth0"
vips = ["192.0.2.20"]
vrrp = [{ name = "LB", vrid = 51 }]
route = [{ to = "default", via = "192.0.2.1", source = "192.0.2.20", vrrp = "LB" }]
)";

struct Dumped {
    rtmsg header{.rtm_family = 2, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = 3, .rtm_type = RTN_UNICAST};
    std::string to, via, source;
    std::uint32_t table = 0, metric = 0, interface = 0;
};

test::Message message_of(const Dumped& route) {
    return test::message(wire::Transport::route, RTM_NEWROUTE, std::as_bytes(std::span(&route.header, 1)),
                         [&](wire::Requests& out) {
                             const auto put = [&](std::uint16_t type, const std::string& text) {
                                 if (!text.empty()) out.attribute(type, ip(text).bytes.data(), ip(text).size());
                             };
                             put(RTA_DST, route.to);
                             put(RTA_GATEWAY, route.via);
                             put(RTA_PREFSRC, route.source);
                             if (route.table != 0) out.attribute_u32(RTA_TABLE, route.table);
                             if (route.metric != 0) out.attribute_u32(RTA_PRIORITY, route.metric);
                             if (route.interface != 0) out.attribute_u32(RTA_OIF, route.interface);
                         });
}

std::string decoded(const Dumped& route) {
    Observed observed;
    observed.facts = test::plain_facts();
    test::decode<Route>(message_of(route), observed, wire::Transport::route);
    return rows_text(observed.get<Route>());
}

}  // namespace

TEST_CASE("routes are wanted as the file has them") {
    const auto node = world(R"(
        role = "real-server"
        [[route]]
        to = "default"
        via = "192.0.2.1"
        [[route]]
        to = "10.0.0.0/8"
        interface = "eth1"
        source = "192.0.2.2"
        table = 100
        [[route]]
        to = "default"
        via = "fe80::1"
        interface = "eth0"
    )"_text);
    CHECK(rows_text(node.desired().get<Route>().rows) == R"(
        default via=192.0.2.1
        10.0.0.0/8 table 100 interface=eth1 source=192.0.2.2
        ::/0 via=fe80::1 interface=eth0
    )"_text);
}

TEST_CASE("a route of an instance is there on its master only") {
    const auto desired = [](ElectionState state) { return world(elected, {{"LB", state}}).desired(); };
    CHECK(rows_text(desired(ElectionState::master).get<Route>().rows) ==
          "default via=192.0.2.1 source=192.0.2.20 (election)\n");
    CHECK(desired(ElectionState::backup).get<Route>().rows.empty());
    CHECK(desired(ElectionState::backup).get<Route>().unwanted.size() == 1);
    const Desired undecided = desired(ElectionState::undecided);
    CHECK(undecided.get<Route>().rows.empty());
    CHECK(test::held_text(undecided.get<Route>()) == "default: election of LB is undecided\n");
}

TEST_CASE("what a dump shows becomes a row") {
    CHECK(decoded({.via = "192.0.2.1", .interface = 2}) == "default via=192.0.2.1 | protocol=3\n");
    Dumped net{.to = "10.0.0.0", .source = "192.0.2.2", .table = 1000, .interface = 3};
    net.header.rtm_dst_len = 8;
    net.header.rtm_protocol = Route::protocol_tag;
    CHECK(decoded(net) == "10.0.0.0/8 table 1000 interface=eth1 source=192.0.2.2 | protocol=76\n");
    Dumped six{.via = "fe80::1", .metric = 1024, .interface = 2};
    six.header.rtm_family = 10;
    CHECK(decoded(six) == "::/0 via=fe80::1 interface=eth0 | protocol=3\n");
    test::decode_every_beginning<Route>(message_of(six), {}, wire::Transport::route);
}

TEST_CASE("routes that stand beside ours are not seen") {
    CHECK(decoded({.via = "192.0.2.1", .metric = 100}).empty());
    Dumped six{.via = "fe80::1", .metric = 512, .interface = 2};
    six.header.rtm_family = 10;
    CHECK(decoded(six).empty());
    Dumped other{.via = "192.0.2.1"};
    SUBCASE("a blackhole") { other.header.rtm_type = RTN_BLACKHOLE; }
    SUBCASE("of a type of service") { other.header.rtm_tos = 16; }
    SUBCASE("a network's own") { other.header.rtm_protocol = RTPROT_KERNEL; }
    SUBCASE("of another family") { other.header.rtm_family = 7; }
    SUBCASE("longer than an address") { other.header.rtm_dst_len = 33; }
    CHECK(decoded(other).empty());
}

TEST_CASE("they are asked for only when they are wanted") {
    Observed observed;
    wire::Requests requests;
    Route::ask({}, observed, requests);
    CHECK(requests.empty());
    Route::ask({.kinds = kind_bit<Route>}, observed, requests);
    REQUIRE(requests.list().size() == 1);
    CHECK(requests.list()[0].dump);
}

TEST_CASE("a route is ours by its mark alone, whatever the ledger says") {
    const Desired master = world(elected, {{"LB", ElectionState::master}}).desired();
    const Desired backup = world(elected).desired();
    const Route::Key named = key<Route>("default");
    const Route::Key other = key<Route>("10.0.0.0/8");
    Ledger ledger;
    ledger.get<Route>().push_back({other});
    CHECK(Route::owner(other, {Route::protocol_tag}, master, {}) == Owner::ours);
    CHECK(Route::owner(other, {3}, master, ledger) == Owner::unrelated);
    CHECK(Route::owner(other, {Route::protocol_tag}, master, ledger) == Owner::ours);
    CHECK(Route::owner(other, {3}, master, {}) == Owner::unrelated);
    CHECK(Route::owner(named, {3}, backup, {}) == Owner::unrelated);
    CHECK(Route::owner(named, {Route::protocol_tag}, backup, {}) == Owner::named);
}

TEST_CASE("somebody else's route to the same destination is an obstacle, not a row to change") {
    const Route::Value theirs{.via = ip("192.0.2.9")};
    const Route::Value wanted{.via = ip("192.0.2.1")};
    const Route::Key to = key<Route>("default");
    const Route::Facts foreign{3};
    const Route::Facts ours{Route::protocol_tag};
    Ledger ledger;
    const Desired desired;
    const Observed observed;
    const Circumstances at{desired, observed, ledger};
    const auto obstacle = Route::obstacle({to, &theirs, &wanted}, &foreign, at);
    REQUIRE(obstacle);
    CHECK(obstacle->kind == ErrorKind::refused);
    CHECK(obstacle->what ==
          "route default: there is another one already, via 192.0.2.9, and it is not ours to replace");
    CHECK_FALSE(Route::obstacle({to, &theirs, &wanted}, &ours, at));
    CHECK_FALSE(Route::obstacle({to, nullptr, &wanted}, nullptr, at));
    ledger.get<Route>().push_back({to});
    CHECK(Route::obstacle({to, &theirs, &wanted}, &foreign, at));  // another protocol has replaced ours
}

/// One line per request: family, table, protocol.
std::string asked(const Reading& reading, const Observed* observed) {
    wire::Requests requests;
    Observed nothing;
    if (observed == nullptr) Route::ask(reading, nothing, requests);
    if (observed != nullptr) Route::ask_more(reading, *observed, requests);
    std::string text;
    for (const wire::Request& each : requests.list()) {
        CHECK(each.dump);
        const auto header = wire::fixed_header<rtmsg>(requests.bytes(each), NLMSG_HDRLEN);
        std::uint32_t table = 0;
        for (wire::Attributes walk(wire::attributes_of(requests.bytes(each), sizeof header)); walk.next();) {
            if (walk.current().type == RTA_TABLE) table = walk.current().as<std::uint32_t>();
        }
        text += std::to_string(header.rtm_family) + " " + std::to_string(table) + " " +
                std::to_string(header.rtm_protocol) + "\n";
    }
    return text;
}

TEST_CASE("only our own routes are listed; a table only if it lacks one that should be there") {
    const Desired desired = world(elected, {{"LB", ElectionState::master}}).desired();
    const Ledger ledger;
    const Reading reading{.kinds = kind_bit<Route>, .desired = &desired, .ledger = &ledger};
    CHECK(asked(reading, nullptr) == "2 0 76\n10 0 76\n");
    Observed observed;
    CHECK(asked(reading, &observed) == "2 254 0\n");
    observed.get<Route>().put(key<Route>("default"), {.via = ip("192.0.2.1")}, {Route::protocol_tag});
    CHECK(asked(reading, &observed).empty());
    CHECK(asked({}, nullptr).empty());
    CHECK(asked({}, &observed).empty());
    const Reading everything{.kinds = kind_bit<Route>};
    CHECK(asked(everything, nullptr) == "0 0 0\n");
    CHECK(asked(everything, &observed).empty());
}

TEST_CASE("a route is made after its source address and removed before it") {
    const auto node = world(elected);
    const Route::Value value;
    const Route::Key to = key<Route>("default");
    CHECK(Route::phase({to, nullptr, &value}, node.inputs()) == Phase::announce);
    CHECK(Route::phase({to, &value, &value}, node.inputs()) == Phase::announce);
    CHECK(Route::phase({to, &value, nullptr}, node.inputs()) == Phase::withdraw);
}

TEST_CASE("a request carries our number; a removal fits whoever made the route") {
    const HostFacts facts = test::plain_facts();
    const Route::Value gateway{.via = ip("192.0.2.1")};
    const Route::Value link{.interface = "eth1", .source = ip("192.0.2.2")};
    CHECK(test::encoded<Route>({key<Route>("default"), nullptr, &gateway}, facts) ==
          "02000000fe4c000100000000"
          "08000f00fe000000"
          "08000500c0000201"
          "\n");
    CHECK(test::encoded<Route>({key<Route>("10.0.0.0/8 table 1000"), nullptr, &link}, facts) ==
          "02080000004cfd0100000000"
          "080001000a000000"
          "08000f00e8030000"
          "0800040003000000"
          "08000700c0000202"
          "\n");
    CHECK(test::encoded<Route>({key<Route>("default"), &gateway, nullptr}, facts) ==
          "02000000fe00ff0100000000"
          "08000f00fe000000"
          "08000500c0000201"
          "\n");
}

TEST_CASE("ids and refusals name the route") {
    for (const char* id : {"default", "default table 7", "::/0", "10.0.0.0/8", "2001:db8::/32 table 1000"}) {
        CHECK(Route::id(key<Route>(id)) == id);
    }
    for (const char* bad :
         {"192.0.2.1/24", "1.92.0.4/0", "", "nowhere", "10.0.0.0/33", "default table", "default table x"}) {
        CHECK_FALSE(Route::parse_id(bad));
    }
    const Route::Value value{.via = ip("192.0.2.1"), .source = ip("192.0.2.20")};
    const auto refusal = [&](int error) { return Route::refusal({key<Route>("default"), nullptr, &value}, error); };
    CHECK(refusal(ESRCH).kind == ErrorKind::world_moved);
    CHECK(refusal(EEXIST).what == "route default: the kernel has one already, of its own or of another type");
    CHECK(refusal(ENETUNREACH).what == "route default: its gateway is in no network of this node");
    CHECK(refusal(EINVAL).what == "route default: its source 192.0.2.20 is no address of this node");
    CHECK(refusal(EPERM).kind == ErrorKind::not_permitted);
}

}  // namespace lbconverge::kinds
