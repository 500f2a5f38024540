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

std::string both(const std::string& text) { return "role = \"both\"\ninterface = \"eth0\"\n" + text; }
std::string vip(const std::string& accept) {
    return "[[vip]]\naddress = \"192.0.2.10\"\naccept = \"" + accept + "\"\n";
}

}  // namespace

TEST_CASE("what this version cannot do is an error with its place") {
    CHECK_SAYS_ONLY(unsupported(both(vip("interface"))),
                    "lb.toml:3:1: error: accept = \"interface\" with role both is not available in this version");
    CHECK_SAYS_ONLY(unsupported(both(vip("redirect"))),
                    "lb.toml:3:1: error: accept = \"redirect\" with role both is not available in this version");
    CHECK_SAYS_ONLY(unsupported(both("[arp]\nmethod = \"filter\"\n")),
                    "lb.toml:3:1: error: [arp] method = \"filter\" with role both is not available in this version");
}

TEST_CASE("what concerns another role is no reason to refuse") {
    const std::string shared =
        "interface = \"eth0\"\n[[vip]]\naddress = \"192.0.2.10\"\naccept = \"redirect\"\n[[vrrp]]\nvrid = 1\n"
        "[[service]]\nvip = \"192.0.2.10\"\nport = 80\n"
        "[nodes]\nlb = { role = \"director\" }\nws = { role = \"real-server\" }\nboth = { role = \"both\" }\n";
    CHECK(unsupported(shared, "lb").lines.empty());
    CHECK(unsupported(shared, "ws").lines.empty());
    CHECK_SAYS_ONLY(unsupported(shared, "both"), "accept = \"redirect\" with role both");
}

TEST_CASE("nothing is refused of a file that this version can do") {
    CHECK(unsupported(both("vips = [\"192.0.2.10\"]\n")).lines.empty());
    CHECK(unsupported("role = \"director\"\n[ipvs]\ntimeouts = { tcp = \"15m\" }\n").lines.empty());
}
