#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("IPVS time-outs are whole seconds") {
    const Reading reading = read_director("[ipvs.timeouts]\ntcp = \"15m\"\nudp = \"300s\"\n");
    REQUIRE(reading.good().ipvs.tcp);
    CHECK(reading.good().ipvs.tcp->seconds == 900);
    CHECK(reading.good().ipvs.tcp->source == Source{4, 7, 0});
    CHECK_FALSE(reading.good().ipvs.tcp_fin);
    CHECK(reading.good().ipvs.udp->seconds == 300);
    CHECK_SAYS_ONLY(read_director("[ipvs.timeouts]\ntcp = \"100ms\"\n"), "\"tcp\" of [ipvs.timeouts] must be from 1s");
    CHECK_SAYS_ONLY(read_director("[ipvs.timeouts]\ntcp_fin = \"1.5s\"\n"), "must be whole seconds");
    CHECK_SAYS_ONLY(read_director("[ipvs.timeouts]\ntcp = \"0s\"\n"), "must be from 1s");
}

TEST_CASE("connection synchronisation") {
    const Reading reading = read_director(
        "[ipvs]\nexclusive = true\nsync = { interface = \"eth1\", id = 3, group = \"224.0.0.82\", port = 8849, ttl = "
        "2, follow = \"vrrp-1\" }\n[[vrrp]]\nvrid = 1\n");
    CHECK(reading.good().ipvs.exclusive);
    REQUIRE(reading.good().ipvs.sync);
    CHECK(reading.good().ipvs.sync->interface == InterfaceName("eth1"));
    CHECK(reading.good().ipvs.sync->id == 3);
    CHECK(to_text(*reading.good().ipvs.sync->group) == "224.0.0.82");
    CHECK(reading.good().ipvs.sync->port == 8849);
    CHECK(reading.good().ipvs.sync->ttl == 2);
    CHECK(reading.good().ipvs.sync->follow == "vrrp-1");
    CHECK(read_director("[ipvs.sync]\n").good().ipvs.sync->interface == InterfaceName("eth0"));
    CHECK_SAYS_ONLY(read("role = \"director\"\n[ipvs.sync]\nid = 1\n"), "[ipvs.sync] needs an interface");
    CHECK_SAYS_ONLY(read_director("[ipvs.sync]\nid = 256\n"), "a number from 0 to 255");
    CHECK_SAYS_ONLY(read_director("[ipvs.sync]\ngroup = \"192.0.2.1\"\n"), "must be a multicast address");
    CHECK_SAYS_ONLY(read_director("[ipvs]\nexclusiv = true\n"), "did you mean \"exclusive\"?");
}

TEST_CASE("the daemon") {
    const Reading reading = read_director(
        "[daemon]\nmetrics = \"[::1]:9000\"\nrepair = false\non_exit = \"keep\"\nrealtime_priority = 50\n");
    CHECK(reading.good().daemon.metrics == "[::1]:9000");
    CHECK_FALSE(reading.good().daemon.repair);
    CHECK(reading.good().daemon.on_exit == OnExit::keep);
    CHECK(reading.good().daemon.realtime_priority == 50);
    CHECK(read_director("").good().daemon.metrics == "127.0.0.1:9469");
    CHECK(read_director("").good().daemon.on_exit == OnExit::release_vips);
    CHECK_SAYS_ONLY(read_director("[daemon]\nmetrics = \"9469\"\n"), "\"9469\" is not an address with a port");
    CHECK_SAYS_ONLY(read_director("[daemon]\non_exit = \"drop\"\n"), "\"release-vips\" or \"keep\"");
    CHECK_SAYS_ONLY(read_director("[daemon]\nrealtime_priority = 100\n"), "from 0 to 99");
}

TEST_CASE("the guards") {
    const Reading reading = read_director("[limits]\nmax_service_deletes = 0\nmax_weight_loss = 50\n");
    CHECK(reading.good().limits.max_service_deletes == 0U);
    CHECK(reading.good().limits.max_weight_loss == 50U);
    CHECK(reading.good().limits.max_service_deletes_source == Source{4, 23, 0});
    CHECK_FALSE(read_director("").good().limits.max_service_deletes);
    CHECK_SAYS_ONLY(read_director("[limits]\nmax_weight_loss = 101\n"), "from 0 to 100, not 101");
}

TEST_CASE("routes") {
    const Reading reading = read_director(
        "[[route]]\nto = \"default\"\nvia = \"192.0.2.1\"\n[[route]]\nto = \"10.0.0.0/8\"\ninterface = "
        "\"eth1\"\nsource = \"192.0.2.2\"\ntable = 100\nvrrp = \"vrrp-1\"\n[[vrrp]]\nvrid = 1\n");
    const auto& routes = reading.good().routes;
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].prefix == 0);
    CHECK(to_text(*routes[0].via) == "192.0.2.1");
    CHECK(routes[0].table == 254);
    CHECK(routes[1].interface == InterfaceName("eth1"));
    CHECK(to_text(*routes[1].source_address) == "192.0.2.2");
    CHECK(routes[1].table == 100);
    CHECK(routes[1].vrrp == "vrrp-1");
    CHECK_SAYS_ONLY(read_director("[[route]]\nvia = \"192.0.2.1\"\n"), "a route needs a destination");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"default\"\n"), "a route needs a gateway or an interface");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"everywhere\"\nvia = \"192.0.2.1\"\n"),
                    "\"everywhere\" is not a destination");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"10.0.0.1/8\"\nvia = \"192.0.2.1\"\n"), "write \"10.0.0.0/8\"");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"10.0.0.0/8\"\nvia = \"2001:db8::1\"\n"), "mixes IPv4 and IPv6");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"default\"\nvia = \"fe80::1\"\n"), "needs the interface");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"default\"\nvia = \"192.0.2.1\"\ninterface = \"eth0\"\n"),
                    "warning: beside a gateway the interface is not used");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"default\"\nvia = \"192.0.2.1\"\n"
                                  "[[route]]\nto = \"0.0.0.0/0\"\nvia = \"192.0.2.2\"\n"),
                    "6:1: error: there are two routes to one destination");
}

TEST_CASE("the default route is of its gateway's family") {
    const Reading reading = read_director("[[route]]\nto = \"default\"\nvia = \"2001:db8::1\"\n");
    CHECK(reading.good().routes[0].to.family == lbconverge::Family::ipv6);
}

}  // namespace lbconverge::config
