#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("every type is told apart") {
    const auto interval = [](const std::string& value) {
        return read_director("[[track]]\nname = \"t\"\nfile = \"x\"\ninterval = " + value + "\n");
    };
    CHECK_SAYS_ONLY(interval("5"), "\"interval\" of a track must be a duration, not a number");
    CHECK_SAYS_ONLY(interval("5.5"), "not a number with a fraction");
    CHECK_SAYS_ONLY(interval("true"), "not true or false");
    CHECK_SAYS_ONLY(interval("[1]"), "not a list");
    CHECK_SAYS_ONLY(interval("{ a = 1 }"), "not a table");
    CHECK_SAYS_ONLY(interval("2024-01-01"), "not a date or time");
}

TEST_CASE("a wrong type has the place of the value") {
    CHECK_SAYS_ONLY(read("role = 1\n"), "lb.toml:1:8: error: \"role\" of the file must be \"director\"");
    CHECK_SAYS_ONLY(read_director("[ipvs]\nexclusive = 1\n"),
                    "lb.toml:4:13: error: \"exclusive\" of [ipvs] must be true or false");
    CHECK_SAYS_ONLY(read_director("[daemon]\nmetrics = 1\n"),
                    "lb.toml:4:11: error: \"metrics\" of [daemon] must be a string");
    CHECK_SAYS_ONLY(read_director("service = 1\n"),
                    "lb.toml:3:11: error: \"service\" of the file must be a list of tables, not a number");
    CHECK_SAYS_ONLY(read_director("service = [1]\n"), "\"service\" of the file must be a list of tables, not a number");
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\ntrack = [1]\n"),
                    "lb.toml:5:10: error: each element of \"track\" must be a string");
}

TEST_CASE("an empty string says nothing") {
    CHECK_SAYS_ONLY(read("role = \"director\"\ninterface = \"\"\n"),
                    "\"interface\" of the file must not be empty; hint: leave the key out");
    CHECK_SAYS_ONLY(read_director("[[vrrp]]\nvrid = 1\nname = \"a\\u0000b\"\n"),
                    "\"name\" of a VRRP instance must not contain a NUL character");
}

TEST_CASE("the kernel's limit on an interface's name") {
    CHECK(read("role = \"director\"\ninterface = \"fifteen-letters\"\n").good().interface ==
          InterfaceName("fifteen-letters"));
    for (const char* wrong : {"sixteen--letters", "a b", "a/b", "eth0:1", ".", ".."}) {
        CHECK_SAYS_ONLY(read("role = \"director\"\ninterface = \"" + std::string(wrong) + "\"\n"),
                        "is not the name of an interface");
    }
}

TEST_CASE("of a table that is both the file's and the node's, each layer's unknown keys are told") {
    const Reading reading = read("[nodes]\na = { role = \"director\", arp = { foo = 1 } }\n[arp]\nbar = 2\n", "a");
    CHECK_SAYS(reading, "lb.toml:2:34: error: unknown key \"foo\" in [arp]");
    CHECK_SAYS(reading, "lb.toml:4:1: error: unknown key \"bar\" in [arp]");
    CHECK_SAYS_ONLY(read("[nodes]\na = { role = \"director\", arp = 5 }\n[arp]\narp_ignore = 1\n", "a"),
                    "\"arp\" of the file or its node must be a table, not a number");
}

}  // namespace lbconverge::config
