#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("every node of the file is known to each of them") {
    const Reading reading = read(R"(
        [nodes]
        lb1 = { role = "director", address = "192.0.2.1", priority = 150 }
        ws1 = { role = "real-server", address = "2001:db8::3" }
        plain = {}
    )"_text,
                                 "lb1");
    const auto& nodes = reading.good().nodes;
    REQUIRE(nodes.size() == 3);
    CHECK(nodes[0].name == "lb1");
    CHECK(nodes[0].role == Role::director);
    CHECK(to_text(*nodes[0].address) == "192.0.2.1");
    CHECK(nodes[0].priority == 150);
    CHECK(nodes[0].source == Source{2, 7, 0});
    CHECK(to_text(*nodes[1].address) == "2001:db8::3");
    CHECK_FALSE(nodes[1].priority);
    CHECK_FALSE(nodes[2].role);
    CHECK_FALSE(nodes[2].address);
}

TEST_CASE("a node without a role has that of the top level, also in the eyes of the others") {
    const Reading reading = read(R"(
        role = "real-server"
        [nodes]
        a = { role = "director" }
        b = {}
    )"_text,
                                 "a");
    CHECK(reading.good().role == Role::director);
    CHECK(reading.good().nodes.at(0).role == Role::director);
    CHECK(reading.good().nodes.at(1).role == Role::real_server);
}

TEST_CASE("mistakes of any node are told to each") {
    const Reading reading = read(R"(
        [nodes]
        a = { role = "director" }
        b = { role = "boss", address = "x", priority = 0 }
    )"_text,
                                 "a");
    CHECK_SAYS(reading, R"(lb.toml:3:14: error: "role" of a node must be)");
    CHECK_SAYS(reading, R"("x" is not an IP address)");
    CHECK_SAYS(reading, R"("priority" of a node must be a number from 1 to 255, not 0)");
}

TEST_CASE("nodes is a table of tables") {
    CHECK_SAYS(read(R"(
        role = "director"
        nodes = ["lb1"]
    )"_text,
                    "lb1"),
               R"("nodes" must be a table, not a list)");
    CHECK_SAYS(read(R"(
        role = "director"
        [nodes]
        lb1 = "192.0.2.1"
    )"_text,
                    "lb1"),
               R"(node "lb1" must be a table, not a string)");
}

}  // namespace lbconverge::config
