// Several files as one cluster.
#include "importing.hpp"

namespace lbconverge::importer {

namespace {

std::string unicast(const std::string& name, const std::string& own, const std::string& peer, int priority) {
    return "global_defs { router_id " + name + "\n}\nvrrp_instance VI {\n interface eth0\n virtual_router_id 33\n" +
           " unicast_src_ip " + own + "\n unicast_peer { " + peer + " }\n priority " + std::to_string(priority) +
           "\n virtual_ipaddress { 10.0.0.9 }\n}\n";
}

Outcome pair_of(const std::string& a, const std::string& b) {
    return outcome_of({{"", "a.conf"}, {"", "b.conf"}}, {{"a.conf", a}, {"b.conf", b}});
}

}  // namespace

TEST_CASE("what nodes share is there once; the peers are the other nodes") {
    const Outcome outcome =
        pair_of(unicast("lb1", "10.0.0.1", "10.0.0.2", 200), unicast("lb2", "10.0.0.2", "10.0.0.1", 100));
    CHECK(outcome.imported.toml == R"(
        role = "director"
        interface = "eth0"
        vips = ["10.0.0.9"]

        [nodes]
        lb1 = { address = "10.0.0.1", priority = 200 }
        lb2 = { address = "10.0.0.2" }

        [[vrrp]]
        name = "VI"
        vrid = 33
        version = 2
        unicast = true
    )"_text);
    CHECK_SILENT(outcome);
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("contradictions are named") {
    const std::string a = unicast("lb1", "10.0.0.1", "10.0.0.2", 100);
    const auto changed = [&](const std::string& from, const std::string& to) {
        std::string b = unicast("lb2", "10.0.0.2", "10.0.0.1", 90);
        b.replace(b.find(from), from.size(), to);
        return pair_of(a, b);
    };
    CHECK_SAID(changed("priority 90", "priority 100"),
               "b.conf:8: broken: priority: of \"VI\" is 100 on lb1 and on lb2");
    CHECK_SAID(changed("10.0.0.9", "10.0.0.8"),
               "broken: virtual_ipaddress: of \"VI\": lb1 has 10.0.0.9 and lb2 has 10.0.0.8");
    CHECK_SAID(changed("virtual_router_id 33", "virtual_router_id 34"),
               "broken: vrid: of \"VI\": lb1 has 33 and lb2 has 34");
    CHECK_SAID(changed("priority 90", "priority 90\n advert_int 2"), "lb1 has \"1s\" and lb2 has \"2s\"");
    const Outcome password =
        changed("priority 90", "priority 90\n authentication { auth_type PASS\n auth_pass secret\n }");
    CHECK_SAID(password, "broken: auth_pass: of \"VI\"");
    CHECK_FALSE(password.says("secret"));
    CHECK_ACCEPTED(changed("10.0.0.9", "10.0.0.8"));
}

TEST_CASE("one virtual router has one name") {
    std::string b = unicast("lb2", "10.0.0.2", "10.0.0.1", 90);
    b.replace(b.find("VI"), 2, "XX");
    const Outcome outcome = pair_of(unicast("lb1", "10.0.0.1", "10.0.0.2", 100), b);
    CHECK_SAID(outcome, "b.conf:3: changed: vrrp_instance \"XX\": is named \"VI\", as on node lb1");
    CHECK_HAS(outcome, "unicast = true");
}

TEST_CASE("priorities that cross are said by each node") {
    const auto node = [](int a, int b) {
        const auto instance = [](const char* name, int vrid, int priority) {
            return "vrrp_instance " + std::string(name) + " {\n interface eth0\n virtual_router_id " +
                   std::to_string(vrid) + "\n priority " + std::to_string(priority) + "\n}\n";
        };
        return instance("A", 1, a) + instance("B", 2, b);
    };
    const Outcome outcome = outcome_of({{"x", "a"}, {"y", "b"}}, {{"a", node(150, 110)}, {"b", node(110, 150)}});
    CHECK_HAS(outcome, "[[nodes.x.vrrp]]\nname = \"A\"\nvrid = 1\npriority = 150\n");
    CHECK_HAS(outcome, "[[nodes.y.vrrp]]\nname = \"A\"\nvrid = 1\npriority = 110\n");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("nodes that have one name get another") {
    const std::string text = unicast("lb1", "10.0.0.1", "10.0.0.2", 100);
    const Outcome outcome = outcome_of({{"n", "a"}, {"n", "a"}, {"", "a"}, {"", "a"}}, {{"a", text}});
    CHECK_SAID(outcome, "broken: n: is the name of two nodes");
    CHECK_HAS(outcome, "\nlb1 = ");
}

TEST_CASE("a name that the files do not give is said") {
    const std::string text = unicast("lb1", "10.0.0.1", "10.0.0.2", 100);
    const std::string other = unicast("lb1", "10.0.0.2", "10.0.0.1", 90);
    const std::string without = "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n}\n";
    const Outcome outcome = outcome_of({{"", "a"}, {"", "b"}, {"", "c"}}, {{"a", text}, {"b", other}, {"c", without}});
    CHECK_SAID(outcome, "b: changed: router_id: \"lb1\" is that of two nodes: the node is called node2");
    CHECK_SAID(outcome, "c: changed: router_id: is missing: the node is called node3");
}

TEST_CASE("what the nodes have differently is named, a remark for each list") {
    const auto node = [](const std::string& script, const std::string& algorithm, int last) {
        std::string text = "vrrp_script chk {\nscript \"" + script +
                           "\"\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 5\npriority " +
                           std::to_string(last) + "\ntrack_script {\nchk\n}\nnotify_master /" + algorithm + "\n}\n";
        for (int i = 1; i <= last; ++i) {
            text += "virtual_server 10.0.0." + std::to_string(i) + " 80 {\nprotocol TCP\nlb_algo " + algorithm +
                    "\nreal_server 10.0.1.1 80 {\n}\n}\n";
        }
        return text;
    };
    const Outcome outcome = pair_of(node("/a", "rr", 2), node("/b", "lc", 9));
    CHECK_SAID(outcome,
               "broken: virtual_server: not the same on node1 and node2: 10.0.0.1 80 differs (scheduler); 10.0.0.2 80 "
               "differs (scheduler); 10.0.0.3 80 is on node2 only; 10.0.0.4 80 is on node2 only and 5 more");
    CHECK_SAID(outcome, "broken: track: not the same on node1 and node2: chk differs (command)");
    CHECK_SAID(outcome,
               "broken: notify: not the same on node1 and node2: [master] [/lc] is on node2 only; [master] [/rr] is on "
               "node1 only");
    CHECK_ACCEPTED(outcome);
    CHECK_FALSE(pair_of(node("/a", "rr", 2), node("/a", "rr", 2)).says("not the same"));
}

}  // namespace lbconverge::importer
