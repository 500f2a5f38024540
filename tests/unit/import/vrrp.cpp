// Instances, VIPs, tracks, groups, hooks and routes.
#include "importing.hpp"

namespace lbconverge::importer {

TEST_CASE("the typical file is short") {
    const Outcome outcome = outcome_of(R"(
        ! Configuration File for keepalived
        vrrp_script chk {
            script "killall -0 haproxy"
            interval 2
        }
        vrrp_instance VI_1 {
            state MASTER
            interface eth0
            virtual_router_id 51
            priority 101
            advert_int 1
            authentication {
                auth_type PASS
                auth_pass 1111
            }
            track_script { chk }
            virtual_ipaddress { 192.0.2.1 }
        }
    )"_text);
    CHECK(outcome.imported.toml == R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.1"]

        [[track]]
        name = "chk"
        process = "haproxy"
        interval = "2s"

        [[vrrp]]
        name = "VI_1"
        vrid = 51
        priority = 101
        version = 2
        auth_pass = "1111"
        track = ["chk"]
    )"_text);
    CHECK_SILENT(outcome);
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("a value that changes is said") {
    const Outcome password = instance_with("authentication { auth_type PASS\n auth_pass 123456789 }");
    CHECK_HAS(password, "auth_pass = \"12345678\"\n");
    CHECK_SAID(password, "k.conf:5: changed: auth_pass: cut after 8");
    CHECK_LACKS(instance_with("priority 400"), "priority");
    CHECK_SAID(instance_with("priority 400"), "k.conf:4: changed: priority: keepalived uses 100");
    CHECK_HAS(instance_with("advert_int 1.6"), "advert_interval = \"2s\"\n");
    CHECK_SAID(instance_with("advert_int 1.6"), "k.conf:4: changed: advert_int");
    CHECK_HAS(instance_with("version 3\nadvert_int 0.5"), "advert_interval = \"500ms\"\n");
    CHECK_SILENT(instance_with("version 3\nadvert_int 0.5"));
    CHECK_SAID(instance_with("version 3\nauthentication { auth_pass 1 }"), "not carried: auth_pass");
    CHECK_SAID(instance_with("use_vmac"), "k.conf:4: not carried: use_vmac: ");
}

TEST_CASE("a password is never said") {
    CHECK_FALSE(instance_with("authentication { auth_pass secretsecret }").says("secret"));
    CHECK_FALSE(instance_with("version 3\nauthentication { auth_pass secret }").says("secret"));
}

TEST_CASE("nopreempt counts where keepalived obeys it") {
    CHECK_HAS(instance_with("nopreempt"), "preempt = false\n");
    CHECK_LACKS(instance_with("state MASTER\nnopreempt"), "preempt");
    CHECK_SAID(instance_with("state MASTER\nnopreempt"), "k.conf:5: changed: nopreempt");
    CHECK_HAS(instance_with("preempt_delay 90"), "preempt = \"delay 90s\"\n");
}

TEST_CASE("a VIP keeps its prefix, label, scope and interface") {
    const Outcome outcome = instance_with("virtual_ipaddress {\n10.0.0.1/24 brd + dev eth1 label eth1:v scope link\n}");
    CHECK_HAS(outcome,
              "[[vip]]\naddress = \"10.0.0.1/24\"\nbroadcast = \"10.0.0.255\"\ninterface = \"eth1\"\n"
              "label = \"eth1:v\"\nscope = \"link\"\n");
    CHECK_ACCEPTED(outcome);
    CHECK_HAS(instance_with("virtual_ipaddress { 2001:db8::1/64 }"), "deprecated = false");
    CHECK_LACKS(instance_with("virtual_ipaddress { 2001:db8::1 }"), "version = 2");
    CHECK_SAID(instance_with("virtual_ipaddress {\n10.0.0.0/24\n}"), "is the address of its network");
    CHECK_SAID(instance_with("virtual_ipaddress {\n<VIP>\n}"), "k.conf:5: broken: <VIP>");
}

TEST_CASE("a command has no shell where keepalived uses none") {
    const auto script = [](const std::string& line) {
        return outcome_of("vrrp_script s { script " + line + "\n}\nvrrp_instance V {\n interface eth0\n" +
                          " virtual_router_id 5\n track_script { s }\n}\nglobal_defs { script_user nobody\n}\n");
    };
    CHECK_HAS(script("\"/bin/x 'a b' c\""), "command = [\"/bin/x\", \"a b\", \"c\"]\n");
    CHECK_HAS(script("\"curl -f http://x\""), "command = [\"/bin/sh\", \"-c\", \"curl -f http://x\"]\n");
    CHECK_HAS(script("\"/usr/bin/pidof nginx\""), "process = \"nginx\"\n");
    CHECK_SAID(script("/bin/killall -0 x"), "broken: script: only the first word is the command");
    CHECK_SILENT(script("/bin/x"));
}

TEST_CASE("a track has a weight for each use") {
    const Outcome outcome = outcome_of(R"(
        vrrp_track_process p {
            process haproxy
        }
        vrrp_instance A {
            interface eth0
            virtual_router_id 1
            track_process { p }
        }
        vrrp_instance B {
            interface eth0
            virtual_router_id 2
            track_process {
                p weight -5
            }
            track_script { gone }
        }
    )"_text);
    CHECK_HAS(outcome, "name = \"p\"\nprocess = \"haproxy\"\nweight = 1\n");
    CHECK_HAS(outcome, "name = \"p-weight-5\"\nprocess = \"haproxy\"\nweight = -5\n");
    CHECK_SAID(outcome, "k.conf:15: broken: gone: \"gone\" is not defined above");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("notify has keepalived's arguments, and is said once for all instances") {
    const Outcome outcome = instance_with("notify \"/n.sh a\" root\nnotify_master /m.sh\nnotify_backup /m.sh");
    CHECK_HAS(outcome, "on = [\"master\", \"backup\"]\ncommand = [\"/m.sh\"]\n");
    CHECK_HAS(outcome, "\"$(echo \"$LBCONVERGE_STATE\" | tr a-z A-Z)\" \"$LBCONVERGE_PRIORITY\"', \"/n.sh\", \"a\"]\n");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("routes of an instance go with it") {
    const Outcome outcome = instance_with(
        "virtual_routes {\n0.0.0.0/0 via 10.0.0.254 dev eth0 table 100\n"
        "blackhole 10.9.0.0/16\n}");
    CHECK_HAS(outcome, "[[route]]\nto = \"default\"\nvia = \"10.0.0.254\"\ntable = 100\nvrrp = \"V\"\n");
    CHECK_SAID(outcome, "k.conf:6: not carried: blackhole");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("the sync daemon follows its instance") {
    CHECK_HAS(instance_with("lvs_sync_daemon_inteface eth1"), "[ipvs.sync]\ninterface = \"eth1\"\nfollow = \"V\"\n");
    CHECK_ACCEPTED(instance_with("lvs_sync_daemon_inteface eth1"));
}

TEST_CASE("what keepalived does not run is left out") {
    CHECK_SAID(outcome_of("vrrp_instance V { interface eth0\n virtual_router_id 999\n}\n"),
               "not carried: vrrp_instance \"V\": has no virtual_router_id");
    CHECK_SAID(outcome_of("vrrp_instance V { interface 10.0.0.1\n virtual_router_id 9\n}\n"),
               "no name of an interface");
    CHECK_SAID(instance_with("}\nvrrp_instance V {"), "broken: vrrp_instance: \"V\" is defined already");
}

}  // namespace lbconverge::importer
