#include "reading.hpp"

namespace lbconverge::config {

namespace {
const std::string two = "[[vrrp]]\nname = \"a\"\nvrid = 1\n[[vrrp]]\nname = \"b\"\nvrid = 2\ninterface = \"eth1\"\n";
}

TEST_CASE("a VIP belongs to the only instance") {
    CHECK(read_director("vips = [\"192.0.2.1\"]\n[[vrrp]]\nvrid = 51\n").good().vips.at(0).vrrp == "vrrp-51");
    CHECK(read_director("vips = [\"192.0.2.1\"]\n").good().vips.at(0).vrrp.empty());
}

TEST_CASE("with several instances, a VIP says to which it belongs") {
    const Reading reading = read_director(two + "[[vip]]\naddress = \"192.0.2.1\"\nvrrp = \"b\"\n");
    CHECK(reading.good().vips.at(0).vrrp == "b");
    CHECK(reading.good().vips.at(0).interface == InterfaceName("eth1"));
    const Reading silent = read_director(two + "[[vip]]\naddress = \"192.0.2.1\"\n");
    CHECK_SAYS_ONLY(
        silent,
        "lb.toml:10:1: warning: VIP 192.0.2.1 belongs to none of the VRRP instances: every director will hold it");
    CHECK(silent.config.has_value());
}

TEST_CASE("a name that is not there is an error with the nearest one") {
    CHECK_SAYS_ONLY(
        read_director("[[vip]]\naddress = \"192.0.2.1\"\nvrrp = \"VI_2\"\n[[vrrp]]\nname = \"VI_1\"\nvrid = 1\n"),
        "there is no VRRP instance named \"VI_2\"; hint: did you mean \"VI_1\"?");
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\ntrack = [\"x\"]\n"), "there is no track named \"x\"");
    CHECK_SAYS_ONLY(read_director("[[hook]]\non = [\"master\"]\ncommand = [\"/x\"]\nvrrp = \"x\"\n"),
                    "there is no VRRP instance named \"x\"");
    CHECK_SAYS_ONLY(read_director("[[route]]\nto = \"default\"\nvia = \"192.0.2.1\"\nvrrp = \"x\"\n"),
                    "there is no VRRP instance");
    CHECK_SAYS_ONLY(read_director("[ipvs.sync]\nfollow = \"x\"\n"), "there is no VRRP instance");
    CHECK_SAYS_ONLY(read_director("[[sync_group]]\nname = \"g\"\nmembers = [\"x\"]\n"), "there is no VRRP instance");
}

TEST_CASE("a sync group has one priority: another one does not count") {
    const std::string group = "[[sync_group]]\nname = \"g\"\nmembers = [\"a\", \"b\"]\n";
    const auto pair = [](const std::string& a, const std::string& b) {
        return "[[vrrp]]\nvrid = 1\nname = \"a\"\npriority = " + a +
               "\n[[vrrp]]\nvrid = 2\nname = \"b\"\npriority = " + b + "\n";
    };
    CHECK_SAYS_ONLY(read_director(pair("90", "150") + group),
                    "warning: priority 150 of VRRP instance \"b\" does not count: its sync group \"g\" has one "
                    "priority, 90 of \"a\"");
    CHECK(read_director(pair("90", "90") + group).lines.empty());
    CHECK(read_director(pair("90", "150")).lines.empty());
}

TEST_CASE("names are unique") {
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\nname = \"a\"\n[[vrrp]]\nvrid = 2\nname = \"a\"\n"),
                    "two VRRP instances are named \"a\" (first at lb.toml:3:1)");
    CHECK_SAYS_ONLY(read_director("[[track]]\nname = \"a\"\nfile = \"x\"\n[[track]]\nname = \"a\"\nfile = \"x\"\n"),
                    "two tracks are named \"a\"");
    CHECK_SAYS_ONLY(
        read_director(
            two + "[[sync_group]]\nname = \"g\"\nmembers = [\"a\"]\n[[sync_group]]\nname = \"g\"\nmembers = [\"b\"]\n"),
        "two sync groups are named \"g\"");
    CHECK_SAYS_ONLY(
        read_director(
            two + "[[sync_group]]\nname = \"g\"\nmembers = [\"a\"]\n[[sync_group]]\nname = \"h\"\nmembers = [\"a\"]\n"),
        "is a member of sync groups twice");
}

