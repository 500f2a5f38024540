#include "render.hpp"

#include "unit/plan/planning.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lbconverge::cli {

namespace {

using kinds::Address;
using kinds::RealServer;
using kinds::Service;
using kinds::Sysctl;
using plan::Plan;
using plan::Reason;
using test::Node;
using test::world;

/// The sample of the interface, line by line: what it shows is asked for in the same lines and columns.
const std::string sample = R"(
    role = "director"
    interface = "eth0"
    vips = ["192.168.100.20"]

    vrrp = [{ name = "LB_1", vrid = 51 }]


    [sysctl]
    "net.ipv4.conf.eth0.arp_ignore" = 1


    # a web service

    [[service]]
    vip = "192.168.100.20"
    port = 80
    scheduler = "wrr"
    real_servers = [
            "192.168.100.3", { address = "192.168.100.4", weight = 0 }]
)"_text;

const std::vector<std::string> rendered_files{"/etc/lbconverge/lb.toml"};

struct Sample {
    Node node{world(sample, {{"LB_1", ElectionState::master}})};
    Plan plan;

    Sample() {
        node.world.config.node = "lb1";
        node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"1"});
        node.put<RealServer>("tcp 192.168.100.20:80 192.168.100.4:80", {.weight = 0});
        node.ledger = kinds::Ledger();
        node.ledger = node.plan().ledger;  // as after a run that did not get to services and addresses
        node.ledger.get<Service>().clear();
        node.ledger.get<Address>().clear();
        node.put<Sysctl>("net.ipv4.conf.eth0.arp_ignore", {"0"});
        node.put<Service>("tcp 10.9.9.9:443", {.scheduler = "rr"});
        plan = node.plan();
        plan.held.push_back({kinds::kind_id<RealServer>, "192.168.100.4:80", "down: connect refused, 12 s"});
    }
    [[nodiscard]] Scene scene() const { return {node.world.config, node.world.election, rendered_files}; }
};

/// How many spaces there are before the last column is nobody's business.
std::string squeezed(const std::string& text) {
    std::string result;
    std::size_t start_of_line = 0;
    for (const char c : text) {
        const bool indent = result.find_first_not_of(" ?hd0123456789+~-", start_of_line) == std::string::npos;
        if (c == ' ' && !indent && result.ends_with("  ")) continue;
        result += c;
        if (c == '\n') start_of_line = result.size();
    }
    return result;
}

std::string text_of(const Node& node) {
    return squeezed(plan_text(node.plan(), {node.world.config, node.world.election, rendered_files}));
}

}  // namespace

TEST_CASE("a plan for people looks as the interface shows it") {
    const Sample sample_plan;
    CHECK(squeezed(plan_text(sample_plan.plan, sample_plan.scene())) == R"(
        lb1: director, LB_1 master  4 to do, 1 held, 1 foreign
          1 ~ sysctl  net.ipv4.conf.eth0.arp_ignore  0 -> 1  drifted
          2 + service tcp 192.168.100.20:80  wrr  lb.toml:14:1
          3 +   server 192.168.100.3:80  direct weight 1  lb.toml:19:9
          4 + address 192.168.100.20/32 dev eth0  became master
          > announce 192.168.100.20 dev eth0  5 gratuitous ARP
          h   server 192.168.100.4:80  down: connect refused, 12 s
          ? service tcp 10.9.9.9:443  foreign, left alone
    )"_text);
}

TEST_CASE("reasons stand in one column") {
    const Sample sample_plan;
    const std::string text = plan_text(sample_plan.plan, sample_plan.scene());
    const auto column = [&](const char* reason) { return text.find(reason) - text.rfind('\n', text.find(reason)); };
    CHECK(column("drifted") == column("lb.toml:14:1"));
    CHECK(column("drifted") == column("became master"));
    CHECK(column("drifted") == column("foreign, left alone"));
}

TEST_CASE("colour is there when it is asked for, and only then") {
    const Sample sample_plan;
    Scene scene = sample_plan.scene();
    CHECK(plan_text(sample_plan.plan, scene).find('\x1b') == std::string::npos);
    scene.colour = true;
    std::string coloured = plan_text(sample_plan.plan, scene);
    CHECK(coloured.find("\x1b[33m  1 ~ sysctl") != std::string::npos);
    CHECK(coloured.find("\x1b[32m  2 + service") != std::string::npos);
    for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b', at)) {
        coloured.erase(at, coloured.find('m', at) + 1 - at);
    }
    scene.colour = false;
    CHECK(coloured == plan_text(sample_plan.plan, scene));
}

