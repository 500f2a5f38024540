#include "lbconverge/kinds/timeouts.hpp"

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

test::Message config_message(std::uint8_t command) {
    const genlmsghdr header{.cmd = command, .version = 1, .reserved = 0};
    return test::message(wire::Transport::ipvs, 0x20, std::as_bytes(std::span(&header, 1)), [](wire::Requests& out) {
        out.attribute_u32(IPVS_CMD_ATTR_TIMEOUT_TCP, 900);
        out.attribute_u32(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, 120);
        out.attribute_u32(IPVS_CMD_ATTR_TIMEOUT_UDP, 300);
    });
}

}  // namespace

TEST_CASE("a director wants the time-outs that its file names, and no others") {
    const std::string some = R"(
        [ipvs.timeouts]
        tcp = "15m"
        udp = "30s"
    )"_text;
    CHECK(rows_text(world(R"(
        role = "director"
    )"_text + some)
                        .desired()
                        .get<Timeouts>()
                        .rows) == "tcp seconds=900\nudp seconds=30\n");
    CHECK(world(R"(
        role = "real-server"
    )"_text + some)
              .desired()
              .get<Timeouts>()
              .rows.empty());
}

TEST_CASE("the kernel's answer is one row per time-out") {
    Observed observed;
    test::decode<Timeouts>(config_message(IPVS_CMD_SET_CONFIG), observed);
    CHECK(rows_text(observed.get<Timeouts>()) == R"(
        tcp seconds=900
        tcp_fin seconds=120
        udp seconds=300
    )"_text);
    Observed nothing;
    test::decode<Timeouts>(config_message(IPVS_CMD_SET_INFO), nothing);
    CHECK(nothing.get<Timeouts>().empty());
    test::decode_every_beginning<Timeouts>(config_message(IPVS_CMD_SET_CONFIG), {}, wire::Transport::ipvs);
}

TEST_CASE("they are asked for only when they are wanted") {
    Observed observed;
    wire::Requests requests;
    Timeouts::ask({}, observed, requests);
    CHECK(requests.empty());
    Timeouts::ask({.kinds = kind_bit<Timeouts>}, observed, requests);
    CHECK(requests.list().size() == 1);
}

TEST_CASE("one time-out is written alone: the kernel leaves the others as they are") {
    const Timeouts::Value before{900};
    const Timeouts::Value after{60};
    CHECK(test::encoded<Timeouts>({key<Timeouts>("tcp_fin"), &before, &after}) ==
          "0c010000"
          "080005003c000000"
          "\n");
}

TEST_CASE("old values come back last") {
    const auto node = world(R"(role = "director")");
    const Timeouts::Value value{60};
    CHECK(Timeouts::phase({key<Timeouts>("tcp"), &value, &value}, node.inputs()) == Phase::load);
    CHECK(Timeouts::phase({key<Timeouts>("tcp"), &value, &value, Cause::restore}, node.inputs()) == Phase::relax);
}

TEST_CASE("ids and refusals name the time-out") {
    for (const char* id : {"tcp", "tcp_fin", "udp"}) CHECK(Timeouts::id(key<Timeouts>(id)) == id);
    CHECK_FALSE(Timeouts::parse_id("sctp"));
    CHECK(Timeouts::refusal({key<Timeouts>("udp"), nullptr, nullptr}, EINVAL).what ==
          "IPVS time-out udp: Invalid argument");
}

}  // namespace lbconverge::kinds
