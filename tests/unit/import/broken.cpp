// Files that keepalived complains about: what it ignores is not obeyed, but said.
#include "importing.hpp"

namespace lbconverge::importer {

TEST_CASE("a block that is misspelt is ignored, and the nearest word offered") {
    const Outcome outcome =
        outcome_of("vvrp_script s {\n script x\n}\nvrrp_instance V {\n interface eth0\n virtual_router_id 5\n}\n");
    CHECK(
        outcome.said() ==
        "k.conf:1: broken: vvrp_script: keepalived knows no such keyword here: it ignores all up to line 3; hint: did "
        "you mean \"vrrp_script\"?\n");
    CHECK_SAID(instance_with("notice_down x"), "k.conf:4: broken: notice_down: keepalived knows no such keyword in");
    CHECK_SAID(service_with("real_server 10.0.0.2 80 { weigth 1\n}"), "did you mean \"weight\"?");
}

TEST_CASE("the brace of an unknown block closes the block around it, as in keepalived") {
    const Outcome outcome = service_with(
        "real_server 10.0.0.2 80 {\nTCP_CHEK {\nconnect_timeout 3\n}\nuthreshold 5\n}\nreal_server 10.0.0.3 80 {\n}");
    CHECK_HAS(outcome, "10.0.0.2");
    CHECK_LACKS(outcome, "10.0.0.3");
    CHECK_SAID(outcome, "k.conf:4: broken: TCP_CHEK");
    CHECK_SAID(outcome, "k.conf:7: broken: uthreshold");
    CHECK_SAID(outcome, "k.conf:9: broken: real_server");
}

TEST_CASE("a brace is missing: what comes later is understood") {
    const Outcome outcome = instance_with(
        "virtual_ipaddress {\n10.0.0.1\n}\nvrrp_instance W {\n interface eth1\n"
        " virtual_router_id 6\n}\nvirtual_server 10.0.0.1 80 {\nprotocol TCP\n"
        "real_server 10.0.0.2 80 {\n}\n");
    CHECK_SAID(outcome, "k.conf:7: broken: vrrp_instance: begins within vrrp_instance of line 1");
    CHECK_HAS(outcome, "name = \"V\"");
    CHECK_HAS(outcome, "name = \"W\"");
    CHECK_HAS(outcome, "vip = \"10.0.0.1\"");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("a brace too many is said") {
    const Outcome outcome = outcome_of("}\nvrrp_instance V {\n interface eth0\n virtual_router_id 5\n}\n}\n");
    CHECK_SAID(outcome, "k.conf:1: broken: }: closes nothing; also at line 6");
    CHECK_HAS(outcome, "vrid = 5");
}

TEST_CASE("foreign text is said and left") {
    const Outcome outcome = outcome_of("<<<<<<< HEAD\nglobal_defs\n{\n}\n=======\n>>>>>>> x\nvim\n");
    CHECK_SAID(outcome, "k.conf:1: broken: <<<<<<<");
    CHECK_SAID(outcome, "k.conf:7: broken: vim");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("octets that are not UTF-8 are replaced") {
    const Outcome outcome = outcome_of("# \xd6\xd0\nvrrp_instance V\xff {\n interface eth0\n virtual_router_id 5\n}\n");
    CHECK_SAID(outcome, "k.conf: changed: is not UTF-8");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("control characters in comments become blanks") {
    const Outcome outcome = outcome_of(
        "# a\x01z\n\n# b\x1b[0m\nvrrp_instance V { # c\x7f\x0b.\n interface eth0\n virtual_router_id 5\n"
        " virtual_ipaddress {\n 10.0.0.1 # d\x02\n }\n}\nvirtual_server 10.0.0.1 80 {\n protocol TCP\n"
        " # e\x03\n real_server 10.0.0.2 80 { # f\x04\n }\n}\n");
    CHECK_HAS(outcome, "# a z\n");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("a comment in the middle of a word is said, without the word") {
    const Outcome outcome = instance_with("authentication { auth_type PASS\n auth_pass sec#ret\n}");
    CHECK_HAS(outcome, "auth_pass = \"sec\"");
    CHECK_SAID(outcome, "k.conf:5: changed: #: begins a comment");
}

TEST_CASE("a file that is not there") {
    const Outcome outcome = outcome_of({{"", "gone.conf"}}, {});
    CHECK_FALSE(outcome.imported.readable);
    CHECK_SAID(outcome, "gone.conf: broken: cannot be read");
    const Outcome pair = outcome_of({{"a", "gone.conf"}, {"b", "b.conf"}}, {{"b.conf", "vrrp_instance V {\n}\n"}});
    CHECK_FALSE(pair.imported.readable);
    CHECK(pair.imported.toml.empty());
}

TEST_CASE("the file of another program, and one that says nothing here") {
    const Outcome foreign = outcome_of("frontend www\n bind :80\n");
    CHECK_FALSE(foreign.imported.readable);
    CHECK_SAID(foreign,
               "k.conf: broken: nothing in it has a place in the result; hint: is it the file of that program?");
    CHECK_FALSE(outcome_of("").imported.readable);
    const Outcome empty = outcome_of("global_defs {\n router_id x\n}\ninclude more/*.conf\n");
    CHECK_SAID(empty, "k.conf: changed: nothing in it has a place in the result");
    CHECK(empty.imported.readable);
    CHECK_ACCEPTED(empty);
}

TEST_CASE("deep nesting and endless repetition end") {
    std::string deep;
    for (int i = 0; i < 20'000; ++i) deep += "virtual_server 10.0.0.1 1 { real_server 10.0.0.2 1 {\n";
    CHECK(outcome_of(deep).imported.readable);
    CHECK_SAID(outcome_of("~SEQ(A, 1, 999999) ~SEQ(B, 1, 999999) x\n"), "larger than any");
}

}  // namespace lbconverge::importer
