#include "linting.hpp"

using namespace lbconverge::config;

namespace {

/// What `apply` would refuse of this file, for one node.
Reading unsupported(const std::string& text, const std::string& node = "") {
    Diagnostics problems;
    const Document document = Document::parse({{"lb.toml", text}}, problems);
    const auto config = document.config_for(node, problems);
    REQUIRE(config);
    REQUIRE(problems.all().empty());
    report_unsupported(*config, Severity::error, problems);
    Reading result;
    for (const Diagnostic& each : problems.all()) result.lines.push_back(to_text(each, document.files()));
    return result;
}

std::string both(const std::string& text) {
    return R"(
        role = "both"
        interface = "eth0"
    )"_text +
           text;
}
std::string vip(const std::string& accept) {
    return R"(
        [[vip]]
        address = "192.0.2.10"
        accept = "$"
    )"_with(accept);
}

}  // namespace

TEST_CASE("what this version cannot do is an error with its place") {
    CHECK_SAYS_ONLY(unsupported(both(vip("interface"))),
                    R"(lb.toml:3:1: error: accept = "interface" with role both is not available in this version)");
    CHECK_SAYS_ONLY(unsupported(both(vip("redirect"))),
                    R"(lb.toml:3:1: error: accept = "redirect" with role both is not available in this version)");
    CHECK_SAYS_ONLY(unsupported(both(R"(
        [arp]
        method = "filter"
    )"_text)),
                    R"(lb.toml:3:1: error: [arp] method = "filter" with role both is not available in this version)");
}

TEST_CASE("what concerns another role is no reason to refuse") {
    const std::string shared = R"(
        interface = "eth0"
        [[vip]]
        address = "192.0.2.10"
        accept = "redirect"
        [[vrrp]]
        vrid = 1
        [[service]]
        vip = "192.0.2.10"
        port = 80
        [nodes]
        lb = { role = "director" }
        ws = { role = "real-server" }
        both = { role = "both" }
    )"_text;
    CHECK(unsupported(shared, "lb").lines.empty());
    CHECK(unsupported(shared, "ws").lines.empty());
    CHECK_SAYS_ONLY(unsupported(shared, "both"), R"(accept = "redirect" with role both)");
}

TEST_CASE("nothing is refused of a file that this version can do") {
    CHECK(unsupported(both(R"(vips = ["192.0.2.10"])")).lines.empty());
    CHECK(unsupported(R"(
        role = "director"
        [ipvs]
        timeouts = { tcp = "15m" }
    )"_text)
              .lines.empty());
}