TEST_CASE("LVS33: a VRID once per link and family") {
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\n[[vrrp]]\nvrid = 1\nname = \"b\"\n"),
                    "lb.toml:5:1: error: vrid 1 is there twice on eth0");
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\n[[vrrp]]\nvrid = 1\nname = \"b\"\n"), "[LVS33]");
    CHECK(read_director("[[vrrp]]\nvrid = 1\n[[vrrp]]\nvrid = 1\nname = \"b\"\ninterface = \"eth1\"\n")
              .good()
              .vrrp.size() == 2);
    const std::string six = "[[vip]]\naddress = \"2001:db8::1\"\nvrrp = \"b\"\n";
    CHECK(read_director(six + "[[vrrp]]\nvrid = 1\n[[vrrp]]\nvrid = 1\nname = \"b\"\n").good().vrrp.at(1).family ==
          Family::ipv6);
}

TEST_CASE("a director's VIP needs an interface; a real server's on lo does not") {
    CHECK_SAYS_ONLY(read("role = \"director\"\nvips = [\"192.0.2.1\"]\n"),
                    "lb.toml:2:9: error: VIP 192.0.2.1 needs an interface");
    CHECK(read("role = \"real-server\"\nvips = [\"192.0.2.1\"]\n").good().vips.at(0).interface.empty());
    CHECK_SAYS_ONLY(read("role = \"real-server\"\n[[vip]]\naddress = \"192.0.2.1\"\naccept = \"interface\"\n"),
                    "needs an interface");
    CHECK(read("role = \"both\"\ninterface = \"eth0\"\nvips = [\"192.0.2.1\"]\n").good().vips.at(0).interface ==
          InterfaceName("eth0"));
}

TEST_CASE("a real server takes no part in elections, but its file is checked") {
    const std::string file = "role = \"real-server\"\n[[vip]]\naddress = \"192.0.2.1\"\nvrrp = ";
    const Reading reading = read(file + "\"a\"\n[[vrrp]]\nname = \"a\"\nvrid = 1\n");
    CHECK(reading.good().vrrp.empty());
    CHECK(reading.good().vips.at(0).vrrp.empty());
    CHECK_SAYS_ONLY(read(file + "\"x\"\n"), "there is no VRRP instance named \"x\"");
}

TEST_CASE("unicast: the peers are the other directors") {
    const std::string file = R"(
interface = "eth0"
[nodes]
a = { role = "director", address = "192.0.2.1" }
b = { role = "both", address = "192.0.2.2" }
w = { role = "real-server" }
[[vrrp]]
vrid = 1
unicast = true
)";
    const Reading reading = read(file, "a");
    REQUIRE(reading.good().vrrp.at(0).peers.size() == 1);
    CHECK(to_text(reading.good().vrrp[0].peers[0]) == "192.0.2.2");
    CHECK(to_text(read(file, "b").good().vrrp.at(0).peers.at(0)) == "192.0.2.1");
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\nunicast = true\n"),
                    "unicast = true needs [nodes] to know the peers");
    CHECK_SAYS_ONLY(read("role = \"director\"\ninterface = \"eth0\"\n[nodes]\na = { address = \"192.0.2.1\" }\nb = "
                         "{}\n[[vrrp]]\nvrid = 1\nunicast = true\n",
                         "a"),
                    "lb.toml:5:5: error: node \"b\" needs an IPv4 address: it is a unicast peer");
}

TEST_CASE("an instance has one family") {
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\npeers = [\"192.0.2.2\", \"2001:db8::2\"]\n"),
                    "are of both address families");
    CHECK_SAYS_ONLY(read_director("vips = [\"2001:db8::1\"]\n[[vrrp]]\nvrid = 1\nversion = 2\n"),
                    "VRRP version 2 knows no IPv6");
    CHECK(read_director("[[vrrp]]\nvrid = 1\nsource = \"fe80::1\"\n").good().vrrp.at(0).family == Family::ipv6);
    CHECK(read_director("[[vrrp]]\nvrid = 1\n").good().vrrp.at(0).family == Family::ipv4);
}

}  // namespace lbconverge::config
