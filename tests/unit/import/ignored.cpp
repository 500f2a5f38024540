// What keepalived ignores, or takes for something else than what is written: as its own log says it.
#include "importing.hpp"

namespace lbconverge::importer {

namespace {

/// A service with one server, which has these lines.
Outcome server_with(const std::string& lines) { return service_with("real_server 10.0.0.2 80 {\n" + lines + "\n}"); }

/// A service with these lines and one server.
Outcome served_with(const std::string& lines) { return service_with(lines + "\nreal_server 10.0.0.2 80 {\n}"); }

}  // namespace

TEST_CASE("what follows a number is dropped where keepalived drops it, else the line") {
    CHECK_HAS(server_with("weight 3;"), "weight = 3");
    CHECK_SAID(server_with("weight 3;"), "k.conf:4: broken: weight: \"3;\" is no number: keepalived takes 3");
    CHECK_HAS(server_with("weight <n>"), "weight = 0");
    CHECK_HAS(instance_with("garp_master_delay 7s"), "garp = { repeat = \"7s\" }");
    CHECK_LACKS(server_with("weight -1"), "weight");
    CHECK_SILENT(instance_with("priority +90"));
    CHECK_LACKS(instance_with("priority 90;"), "priority = 90");
    CHECK_LACKS(instance_with("advert_int 2;"), "advert_interval");
    CHECK_HAS(instance_with("virtual_ipaddress {\n10.0.0.1/24;\n}"), "vips = [\"10.0.0.1/24\"]");
    const Outcome prefix = instance_with("virtual_ipaddress {\n10.0.0.1/33\n10.0.0.2/255.255.255.0\n}");
    CHECK_HAS(prefix, "vips = [\"10.0.0.1\", \"10.0.0.2\"]");
    CHECK_SAID(prefix, "k.conf:5: broken: 10.0.0.1/33: \"33\" is no prefix: keepalived takes /32");
}

TEST_CASE("the first hook and the state MASTER count") {
    const Outcome hooks = instance_with("notify_master /a\nnotify_master /b\nnotify_backup /c");
    CHECK_HAS(hooks, "[\"/a\"]");
    CHECK_LACKS(hooks, "[\"/b\"]");
    CHECK_SAID(hooks, "k.conf:5: broken: notify_master: is there already");
    CHECK_HAS(hooks, "[\"/c\"]");
    CHECK_SAID(instance_with("state MASTER\nstate BACKUP\nnopreempt\npriority 9"), "broken: state: is MASTER already");
}

TEST_CASE("an instance without a priority has that of its state") {
    CHECK_HAS(instance_with("state MASTER"), "priority = 255");
    CHECK_SAID(instance_with("state MASTER"), "changed: vrrp_instance: has no priority");
    CHECK_LACKS(instance_with("state BACKUP"), "priority");
    CHECK_LACKS(instance_with("state MASTER\npriority 999"), "priority");
}

TEST_CASE("preemption, as keepalived settles it") {
    CHECK_LACKS(instance_with("priority 255\nnopreempt"), "preempt");
    CHECK_LACKS(instance_with("nopreempt\npreempt"), "preempt");
    const Outcome both = instance_with("nopreempt\npreempt_delay 9");
    CHECK_HAS(both, "preempt = false\n");
    CHECK_SAID(both, "k.conf:5: changed: preempt_delay: keepalived ignores it with nopreempt");
    CHECK_LACKS(instance_with("preempt_delay 9\nstrict_mode"), "preempt =");
}

TEST_CASE("an instance has one name") {
    const Outcome outcome = outcome_of("vrrp_instance A B {\ninterface eth0\nvirtual_router_id 5\n}\n");
    CHECK_LACKS(outcome, "vrid");
    CHECK_SAID(outcome, "k.conf:1: broken: vrrp_instance: wants one name: keepalived ignores the whole block");
}

TEST_CASE("a password counts with auth_type PASS only") {
    const auto with = [](const std::string& type, const std::string& more = "") {
        return instance_with("authentication {\n" + type + "\nauth_pass one\n}\n" + more);
    };
    CHECK_HAS(with("auth_type PASS"), "auth_pass = \"one\"");
    for (const char* type : {"", "auth_type PASS;", "auth_type AH"}) CHECK_LACKS(with(type), "auth_pass");
    CHECK_SAID(with(""), "not carried: auth_pass: without auth_type PASS keepalived sends no password");
    CHECK_SAID(with("auth_type PASS;"), "broken: auth_type: \"PASS;\" is neither PASS nor AH");
    CHECK_SAID(with("auth_type AH"), "not carried: auth_pass: it is the key of auth_type AH");
    CHECK_LACKS(with("auth_type PASS", "strict_mode"), "auth_pass");
    for (const char* password : {"abcdefg\xc3\xa9", "a\xff"}) {
        const Outcome foreign =
            instance_with("authentication {\nauth_type PASS\nauth_pass " + std::string(password) + "\n}");
        CHECK_LACKS(foreign, "auth_pass");
        CHECK_SAID(foreign, "not carried: auth_pass: its octets are no text in UTF-8");
    }
    CHECK_HAS(instance_with("authentication {\nauth_type PASS\nauth_pass abc\xc3\xa9\n}"),
              "auth_pass = \"abc\xc3\xa9\"");
    CHECK_HAS(with("auth_type PASS", "strict_mode off"), "auth_pass");
    const std::string strict =
        "global_defs {\nvrrp_strict\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 5\n"
        "authentication {\nauth_type PASS\nauth_pass one\n}\n";
    CHECK_LACKS(outcome_of(strict + "}\n"), "auth_pass");
    CHECK_HAS(outcome_of(strict + "strict_mode off\n}\n"), "auth_pass");
}

TEST_CASE("a track that comes later is not there") {
    const std::string script = "vrrp_script s {\nscript /s\n}\n";
    const std::string instance = "vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\ntrack_script {\ns\n}\n}\n";
    CHECK_HAS(outcome_of(script + instance), "track = [\"s\"]");
    CHECK_LACKS(outcome_of(instance + script), "track");
    CHECK_SAID(outcome_of(instance + script), "k.conf:5: broken: s: \"s\" is not defined above");
}

TEST_CASE("one keyword in a line, and one address") {
    const Outcome outcome = instance_with("authentication { auth_type PASS auth_pass one }");
    CHECK_LACKS(outcome, "auth_pass");
    CHECK_SAID(outcome, "k.conf:4: broken: auth_pass: stands in the line of auth_type");
    const Outcome addresses = instance_with("virtual_ipaddress { 10.0.0.1 10.0.0.2 }");
    CHECK_LACKS(addresses, "10.0.0.2");
    CHECK_SAID(addresses, "k.conf:4: broken: 10.0.0.1: a second address in one line: keepalived ignores 10.0.0.2");
}

TEST_CASE("the marks of a merge: both sides are one block") {
    const Outcome outcome = outcome_of(
        "<<<<<<< HEAD\nvrrp_instance V {\nstate MASTER\n=======\nvrrp_instance V {\nstate BACKUP\n>>>>>>> b\n"
        "interface eth0\nvirtual_router_id 5\npriority 90\n}\n}\n");
    CHECK_HAS(outcome, "vrid = 5");
    CHECK_SAID(outcome, "k.conf:5: broken: vrrp_instance: keepalived knows no such keyword in vrrp_instance");
    CHECK_SAID(outcome, "k.conf:6: broken: state: is MASTER already");
}

TEST_CASE("a method of forwarding is written in capital letters") {
    CHECK_HAS(served_with("lb_kind dr"), "forward = \"masquerade\"");
    CHECK_SAID(served_with("lb_kind dr"), "k.conf:3: broken: lb_kind: \"dr\" is no forwarding method of Linux");
    CHECK_LACKS(service_with("lb_kind DR\nreal_server 10.0.0.2 80 { lvs_method nat\n}"), "forward");
    CHECK_SAID(server_with("lb_kind DR"), "not carried: lb_kind: keepalived knows it in virtual_server only");
    for (const char* options : {"type gue", "port 5", "type foo", "csum", "type gre remcsum", "type"}) {
        CAPTURE(options);
        const Outcome outcome = served_with("lb_kind TUN " + std::string(options));
        CHECK_HAS(outcome, "forward = \"tunnel\"");
        CHECK_LACKS(outcome, "tunnel_");
        CHECK_SAID(outcome, "keepalived takes a tunnel without them");
        CHECK_ACCEPTED(outcome);
    }
    CHECK_HAS(service_with("lb_kind TUN type gre\nreal_server 10.0.0.2 80 { lvs_method TUN type gue\n}"),
              "tunnel_type = \"gre\"");
    CHECK_HAS(served_with("lb_kind TUN type gue port 5 remcsum"), "tunnel_port = 5, tunnel_checksum = \"remote\"");
}

TEST_CASE("flags count behind their scheduler") {
    CHECK_HAS(served_with("lb_algo mh\nmh-port"), "scheduler_flags = [\"mh-port\"]");
    CHECK_HAS(served_with("mh-port\nlb_algo mh"), "scheduler_flags = []");
    CHECK_SAID(served_with("mh-port\nlb_algo mh"), "k.conf:3: broken: mh-port: no lb_algo mh stands before it");
    CHECK_SAID(served_with("lb_algo sh\nmh-port"), "broken: mh-port");
    CHECK_LACKS(served_with("ops"), "one_packet");
    CHECK_SAID(served_with("ops"), "broken: ops: is for UDP only");
    CHECK_HAS(served_with("protocol UDP\nops"), "one_packet = true");
}

TEST_CASE("persistence, as keepalived settles it") {
    CHECK_HAS(served_with("persistence_granularity 255.255.255.0"),
              "persistence = \"6m\"\npersistence_mask = \"255.255.255.0\"");
    CHECK_LACKS(served_with("persistence_granularity <NETMASK>"), "persistence");
    CHECK_SAID(served_with("persistence_granularity 24"), "\"24\" is the mask 0.0.0.24 for keepalived");
    CHECK_LACKS(served_with("persistence_timeout 0"), "persistence");
    CHECK_HAS(served_with("persistence_timeout 9\npersistence_timeout x"), "persistence = \"9s\"");
    const std::string use = "virtual_server group g {\nprotocol TCP\nreal_server 10.0.0.9 0 {\n}\n}\n";
    const Outcome group = outcome_of("virtual_server_group g {\n10.0.0.1 80\n10.0.0.2\nfwmark 3\n}\n" + use);
    CHECK_HAS(group, "vip = \"10.0.0.1\"\nport = 80\nforward = \"masquerade\"\npersistence = \"6m\"\n");
    CHECK_HAS(group, "fwmark = 3\nforward = \"masquerade\"\npersistence = \"6m\"\n");
}

TEST_CASE("a group of both families with a mark of neither is none") {
    const std::string use = "virtual_server group g {\nprotocol TCP\nreal_server 10.0.0.9 80 {\n}\n}\n";
    const auto group = [&](const std::string& mark) {
        return outcome_of("virtual_server_group g {\n10.0.0.1 80\n2001:db8::1 80\nfwmark 3" + mark + "\n}\n" + use);
    };
    CHECK_LACKS(group(""), "[[service]]");
    CHECK_SAID(group(""), "broken: virtual_server: virtual_server_group \"g\" has IPv4, IPv6 and a mark");
    CHECK_HAS(group(" inet"), "fwmark = 3");
}

TEST_CASE("words that keepalived knows elsewhere") {
    CHECK_HAS(server_with("TCP_CHECK {\nnb_get_retry 5\n}"), "fall = 2");
    CHECK_SAID(server_with("TCP_CHECK {\nnb_get_retry 5\n}"),
               "not carried: nb_get_retry: keepalived knows it in HTTP_GET");
    CHECK_HAS(server_with("HTTP_GET {\nnb_get_retry 5\nurl { path /\n}\n}"), "fall = 6");
    CHECK_HAS(served_with("weight 7"), "weight = 7");
    CHECK_HAS(service_with("weight 7\nreal_server 10.0.0.2 80 {\nweight 1\n}"), "real_servers = [\"10.0.0.2\"]");
    const Outcome misc = service_with("connect_timeout 3\nreal_server 10.0.0.2 80 { MISC_CHECK {\nmisc_path /c\n} }");
    CHECK_HAS(misc, "interval = \"60s\", timeout = \"60s\"");
    CHECK_FALSE(server_with("SMTP_CHECK {\nhost {\nretry 3\n}\n}").says("broken"));
}

TEST_CASE("a value of a switch is on or off") {
    CHECK_LACKS(server_with("inhibit_on_failure maybe\nTCP_CHECK { }"), "on_down");
    CHECK_SAID(server_with("inhibit_on_failure maybe\nTCP_CHECK { }"), "\"maybe\" is neither on nor off");
    CHECK_HAS(served_with("inhibit_on_failure maybe"), "on_down = \"drain\"");
}

TEST_CASE("a hysteresis is below the quorum") {
    const std::string servers =
        "real_server 10.0.0.2 80 {\n}\nreal_server 10.0.0.3 80 {\n}\nreal_server 10.0.0.4 80 {\n}";
    CHECK_LACKS(service_with("hysteresis 1\n" + servers), "hysteresis");
    CHECK_SAID(service_with("hysteresis 1\n" + servers), "k.conf:3: changed: hysteresis: is not below the quorum");
    CHECK_HAS(service_with("quorum 2\nhysteresis 5\n" + servers), "quorum = 2\nhysteresis = 1\n");
}

TEST_CASE("delay_before_retry is named where it stands") {
    CHECK_SAID(server_with("TCP_CHECK {\ndelay_before_retry 3\n}"), "k.conf:5: changed: delay_before_retry");
    CHECK_FALSE(server_with("TCP_CHECK {\n}").says("delay_before_retry"));
}

TEST_CASE("default routes of both families") {
    const Outcome outcome = instance_with(
        "virtual_routes {\n0.0.0.0/0 via 10.0.0.254 dev eth0\n::/0 via 2001:db8::1 dev eth0\n"
        "default via 10.0.0.253\n}");
    CHECK_HAS(outcome, "via = \"10.0.0.254\"");
    CHECK_HAS(outcome, "via = \"2001:db8::1\"");
    CHECK_SAID(outcome, "k.conf:7: not carried: route: there are two routes to \"default\" in one table");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("a single address is what stands before a prefix or a range") {
    const Outcome peers =
        instance_with("unicast_src_ip 10.0.0.1/24\nunicast_peer {\n10.0.0.2/24\n10.0.0.3 10.0.0.4\n}");
    CHECK_HAS(peers, "source = \"10.0.0.1\"\npeers = [\"10.0.0.2\", \"10.0.0.3\"]");
    CHECK_SAID(peers,
               "k.conf:4: broken: unicast_src_ip: \"10.0.0.1/24\" is no single address: keepalived takes 10.0.0.1");
    CHECK_SAID(peers, "k.conf:7: broken: 10.0.0.3: \"10.0.0.4\" is no option of a peer");
    const Outcome service = outcome_of(
        "virtual_server 10.0.0.1/24 80; {\nprotocol TCP\nreal_server 10.0.0.2/32 80 {\n}\n}\n"
        "virtual_server 10.0.0.5-9 80 {\nprotocol TCP\nreal_server 10.0.0.2 80 {\n}\n}\n");
    CHECK_HAS(service, "vip = \"10.0.0.1\"\nport = 80\n");
    CHECK_HAS(service, "vip = \"10.0.0.5\"");
    CHECK_LACKS(service, "vip = \"10.0.0.6\"");
    CHECK_HAS(service, "real_servers = [\"10.0.0.2\"]");
}

TEST_CASE("an instance is of one family") {
    const Outcome outcome =
        instance_with("virtual_ipaddress {\n10.0.0.1\n2001:db8::1\n}\nvirtual_ipaddress_excluded {\n2001:db8::2\n}");
    CHECK_HAS(outcome, "vips = [\"10.0.0.1\", \"2001:db8::2\"]");
    CHECK_SAID(outcome, "k.conf:6: broken: 2001:db8::1: 2001:db8::1 is of another address family than the instance");
    CHECK_ACCEPTED(outcome);
}

TEST_CASE("a line for each name that is tracked") {
    const Outcome outcome = outcome_of(
        "vrrp_script a {\nscript /a\n}\nvrrp_script b {\nscript /b\n}\nvrrp_instance V {\ninterface eth0\n"
        "virtual_router_id 5\ntrack_script {\na b\n}\n}\n");
    CHECK_HAS(outcome, "track = [\"a\"]");
    CHECK_SAID(outcome, "k.conf:11: broken: a: \"b\" is no option of what is tracked");
}

TEST_CASE("what is of a group without entries, or of a mark with a mask, is said") {
    const std::string use = "virtual_server group g {\nprotocol TCP\nreal_server 10.0.0.9 80 {\n}\n}\n";
    CHECK_SAID(outcome_of("virtual_server_group g {\n}\n" + use), "virtual_server_group \"g\" has no entries");
    const std::string mark = "virtual_server fwmark 5 {\nlb_kind TUN\npersistence_granularity 64\n";
    CHECK_HAS(outcome_of(mark + "real_server 10.0.0.9 0 {\n}\n}\n"), "family = \"ipv6\"");
    CHECK_HAS(outcome_of(mark + "real_server 10.0.0.9 0 {\n}\n}\n"), "persistence_mask = 64");
}

TEST_CASE("the servers of a group need no port") {
    const Outcome outcome = outcome_of(
        "virtual_server_group g {\n10.0.0.1 80\n}\nvirtual_server group g {\nprotocol TCP\n"
        "real_server 10.0.0.9 {\n}\n}\n");
    CHECK_HAS(outcome, "real_servers = [\"10.0.0.9\"]");
    CHECK_SAID(outcome, "k.conf:6: changed: real_server: has no port");
}

TEST_CASE("a hysteresis of weight is the servers that it takes beside the quorum") {
    const std::string servers = "real_server 10.0.0.2 80 { weight 100\n}\nreal_server 10.0.0.3 80 { weight 50\n}\n";
    CHECK_LACKS(service_with("quorum 3\nhysteresis 2\n" + servers), "hysteresis");
    CHECK_HAS(service_with("quorum 40\nhysteresis 20\n" + servers), "hysteresis = 1\n");
}

}  // namespace lbconverge::importer
