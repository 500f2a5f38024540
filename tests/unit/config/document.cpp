#include "lbconverge/config/document.hpp"

#include "reading.hpp"

namespace lbconverge::config {

namespace {
const std::string cluster = R"(
interface = "eth0"
vips = ["192.0.2.20"]
[nodes]
lb2 = { role = "director", address = "192.0.2.2" }
lb1 = { role = "director", address = "192.0.2.1", priority = 150, interface = "eth1" }
[nodes.ws1]
role = "real-server"
address = "192.0.2.3"
vips = ["192.0.2.21", "192.0.2.22"]
arp.arp_ignore = 2
[arp]
arp_announce = 1
[[vrrp]]
vrid = 51
)";
}  // namespace

TEST_CASE("a file without nodes is every node's") {
    const Reading reading = read(R"(role = "director")", "any");
    CHECK(reading.good().node == "any");
    CHECK(reading.good().role == Role::director);
    CHECK(reading.good().role_source == Source{1, 8, 0});
    CHECK(read(R"(role = "real-server")").good().node.empty());
}

TEST_CASE("nodes are known in the order of the file") {
    Diagnostics problems;
    const Document document = Document::parse({{"lb.toml", cluster}}, problems);
    CHECK(document.nodes() == std::vector<std::string>{"lb2", "lb1", "ws1"});
    CHECK(document.files() == std::vector<std::string>{"lb.toml"});
    CHECK(Document::parse({{"lb.toml", R"(role = "both")"}}, problems).nodes().empty());
}

TEST_CASE("a node's scalars count instead of the top level's") {
    CHECK(read(cluster, "lb1").good().interface == InterfaceName("eth1"));
    CHECK(read(cluster, "lb2").good().interface == InterfaceName("eth0"));
}

TEST_CASE("a node's array replaces the top level's") {
    const Reading reading = read(cluster, "ws1");
    REQUIRE(reading.good().vips.size() == 2);
    CHECK(to_text(reading.good().vips[0].address) == "192.0.2.21");
    CHECK(read(cluster, "lb1").good().vips.size() == 1);
}

TEST_CASE("a node's table is laid over the top level's") {
    const Reading reading = read(cluster, "ws1");
    CHECK(reading.good().arp.arp_ignore == 2);
    CHECK(reading.good().arp.arp_announce == 1);
    CHECK(read(cluster, "lb1").good().arp.arp_ignore == 1);
}

TEST_CASE("a node that is not in the file is refused with the names that are") {
    const Reading reading = read(cluster, "lb3");
    CHECK_FALSE(reading.config);
    CHECK_SAYS_ONLY(reading,
                    R"(lb.toml:4:1: error: node "lb3" is not in [nodes]; hint: choose one with --node: "lb2", )"
                    R"("lb1" or "ws1")");
    CHECK_SAYS_ONLY(read(cluster), "this file has several nodes, and none is chosen");
}

TEST_CASE("a role is needed") {
    CHECK_SAYS_ONLY(read(R"(interface = "eth0")"), "the role of this node is missing");
    CHECK_SAYS_ONLY(read(R"(
        [nodes]
        a = {}
    )"_text,
                         "a"),
                    R"(lb.toml:2:5: error: node "a" has no role)");
    CHECK_SAYS_ONLY(read(R"(role = "balancer")"), R"("role" of the file must be "director", "real-server" or "both")");
}

TEST_CASE("an unknown key names the nearest known one") {
    const Reading reading = read(R"(
        role = "director"
        interfase = "eth0"
    )"_text);
    CHECK_SAYS_ONLY(reading,
                    R"(lb.toml:2:1: error: unknown key "interfase" in the file; hint: did you mean "interface"?)");
    CHECK_SAYS(read(R"(
        role = "director"
        zzzzzzzzzz = 1
    )"_text),
               "hint: known here: ");
    CHECK_SAYS_ONLY(read(R"(
        [nodes]
        a = { role = "director", adress = "192.0.2.1" }
    )"_text,
                         "a"),
                    R"(did you mean "address"?)");
}

TEST_CASE("what belongs to a node is refused at the top, and the other way round") {
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        priority = 5
    )"_text),
                    R"(lb.toml:2:12: error: "priority" belongs to a node or a section)");
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        address = "192.0.2.1"
    )"_text),
                    R"("address" belongs to a node)");
    CHECK_SAYS_ONLY(read(R"(
        [nodes.a]
        role = "director"
        [nodes.a.nodes]
        b = {}
    )"_text,
                         "a"),
                    "a node cannot have nodes of its own");
}

TEST_CASE("every problem is told in one run") {
    const Reading reading = read(R"(
        role = "x"
        foo = 1
        vips = [1]
        [arp]
        arp_announce = 3
        [[vrrp]]
        vrid = 0
    )"_text);
    CHECK_MESSAGE(reading.lines.size() == 6, reading.all());  // the missing interface of [[vrrp]] as well
    CHECK_FALSE(reading.config);
}

TEST_CASE("a syntax error has its place, and the other files are still read") {
    const Reading reading = read({{"a.toml", R"(
        role = "director"
        bad = 
    )"_text},
                                  {"b.toml", R"(
        [arp]
        x = 1
    )"_text}},
                                 "");
    CHECK_SAYS(reading, "a.toml:2:");
    CHECK_SAYS(reading, "this is not TOML");
    CHECK_SAYS(reading, R"(b.toml:2:1: error: unknown key "x" in [arp])");
}

TEST_CASE("after a syntax error nothing else seems to be missing") {
    CHECK_SAYS_ONLY(read(R"(
        role = "director"
        bad = 
    )"_text),
                    "lb.toml:2:");
}

TEST_CASE("a key twice in one file is a syntax error") {
    CHECK_SAYS(read(R"(
        role = "director"
        role = "both"
    )"_text),
               "lb.toml:2:");
}

TEST_CASE("warnings do not cost the configuration") {
    const Reading reading = read_director(R"(
        vips = ["192.0.2.1"]
        [[vrrp]]
        vrid = 1
        [[vrrp]]
        vrid = 2
    )"_text);
    CHECK(reading.lines.size() == 1);
    CHECK(reading.config.has_value());
}

}  // namespace lbconverge::config
