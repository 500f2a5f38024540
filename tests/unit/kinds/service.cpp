#include "lbconverge/kinds/service.hpp"

#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <linux/ip_vs.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::fields_text;
using test::key;
using test::rows_text;
using test::world;

const std::string web = R"(
interface = "eth0"
vips = ["192.0.2.20"]
vrrp = [{ name = "LB", vrid = 51 }]
[[service]]
vip = "192.0.2.20"
port = 80
scheduler = "rr"
real_servers = ["192.0.2.3"]
)";

/// A service as a dump shows it (linux: ip_vs_genl_fill_service), with statistics in between.
test::Message dumped(std::uint16_t family, const char* vip_hex, std::uint32_t flags, std::uint32_t timeout,
                     std::uint32_t netmask, const char* engine = "") {
    return test::ipvs_message(IPVS_CMD_NEW_SERVICE, IPVS_CMD_ATTR_SERVICE, [&](wire::Requests& out) {
        const auto vip = test::from_hex(vip_hex);
        const ip_vs_flags both{.flags = flags, .mask = ~0U};
        out.attribute_u16(IPVS_SVC_ATTR_AF, family);
        out.attribute_u16(IPVS_SVC_ATTR_PROTOCOL, 6);
        out.attribute(IPVS_SVC_ATTR_ADDR, vip.data(), vip.size());
        out.attribute_be16(IPVS_SVC_ATTR_PORT, 80);
        out.attribute_text(IPVS_SVC_ATTR_SCHED_NAME, "wrr");
        if (*engine != '\0') out.attribute_text(IPVS_SVC_ATTR_PE_NAME, engine);
        out.attribute(IPVS_SVC_ATTR_FLAGS, &both, sizeof both);
        out.attribute_u32(IPVS_SVC_ATTR_TIMEOUT, timeout);
        out.attribute_u32(IPVS_SVC_ATTR_NETMASK, netmask);
        const std::size_t stats = out.begin_nest(IPVS_SVC_ATTR_STATS);
        out.attribute_u32(IPVS_STATS_ATTR_CONNS, 4711);
        out.end_nest(stats);
    });
}

constexpr const char* vip4 = "c0000214 00000000 00000000 00000000";
constexpr const char* vip6 = "20010db8 00000000 00000000 00000020";
constexpr std::uint32_t all_ones = 0xffffffff;

std::string decoded(const test::Message& message) {
    Observed observed;
    test::decode<Service>(message, observed);
    return rows_text(observed.get<Service>());
}

}  // namespace

TEST_CASE("a director has its services as master and as backup") {
    for (const ElectionState state : {ElectionState::master, ElectionState::backup, ElectionState::undecided}) {
        const Desired desired = world(R"(role = "director")" + web, {{"LB", state}}).desired();
        CHECK(rows_text(desired.get<Service>().rows) == "tcp 192.0.2.20:80 scheduler=rr\n");
        CHECK(desired.get<Service>().held.empty());
        CHECK(desired.get<Service>().unwanted.empty());
    }
}

TEST_CASE("a real server has no services") {
    const Desired desired = world(R"(role = "real-server")" + web).desired();
    CHECK(desired.get<Service>().rows.empty());
    CHECK(desired.get<Service>().unwanted.empty());
}

TEST_CASE("a node of role both balances only while it is master, and does nothing while that is undecided") {
    const auto desired = [](ElectionState state) { return world(R"(role = "both")" + web, {{"LB", state}}).desired(); };
    CHECK(rows_text(desired(ElectionState::master).get<Service>().rows) ==
          "tcp 192.0.2.20:80 scheduler=rr (election)\n");

    for (const ElectionState state : {ElectionState::backup, ElectionState::yielding}) {
        const Desired without = desired(state);
        CHECK(without.get<Service>().rows.empty());
        CHECK(without.get<Service>().held.empty());
        REQUIRE(without.get<Service>().unwanted.size() == 1);
        CHECK(Service::id(without.get<Service>().unwanted[0]) == "tcp 192.0.2.20:80");
    }

    const Desired undecided = desired(ElectionState::undecided);
    CHECK(undecided.get<Service>().rows.empty());
    CHECK(undecided.get<Service>().unwanted.empty());
    CHECK(test::held_text(undecided.get<Service>()) == "tcp 192.0.2.20:80: the election is undecided\n");
}

