#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("arrays of several files append, in the order of the files") {
    const Reading reading = read({{"lb.toml", R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.1"]
    )"_text},
                                  {"conf.d/a.toml", R"(
        vips = ["192.0.2.2"]
        [[service]]
        vip = "192.0.2.2"
        port = 80
    )"_text},
                                  {"conf.d/b.toml", R"(
        [[service]]
        vip = "192.0.2.1"
        port = 81
    )"_text}});
    REQUIRE(reading.good().vips.size() == 2);
    CHECK(to_text(reading.good().vips[1].address) == "192.0.2.2");
    REQUIRE(reading.good().services.size() == 2);
    CHECK(reading.good().services[1].port == 81);
}

TEST_CASE("what comes from another file keeps its place") {
    const Reading reading = read({{"lb.toml", R"(
        role = "director"
        interface = "eth0"
    )"_text},
                                  {"conf.d/a.toml", R"(

        vips = ["192.0.2.1",
          "192.0.2.2"]
    )"_text},
                                  {"conf.d/b.toml", R"(
        [[service]]
        vip = "192.0.2.2"
        port = 80
        real_servers = ["192.0.2.9"]
    )"_text}});
    CHECK(reading.good().vips[1].source == Source{3, 3, 1});
    CHECK(reading.good().services[0].source == Source{1, 1, 2});
    CHECK(reading.good().services[0].real_servers[0].source == Source{4, 17, 2});
}

TEST_CASE("tables of several files merge") {
    const Reading reading = read({{"lb.toml", R"(
        [nodes]
        a = { role = "director" }
        [arp]
        arp_ignore = 2
    )"_text},
                                  {"b.toml", R"(
        [nodes]
        b = { role = "both" }
        [nodes.a]
        interface = "eth7"
        [arp]
        arp_announce = 1
    )"_text}},
                                 "a");
    CHECK(reading.good().nodes.size() == 2);
    CHECK(reading.good().interface == InterfaceName("eth7"));
    CHECK(reading.good().arp.arp_ignore == 2);
    CHECK(reading.good().arp.arp_announce == 1);
}

TEST_CASE("a scalar given twice is an error that names both places") {
    const Reading reading = read({{"lb.toml", R"(
        role = "director"
        [arp]
        arp_ignore = 1
    )"_text},
                                  {"conf.d/a.toml", R"(
        [arp]
        arp_ignore = 1
    )"_text}});
    CHECK_SAYS_ONLY(reading, R"(conf.d/a.toml:2:1: error: "arp.arp_ignore" is given twice (first at lb.toml:3:14))");
    CHECK_FALSE(reading.config);
}

TEST_CASE("a list in one file and something else in another is given twice as well") {
    const Reading reading = read({{"lb.toml", R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.1"]
    )"_text},
                                  {"conf.d/a.toml", R"(vips = "192.0.2.2")"}});
    CHECK_SAYS_ONLY(reading, R"(conf.d/a.toml:1:1: error: "vips" is given twice (first at lb.toml:3:8))");
}

TEST_CASE("an empty first file does not shift the places of the second") {
    const Reading reading = read({{"lb.toml", ""}, {"b.toml", R"(
        role = "director"
        x = 1
    )"_text}});
    CHECK_SAYS_ONLY(reading, "b.toml:2:1: error: unknown key");
}

}  // namespace lbconverge::config
