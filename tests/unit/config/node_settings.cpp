#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("IPVS time-outs are whole seconds") {
    const Reading reading = read_director(R"(
        [ipvs.timeouts]
        tcp = "15m"
        udp = "300s"
    )"_text);
    REQUIRE(reading.good().ipvs.tcp);
    CHECK(reading.good().ipvs.tcp->seconds == 900);
    CHECK(reading.good().ipvs.tcp->source == Source{4, 7, 0});
    CHECK_FALSE(reading.good().ipvs.tcp_fin);
    CHECK(reading.good().ipvs.udp->seconds == 300);
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs.timeouts]
        tcp = "100ms"
    )"_text),
                    R"("tcp" of [ipvs.timeouts] must be from 1s)");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs.timeouts]
        tcp_fin = "1.5s"
    )"_text),
                    "must be whole seconds");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs.timeouts]
        tcp = "0s"
    )"_text),
                    "must be from 1s");
}

TEST_CASE("how many connections are expected") {
    CHECK(read_director("[ipvs]\nconnections = 2_000_000\n").good().ipvs.connections == 2'000'000);
    CHECK(read_director("").good().ipvs.connections == 0);
    CHECK_SAYS_ONLY(read_director("[ipvs]\nconnections = 0\n"), "a number from 1 to 100000000");
}

TEST_CASE("connection synchronisation") {
    const Reading reading = read_director(R"(
        [ipvs]
        exclusive = true
        sync = { interface = "eth1", id = 3, group = "224.0.0.82", port = 8849, ttl = 2, follow = "vrrp-1" }
        [[vrrp]]
        vrid = 1
    )"_text);
    CHECK(reading.good().ipvs.exclusive);
    REQUIRE(reading.good().ipvs.sync);
    CHECK(reading.good().ipvs.sync->interface == InterfaceName("eth1"));
    CHECK(reading.good().ipvs.sync->id == 3);
    CHECK(to_text(*reading.good().ipvs.sync->group) == "224.0.0.82");
    CHECK(reading.good().ipvs.sync->port == 8849);
    CHECK(reading.good().ipvs.sync->ttl == 2);
    CHECK(reading.good().ipvs.sync->follow == "vrrp-1");
    CHECK(read_director("[ipvs.sync]\n").good().ipvs.sync->interface == InterfaceName("eth0"));
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        [ipvs.sync]
        id = 1
    )"_text),
                    "[ipvs.sync] needs an interface");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs.sync]
        id = 256
    )"_text),
                    "a number from 0 to 255");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs.sync]
        group = "192.0.2.1"
    )"_text),
                    "must be a multicast address");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs]
        exclusiv = true
    )"_text),
                    R"(did you mean "exclusive"?)");
}

TEST_CASE("the daemon") {
    const Reading reading = read_director(R"(
        [daemon]
        metrics = "[::1]:9000"
        metrics_servers = false
        repair = false
        on_exit = "keep"
        realtime_priority = 50
    )"_text);
    CHECK(reading.good().daemon.metrics == ListenAddress{.address = *IpAddress::parse("::1"), .port = 9000});
    CHECK_FALSE(reading.good().daemon.metrics_servers);
    CHECK_FALSE(reading.good().daemon.repair);
    CHECK(reading.good().daemon.on_exit == OnExit::keep);
    CHECK(reading.good().daemon.realtime_priority == 50);
    CHECK(to_text(read_director("").good().daemon.metrics.value()) == "127.0.0.1:9469");
    CHECK_FALSE(read_director("[daemon]\nmetrics = \"none\"\n").good().daemon.metrics);
    CHECK(read_director("").good().daemon.metrics_servers);
    CHECK(read_director("").good().daemon.on_exit == OnExit::release_vips);
    CHECK_SAYS_ONLY(read_director(R"(
        [daemon]
        metrics = "9469"
    )"_text),
                    R"(4:11: error: "metrics" of [daemon]: "9469" is not an address with a port)");
    CHECK_SAYS_ONLY(read_director(R"(
        [daemon]
        metrics = "192.0.2.1:9469"
    )"_text),
                    "4:11: warning: whoever can reach 192.0.2.1:9469 can read the metrics");
    CHECK_SAYS_ONLY(read_director("[daemon]\nmetrics = \"[::]:9469\"\n"), "whoever can reach [::]:9469");
    CHECK_SAYS_ONLY(read_director(R"(
        [daemon]
        on_exit = "drop"
    )"_text),
                    R"("release-vips" or "keep")");
    CHECK_SAYS_ONLY(read_director(R"(
        [daemon]
        realtime_priority = 100
    )"_text),
                    "from 0 to 99");
}

TEST_CASE("the guards") {
    const Reading reading = read_director(R"(
        [limits]
        max_service_deletes = 0
        max_weight_loss = 50
    )"_text);
    CHECK(reading.good().limits.max_service_deletes == 0U);
    CHECK(reading.good().limits.max_weight_loss == 50U);
    CHECK(reading.good().limits.max_service_deletes_source == Source{4, 23, 0});
    CHECK_FALSE(read_director("").good().limits.max_service_deletes);
    CHECK_SAYS_ONLY(read_director(R"(
        [limits]
        max_weight_loss = 101
    )"_text),
                    "from 0 to 100, not 101");
}

TEST_CASE("routes") {
    const Reading reading = read_director(R"(
        [[route]]
        to = "default"
        via = "192.0.2.1"
        [[route]]
        to = "10.0.0.0/8"
        interface = "eth1"
        source = "192.0.2.2"
        table = 100
        vrrp = "vrrp-1"
        [[vrrp]]
        vrid = 1
    )"_text);
    const auto& routes = reading.good().routes;
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].prefix == 0);
    CHECK(to_text(*routes[0].via) == "192.0.2.1");
    CHECK(routes[0].table == 254);
    CHECK(routes[1].interface == InterfaceName("eth1"));
    CHECK(to_text(*routes[1].source_address) == "192.0.2.2");
    CHECK(routes[1].table == 100);
    CHECK(routes[1].vrrp == "vrrp-1");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        via = "192.0.2.1"
    )"_text),
                    "a route needs a destination");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "default"
    )"_text),
                    "a route needs a gateway or an interface");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "everywhere"
        via = "192.0.2.1"
    )"_text),
                    R"("everywhere" is not a destination)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "10.0.0.1/8"
        via = "192.0.2.1"
    )"_text),
                    R"(write "10.0.0.0/8")");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "10.0.0.0/8"
        via = "2001:db8::1"
    )"_text),
                    "mixes IPv4 and IPv6");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "default"
        via = "fe80::1"
    )"_text),
                    "needs the interface");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "default"
        via = "192.0.2.1"
        interface = "eth0"
    )"_text),
                    "warning: beside a gateway the interface is not used");
    CHECK_SAYS_ONLY(read_director(R"(
        [[route]]
        to = "default"
        via = "192.0.2.1"
        [[route]]
        to = "0.0.0.0/0"
        via = "192.0.2.2"
    )"_text),
                    "6:1: error: there are two routes to one destination");
}

TEST_CASE("the default route is of its gateway's family") {
    const Reading reading = read_director(R"(
        [[route]]
        to = "default"
        via = "2001:db8::1"
    )"_text);
    CHECK(reading.good().routes[0].to.family == lbconverge::Family::ipv6);
}

}  // namespace lbconverge::config
