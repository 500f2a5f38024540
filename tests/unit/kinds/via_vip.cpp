// Checks through the VIP: what they need in the table, and that it is nobody else's business.
#include "lbconverge/kinds/via_vip.hpp"

#include "unit/world.hpp"

#include <doctest/doctest.h>

namespace lbconverge::kinds {

namespace {

using test::rows_text;
using test::world;

const std::string file = R"(
    interface = "eth0"
    vips = ["192.0.2.20"]
    [[service]]
    vip = "192.0.2.20"
    port = 80
    real_servers = [{ address = "10.0.0.3", weight = 5 }, { address = "10.0.0.4", check = "tcp" }, "10.0.0.5"]
    check = { type = "tcp", via = "vip" }
)"_text;

}  // namespace

TEST_CASE("each server has a mark of its own, and the mark a service with that server alone") {
    const auto node = world(R"(
        role = "director"
    )"_text + file);
    const Desired desired = node.desired();
    CHECK(rows_text(desired.get<Service>().rows) == R"(
        fwmark 1818361857 ipv4 scheduler=rr
        fwmark 1818361858 ipv4 scheduler=rr
        tcp 192.0.2.20:80 scheduler=wlc
    )"_text);
    const std::string servers = rows_text(desired.get<RealServer>().rows);
    CHECK(servers.find("fwmark 1818361857 ipv4 10.0.0.3:0\n") != std::string::npos);  // weight 1
    CHECK(servers.find("fwmark 1818361858 ipv4 10.0.0.5:0") != std::string::npos);
    CHECK(is_probe_mark(1818361857));
    CHECK_FALSE(is_probe_mark(first_probe_mark - 1));
    CHECK_FALSE(is_probe_mark(7));
}

TEST_CASE("the master must accept answers from an address that is its own") {
    const auto node = world(R"(
        role = "director"
    )"_text + file);
    CHECK(node.desired().get<Sysctl>().rows.find(Sysctl::Key("net/ipv4/conf/eth0/accept_local")) !=
          Table<Sysctl, Origin>::npos);
    const auto own = world(R"(
        role = "director"
    )"_text + file + R"(
        [sysctl]
        "net.ipv4.conf.eth0.accept_local" = 0
    )"_text);
    const Desired desired = own.desired();
    const auto& rows = desired.get<Sysctl>().rows;
    CHECK(rows.row(rows.find(Sysctl::Key("net/ipv4/conf/eth0/accept_local"))).value.value == "0");  // as the file says
}

TEST_CASE("a real server makes nothing of it") {
    const auto node = world(R"(
        role = "real-server"
    )"_text + file);
    CHECK(checked_via_vip(node.config).empty());
    CHECK(node.desired().get<Service>().rows.empty());
}

}  // namespace lbconverge::kinds
