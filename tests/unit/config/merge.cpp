#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("arrays of several files append, in the order of the files") {
    const Reading reading =
        read({{"lb.toml", "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.1\"]\n"},
              {"conf.d/a.toml", "vips = [\"192.0.2.2\"]\n[[service]]\nvip = \"192.0.2.2\"\nport = 80\n"},
              {"conf.d/b.toml", "[[service]]\nvip = \"192.0.2.1\"\nport = 81\n"}});
    REQUIRE(reading.good().vips.size() == 2);
    CHECK(to_text(reading.good().vips[1].address) == "192.0.2.2");
    REQUIRE(reading.good().services.size() == 2);
    CHECK(reading.good().services[1].port == 81);
}

TEST_CASE("what comes from another file keeps its place") {
    const Reading reading =
        read({{"lb.toml", "role = \"director\"\ninterface = \"eth0\"\n"},
              {"conf.d/a.toml", "\nvips = [\"192.0.2.1\",\n  \"192.0.2.2\"]\n"},
              {"conf.d/b.toml", "[[service]]\nvip = \"192.0.2.2\"\nport = 80\nreal_servers = [\"192.0.2.9\"]\n"}});
    CHECK(reading.good().vips[1].source == Source{3, 3, 1});
    CHECK(reading.good().services[0].source == Source{1, 1, 2});
    CHECK(reading.good().services[0].real_servers[0].source == Source{4, 17, 2});
}

TEST_CASE("tables of several files merge") {
    const Reading reading = read(
        {{"lb.toml", "[nodes]\na = { role = \"director\" }\n[arp]\narp_ignore = 2\n"},
         {"b.toml", "[nodes]\nb = { role = \"both\" }\n[nodes.a]\ninterface = \"eth7\"\n[arp]\narp_announce = 1\n"}},
        "a");
    CHECK(reading.good().nodes.size() == 2);
    CHECK(reading.good().interface == InterfaceName("eth7"));
    CHECK(reading.good().arp.arp_ignore == 2);
    CHECK(reading.good().arp.arp_announce == 1);
}

TEST_CASE("a scalar given twice is an error that names both places") {
    const Reading reading = read(
        {{"lb.toml", "role = \"director\"\n[arp]\narp_ignore = 1\n"}, {"conf.d/a.toml", "[arp]\narp_ignore = 1\n"}});
    CHECK_SAYS_ONLY(reading, "conf.d/a.toml:2:1: error: \"arp.arp_ignore\" is given twice (first at lb.toml:3:14)");
    CHECK_FALSE(reading.config);
}

TEST_CASE("a list in one file and something else in another is given twice as well") {
    const Reading reading = read({{"lb.toml", "role = \"director\"\ninterface = \"eth0\"\nvips = [\"192.0.2.1\"]\n"},
                                  {"conf.d/a.toml", "vips = \"192.0.2.2\"\n"}});
    CHECK_SAYS_ONLY(reading, "conf.d/a.toml:1:1: error: \"vips\" is given twice (first at lb.toml:3:8)");
}

TEST_CASE("an empty first file does not shift the places of the second") {
    const Reading reading = read({{"lb.toml", ""}, {"b.toml", "role = \"director\"\nx = 1\n"}});
    CHECK_SAYS_ONLY(reading, "b.toml:2:1: error: unknown key");
}

}  // namespace lbconverge::config