TEST_CASE("every setting of a service arrives in its row") {
    const auto row = [](const std::string& settings) {
        const Desired desired = world(R"(
            role = "director"
            vips = ["192.0.2.20", "2001:db8::20"]
            interface = "eth0"
            [[service]]
        )"_text + settings)
                                    .desired();
        return rows_text(desired.get<Service>().rows);
    };
    CHECK(row(R"(
        vip = "192.0.2.20"
        port = 80
    )"_text) == "tcp 192.0.2.20:80 scheduler=wlc\n");
    CHECK(row(R"(
        vip = "192.0.2.20"
        port = [80, 443]
    )"_text) == "tcp 192.0.2.20:80 scheduler=wlc\ntcp 192.0.2.20:443 scheduler=wlc\n");
    CHECK(row(R"(
        vip = "192.0.2.20"
        port = 53
        protocol = "udp"
        one_packet = true
    )"_text) == "udp 192.0.2.20:53 scheduler=wlc flags=one-packet\n");
    CHECK(row(R"(
        vip = "192.0.2.20"
        port = 80
        persistence = "300s"
    )"_text) == "tcp 192.0.2.20:80 scheduler=wlc flags=persistent persistence=300\n");
    CHECK(row(R"(
        vip = "192.0.2.20"
        port = 80
        persistence = "5s"
        persistence_mask = "255.255.255.0"
    )"_text) == "tcp 192.0.2.20:80 scheduler=wlc flags=persistent persistence=5 netmask=255.255.255.0\n");
    CHECK(row(R"(
        vip = "2001:db8::20"
        port = 80
    )"_text) == "tcp [2001:db8::20]:80 scheduler=wlc netmask=128\n");
    CHECK(row(R"(
        vip = "2001:db8::20"
        port = 80
        persistence = "5s"
        persistence_mask = 64
    )"_text) == "tcp [2001:db8::20]:80 scheduler=wlc flags=persistent persistence=5 netmask=64\n");
    CHECK(row("fwmark = 7\n") == "fwmark 7 ipv4 scheduler=wlc\n");
    CHECK(row(R"(
        fwmark = 7
        family = "ipv6"
    )"_text) == "fwmark 7 ipv6 scheduler=wlc netmask=128\n");
}

TEST_CASE("a dumped service is read without the kernel's own flag and without its counters") {
    CHECK(decoded(dumped(2, vip4, 0x2, 0, all_ones)) == "tcp 192.0.2.20:80 scheduler=wrr\n");
    CHECK(decoded(dumped(10, vip6, 0x2, 0, 128)) == "tcp [2001:db8::20]:80 scheduler=wrr netmask=128\n");
    CHECK(decoded(dumped(2, vip4, 0x2 | 0x1 | 0x8, 360, 0x00ffffff, "sip")) ==
          "tcp 192.0.2.20:80 scheduler=wrr flags=persistent,flag-1 persistence=360 netmask=255.255.255.0 engine=sip\n");
}

TEST_CASE("time-out and mask of a service that is not persistent mean nothing") {
    CHECK(decoded(dumped(2, vip4, 0, 360, 0x00ffffff)) == "tcp 192.0.2.20:80 scheduler=wrr\n");
    CHECK(decoded(dumped(10, vip6, 0, 360, 64)) == "tcp [2001:db8::20]:80 scheduler=wrr netmask=128\n");
}

TEST_CASE("a service with a mark is known by mark and family alone") {
    const auto marked = test::ipvs_message(IPVS_CMD_NEW_SERVICE, IPVS_CMD_ATTR_SERVICE, [](wire::Requests& out) {
        out.attribute_u16(IPVS_SVC_ATTR_AF, 10);
        out.attribute_u32(IPVS_SVC_ATTR_FWMARK, 7);
        out.attribute_text(IPVS_SVC_ATTR_SCHED_NAME, "sh");
        out.attribute_u32(IPVS_SVC_ATTR_NETMASK, 128);
    });
    CHECK(decoded(marked) == "fwmark 7 ipv6 scheduler=sh netmask=128\n");
}

TEST_CASE("messages that are no service are passed over") {
    const auto fill = [](wire::Requests& out) { out.attribute_u16(IPVS_SVC_ATTR_AF, 2); };
    CHECK(decoded(test::ipvs_message(IPVS_CMD_NEW_DEST, IPVS_CMD_ATTR_SERVICE, fill)).empty());
    CHECK(decoded(test::ipvs_message(IPVS_CMD_NEW_SERVICE, IPVS_CMD_ATTR_DEST, fill)).empty());
    CHECK(decoded(dumped(7, vip4, 0, 0, 0)).empty());  // of a family that nobody knows
    Observed observed;
    test::decode<Service>(dumped(2, vip4, 0, 0, 0), observed, wire::Transport::route);
    CHECK(observed.get<Service>().empty());
}

TEST_CASE("a service that is cut off anywhere is no danger") {
    test::decode_every_beginning<Service>(dumped(2, vip4, 1, 300, all_ones, "sip"), {}, wire::Transport::ipvs);
}

TEST_CASE("a new service is written with every attribute that the kernel wants") {
    const Service::Key web_key = key<Service>("tcp 192.0.2.20:80");
    const Service::Value value{.scheduler = "wlc",
                               .flags = {ServiceFlags::persistent},
                               .persistence = 300,
                               .netmask = {0xffffff00},
                               .engine = "sip"};
    CHECK(test::encoded<Service>({.key = web_key, .before = nullptr, .after = &value}) ==
          "01010000"  // IPVS_CMD_NEW_SERVICE
          "5c000180"  // service
          "06000100"
          "02000000"  // family
          "06000200"
          "06000000"  // protocol
          "14000300"
          "c0000214000000000000000000000000"  // VIP
          "06000400"
          "00500000"  // port
          "08000600"
          "776c6300"  // scheduler
          "0c000700"
          "01000000"
          "ffffffff"  // flags, all of them
          "08000800"
          "2c010000"  // time-out
          "08000900"
          "ffffff00"  // mask, in network byte order
          "08000b00"
          "73697000"  // persistence engine
          "\n");
}

TEST_CASE("an update names everything again, a removal only what identifies the service") {
    const Service::Key marked = key<Service>("fwmark 7 ipv6");
    const Service::Value before{.scheduler = "wlc", .netmask = {128}};
    const Service::Value after{.scheduler = "sh", .netmask = {128}};
    CHECK(test::encoded<Service>({.key = marked, .before = &before, .after = &after}) ==
          "02010000"
          "38000180"
          "06000100"
          "0a000000"
          "08000500"
          "07000000"
          "07000600"
          "73680000"
          "0c000700"
          "00000000"
          "ffffffff"
          "08000800"
          "00000000"
          "08000900"
          "80000000"
          "\n");
    CHECK(test::encoded<Service>({.key = marked, .before = &before, .after = nullptr}) ==
          "03010000"
          "14000180"
          "06000100"
          "0a000000"
          "08000500"
          "07000000"
          "\n");
}

TEST_CASE("what is written is what is read again") {
    for (const char* id : {"tcp 192.0.2.20:80", "sctp [2001:db8::20]:5060", "fwmark 4294967295 ipv4"}) {
        const bool ipv6 = key<Service>(id).vip.family == Family::ipv6;
        const Service::Value value{.scheduler = "mh",
                                   .flags = {ServiceFlags::persistent | ServiceFlags::scheduler_2},
                                   .persistence = 60,
                                   .netmask = {ipv6 ? 64U : 0xffff0000U},
                                   .engine = "sip"};
        const Service::Key wanted = key<Service>(id);
        wire::Requests requests;
        Service::encode({.key = wanted, .before = nullptr, .after = &value}, {}, 0, requests);
        Observed observed;
        Service::decode({wire::Transport::ipvs, 0, requests.bytes(requests.list()[0])}, {}, observed);
        REQUIRE(observed.get<Service>().size() == 1);
        CHECK(observed.get<Service>().row(0).key == wanted);
        CHECK(observed.get<Service>().row(0).value == value);
    }
}

TEST_CASE("a service is ours by claim, by name, or because all of the table is") {
    const Service::Key service = key<Service>("tcp 192.0.2.20:80");
    Desired desired;
    Ledger ledger;
    CHECK(Service::owner(service, {}, desired, ledger) == Owner::foreign);
    ledger.get<Service>().push_back({service});
    CHECK(Service::owner(service, {}, desired, ledger) == Owner::ours);
    desired.get<Service>().unwanted.push_back(service);
    CHECK(Service::owner(service, {}, desired, ledger) == Owner::named);
    desired = {};
    desired.exclusive = true;
    CHECK(Service::owner(service, {}, desired, {}) == Owner::ours);
}

TEST_CASE("services are loaded before a VIP and unloaded after it; a backup of role both withdraws them first") {
    const Service::Key service = key<Service>("tcp 192.0.2.20:80");
    const Service::Value value;
    const auto director = world(R"(role = "director")" + web, {{"LB", ElectionState::backup}});
    const auto both = world(R"(role = "both")" + web, {{"LB", ElectionState::backup}});
    const auto master = world(R"(role = "both")" + web, {{"LB", ElectionState::master}});
    CHECK(Service::phase({service, nullptr, &value}, director.inputs()) == Phase::load);
    CHECK(Service::phase({service, &value, &value}, director.inputs()) == Phase::load);
    CHECK(Service::phase({service, &value, nullptr}, director.inputs()) == Phase::unload);
    CHECK(Service::phase({service, &value, nullptr}, both.inputs()) == Phase::withdraw);
    CHECK(Service::phase({service, &value, nullptr}, master.inputs()) == Phase::unload);
}

TEST_CASE("a refusal says what to do") {
    const Service::Key service = key<Service>("tcp 192.0.2.20:80");
    const Service::Value value{.scheduler = "mh"};
    const Service::Value with_engine{.scheduler = "mh", .engine = "sip"};
    const Error missing = Service::refusal({service, nullptr, &value}, ENOENT);
    CHECK(missing.kind == ErrorKind::kernel_lacks);
    CHECK(missing.what == R"(the kernel has no scheduler "mh", wanted by service tcp 192.0.2.20:80)");
    CHECK(missing.hint == "modprobe ip_vs_mh, or choose a scheduler that this kernel has");
    CHECK(Service::refusal({service, nullptr, &with_engine}, ENOENT).hint ==
          "modprobe ip_vs_mh and ip_vs_pe_sip, or choose a scheduler that this kernel has");
    CHECK(Service::refusal({service, nullptr, &value}, EEXIST).kind == ErrorKind::world_moved);
    CHECK(Service::refusal({service, &value, nullptr}, ESRCH).kind == ErrorKind::world_moved);
    CHECK(Service::refusal({service, nullptr, &value}, EAFNOSUPPORT).kind == ErrorKind::kernel_lacks);
    CHECK(Service::refusal({service, nullptr, &value}, EPERM).kind == ErrorKind::not_permitted);
    CHECK(Service::refusal({service, nullptr, &value}, ENOMEM).what ==
          "service tcp 192.0.2.20:80: Cannot allocate memory");
}

TEST_CASE("each id is read back, and nothing else is an id") {
    for (const char* id : {"tcp 192.0.2.20:80", "udp 192.0.2.20:0", "sctp [2001:db8::20]:65535", "fwmark 7 ipv4",
                           "fwmark 4294967295 ipv6"}) {
        CHECK(Service::id(key<Service>(id)) == id);
    }
    for (const char* id : {"", "tcp", "tcp ", "icmp 192.0.2.20:80", "none 192.0.2.20:80", "tcp 192.0.2.20",
                           "tcp 192.0.2.20:65536", "tcp 2001:db8::20:80", "fwmark 7", "fwmark 0 ipv4", "fwmark x ipv4",
                           "fwmark 4294967296 ipv4", "fwmark 7 ipv5", "tcp 192.0.2.20:80 ", " tcp 192.0.2.20:80"}) {
        CHECK_MESSAGE(!Service::parse_id(id), std::string(id));
    }
}

TEST_CASE("flags are words, and numbers where there is no word") {
    const auto again = [](std::uint32_t bits) {
        ServiceFlags read;
        return from_text(to_text(ServiceFlags{bits}), read) && read.bits == bits;
    };
    CHECK(to_text(ServiceFlags{0}) == "none");
    CHECK(to_text(ServiceFlags{0x7d & ~0x40U}) == "persistent,one-packet,flag-1,flag-2,flag-3");
    CHECK(to_text(ServiceFlags{0x41}) == "persistent,0x40");
    CHECK((again(0) && again(1) && again(0x3d) && again(0x40) && again(0xfffffffd)));
    ServiceFlags flags;
    for (const char* wrong : {"persistant", "0x", "0xg", "0x100000000", "persistent,,one-packet", ","}) {
        CHECK_MESSAGE(!from_text(wrong, flags), std::string(wrong));
    }
}

TEST_CASE("a mask is written as its family writes it") {
    const auto again = [](std::uint32_t mask) {
        Netmask read;
        return from_text(to_text(Netmask{mask}), read) && read.value == mask;
    };
    CHECK(to_text(Netmask{0xffffff00}) == "255.255.255.0");
    CHECK(to_text(Netmask{64}) == "64");
    CHECK((again(0) && again(128) && again(129) && again(0xff000000) && again(0xffffffff)));
    Netmask mask;
    for (const char* wrong : {"129", "", "255.255.255", "ffff::", "-1"})
        CHECK_MESSAGE(!from_text(wrong, mask), std::string(wrong));
}

TEST_CASE("services that should be there, or that are ours, are asked for one by one when the dump came in pieces") {
    const Desired desired = world(R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        [[service]]
        vip = "192.0.2.20"
        port = 80
        [[service]]
        vip = "192.0.2.20"
        port = 81
    )"_text)
                                .desired();
    Ledger ledger;
    ledger.get<Service>().push_back({key<Service>("fwmark 7 ipv6")});
    Observed observed;
    observed.get<Service>().put(key<Service>("tcp 192.0.2.20:81"), {});
    const auto asked = [&](const Reading& reading, const std::vector<std::uint32_t>& in_pieces) {
        wire::Requests requests;
        Service::ask_again(reading, in_pieces, observed, requests);
        for (const wire::Request& each : requests.list()) CHECK_FALSE(each.dump);
        return requests.list().size();
    };
    CHECK(asked({.ipvs = true, .desired = &desired, .ledger = &ledger}, {0}) == 2);
    CHECK(asked({.ipvs = true, .desired = &desired, .ledger = &ledger}, {}) == 0);
    CHECK(asked({.ipvs = true}, {0}) == 0);
    observed.get<Service>().put(key<Service>("fwmark 7 ipv6"), {});
    CHECK(asked({.ipvs = true, .desired = &desired, .ledger = &ledger}, {0}) == 1);
}

}  // namespace lbconverge::kinds
