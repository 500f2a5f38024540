#include "reading.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace {

/// "path=value" of every setting, sorted.
std::vector<std::string> settings(const Reading& reading) {
    std::vector<std::string> all;
    for (const Sysctl& each : reading.good().sysctls) all.push_back(each.path + "=" + each.value);
    std::sort(all.begin(), all.end());
    return all;
}

Reading read_settings(const std::string& text) {
    return read(R"(
        role = "director"
        [sysctl]
    )"_text + text);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the first separator decides what dots and slashes mean") {
    CHECK(settings(read_settings(R"("net.ipv4.conf.eth0/100.rp_filter" = 0)")) ==
          Lines{"net/ipv4/conf/eth0.100/rp_filter=0"});
    CHECK(settings(read_settings(R"("net/ipv4/conf/eth0.100/rp_filter" = 0)")) ==
          Lines{"net/ipv4/conf/eth0.100/rp_filter=0"});
}

TEST_CASE("values are numbers, booleans or text with single spaces") {
    CHECK(settings(read_settings(R"(
        "net.a" = -1
        "net.b" = true
        "net.c" = false
        "net.d" = " 3\t 50\n"
    )"_text)) == Lines{"net/a=-1", "net/b=1", "net/c=0", "net/d=3 50"});
    CHECK_SAYS_ONLY(read_settings(R"("net.a" = 1.5)"),
                    "must be a number, a string, true or false, not a number with a fraction");
    CHECK_SAYS_ONLY(read_settings(R"("net.a" = " ")"), R"(the value of "net.a")");
    CHECK_SAYS_ONLY(read_settings(R"("net.a" = [1])"), "not a list");
}

TEST_CASE("settings of a role are only for nodes of that role") {
    const std::string file = R"(
        [nodes]
        lb = { role = "director" }
        ws = { role = "real-server" }
        all = { role = "both" }
        [sysctl]
        "net.a" = 1
        [sysctl.director]
        "net.b" = 2
        [sysctl.real-server]
        "net.b" = 3
        [sysctl.both]
        "net.b" = 4
    )"_text;
    CHECK(settings(read(file, "lb")) == Lines{"net/a=1", "net/b=2"});
    CHECK(settings(read(file, "ws")) == Lines{"net/a=1", "net/b=3"});
    CHECK(settings(read(file, "all")) == Lines{"net/a=1", "net/b=4"});
}

TEST_CASE("a node's own setting counts, however it is spelt") {
    const std::string file = R"(
        [nodes]
        lb1 = { role = "director", sysctl = { "net/a" = 9, director = { "net.c" = 5 } } }
        lb2 = { role = "director" }
        [sysctl]
        "net.a" = 1
        "net.b" = 2
        [sysctl.director]
        "net.c" = 3
    )"_text;
    CHECK(settings(read(file, "lb1")) == Lines{"net/a=9", "net/b=2", "net/c=5"});
    CHECK(settings(read(file, "lb2")) == Lines{"net/a=1", "net/b=2", "net/c=3"});
}

TEST_CASE("the same setting twice is an error that names both places") {
    CHECK_SAYS_ONLY(read_settings(R"(
        "net.ipv4.a" = 1
        "net/ipv4/a" = 1
    )"_text),
                    R"(lb.toml:4:1: error: setting "net/ipv4/a" is there twice (first at lb.toml:3:1))");
    CHECK_SAYS_ONLY(read_settings(R"(
        "net.a" = 1
        [sysctl.director]
        "net.a" = 2
    )"_text),
                    "is there twice");
}

TEST_CASE("only network settings, and no way out of their tree") {
    CHECK_SAYS_ONLY(read_settings(R"("kernel.panic" = 1)"),
                    R"(lb.toml:3:1: error: unknown key "kernel.panic" in [sysctl])");
    CHECK_SAYS_ONLY(read_settings(R"("network.x" = 1)"), R"(only settings whose name begins with "net.")");
    for (const char* wrong : {"net/../kernel/panic", "net/ipv4/./x", "net//x", "net/", "net.//.x"}) {
        CHECK_SAYS_ONLY(read_settings(R"("$" = 1)"_with(wrong)), "is not the name of a setting");
    }
}

TEST_CASE("a name without quotes makes TOML tables: said so") {
    CHECK_SAYS_ONLY(read_settings("net.ipv4.ip_forward = 1\n"), "a setting's name in [sysctl] needs quotes");
}

TEST_CASE("a role that does not exist") {
    CHECK_SAYS_ONLY(read_settings(R"(
        [sysctl.directors]
        "net.a" = 1
    )"_text),
                    R"(unknown table "directors" in [sysctl]; hint: did you mean "director"?)");
}

TEST_CASE("mistakes in another role's settings are told as well") {
    CHECK_SAYS_ONLY(read_settings(R"(
        [sysctl.both]
        "kernel.x" = 1
    )"_text),
                    R"(unknown key "kernel.x")");
}

}  // namespace lbconverge::config
