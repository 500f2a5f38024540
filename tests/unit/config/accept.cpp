#include "reading.hpp"

using namespace lbconverge::config;

namespace {

std::string redirect(const std::string& services) {
    return R"(
        role = "real-server"
        vip = [{ address = "192.0.2.20", accept = "redirect" }, { address = "192.0.2.21", accept = "redirect" }]
    )"_text +
           services;
}
std::string service(const std::string& vip, const std::string& port, const std::string& server) {
    return R"(
        [[service]]
        vip = "$"
        port = $
        real_servers = ["$"]
    )"_with(vip, port, server);
}

}  // namespace

TEST_CASE("an ARP filter must know an address to say instead of the VIP") {
    const std::string filter = R"(
        role = "real-server"
        vips = ["192.0.2.20"]
    )"_text;
    CHECK_SAYS_ONLY(read(filter + R"(
        [arp]
        method = "filter"
    )"_text),
                    "which address to say instead of VIP 192.0.2.20");
    CHECK(read(filter + R"(
        [arp]
        method = "filter"
        source = "192.0.2.3"
    )"_text)
              .lines.empty());
    CHECK(read(R"(
        interface = "eth0"
    )"_text + filter +
               R"(
        [arp]
        method = "filter"
    )"_text)
              .lines.empty());
    CHECK(read(R"(
        role = "real-server"
        vips = ["2001:db8::20"]
        [arp]
        method = "filter"
    )"_text)
              .lines.empty());
}

TEST_CASE("redirection needs services with ports") {
    CHECK_SAYS(read(redirect("")), "warning: nothing is redirected: no [[service]] says which ports of VIP 192.0.2.20");
    CHECK_SAYS(read(redirect(R"(
        [[service]]
        vip = "192.0.2.20"
        port = 0
        persistence = "60s"
    )"_text)),
               R"(error: accept = "redirect" goes by port)");
    CHECK(read(redirect(service("192.0.2.20", "80", "192.0.2.3") + service("192.0.2.21", "443", "192.0.2.3")))
              .lines.empty());
}

TEST_CASE("two services at one local port are one") {
    CHECK_SAYS_ONLY(read(redirect(service("192.0.2.20", "80", "192.0.2.3") + service("192.0.2.21", "80", "192.0.2.3"))),
                    "warning: two services are redirected to port 80 of this node");
    CHECK(read(redirect(service("192.0.2.20", "80", "192.0.2.3") + service("192.0.2.21", "80", "192.0.2.3:8080")))
              .lines.empty());
}