TEST_CASE("a node with nothing to do is in sync") {
    Node node(world(R"(
        role = "real-server"
        vips = ["2001:db8::20"]
        vrrp = [{ vrid = 51, interface = "eth0" }]
    )"_text));
    node.converge();
    CHECK(text_of(node) == "this node: real-server  in sync\n");
}

TEST_CASE("updates show the fields that differ, removals only what goes") {
    Node node(world(sample, {{"LB_1", ElectionState::backup}}));
    node.converge();
    node.put<Service>("tcp 192.168.100.20:80", {.scheduler = "rr", .flags = {1}, .persistence = 300});
    node.put<RealServer>("tcp 192.168.100.20:80 192.168.100.4:80", {.weight = 3, .upper_threshold = 9});
    node.put<RealServer>("tcp 192.168.100.20:80 192.168.100.9:80");
    node.put<Address>("192.168.100.20/32 eth0");
    CHECK(text_of(node) == R"(
        this node: director, LB_1 backup  4 to do
          1 - address 192.168.100.20/32 dev eth0  not wanted here now
          2 ~ service tcp 192.168.100.20:80  rr -> wrr, flags persistent -> none, persistence 300 -> 0  drifted
          3 ~   server 192.168.100.4:80  weight 3 -> 0, upper_threshold 9 -> 0  drifted
          4 -   server 192.168.100.9:80  drifted
    )"_text);
}

TEST_CASE("a server that drains is said to do so, with its connections") {
    Node node(world(sample, {{"LB_1", ElectionState::backup}}));
    node.converge();
    node.put<RealServer>("tcp 192.168.100.20:80 192.168.100.9:80", {}, {.active = 3});
    CHECK(text_of(node) == R"(
        this node: director, LB_1 backup  1 to do, 1 draining
          1 ~   server 192.168.100.9:80  weight 1 -> 0  drains: no longer configured
          d   server 192.168.100.9:80  of tcp 192.168.100.20:80  draining: 3 connections; removed when they are gone
    )"_text);
}

TEST_CASE("places are named by the file's last name; what is not from a file has none") {
    CHECK(place_text({14, 1, 0}, rendered_files) == "lb.toml:14:1");
    CHECK(place_text({}, rendered_files).empty());
    CHECK(place_text({14, 1, 7}, rendered_files).empty());
}

TEST_CASE("a plan for programs is the interface's JSON") {
    const Sample sample_plan;
    const auto json = nlohmann::ordered_json::parse(plan_json(sample_plan.plan, sample_plan.scene(), nullptr, 2));
    CHECK(json["format_version"] == 1);
    CHECK(json["node"] == "lb1");
    REQUIRE(json["changes"].size() == 4);
    CHECK(json["changes"][0].dump() ==
          R"({"step":1,"action":"update","kind":"sysctl","id":"net.ipv4.conf.eth0.arp_ignore",)"
          R"("before":{"value":"0"},"after":{"value":"1"},"reason":"drift","config":"lb.toml:9:1","phase":"tighten"})");
    CHECK(
        json["changes"][2].dump() ==
        R"({"step":3,"action":"create","kind":"real_server","id":"tcp 192.168.100.20:80 192.168.100.3:80",)"
        R"("before":null,"after":{"forward":"direct","tunnel_type":"ipip","tunnel_port":0,"tunnel_flags":0,)"
        R"("weight":1,"upper_threshold":0,"lower_threshold":0},"reason":"config","config":"lb.toml:19:9","phase":"load"})");
    CHECK(json["changes"][3]["id"] == "192.168.100.20/32 eth0");
    CHECK(json["changes"][3]["reason"] == "election");
    CHECK(json["held"].dump() ==
          R"([{"kind":"real_server","id":"192.168.100.4:80","reason":"down: connect refused, 12 s"}])");
    CHECK(json["foreign"][0]["id"] == "tcp 10.9.9.9:443");
    CHECK(json["summary"].dump() ==
          R"({"create":3,"update":1,"delete":0,"blocked":0,"held":1,"foreign":1,"deferred":0})");
    CHECK_FALSE(json.contains("result"));
}

TEST_CASE("a removal has no value after, and no line that asked for it") {
    Node node(world(sample, {{"LB_1", ElectionState::master}}));
    node.converge();
    node.world.election["LB_1"] = ElectionState::backup;
    const auto json = nlohmann::json::parse(
        plan_json(node.plan(), {node.world.config, node.world.election, rendered_files}, nullptr, 2));
    REQUIRE(json["changes"].size() == 1);
    CHECK(json["changes"][0]["action"] == "delete");
    CHECK(json["changes"][0]["after"].is_null());
    CHECK(json["changes"][0]["config"].is_null());
    CHECK(json["changes"][0]["before"]["scope"] == "global");
}

TEST_CASE("a drain in JSON has its connections and the seconds until its end") {
    Node node(world(sample, {{"LB_1", ElectionState::backup}}));
    node.converge();
    node.put<RealServer>("tcp 192.168.100.20:80 192.168.100.9:80", {}, {.active = 3});
    const auto json = nlohmann::ordered_json::parse(
        plan_json(node.plan(), {node.world.config, node.world.election, rendered_files}, nullptr, 2));
    CHECK(json["deferred"].dump() ==
          R"([{"kind":"real_server","id":"tcp 192.168.100.20:80 192.168.100.9:80","reason":"drain","connections":3,)"
          R"("seconds_left":60}])");
}

TEST_CASE("text that is no UTF-8 does not stop the JSON") {
    Node node(world(R"(role = "director")"));
    node.observed.facts.interfaces[1].name = InterfaceName("eth\xff");
    node.observed.get<Address>().put({*IpAddress::parse("192.0.2.20"), 32, InterfaceName("eth\xff")}, {},
                                     {.protocol = 0x4c});
    const std::string text =
        plan_json(node.plan(), {node.world.config, node.world.election, rendered_files}, nullptr, 2);
    CHECK(nlohmann::json::parse(text)["changes"].size() == 1);
}

TEST_CASE("how an apply ended is said in full") {
    const Sample sample_plan;
    plan::Outcome report;
    report.plan = sample_plan.plan;
    report.changed = true;
    report.done = 4;
    CHECK(outcome_text(report, sample_plan.scene()) == "converged: 4 done, and read again: nothing is left to do\n");

    report.done = 2;
    report.failed.push_back({2, {ErrorKind::failed, "real server: no", {}}});
    report.error = report.failed[0].error;
    CHECK(outcome_text(report, sample_plan.scene()) == R"(
        step 3 failed: real server: no
        not converged: 2 of 4 steps done, 1 failed, 1 not attempted
    )"_text);
    const auto json = nlohmann::json::parse(plan_json(report.plan, sample_plan.scene(), &report, 3));
    CHECK(json["result"]["status"] == "failed");
    CHECK(json["result"]["exit"] == 3);
    CHECK(json["result"]["attempted"] == 3);
    CHECK(json["result"]["failed"][0]["step"] == 3);
    CHECK(json["result"]["failed"][0]["what"] == "real server: no");

    plan::Outcome idle;
    idle.plan.desired = sample_plan.plan.desired;
    idle.plan.observed = sample_plan.plan.observed;
    CHECK(outcome_text(idle, sample_plan.scene()).empty());
    CHECK(nlohmann::json::parse(plan_json(idle.plan, sample_plan.scene(), &idle, 0))["result"]["status"] == "in sync");

    plan::Outcome refused;
    refused.plan = sample_plan.plan;
    refused.error = Error{ErrorKind::refused, "no", {}};
    CHECK(outcome_text(refused, sample_plan.scene()) == "nothing was changed\n");
    refused.changed = refused.settled = true;  // all was done, and the kernel lacks something else
    refused.done = 4;
    CHECK(outcome_text(refused, sample_plan.scene()) == "4 of 4 done, and read again: nothing else is left to do\n");
    refused.settled = false;
    refused.plan = idle.plan;  // it was changed by a plan that the kernel was read again after
    CHECK(outcome_text(refused, sample_plan.scene()) == "not converged\n");
}

}  // namespace lbconverge::cli
