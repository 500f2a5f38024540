#include "lbconverge/kinds/sync_daemon.hpp"

#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <linux/ip_vs.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::key;
using test::rows_text;
using test::world;

std::string director(const std::string& follow) {
    return R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
        vrrp = [{ name = "LB", vrid = 51 }]
        [ipvs.sync]
        id = 7
    )"_text +
           follow;
}

Desired desired(ElectionState state, const std::string& follow = R"(
    follow = "LB"
)"_text) {
    return world(director(follow), {{"LB", state}}).desired();
}

test::Message dumped(std::uint32_t state) {
    return test::ipvs_message(IPVS_CMD_NEW_DAEMON, IPVS_CMD_ATTR_DAEMON, [&](wire::Requests& out) {
        const std::uint8_t group[] = {224, 0, 0, 81};
        out.attribute_u32(IPVS_DAEMON_ATTR_STATE, state);
        out.attribute_text(IPVS_DAEMON_ATTR_MCAST_IFN, "eth1");
        out.attribute_u32(IPVS_DAEMON_ATTR_SYNC_ID, 7);
        out.attribute_u16(IPVS_DAEMON_ATTR_SYNC_MAXLEN, 1472);
        out.attribute(IPVS_DAEMON_ATTR_MCAST_GROUP, group, sizeof group);
        out.attribute_u16(IPVS_DAEMON_ATTR_MCAST_PORT, 8848);
        out.attribute_u8(IPVS_DAEMON_ATTR_MCAST_TTL, 1);
    });
}

const std::string as_wanted = " interface=eth0 id=7 group=224.0.0.81 port=8848 ttl=1";

}  // namespace

TEST_CASE("the master sends, the others listen") {
    CHECK(rows_text(desired(ElectionState::master).get<SyncDaemon>().rows) == "master" + as_wanted + " (election)\n");
    CHECK(rows_text(desired(ElectionState::backup).get<SyncDaemon>().rows) == "backup" + as_wanted + " (election)\n");
    const Desired undecided = desired(ElectionState::undecided);
    CHECK(undecided.get<SyncDaemon>().rows.empty());
    CHECK(test::held_text(undecided.get<SyncDaemon>()) ==
          "master: election of LB is undecided\nbackup: election of LB is undecided\n");
}

TEST_CASE("without an instance to follow a director does both") {
    CHECK(rows_text(desired(ElectionState::backup, "").get<SyncDaemon>().rows) == R"(
        master$
        backup$
    )"_with(as_wanted, as_wanted));
}

TEST_CASE("a real server synchronises nothing") {
    const auto node = world(R"(
        role = "real-server"
        interface = "eth0"
        [ipvs.sync]
        id = 7
    )"_text);
    CHECK(node.desired().get<SyncDaemon>().rows.empty());
}

TEST_CASE("what the kernel shows becomes a row") {
    Observed observed;
    test::decode<SyncDaemon>(dumped(IP_VS_STATE_BACKUP), observed);
    CHECK(rows_text(observed.get<SyncDaemon>()) == "backup interface=eth1 id=7 group=224.0.0.81 port=8848 ttl=1\n");
    Observed nothing;
    test::decode<SyncDaemon>(dumped(0), nothing);
    CHECK(nothing.get<SyncDaemon>().empty());
    test::decode_every_beginning<SyncDaemon>(dumped(IP_VS_STATE_MASTER), {}, wire::Transport::ipvs);
}

TEST_CASE("the kernel has one daemon of each state: with [ipvs.sync] in the file both are its business") {
    Ledger ledger;
    CHECK(SyncDaemon::owner(key<SyncDaemon>("master"), {}, desired(ElectionState::backup), ledger) == Owner::named);
    CHECK(SyncDaemon::owner(key<SyncDaemon>("master"), {}, Desired{}, ledger) == Owner::foreign);
    ledger.get<SyncDaemon>().push_back({key<SyncDaemon>("master")});
    CHECK(SyncDaemon::owner(key<SyncDaemon>("master"), {}, Desired{}, ledger) == Owner::ours);
}

TEST_CASE("listening ends before a VIP comes, and what replaces it is started later: never both in between") {
    const auto node = world(director(""));
    const SyncDaemon::Value value;
    CHECK(SyncDaemon::phase({key<SyncDaemon>("backup"), &value, nullptr}, node.inputs()) == Phase::tighten);
    CHECK(SyncDaemon::phase({key<SyncDaemon>("master"), nullptr, &value}, node.inputs()) == Phase::load);
}

TEST_CASE("a change is a stop and a start") {
    const SyncDaemon::Value before{"eth0", 7, *IpAddress::parse("224.0.0.81"), 8848, 1};
    SyncDaemon::Value after = before;
    after.id = 8;
    CHECK(test::encoded<SyncDaemon>({key<SyncDaemon>("master"), &before, &after}) == R"(
        0a0100000c0003800800010001000000
        09010000380003800800010001000000090002006574683000000000080003000800000008000500e000005106000700902200000500080001000000
    )"_text);
    CHECK(test::encoded<SyncDaemon>({key<SyncDaemon>("backup"), &before, nullptr}) ==
          "0a0100000c0003800800010002000000\n");
}

TEST_CASE("ids and refusals name the state") {
    CHECK(SyncDaemon::id(key<SyncDaemon>("backup")) == "backup");
    CHECK_FALSE(SyncDaemon::parse_id("both"));
    const SyncDaemon::Value value{"eth9", 7, *IpAddress::parse("224.0.0.81"), 8848, 1};
    const auto refusal = [&](int error) {
        return SyncDaemon::refusal({key<SyncDaemon>("master"), nullptr, &value}, error);
    };
    CHECK(refusal(ENODEV).what == "connection synchronisation (master): there is no interface eth9");
    CHECK(refusal(EEXIST).kind == ErrorKind::world_moved);
    CHECK(refusal(EINVAL).hint.find("other address family") != std::string::npos);
}

}  // namespace lbconverge::kinds
