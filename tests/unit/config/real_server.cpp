#include "reading.hpp"

namespace lbconverge::config {

namespace {

const std::string head = R"(
interface = "eth0"
role = "director"
[nodes]
lb1 = { address = "192.0.2.1" }
ws1 = { role = "real-server", address = "192.0.2.3" }
bare = { role = "real-server" }
[[service]]
vip = "192.0.2.20"
port = 80
forward = "masquerade"
real_servers = [
)";

/// One entry of real_servers, at line 14.
Reading read_entry(const std::string& entry) {
    return read(head + R"(
        $
        ]
    )"_with(entry),
                "lb1");
}

const RealServer& server(const Reading& reading) { return reading.good().services.at(0).real_servers.at(0); }

}  // namespace

TEST_CASE("a real server is an address, an address with a port, or a node") {
    CHECK(to_text(server(read_entry(R"("192.0.2.9")")).address) == "192.0.2.9");
    CHECK(server(read_entry(R"("192.0.2.9")")).port == 80);
    CHECK(server(read_entry(R"("192.0.2.9:8080")")).port == 8080);
    CHECK(server(read_entry(R"("192.0.2.9")")).source == Source{13, 1, 0});
    CHECK(to_text(server(read_entry(R"("ws1")")).address) == "192.0.2.3");
    CHECK(server(read_entry(R"("ws1")")).port == 80);
    CHECK(server(read_entry(R"("ws1:8080")")).port == 8080);
    CHECK(to_text(server(read_entry(R"({ address = "ws1", weight = 5 })")).address) == "192.0.2.3");
}

TEST_CASE("IPv6 with a port needs brackets") {
    const std::string service = R"(
        [[service]]
        vip = "2001:db8::20"
        port = 80
        forward = "masquerade"
        real_servers = )"_text;
    const Reading reading = read_director(service + R"(
        ["2001:db8::3", "[2001:db8::4]:8080"]
    )"_text);
    const auto& servers = reading.good().services.at(0).real_servers;
    CHECK(servers.at(0).port == 80);
    CHECK(to_text(servers.at(1).address) == "2001:db8::4");
    CHECK(servers.at(1).port == 8080);
}

TEST_CASE("a table says everything") {
    const Reading reading = read_entry(
        R"({ address = "192.0.2.9", port = 81, weight = 0, forward = "tunnel", tunnel_type = "gue", tunnel_port = 6080, upper_threshold = 100, lower_threshold = 100, check = "tcp" })");
    CHECK_SAYS_ONLY(reading, "[LVS11]");
    const Reading good = read_entry(
        R"({ address = "192.0.2.9", port = 80, weight = 0, forward = "tunnel", tunnel_type = "gue", tunnel_port = 6080, upper_threshold = 100, lower_threshold = 100, check = "tcp" })");
    CHECK(server(good).weight == 0);
    CHECK(server(good).forward == Forward::tunnel);
    CHECK(server(good).tunnel_type == TunnelType::gue);
    CHECK(server(good).tunnel_port == 6080);
    CHECK(server(good).upper_threshold == 100);
    CHECK(server(good).lower_threshold == 100);
    REQUIRE(server(good).check == 0);
    CHECK(good.good().checks.at(0).type == CheckType::tcp);
}

TEST_CASE("an entry that is none of it") {
    CHECK_SAYS_ONLY(read_entry(R"("ws2")"),
                    R"(lb.toml:13:1: error: "ws2" is neither an address nor a node; hint: did you mean "ws1"?)");
    CHECK_SAYS_ONLY(read_entry(R"("ws1:x")"), R"("ws1:x" is neither an address nor a node)");
    CHECK_SAYS_ONLY(read_entry(R"("192.0.2.9:99999")"), "is neither an address nor a node");
    CHECK_SAYS_ONLY(read_entry(R"("bare")"), R"(node "bare" has no address (first at lb.toml:7:8))");
    CHECK_SAYS_ONLY(read_entry("5"), "a real server is a string or a table, not a number");
    CHECK_SAYS_ONLY(read_entry("{ weight = 1 }"), "a real server needs an address");
    CHECK_SAYS_ONLY(read_entry(R"("0.0.0.0")"), "0.0.0.0 cannot be a real server");
    CHECK_SAYS_ONLY(read_entry(R"("224.0.0.1")"), "cannot be a real server");
    CHECK_SAYS_ONLY(read_entry(R"("255.255.255.255")"), "cannot be a real server");
    CHECK_SAYS_ONLY(read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = "192.0.2.3"
    )"_text),
                    R"("real_servers" of a service must be a list, not a string)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = ["ws1"]
    )"_text),
                    "write ADDR, ADDR:PORT or [ADDR]:PORT");
}

TEST_CASE("weights and thresholds have the kernel's limits") {
    CHECK(server(read_entry(R"({ address = "192.0.2.9", weight = 2147483647 })")).weight == 2147483647);
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", weight = 2147483648 })"), "a number from 0 to 2147483647");
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", weight = -1 })"), R"("weight" of a real server)");
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", upper_threshold = 2147483648 })"), R"("upper_threshold")");
}

TEST_CASE("LVS26: the lower threshold is not above the upper") {
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", upper_threshold = 5, lower_threshold = 6 })"), "[LVS26]");
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", lower_threshold = 1 })"), "[LVS26]");
    CHECK(
        server(read_entry(R"({ address = "192.0.2.9", upper_threshold = 6, lower_threshold = 5 })")).lower_threshold ==
        5);
}

TEST_CASE("tunnel settings fit the tunnel") {
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", tunnel_type = "gre" })"),
                    R"(tunnel settings need forward = "tunnel")");
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", forward = "tunnel", tunnel_type = "gue" })"),
                    "needs a tunnel_port");
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9", forward = "tunnel", tunnel_port = 6080 })"),
                    R"(only tunnel_type = "gue" has a port)");
    CHECK(server(read_entry(R"({ address = "192.0.2.9", forward = "tunnel", tunnel_type = "gre" })")).tunnel_type ==
          TunnelType::gre);
}

TEST_CASE("a port in the address and beside it") {
    CHECK_SAYS_ONLY(read_entry(R"({ address = "192.0.2.9:81", port = 82 })"),
                    "the port of this real server is there twice");
    CHECK(server(read_entry(R"({ address = "192.0.2.9:81" })")).port == 81);
}

TEST_CASE("the fallback is read like a real server") {
    const Reading reading = read_director(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 80
        fallback = { address = "192.0.2.9", port = 8080, forward = "masquerade" }
    )"_text);
    REQUIRE(reading.good().services.at(0).fallback);
    CHECK(reading.good().services[0].fallback->port == 8080);
    CHECK(reading.good().services[0].fallback->forward == Forward::masquerade);
    CHECK(reading.good().services[0].forward == Forward::direct);
}

}  // namespace lbconverge::config
