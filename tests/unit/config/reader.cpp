#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("every type is told apart") {
    const auto interval = [](const std::string& value) {
        return read_director(R"(
            [[track]]
            name = "t"
            file = "x"
            interval = $
        )"_with(value));
    };
    CHECK_SAYS_ONLY(interval("5"), R"("interval" of a track must be a duration, not a number)");
    CHECK_SAYS_ONLY(interval("5.5"), "not a number with a fraction");
    CHECK_SAYS_ONLY(interval("true"), "not true or false");
    CHECK_SAYS_ONLY(interval("[1]"), "not a list");
    CHECK_SAYS_ONLY(interval("{ a = 1 }"), "not a table");
    CHECK_SAYS_ONLY(interval("2024-01-01"), "not a date or time");
}

TEST_CASE("a wrong type has the place of the value") {
    CHECK_SAYS_ONLY(read("role = 1\n"), R"(lb.toml:1:8: error: "role" of the file must be "director")");
    CHECK_SAYS_ONLY(read_director(R"(
        [ipvs]
        exclusive = 1
    )"_text),
                    R"(lb.toml:4:13: error: "exclusive" of [ipvs] must be true or false)");
    CHECK_SAYS_ONLY(read_director(R"(
        [daemon]
        metrics = 1
    )"_text),
                    R"(lb.toml:4:11: error: "metrics" of [daemon] must be a string)");
    CHECK_SAYS_ONLY(read_director("service = 1\n"),
                    R"(lb.toml:3:11: error: "service" of the file must be a list of tables, not a number)");
    CHECK_SAYS_ONLY(read_director("service = [1]\n"),
                    R"("service" of the file must be a list of tables, not a number)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        track = [1]
    )"_text),
                    R"(lb.toml:5:10: error: each element of "track" must be a string)");
}

TEST_CASE("an empty string says nothing") {
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        interface = ""
    )"_text),
                    R"("interface" of the file must not be empty; hint: leave the key out)");
    CHECK_SAYS_ONLY(read_director(R"(
        [[vrrp]]
        vrid = 1
        name = "a\u0000b"
    )"_text),
                    R"("name" of a VRRP instance must not contain a NUL character)");
}

TEST_CASE("the kernel's limit on an interface's name") {
    CHECK(read(R"(
        role = "director"
        interface = "fifteen-letters"
    )"_text)
              .good()
              .interface == InterfaceName("fifteen-letters"));
    for (const char* wrong : {"sixteen--letters", "a b", "a/b", "eth0:1", ".", ".."}) {
        CHECK_SAYS_ONLY(read(R"(
            role = "director"
            interface = "$"
        )"_with(wrong)),
                        "is not the name of an interface");
    }
}

TEST_CASE("of a table that is both the file's and the node's, each layer's unknown keys are told") {
    const Reading reading = read(R"(
        [nodes]
        a = { role = "director", arp = { foo = 1 } }
        [arp]
        bar = 2
    )"_text,
                                 "a");
    CHECK_SAYS(reading, R"(lb.toml:2:34: error: unknown key "foo" in [arp])");
    CHECK_SAYS(reading, R"(lb.toml:4:1: error: unknown key "bar" in [arp])");
    CHECK_SAYS_ONLY(read(R"(
        [nodes]
        a = { role = "director", arp = 5 }
        [arp]
        arp_ignore = 1
    )"_text,
                         "a"),
                    R"("arp" of the file or its node must be a table, not a number)");
}

}  // namespace lbconverge::config
