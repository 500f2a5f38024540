// What doctor prints.
#include "doctor.hpp"

#include "support/text.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace lbconverge;
using namespace lbconverge::cli;

namespace {

doctor::Evidence evidence() {
    doctor::Evidence all;
    auto kernel = std::make_shared<kinds::Observed>();
    kernel->facts.interfaces = {
        {.index = 2, .name = "eth0", .up = true, .speaks_arp = true, .link_address = {2, 0, 0, 0, 0, 2}}};
    kernel->get<kinds::Address>().add({IpAddress::parse("192.0.2.20").value(), 32, "lo"}, {.scope = Scope::host});
    all.kernel = kernel;
    return all;
}

const std::vector<doctor::Finding> findings = {
    {"LVS02", config::Severity::error, "eth0", "it answers", {doctor::CureKind::command, "sysctl -w a=1"}},
    {"LVS47",
     config::Severity::warning,
     "/etc/x:1",
     "two owners",
     {doctor::CureKind::line, "/etc/x:1: take it out here"}}};

}  // namespace

TEST_CASE("a line per finding, and its cure below") {
    CHECK(findings_text(evidence(), {}, "ws1") == "ws1: no configuration, nothing found\n");
    CHECK(findings_text(evidence(), findings, "ws1") == R"(
        ws1: no configuration, 2 mistakes
        LVS02 error eth0: it answers
              cure: sysctl -w a=1
        LVS47 warning /etc/x:1: two owners
              cure: /etc/x:1: take it out here
    )"_text);
}

TEST_CASE("findings as comments of a file, without what no comment may have") {
    CHECK(findings_as_comments({}).empty());
    CHECK(findings_as_comments(findings) == R"(
        # Known mistakes on this host (lbconverge doctor):
        # LVS02 error eth0: it answers
        #   cure: sysctl -w a=1
        # LVS47 warning /etc/x:1: two owners
        #   cure: /etc/x:1: take it out here

    )"_text);
    const std::string odd = findings_as_comments({{"LVS02", config::Severity::error, "e\t\xff", "it\x7f answers", {}}});
    CHECK(odd.find("# LVS02 error e?\uFFFD: it? answers\n") != std::string::npos);
}

TEST_CASE("what the wire said comes first, also that nobody answered") {
    doctor::Evidence asked = evidence();
    asked.asked = asked.listened = true;
    CHECK(findings_text(asked, {}, "ws1") == R"(
        ws1: no configuration, nothing found
          192.0.2.20 is answered by no other host
          no VRRP advertisement was heard
    )"_text);
    asked.replies = {{IpAddress::parse("192.0.2.20").value(), "eth0", {2, 0, 0, 0, 0, 0xab}}};
    asked.heard = {{"eth0", IpAddress::parse("192.0.2.1").value(), {.vrid = 51, .priority = 150}}};
    const std::string text = findings_text(asked, {}, "ws1");
    CHECK(text.find("  192.0.2.20 is answered by 02:00:00:00:00:ab on eth0\n") != std::string::npos);
    CHECK(text.find("  192.0.2.1 advertises vrid 51 with priority 150 on eth0\n") != std::string::npos);
}

TEST_CASE("JSON is the stable contract") {
    doctor::Evidence asked = evidence();
    const auto plain = nlohmann::json::parse(findings_json(asked, findings, "ws1"));
    CHECK(plain["format_version"] == 1);
    CHECK(plain["node"] == "ws1");
    CHECK(plain["configured"] == false);
    REQUIRE(plain["findings"].size() == 2);
    CHECK(
        plain["findings"][0] ==
        nlohmann::json::parse(
            R"({"code":"LVS02","severity":"error","place":"eth0","what":"it answers","cure":{"kind":"command","text":"sysctl -w a=1"}})"));
    CHECK(plain["findings"][1]["cure"]["kind"] == "line");
    CHECK_FALSE(plain.contains("answers"));
    asked.asked = asked.listened = true;
    asked.replies = {{IpAddress::parse("192.0.2.20").value(), "eth0", {2, 0, 0, 0, 0, 2}}};
    const auto wire = nlohmann::json::parse(findings_json(asked, {}, "ws1"));
    CHECK(wire["answers"][0]["mac"] == "02:00:00:00:00:02");
    CHECK(wire["answers"][0]["node"] == "this node");
    CHECK(wire["heard"].empty());
}
